//! Subscribing and unsubscribing: requests in the order they were made, in as few packets as fit.

use crate::codec::{MAX_REMAINING, Place, Properties, RetainHandling, SubscribeOptions, Version, topic};

use super::packet_ids::Owner;
use super::requests::{self, Kind, NOBODY, NOT_GRANTED, Request, Subscription};
use super::{Event, Failure, Millis, Session, Settled, Span, StoreKey};

impl Session {
    /// Subscribes to one filter; settled by [`Event::Subscribed`]. `properties` is a property block without its length. Requests made in one
    /// step share a packet.
    pub fn subscribe(&mut self, now: Millis, token: u32, filter: &str, options: SubscribeOptions, properties: &[u8]) {
        self.tick(now);
        if let Err(failure) = self.try_subscribe(token, filter, options, properties) {
            self.subscribed(token, failure.code(), Span::default());
        }
    }

    fn try_subscribe(
        &mut self,
        token: u32,
        filter: &str,
        options: SubscribeOptions,
        properties: &[u8],
    ) -> Result<(), Failure> {
        self.refuse_when_stopped()?;
        let version = self.version;
        topic::validate_filter(filter, version).map_err(|_| Failure::InvalidTopic)?;
        // What only 5.0 can say goes no further than to a broker that speaks it.
        let fits_version = match self.config.version {
            Version::V311 => options.bits() & !3 == 0 && properties.is_empty(),
            Version::V5 => !(options.no_local && is_shared(filter)),
        };
        // The identifier is not the user's to choose: it says whom a message is for.
        let fits = Properties::parse(properties, Place::Subscribe)
            .is_ok_and(|properties| properties.subscription_identifier().is_none());
        if !fits_version || !fits {
            return Err(Failure::InvalidProperties);
        }
        let standing = self.take_over(token, filter, options, properties);
        if standing.is_none() {
            self.check_requests()?;
        }
        let identifier = self.subscriptions.identify(filter);
        self.out.events.push(Event::Identifier { token, identifier });
        if let Some(granted) = standing {
            if granted != NOT_GRANTED {
                self.subscribed(token, granted.into(), Span::default());
            }
            return Ok(());
        }
        let known = self
            .subscriptions
            .active
            .get(filter)
            .map(|subscription| subscription.key);
        let key = known.unwrap_or(self.subscriptions.next_key);
        if known.is_none() {
            self.subscriptions.next_key = key.wrapping_add(1);
        }
        let subscription = Subscription {
            key,
            token,
            options,
            properties: properties.into(),
            identifier,
            granted: None,
        };
        let request = subscription.request(filter, None, None);
        requests::store(&mut self.store, filter, &subscription, version);
        self.subscriptions.active.insert(filter, subscription);
        // What an earlier page had asked for is asked once, as this page wants it.
        let _ = self.take_request(NOBODY, filter);
        self.subscriptions.pending.push_back(request);
        Ok(())
    }

    /// Gives a subscription that an earlier page has made to the one that asks for the same; not if it wants the retained messages, which
    /// takes a SUBSCRIBE. What was granted, if it was.
    fn take_over(&mut self, token: u32, filter: &str, options: SubscribeOptions, properties: &[u8]) -> Option<u8> {
        let subscriptions = &mut self.subscriptions;
        let standing = subscriptions.active.get_mut(filter).filter(|standing| {
            standing.token == NOBODY
                && options.retain_handling != RetainHandling::Send
                && standing.options == options
                && *standing.properties == *properties
        })?;
        standing.token = token;
        let granted = standing.granted.unwrap_or(NOT_GRANTED);
        let asked = subscriptions.awaiting.iter_mut().flat_map(|(_, batch)| batch);
        for request in subscriptions.pending.iter_mut().chain(asked) {
            let asks = matches!(request.kind, Kind::Subscribe { .. });
            if asks && request.token == NOBODY && *request.filter == *filter {
                request.token = token;
            }
        }
        Some(granted)
    }

