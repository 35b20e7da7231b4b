//! The session engine against a correct broker in virtual time, over a network that fails in every way it can; and against brokers that are anything
//! but correct. One seed, one run: a run that fails says how to replay it, and tells the whole conversation.
//!
//! ```text
//! cargo test --test simulation                                    what `npm test` runs
//! HAWSER_RUNS=100000 cargo test --test simulation random_         more random conversations and pages
//! HAWSER_SEED=7 cargo test --test simulation random_pages         one of them again; it tells its conversation if it fails
//! ```
//!
//! | part | what it is |
//! |---|---|
//! | `broker` | a small, strict server: sessions, routing, retained messages, limits, keep-alive; whatever a client must not do ends the run |
//! | `network` | connections as pipes with latency, which are cut, stall, and may end for one side long before the other |
//! | `watch` | stands at the client's socket: identifiers, windows, order, DUP, and what the store must hold before a packet leaves |
//! | `ledger` | what the application asked for and got, and the account at the end |
//! | `simulation` | moves client, broker, network and store through virtual time, one event after the other |
//! | `scripts`, `cuts` | scripted conversations, cut at every byte and every event |
//! | `conversations`, `random_conversations` | conversations and faults from one seed |
//! | `pages` | the application on one page after the other, each of which may be killed: what must hold over all of them |
//! | `crashes`, `random_pages` | scripted conversations whose page is killed behind every step, and again; and pages killed at random |
//! | `hostile` | brokers that break the rules, and what becomes of them |
//!
//! That the checks can fail was tried by spoiling the engine, one place at a time. Among what was seen caught: no DUP on a resend; PUBREL not sent again; an
//! identifier free at PUBREC; PUBLISH, PUBREL or PUBREC before their commit; a window that is ignored, not given back, or given back for an earlier connection; a QoS 2
//! message delivered twice, or published again when the session is lost; identifiers of the broker kept after a lost session or forgotten in one
//! that lives; subscriptions not restored, requests not asked again or in the wrong order; a stale alias; bytes of a lost link read on the
//! next; a backoff that does not grow or forgets too soon; no probe, no end of a silent link; an acknowledgement missing or sent twice; a stored message
//! never deleted; a cancelled message that had left; a promise forgotten at the end; resends in the wrong order.
//!
//! The same for stored sessions. Caught: PUBLISH, PUBREL or CONNECT before its commit, a commit under way that counts as done, any commit releasing everything that
//! waits; an identifier, a PUBREL, a CONNACK or the last time online not stored, a settled message not deleted; restored messages taken for unsent, their identifiers
//! not taken, their numbers given again; open inbound identifiers, subscriptions or the session itself not restored; an expired session resumed, a
//! lost one not told; a snapshot that leaves something out. READY, a claim or PUBREC before its commit; an answer before the handler is done; what was being handled, or
//! the ledger, not stored, not restored or not in the snapshot; what a killed page had begun not told, delivered again, or taken for a duplicate; a claim that is
//! not confirmed with its acknowledgement.
//!
//! The client side is the `World` of the scenarios; its committed batches are kept as a store would ([`store`]): the segments of the log, from which the next
//! page is restored when one is killed. The commit that is under way then has happened or not, and so has everything that was on the wire. One thing no client
//! can tell: a session that the broker began with a CONNECT whose CONNACK came into no store is, for the next page, the one before. So this broker gives up such a
//! session, as it does one whose CONNACK was lost on the way.
#![cfg(not(target_arch = "wasm32"))]

#[allow(dead_code, reason = "the scenarios use the rest")]
#[path = "../scenarios/driver.rs"]
mod driver;
#[allow(dead_code, reason = "the scenarios use the rest")]
#[path = "../scenarios/peer.rs"]
mod peer;
#[path = "../scenarios/random.rs"]
mod random;
#[path = "../scenarios/text.rs"]
mod text;
#[allow(dead_code, reason = "the scenarios use the rest")]
#[path = "../scenarios/world.rs"]
mod world;

mod broker;
mod conversations;
mod crashes;
mod cuts;
mod hostile;

mod ledger;
mod network;
mod pace;
mod pages;
mod random_conversations;
mod random_pages;
mod replay;
mod scripts;
mod simulation;
mod store;
mod watch;
