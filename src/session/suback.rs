//! The answers to SUBSCRIBE and UNSUBSCRIBE, and what becomes of subscriptions when the link or the session is lost.

use crate::codec::{PacketId, ReasonCode, RetainHandling, SubAck, UnsubAck, Version};

use super::packet_ids::Owner;
use super::requests::{self, Kind, Request};
use super::{Failure, Fault, Session, Span};

impl Session {
    /// One code for each filter, in order `[MQTT-3.8.4-6]`, `[MQTT-3.9.3-1]`. Here and below, `end` is where the packet ends in the input buffer.
    pub(super) fn on_suback(&mut self, ack: &SubAck<'_>, end: usize) -> Result<(), Fault> {
        let Some(batch) = self.answered(ack.packet_id, Owner::Subscribe)? else {
            return Ok(());
        };
        if batch.len() != ack.reasons.len() {
            self.subscriptions.awaiting.push_front((ack.packet_id, batch));
            return Err(Fault::protocol("SUBACK with another number of codes than filters"));
        }
        let properties = self.refer(&ack.properties, end.saturating_sub(ack.reasons.len()));
        self.packet_ids.release(ack.packet_id);
        for (request, &code) in batch.iter().zip(ack.reasons) {
            self.granted(request, code, properties);
        }
        self.subscriptions.note_given();
        self.pump();
        Ok(())
    }

    fn granted(&mut self, request: &Request, code: u8, properties: Span) {
        let before = match request.kind {
            Kind::Subscribe { granted_before, .. } => granted_before,
            Kind::Unsubscribe { .. } => None,
        };
        if ReasonCode(code).is_error() {
            self.forget_if_newest(request);
        } else if let Some(subscription) = self.subscriptions.active.get_mut(&request.filter)
            && subscription.token == request.token
        {
            subscription.granted = Some(code);
            requests::store(&mut self.store, &request.filter, subscription, self.version);
        }
        if before != Some(code) {
            self.subscribed(request.token, u32::from(code), properties);
        }
    }

    /// One code for each filter in 5.0 `[MQTT-3.11.3-1]`, none at all in 3.1.1.
    pub(super) fn on_unsuback(&mut self, ack: &UnsubAck<'_>, end: usize) -> Result<(), Fault> {
        let Some(batch) = self.answered(ack.packet_id, Owner::Unsubscribe)? else {
            return Ok(());
        };
        if self.version == Version::V5 && batch.len() != ack.reasons.len() {
            self.subscriptions.awaiting.push_front((ack.packet_id, batch));
            return Err(Fault::protocol("UNSUBACK with another number of codes than filters"));
        }
        let properties = self.refer(&ack.properties, end.saturating_sub(ack.reasons.len()));
        self.packet_ids.release(ack.packet_id);
        let codes = ack.reasons.iter().copied().chain(core::iter::repeat(0));
        for (request, code) in batch.iter().zip(codes) {
            if let Kind::Unsubscribe { key } = request.kind {
                self.left(key);
            }
            self.unsubscribed(request.token, u32::from(code), properties);
        }
        self.pump();
        Ok(())
    }

    /// The requests that an acknowledgement answers; none for an unknown identifier, which completes nothing `[MQTT-2.2.1-6]`.
    fn answered(&mut self, id: PacketId, expected: Owner) -> Result<Option<Vec<Request>>, Fault> {
        match self.packet_ids.owner(id) {
            None => return Ok(None),
            Some(owner) if owner != expected => {
                return Err(Fault::protocol("SUBACK or UNSUBACK for another kind of packet"));
            }
            Some(_) => {}
        }
        let awaiting = &mut self.subscriptions.awaiting;
        let position = awaiting.iter().position(|(other, _)| *other == id);
        Ok(position.and_then(|at| awaiting.remove(at)).map(|(_, batch)| batch))
    }

    /// The connection is gone: what was not answered is asked again, before everything that was asked later.
    pub(super) fn suspend_requests(&mut self) {
        while let Some((id, batch)) = self.subscriptions.awaiting.pop_back() {
            self.packet_ids.release(id);
            for mut request in batch.into_iter().rev() {
                request.sent = true;
                self.subscriptions.pending.push_front(request);
            }
        }
    }

    /// The broker has lost the session: everything that it had granted is asked for again.
    pub(super) fn restart_subscriptions(&mut self) {
        self.subscriptions.identified = false;
        for request in &mut self.subscriptions.pending {
            if let Kind::Subscribe { retain_handling, .. } = &mut request.kind {
                *retain_handling = None;
            }
        }
        self.subscriptions.giving = false;
        self.ask_again(None);
    }

    /// Asks once more for everything that was granted, and notes that it is not any longer: a page that is killed meanwhile asks again.
    pub(super) fn ask_again(&mut self, retain_handling: Option<RetainHandling>) {
        self.subscriptions.ask_again(retain_handling);
        self.store_subscriptions();
    }

    /// Settles every open request. Subscriptions that were granted stay known unless `all` is set.
    pub(super) fn settle_requests(&mut self, failure: Failure, all: bool) {
        self.suspend_requests();
        while let Some(request) = self.subscriptions.pending.pop_front() {
            match request.kind {
                Kind::Subscribe {
                    granted_before: Some(granted),
                    ..
                } => {
                    if let Some(subscription) = self.subscriptions.active.get_mut(&request.filter) {
                        subscription.granted = Some(granted);
                    }
                }
                Kind::Subscribe { .. } => {
                    self.subscriptions.active.remove(&request.filter);
                    self.subscribed(request.token, failure.code(), Span::default());
                }
                Kind::Unsubscribe { .. } => self.unsubscribed(request.token, failure.code(), Span::default()),
            }
        }
        if all {
            self.subscriptions.active.clear();
        }
    }

    /// Writes every subscription into the store.
    pub(super) fn store_subscriptions(&mut self) {
        // What is given up comes first: it may be asked for anew.
        let asked = self.subscriptions.awaiting.iter().flat_map(|(_, batch)| batch);
        for request in self.subscriptions.pending.iter().chain(asked) {
            if let Kind::Unsubscribe { key: Some(key) } = request.kind {
                requests::store_leaving(&mut self.store, &request.filter, key, self.version);
            }
        }
        for (filter, subscription) in self.subscriptions.active.iter() {
            requests::store(&mut self.store, filter, subscription, self.version);
        }
    }
}