    /// Unsubscribes from one filter; settled by [`Event::Unsubscribed`].
    pub fn unsubscribe(&mut self, now: Millis, token: u32, filter: &str) {
        self.tick(now);
        if let Err(failure) = self.try_unsubscribe(token, filter) {
            self.unsubscribed(token, failure.code(), Span::default());
        }
    }

    fn try_unsubscribe(&mut self, token: u32, filter: &str) -> Result<(), Failure> {
        self.refuse_when_stopped()?;
        topic::validate_filter(filter, self.version).map_err(|_| Failure::InvalidTopic)?;
        self.check_requests()?;
        let key = self.subscriptions.active.remove(filter).map(|leaving| leaving.key);
        if let Some(key) = key {
            requests::store_leaving(&mut self.store, filter, key, self.version);
        }
        self.subscriptions.pending.push_back(Request {
            token,
            filter: filter.into(),
            kind: Kind::Unsubscribe { key },
            sent: false,
        });
        Ok(())
    }

    fn check_requests(&self) -> Result<(), Failure> {
        if self.subscriptions.pending.len() >= self.config.max_queued {
            return Err(Failure::QueueFull);
        }
        Ok(())
    }

    fn forget(&mut self, filter: &str) {
        if let Some(subscription) = self.subscriptions.active.remove(filter) {
            self.store.delete(StoreKey::Subscription(subscription.key));
        }
    }

    /// Settles a request that was not sent; false if there is none with this token.
    pub(super) fn cancel_request(&mut self, token: u32) -> bool {
        let Some(request) = self.take_request(token, "") else {
            return false;
        };
        self.refuse_request(&request, Failure::Cancelled);
        true
    }

    /// Takes out a request: one of this page that was not sent, or the one of an earlier page that asks for `filter`.
    fn take_request(&mut self, token: u32, filter: &str) -> Option<Request> {
        let pending = &mut self.subscriptions.pending;
        let position = pending.iter().position(|request| {
            request.token == token
                && if token == NOBODY {
                    request.asks_anew() && *request.filter == *filter
                } else {
                    !request.sent
                }
        });
        pending.remove(position?)
    }

    /// Sends what is pending: neighbours of one kind with the same properties share a packet, as far as the broker's Maximum Packet Size goes.
    pub(super) fn send_requests(&mut self) {
        if self.sends() {
            self.use_identifiers();
        }
        while self.sends() && !self.subscriptions.pending.is_empty() {
            if self.packet_ids.is_full() {
                return;
            }
            let batch = self.take_requests();
            if !batch.is_empty() {
                self.write_requests(batch);
            }
            if self.subscriptions.pending.is_empty() {
                self.subscriptions.pending.shrink_to_fit();
            }
        }
    }

    /// Puts identifiers into use when two of our filters overlap, and gives one to each subscription that stands without.
    /// Not before the broker has answered all that was asked without: what it says then would belong to either request.
    fn use_identifiers(&mut self) {
        let subscriptions = &mut self.subscriptions;
        let wanted = self.link.limits.subscription_ids && subscriptions.overlapping;
        if wanted && !subscriptions.identified && subscriptions.awaiting.is_empty() {
            subscriptions.identified = true;
            self.ask_again(Some(RetainHandling::DoNotSend));
            self.subscriptions.giving = true;
            self.subscriptions.note_given();
        }
    }

    /// Whether SUBSCRIBE carries identifiers; never where the broker has none (3.2.2.3.12).
    const fn uses_identifiers(&self) -> bool {
        self.subscriptions.identified && self.link.limits.subscription_ids
    }

