//! What was asked of the broker about subscriptions, and the packets that ask it.

use core::slice;
use std::collections::VecDeque;

use crate::codec::{
    EncodeError, FiltersBuf, PacketId, Place, Properties, Property, PropertyBuf, RetainHandling, Subscribe,
    SubscribeOptions, TopicFiltersBuf, Unsubscribe, Version,
};

use super::active::Active;
use super::shapes::{Shapes, overlap};
use super::write_ahead::WriteAhead;
use super::{StoreKey, size};

/// What the user asked for, until the broker has answered.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) token: u32,
    pub(super) filter: Box<str>,
    pub(super) kind: Kind,
    /// It left on an earlier connection, and the broker may have acted on it.
    pub(super) sent: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Subscribe {
        options: SubscribeOptions,
        properties: Box<[u8]>,
        /// Of the filter's shape.
        identifier: u32,
        /// What the broker had granted when it is asked again, without the user's doing.
        granted_before: Option<u8>,
        /// At least this, whatever the user's choice: the broker may have sent the retained messages already.
        retain_handling: Option<RetainHandling>,
    },
    Unsubscribe {
        /// Of the subscription that leaves the store when this is answered.
        key: Option<u32>,
    },
}

/// A subscription that was granted, or is being asked for.
#[derive(Debug)]
pub(super) struct Subscription {
    pub(super) key: u32,
    pub(super) token: u32,
    pub(super) options: SubscribeOptions,
    pub(super) properties: Box<[u8]>,
    pub(super) identifier: u32,
    pub(super) granted: Option<u8>,
}

/// All subscriptions of the session, and all open requests.
#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    pub(super) active: Active,
    pub(super) pending: VecDeque<Request>,
    pub(super) awaiting: VecDeque<(PacketId, Vec<Request>)>,
    pub(super) next_key: u32,
    pub(super) shapes: Shapes,
    /// Two filters overlap, or may.
    pub(super) overlapping: bool,
    /// What the broker's session knows has identifiers, and what is asked for gets one.
    pub(super) identified: bool,
    /// Some subscription may stand without its identifier yet: those of a message do not name all filters that it is for.
    pub(super) giving: bool,
}

/// The token of a subscription that an earlier page has made, until this one asks for it too.
pub(super) const NOBODY: u32 = u32::MAX;
/// Stored in place of the granted QoS as long as that is not known.
pub(super) const NOT_GRANTED: u8 = 0xFF;
/// The same for a subscription that the broker has been asked to end, and has not answered.
pub(super) const LEAVING: u8 = 0xFE;
/// Filters beyond which nobody looks any more whether a new one overlaps with them: one of another shape is taken for it.
const MANY: usize = 256;

impl Subscriptions {
    /// The identifier of a filter that is asked for. Notes whether it overlaps with another one.
    pub(super) fn identify(&mut self, filter: &str) -> u32 {
        self.identify_as(filter, 0)
    }

    /// The same for a filter that had this identifier in an earlier page; 0: none.
    pub(super) fn identify_as(&mut self, filter: &str, earlier: u32) -> u32 {
        let identifier = self.shapes.identify_as(filter, earlier);
        if !self.overlapping && self.shapes.are_several() {
            let mut others = self.active.iter();
            self.overlapping = self.active.len() > MANY
                || others.any(|(other, standing)| standing.identifier != identifier && overlap(filter, other));
        }
        identifier
    }

    /// Asks once more for everything that was granted, in the order it was first asked for and before all that is pending.
    pub(super) fn ask_again(&mut self, retain_handling: Option<RetainHandling>) {
        for (filter, subscription) in self.active.iter_mut().rev() {
            // What was not granted yet is still pending, and comes once.
            if let Some(granted) = subscription.granted.take() {
                let request = subscription.request(filter, Some(granted), retain_handling);
                self.pending.push_front(request);
            }
        }
    }

    /// Whether what the broker's session knows has identifiers, all of it.
    pub(super) const fn all_identified(&self) -> bool {
        self.identified && !self.giving
    }

    /// Notes that a request is answered: the last one that gave an identifier ends the wait for them.
    pub(super) fn note_given(&mut self) {
        let asked = self.awaiting.iter().flat_map(|(_, batch)| batch);
        self.giving = self.giving && self.pending.iter().chain(asked).any(Request::stands);
    }
}

impl Subscription {
    /// The request that asks for it (again).
    pub(super) fn request(
        &self,
        filter: &str,
        granted_before: Option<u8>,
        retain_handling: Option<RetainHandling>,
    ) -> Request {
        Request {
            token: self.token,
            filter: filter.into(),
            kind: Kind::Subscribe {
                options: self.options,
                properties: self.properties.clone(),
                identifier: self.identifier,
                granted_before,
                retain_handling,
            },
            sent: granted_before.is_some(),
        }
    }
}

