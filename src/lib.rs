//! Hawser: an MQTT 5.0 and 3.1.1 client for browsers. This page is the architecture.
//!
//! # Layers
//!
//! Dependencies point one way: `ts -> browser -> session -> codec`.
//!
//! | room | what it does | what it never does |
//! |---|---|---|
//! | [`codec`] | bytes <-> packets, both protocol versions | keep state, panic |
//! | [`session`] | all policy: limits, resend, flow control, keep-alive, reconnect, write-ahead | input or output, read a clock, draw a random number, panic |
//! | [`browser`] | performs what the session asks for: WebSocket, timer, store, clock, records | decide anything |
//! | `src/ts` | the npm surface: promises, routing, typed errors | know MQTT packets |
//!
//! # The step rule
//!
//! Every entry (frame, socket event, timer, stored batch, user call) goes one way: borrow the session, mutate it, take *all* its outputs, end the
//! borrow, then perform the outputs in this order, until a round leaves nothing:
//!
//! ```text
//! store batch -> ONE deliver(frame, records) -> bytes to send -> close the socket -> open a socket -> arm the timer
//! ```
//!
//! User code therefore never runs while the session is borrowed, and may call anything from inside a delivery: the call only mutates, and the loop
//! that is already running drains it. Socket and timer events step at once. User calls mutate and ask for ONE drain in a microtask, so a burst of
//! calls leaves as one WebSocket frame, one store batch and one delivery. What an incoming frame causes (acknowledgements above all) is sent in a task
//! of its own, after the frames that are waiting already, so that their answers share a frame too.
//!
//! # The store
//!
//! A stored session has a database of its own, which holds a log: each batch is one segment under its number (`src/session/segment.rs`), committed in
//! one transaction, and only one is under way. Restoring reads the log from its start; a batch that begins with "clear" is a snapshot, whose transaction
//! deletes all segments before it. The session decides when one is due. (`node tests/bench/layout.mjs` measures why it is not a table of messages.)
//!
//! A commit that is refused is tried again as a snapshot. When that fails too, or somebody deletes the database, it is deleted *before* anything that
//! waited is sent: what the session does from then on is not in it, and no later page may go by it (when it cannot be deleted, an empty cache of its
//! name keeps later pages from it, until a snapshot is in). Another empty cache says that there is a log, so that one that is gone counts as damaged.
//! A commit that does not end within ten seconds is refused. After a minute the store is looked for again, and
//! a snapshot brings the session back into it.
//!
//! # The class that JavaScript sees
//!
//! `Engine`, one per session (all methods take `&self`; all commands are answered by records, under tokens that the caller chose):
//!
//! ```ts
//! class Engine {
//!   constructor(options: EngineOptions, deliver: (frame: Uint8Array | undefined, records: Uint32Array, length: number) => void);
//!   use_socket(url: string, socket: WebSocket): void;   // before START: a socket that was opened while the module was loading
//!   open(): Promise<void>;      // before START, with the option `store`: takes up what is stored. Never rejects: STORAGE tells
//!   commands(block: Uint8Array): void;
//!   publish(token: number, topic: string, payload: Uint8Array, flags: number, properties?: Uint8Array): number;   // PUBLISH, the quick way:
//!       // returns the code that settles it at once (0: QoS 0, handed over for sending), or 0xFFFFFFFF: DONE follows
//!   flush(): Promise<void>;     // when nothing is left to commit
//!   outbox(): Uint32Array;      // a RESTORED record for each message that is not finished, of this page and of earlier ones
//!   stats(): EngineStats;
//!   quit_if_stuck(): boolean;   // whether a trap has left it in the middle of a step: it is over then, and has let go of its socket
//!   free(): void;
//! }
//! ```
//!
//! `EngineOptions` is declared in `src/browser/options.rs` and comes with the generated types. `properties` arguments are MQTT 5.0 property blocks
//! without their length prefix.
//!
//! # The command table
//!
//! Commands come as a block, one behind the other: a number of 32 bits that says which, then what it takes, little-endian and without padding. A *field* is its length plus
//! 1 in a number, then the bytes; 0 is a field that is not given (here with a question mark). A *float* is a JavaScript number in 8 bytes.
//!
//! | number | name | takes |
//! |---|---|---|
//! | 0 | HANDLED | first, count: deliveries that may be acknowledged |
//! | 1 | START | |
//! | 2 | ADDRESS | attempt, field URL, field user name?, field password?, field authentication data?: answers PREPARE |
//! | 3 | ADDRESS_FAILED | attempt, field detail?: answers PREPARE; without detail its server reference leads nowhere |
//! | 4 | AUTHENTICATE | exchange, field data?: answers AUTHENTICATE |
//! | 5 | AUTHENTICATION_FAILED | exchange, field detail: answers AUTHENTICATE, or PREPARE with its attempt |
//! | 6 | REAUTHENTICATE | token |
//! | 7 | PUBLISH | token, flags (bit 0 retain, bits 1-2 QoS, bit 3 STORED wanted), field topic, field payload, field properties?: settled by DONE, also at once, unless the token is 0 |
//! | 8 | SUBSCRIBE | token, options byte (MQTT-3.8.3.1), field filter, field properties? |
//! | 9 | UNSUBSCRIBE | token, field filter |
//! | 10 | CLAIM | token, delivery, rule, float value, float milliseconds to remember it, field key: answered by CLAIMED |
//! | 11 | CANCEL | token |
//! | 12 | CLOSE | reason code, field properties? |
//! | 13 | RECONNECT_NOW | |
//! | 14 | PAGE | event: 0 online, 1 offline, 2 back (visible, resumed, out of the cache of pages, or awake), 3 leaving |
//! | 15 | RENEW | |
//!
//! `tests/golden/commands.json` pins the table for both languages.
//!
//! # Where it runs
//!
//! The engine does not know. In the page its deliveries are calls, and each command is performed at once. In a worker (`src/ts/worker.ts`) the commands of one task of the page
//! come in one block, whose bytes are handed over; deliveries gather into a batch (`src/ts/batch.ts`) until the page has taken the one before, and for
//! a millisecond at least, in a stream four (`src/ts/sender.ts`), so that a burst wakes the page once. The page asks its worker every five seconds whether it lives: one that does not answer is ended.
//!
//! # The record table
//!
//! What the engine has to say crosses the boundary as flat records: the first `length` words of a `Uint32Array`, good until the callee returns (it is
//! used again, but memory growth cannot touch it), over `frame`, the bytes that JavaScript already owns. Payloads and property blocks are never copied: they are *spans*, (offset, length)
//! into `frame`. `frame` is the WebSocket frame itself, or, when a packet came in pieces, a copy of the packets that were put together; it is
//! `undefined` when no record of the delivery has a span. An empty span is (0, 0).
//!
//! Word 0 of every record: kind (bits 0-7), length in words with word 0 (bits 8-23), flags (bits 24-31). Readers skip kinds that they do not know.
//! *text* is one word with the length in bytes, then the UTF-8 in as many words as it needs, little-endian, padded with zeros; no text (as against
//! an empty one) is also length 0. Text longer than 65,535 bytes is cut at a character. Times are epoch milliseconds in two words, low word first.
//!
//! | kind | name | flags | words after word 0 |
//! |---|---|---|---|
//! | 1 | STATUS | bits 0-2 state, bit 7 (connecting only) the attempt offers 3.1.1 | attempt, phase, at (two words), cause, cause code, text detail, text server reference |
//! | 2 | CONNECTED | bit 0 session present, bit 1 protocol 5 | keep alive (s), session expiry (s), receive maximum, maximum QoS, maximum packet size, topic alias maximum, available (bit 0 retain, 1 wildcards, 2 subscription identifiers, 3 shared), properties span (two words), text client identifier |
//! | 3 | TOPIC | | id, text name |
//! | 4 | MESSAGE | bits 0-1 QoS, bit 2 retain, bit 3 DUP, bit 4 held, bit 5 interrupted | topic id, payload span (two words), properties span (two words), packet identifier (0 at QoS 0), delivery (0 at QoS 0), then its subscription identifiers, a word each |
//! | 5 | DONE | | token, code, then the properties span (two words) of the broker's answer or nothing |
//! | 6 | SUBSCRIBED | | the same |
//! | 7 | UNSUBSCRIBED | | the same |
//! | 8 | PREPARE | bit 0 permanent | attempt, text server reference |
//! | 9 | PACKET | bit 0 outgoing, bits 4-7 packet type | packet identifier or 0, size in bytes, flags of the fixed header, reason code (of CONNECT the protocol level), text topic |
//! | 10 | IDENTIFIER | | token, subscription identifier |
//! | 11 | AUTHENTICATE | step | exchange, properties span (two words) |
//! | 12 | STORED | | token, id (two words) |
//! | 13 | READY | | delivery |
//! | 14 | CLAIMED | | token, verdict, missing |
//! | 15 | STALLED | | delivery, milliseconds |
//! | 16 | RESTORED | bits 0-1 QoS, bit 2 retain, bit 3 it may have left | token, id (two words), bytes of payload, text topic |
//! | 17 | GAP | 0 session lost, 1 session expired while away | |
//! | 18 | STORAGE | durability: 0 memory, 1 relaxed, 2 strict | reason, text detail |
//! | 19 | FILTER | | subscription identifier (0 none), text filter |
//!
//! - STATUS, *state*: 0 idle, 1 connecting, 2 online, 3 waiting, 4 stopped. *phase* (connecting only): 0 address, 1 socket, 2 handshake. *attempt*: the
//!   attempt under way (connecting, online) or the next one (waiting), from 1. *at*: since when (connecting, online), when to try again (waiting), else 0.
//! - STATUS, *cause* (why not online) and its code: 0 none; 1 closed by the user; 2 socket failed, 3 socket closed (code: WebSocket close code, detail: its
//!   reason); 4 refused, 5 disconnected (code: the reason code of the broker's CONNACK or DISCONNECT, in 3.1.1 the return code of CONNACK; detail: reason string);
//!   6 protocol error (code: the reason code that was sent to the broker); 7 connect timeout (code: phase); 8 keep-alive timeout, or no answer to a probe; 9 wrong
//!   subprotocol; 10 text frame; 11 address (detail: why there is no URL or no credentials); 12 authentication
//!   (detail: why the client's side of it failed); 13 the page left; 14 renewed: a
//!   link in good order gave way to the next one.
//! - CONNECTED comes just before the STATUS that says online; the properties span holds the property block of CONNACK. What the broker leaves out is
//!   filled with the standard's default: *maximum packet size* 4,294,967,295 is no limit.
//! - TOPIC gives a topic name its id; later messages carry the id only. An id may be given again with another name: the newest holds.
//! - MESSAGE, *delivery*: rises by one from message to message above QoS 0; `handled` says that the application is done with it, and only then it is
//!   acknowledged, after those that came before it. *held* (QoS 2 with a store): nobody may handle it before its READY. *interrupted*: a page that was
//!   killed had been given it and may have handled it; it is told, and not to be handled: its `handled` says that it has been told, and the next page is not.
//! - CLAIMED, *verdict* of `claim`: 0 new (told when the store has it: handle the message), 1 duplicate, 2 interrupted (a page that was killed before
//!   it was done had claimed it). *missing*: how many numbers of a sequence were left out. *rule*: 0 the key names the message, 1 *value* is a time and must be
//!   later than the last, 2 *value* counts up. `handled` confirms the claims of a delivery; at QoS 0 (delivery 0) they are confirmed at once.
//! - STALLED: this delivery has been the oldest that is not handled (or what that one waits for, in a lost session) for so long. Told once for each.
//! - IDENTIFIER gives the filter that was subscribed to under a token its subscription identifier, before anything else about it. A message with
//!   identifiers is for those filters that match its topic *and* have one of them; a message without (3.1.1, a broker that has none, as long as
//!   no two filters overlap, or until each has its identifier at the broker) is for all filters that match its topic. An identifier that was never given is of an earlier life of the session
//!   and says nothing (3.3.4 lets a client call it a protocol error; this one does not). Filters that cannot overlap share an identifier:
//!   `src/session/shapes.rs`.
//! - DONE settles a publish (and anything that was refused or cancelled), SUBSCRIBED and UNSUBSCRIBED one filter. *code* below 0x100 is the MQTT reason
//!   code (a granted QoS among them); from 0x100 on it says why the engine gave up: 0x100 closed, 0x101 cancelled, 0x102 queue full, 0x103 packet too
//!   large, 0x104 QoS not supported, 0x105 retain not available, 0x106 indeterminate (it left, and may have arrived), 0x107 invalid topic, 0x108 invalid
//!   properties, 0x109 wildcards not available, 0x10A shared subscriptions not available, 0x10B expired, 0x10C stopped,
//!   0x10D no re-authentication now, 0x10E the link ended before the re-authentication did,
//!   0x10F dropped (the queue was full), 0x110 superseded (a later message of its topic), 0x111 offline (QoS 0 without a link).
//! - PREPARE asks for URL and credentials of an attempt; `address` or `address_failed` answers. *server reference*: where the broker before has sent the
//!   client (4.11), for this attempt or, *permanent*, for all that follow once it has brought a link. Empty and permanent: back to the user's own URL.
//! - AUTHENTICATE asks for the next step of the client's side of enhanced authentication (4.12); `authenticate` or `authentication_failed` answers. *step*:
//!   0x18 the broker challenges, 0x19 a re-authentication begins, 0x00 the broker is content and the client may look whether it is too. The span holds
//!   the property block of the broker's AUTH or CONNACK.
//! - PACKET is written only with the option `trace`.
//! - STORED answers a publish with flag bit 3: the message, *id* its number in the stored session, outlives the page now, or, where there is no store (any more), is in its memory. It may follow
//!   the DONE of a message that was given up meanwhile.
//! - RESTORED and FILTER say what an earlier page left, before anything else about it: a message that DONE will settle under this *token* (from
//!   0xC0000000), *id* its number in the stored session; and a filter whose subscription stands or is asked for again, and which the page may subscribe to under a
//!   token of its own. Of a QoS 2 message between PUBREC and PUBCOMP the topic is kept, but no payload.
//! - GAP: the session was expected, and is not there, at the broker or in the store: messages for its subscriptions may be missing.
//! - STORAGE says where the session is kept from now on, and why not better: *reason* 0 all is well, 1 no store available, 2 blocked by another page, 3 quota, 4 a
//!   commit failed, 5 what was stored is damaged (the session begins anew), 6 deleted from outside, 7 another.
//!
//! `tests/golden/records.json` pins the table for both languages.

pub mod browser;
pub mod codec;
pub mod session;