    /// Takes the requests of the next packet; refuses on the way what the broker does not take. Those that differ in nothing but their identifier may
    /// overtake each other: no two of them have the same filter.
    fn take_requests(&mut self) -> Vec<Request> {
        let limit = self.link.limits.maximum_packet_size.min(MAX_REMAINING) as usize;
        let identified = self.uses_identifiers();
        let mut batch: Vec<Request> = Vec::new();
        let mut passed: Vec<Request> = Vec::new();
        let mut size = 0_usize;
        while let Some(request) = self.subscriptions.pending.pop_front() {
            if let Err(failure) = self.check_request(&request, limit) {
                self.refuse_request(&request, failure);
                continue;
            }
            let larger = size.saturating_add(request.size());
            let fits = request.packet_size(larger, self.version, identified) <= limit;
            match batch.first() {
                Some(first) if !fits || !first.is_like(&request) => {
                    self.subscriptions.pending.push_front(request);
                    break;
                }
                Some(first) if first.identifier(identified) != request.identifier(identified) => passed.push(request),
                _ => {
                    size = larger;
                    batch.push(request);
                }
            }
        }
        for request in passed.into_iter().rev() {
            self.subscriptions.pending.push_front(request);
        }
        batch
    }

    fn check_request(&self, request: &Request, limit: usize) -> Result<(), Failure> {
        let limits = &self.link.limits;
        let size = request.packet_size(request.size(), self.version, self.uses_identifiers());
        if size > limit {
            return Err(Failure::PacketTooLarge);
        }
        if matches!(request.kind, Kind::Unsubscribe { .. }) {
            return Ok(());
        }
        if !limits.wildcard_subscriptions && request.filter.contains(['+', '#']) {
            return Err(Failure::WildcardNotAvailable);
        }
        if !limits.shared_subscriptions && is_shared(&request.filter) {
            return Err(Failure::SharedNotAvailable);
        }
        Ok(())
    }

    fn refuse_request(&mut self, request: &Request, failure: Failure) {
        match request.kind {
            Kind::Subscribe { .. } => {
                self.forget_if_newest(request);
                self.subscriptions.note_given();
                self.subscribed(request.token, failure.code(), Span::default());
            }
            Kind::Unsubscribe { key } => {
                self.left(key);
                self.unsubscribed(request.token, failure.code(), Span::default());
            }
        }
    }

    /// An unsubscription needs no second asking.
    pub(super) fn left(&mut self, key: Option<u32>) {
        if let Some(key) = key {
            self.store.delete(StoreKey::Subscription(key));
        }
    }

    /// The subscription is gone, unless a later request has replaced it.
    pub(super) fn forget_if_newest(&mut self, request: &Request) {
        let newest = self.subscriptions.active.get(&request.filter);
        if newest.is_some_and(|subscription| subscription.token == request.token) {
            self.forget(&request.filter);
        }
    }

    fn write_requests(&mut self, batch: Vec<Request>) {
        let owner = match batch.first().map(|request| &request.kind) {
            Some(Kind::Subscribe { .. }) => Owner::Subscribe,
            _ => Owner::Unsubscribe,
        };
        let Some(id) = self.packet_ids.allocate(owner) else {
            return;
        };
        let (version, identified) = (self.version, self.uses_identifiers());
        if requests::write(&batch, id, version, identified, &mut self.out.transmit).is_ok() {
            self.link.wrote();
            self.subscriptions.awaiting.push_back((id, batch));
            return;
        }
        // What was checked when it was asked for can be written; still no request may vanish.
        self.packet_ids.release(id);
        for request in &batch {
            self.refuse_request(request, Failure::InvalidTopic);
        }
    }

    pub(super) fn subscribed(&mut self, token: u32, code: u32, properties: Span) {
        if token == NOBODY {
            return;
        }
        self.out.events.push(Event::Subscribed(Settled {
            token,
            code,
            properties,
        }));
    }

    pub(super) fn unsubscribed(&mut self, token: u32, code: u32, properties: Span) {
        if token == NOBODY {
            return;
        }
        self.out.events.push(Event::Unsubscribed(Settled {
            token,
            code,
            properties,
        }));
    }
}

fn is_shared(filter: &str) -> bool {
    filter.starts_with("$share/")
}