impl Request {
    /// Whether the subscription stands and gets no more than an identifier.
    fn stands(&self) -> bool {
        let never = Some(RetainHandling::DoNotSend);
        matches!(self.kind, Kind::Subscribe { retain_handling, .. } if retain_handling == never)
    }

    /// Whether it asks for a subscription that does not stand yet.
    pub(super) fn asks_anew(&self) -> bool {
        matches!(self.kind, Kind::Subscribe { .. }) && !self.stands()
    }

    /// Whether both may stand in one packet, but for their identifiers.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        match (&self.kind, &other.kind) {
            (Kind::Subscribe { properties: own, .. }, Kind::Subscribe { properties: others, .. }) => own == others,
            (Kind::Unsubscribe { .. }, Kind::Unsubscribe { .. }) => true,
            _ => false,
        }
    }

    /// The identifier that goes into its packet; 0 is none.
    pub(super) const fn identifier(&self, identified: bool) -> u32 {
        match self.kind {
            Kind::Subscribe { identifier, .. } if identified => identifier,
            _ => 0,
        }
    }

    /// Bytes in the list of its packet.
    pub(super) fn size(&self) -> usize {
        let options = usize::from(matches!(self.kind, Kind::Subscribe { .. }));
        self.filter.len().saturating_add(2).saturating_add(options)
    }

    /// Bytes of a packet of its kind with a list of this size.
    pub(super) fn packet_size(&self, list: usize, version: Version, identified: bool) -> usize {
        let properties = match &self.kind {
            Kind::Subscribe { properties, .. } => properties.len(),
            Kind::Unsubscribe { .. } => 0,
        };
        let properties = match self.identifier(identified) {
            0 => properties,
            identifier => properties
                .saturating_add(1)
                .saturating_add(size::variable_length(identifier as usize)),
        };
        let block = match version {
            Version::V5 => properties.saturating_add(size::variable_length(properties)),
            Version::V311 => 0,
        };
        size::packet(list.saturating_add(block).saturating_add(2))
    }
}

/// Writes one packet with all of `batch`, whose requests share their kind, properties and identifier.
pub(super) fn write(
    batch: &[Request],
    id: PacketId,
    version: Version,
    identified: bool,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    let first = batch.first().ok_or(EncodeError::EmptyList)?;
    match &first.kind {
        Kind::Subscribe { properties, .. } => {
            let mut filters = FiltersBuf::new(version);
            for request in batch {
                if let Kind::Subscribe {
                    options,
                    retain_handling,
                    ..
                } = &request.kind
                {
                    let options = match version {
                        Version::V311 => SubscribeOptions::new(options.qos),
                        Version::V5 => SubscribeOptions {
                            retain_handling: options.retain_handling.max(retain_handling.unwrap_or_default()),
                            ..*options
                        },
                    };
                    filters.push(&request.filter, options)?;
                }
            }
            let mut block = PropertyBuf::new(Place::Subscribe);
            if let identifier @ 1.. = first.identifier(identified) {
                block.push(Property::SubscriptionIdentifier(identifier))?;
            }
            if version == Version::V5 {
                block
                    .extend(Properties::parse(properties, Place::Subscribe).map_err(|_| EncodeError::PropertyValue)?)?;
            }
            Subscribe {
                packet_id: id,
                properties: block.as_properties(),
                filters: filters.as_filters(),
            }
            .encode(version, out)
        }
        Kind::Unsubscribe { .. } => {
            let mut filters = TopicFiltersBuf::new(version);
            for request in batch {
                filters.push(&request.filter)?;
            }
            Unsubscribe {
                packet_id: id,
                properties: Properties::EMPTY,
                filters: filters.as_filters(),
            }
            .encode(version, out)
        }
    }
}

/// Writes one subscription into the store, what was granted before it: in 5.0 with its identifier, for what that stands for must outlive the page as
/// the broker's session does.
pub(super) fn store(store: &mut WriteAhead, filter: &str, subscription: &Subscription, version: Version) {
    if !store.durable() {
        return;
    }
    let request = subscription.request(filter, None, None);
    store.put_with(StoreKey::Subscription(subscription.key), |bytes| {
        bytes.push(subscription.granted.unwrap_or(NOT_GRANTED));
        // What was checked when it was asked for can be written.
        let _ = write(
            slice::from_ref(&request),
            PacketId::MIN,
            version,
            version == Version::V5,
            bytes,
        );
    });
}

/// Writes that a filter is being unsubscribed from: a page that is killed meanwhile asks for it again, for nobody else would.
pub(super) fn store_leaving(store: &mut WriteAhead, filter: &str, key: u32, version: Version) {
    let leaving = Subscription {
        key,
        token: NOBODY,
        options: SubscribeOptions::default(),
        properties: Box::default(),
        identifier: 0,
        granted: Some(LEAVING),
    };
    self::store(store, filter, &leaving, version);
}
