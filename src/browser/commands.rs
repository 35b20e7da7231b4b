//! Commands from JavaScript: as many as there are, in one crossing. `src/ts/commands.ts` writes them; `tests/golden/commands.json` pins the layout for both.

use super::block::Block;
use super::options::qos;
use crate::codec::{ReasonCode, SubscribeOptions};
use crate::session::{Claim, Millis, PageEvent, Phase, PublishRequest, Rule, Session, State};

/// What the block has asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Performed {
    /// Anything but HANDLED.
    pub others: bool,
}

/// Performs all commands of a block, in order. `go_to` hears the URL of an ADDRESS that answers the attempt under way. Nobody but commands.ts writes
/// blocks: at what is no command it ends.
pub fn perform(session: &mut Session, now: Millis, block: &[u8], go_to: impl FnMut(&str)) -> Performed {
    let mut reader = Reader {
        block: Block::new(block),
        performed: Performed::default(),
        go_to,
    };
    while reader.next(session, now).is_some() {}
    reader.performed
}

struct Reader<'a, F> {
    block: Block<'a>,
    performed: Performed,
    go_to: F,
}

impl<F: FnMut(&str)> Reader<'_, F> {
    fn next(&mut self, session: &mut Session, now: Millis) -> Option<()> {
        let block = &mut self.block;
        let kind = block.number()?;
        if kind == 0 {
            let (first, count) = (block.number()?, block.number()?);
            session.handled(now, first, count);
            return Some(());
        }
        self.performed.others = true;
        match kind {
            1 => session.start(now),
            2 => {
                let (attempt, url) = (block.number()?, block.text()?);
                let (username, password, data) = (block.text(), block.field(), block.field());
                // An answer that comes too late must not change where a later attempt goes.
                if matches!(session.state(), State::Connecting { attempt: current, phase: Phase::Address, .. } if *current == attempt)
                {
                    (self.go_to)(url);
                }
                session.handle_authentication(now, attempt, data);
                session.handle_address(now, attempt, username, password);
            }
            3 => session.handle_address_failed(now, block.number()?, block.text()),
            4 => session.handle_authentication(now, block.number()?, block.field()),
            5 => session.handle_authentication_failed(now, block.number()?, block.text()?),
            6 => session.reauthenticate(now, block.number()?),
            7 => {
                let (token, flags) = (block.number()?, block.number()?);
                let request = PublishRequest {
                    token,
                    topic: block.text()?,
                    payload: block.field()?,
                    qos: qos(flags >> 1),
                    retain: flags & 1 != 0,
                    properties: block.field().unwrap_or_default(),
                    tell_stored: flags & 8 != 0,
                };
                session.publish_and_tell(now, request);
            }
            8 => {
                let (token, options) = (block.number()?, block.number()?);
                let (filter, properties) = (block.text()?, block.field().unwrap_or_default());
                let options = SubscribeOptions::from_bits(options as u8)?;
                session.subscribe(now, token, filter, options, properties);
            }
            9 => session.unsubscribe(now, block.number()?, block.text()?),
            10 => {
                let (token, delivery, rule) = (block.number()?, block.number()?, block.number()?);
                let (value, ttl) = (block.float()?, block.float()?);
                let claim = Claim {
                    token,
                    delivery,
                    key: block.text()?,
                    rule: match rule {
                        0 => Rule::Id,
                        1 => Rule::Timestamp,
                        _ => Rule::Sequence,
                    },
                    value,
                    ttl: ttl as u64,
                };
                session.claim(now, claim);
            }
            11 => session.cancel(now, block.number()?),
            12 => {
                let reason = ReasonCode(block.number()? as u8);
                session.close(now, reason, block.field().unwrap_or_default());
            }
            13 => session.reconnect_now(now),
            14 => session.handle_page(now, PageEvent::from_code(block.number()?)),
            15 => session.renew(now),
            _ => return None,
        }
        Some(())
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::session::{Config, Event, Outputs};

    /// The commands of the golden file that `tests/ts/commands.test.ts` writes: name and bytes.
    fn golden() -> Vec<(String, Vec<u8>)> {
        let golden: serde_json::Value =
            serde_json::from_str(include_str!("../../tests/golden/commands.json")).expect("the golden file is JSON");
        let byte = |byte: &serde_json::Value| byte.as_u64().expect("a byte") as u8;
        golden
            .as_array()
            .expect("a list")
            .iter()
            .map(|each| {
                let name = each["call"][0].as_str().expect("a name");
                let bytes = each["bytes"].as_array().expect("bytes");
                (name.to_owned(), bytes.iter().map(byte).collect())
            })
            .collect()
    }

    fn session() -> Session {
        let config = Config {
            authentication_method: Some("m".into()),
            ..crate::browser::options::read(&[]).config
        };
        Session::new(config, 1)
    }

    /// Events that a block leads to.
    fn events(session: &mut Session, block: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        let mut outputs = Outputs::default();
        perform(session, Millis(1), block, |_| {});
        while session.take_outputs(Millis(1), &mut outputs) {
            events.append(&mut outputs.events);
        }
        events
    }

    #[test]
    fn every_command_is_read_to_its_end_and_nothing_beyond() {
        let start = 1_u32.to_le_bytes();
        for (name, bytes) in golden() {
            // What follows is performed: a session that is asked to start asks for an address.
            let (mut session, mut after) = (session(), bytes.clone());
            after.extend(start);
            if name != "close" {
                let begun = events(&mut session, &after);
                assert!(
                    begun.iter().any(|event| matches!(event, Event::Prepare { .. })),
                    "{name}: {begun:?}"
                );
            }
            // One that is cut off before its last part is not performed, and harms nothing that came before it.
            let begun = |tail: &[u8]| events(&mut self::session(), &[&start, tail].concat()).len();
            assert!(
                (0..bytes.len().min(8)).all(|cut| begun(&bytes[..cut]) == begun(&[])),
                "{name}"
            );
        }
    }

    #[test]
    fn only_an_answer_to_the_attempt_under_way_says_where_to_go() {
        let mut urls = Vec::new();
        let mut session = session();
        for (name, bytes) in golden() {
            if name == "start" || name == "address" {
                perform(&mut session, Millis(1), &bytes, |url| urls.push(url.to_owned()));
            }
        }
        assert_eq!(urls, ["ws://x/é"], "the second answers another attempt");
    }

    #[test]
    fn a_publish_is_settled_by_a_record_also_when_it_is_settled_at_once() {
        let mut session = session();
        session.close(Millis(1), ReasonCode(0), &[]);
        let (_, publish) = golden().into_iter().find(|(name, _)| name == "publish").expect("one");
        let told = events(&mut session, &publish);
        assert!(
            matches!(told.last(), Some(Event::Done(settled)) if (settled.token, settled.code) == (1, 0x100)),
            "{told:?}"
        );
    }

    #[test]
    fn a_publish_without_a_token_is_nobodys_to_hear_of() {
        let (mut session, mut publish) = (session(), golden());
        session.close(Millis(1), ReasonCode(0), &[]);
        publish.retain(|(name, _)| name == "publish");
        let (_, mut block) = publish.swap_remove(0);
        block[4..8].fill(0);
        let told = events(&mut session, &block);
        assert!(!told.iter().any(|event| matches!(event, Event::Done(_))), "{told:?}");
    }

    #[test]
    fn what_is_handled_is_told_from_what_wants_more() {
        for (name, bytes) in golden() {
            let performed = perform(&mut session(), Millis(1), &bytes, |_| {});
            assert_eq!(performed.others, name != "handled", "{name}");
        }
    }
}
