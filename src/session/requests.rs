//! What was asked of the broker about subscriptions, and the packets that ask it.

use core::slice;
use std::collections::VecDeque;

use crate::codec::{
    EncodeError, FiltersBuf, PacketId, Place, Properties, Subscribe, SubscribeOptions, TopicFiltersBuf, Unsubscribe,
    Version,
};

use super::active::Active;
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
        /// What the broker had granted before it lost the session.
        granted_before: Option<u8>,
    },
    Unsubscribe,
}

/// A subscription that was granted, or is being asked for.
#[derive(Debug)]
pub(super) struct Subscription {
    pub(super) key: u32,
    pub(super) token: u32,
    pub(super) options: SubscribeOptions,
    pub(super) properties: Box<[u8]>,
    pub(super) granted: Option<u8>,
}

/// All subscriptions of the session, and all open requests.
#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    pub(super) active: Active,
    pub(super) pending: VecDeque<Request>,
    pub(super) awaiting: VecDeque<(PacketId, Vec<Request>)>,
    pub(super) next_key: u32,
}

impl Subscription {
    /// The request that asks for it (again).
    pub(super) fn request(&self, filter: &str, granted_before: Option<u8>) -> Request {
        Request {
            token: self.token,
            filter: filter.into(),
            kind: Kind::Subscribe {
                options: self.options,
                properties: self.properties.clone(),
                granted_before,
            },
            sent: granted_before.is_some(),
        }
    }
}

impl Request {
    /// Whether both may stand in one packet.
    pub(super) fn shares_packet_with(&self, other: &Self) -> bool {
        match (&self.kind, &other.kind) {
            (Kind::Subscribe { properties: own, .. }, Kind::Subscribe { properties: others, .. }) => own == others,
            (Kind::Unsubscribe, Kind::Unsubscribe) => true,
            _ => false,
        }
    }

    /// Bytes in the list of its packet.
    pub(super) fn size(&self) -> usize {
        let options = usize::from(matches!(self.kind, Kind::Subscribe { .. }));
        self.filter.len().saturating_add(2).saturating_add(options)
    }

    /// Bytes of a packet of its kind with a list of this size.
    pub(super) fn packet_size(&self, list: usize, version: Version) -> usize {
        let properties = match &self.kind {
            Kind::Subscribe { properties, .. } => properties.len(),
            Kind::Unsubscribe => 0,
        };
        let block = match version {
            Version::V5 => properties.saturating_add(size::variable_length(properties)),
            Version::V311 => 0,
        };
        size::packet(list.saturating_add(block).saturating_add(2))
    }
}

/// Writes one packet with all of `batch`, whose requests share their kind and properties.
pub(super) fn write(batch: &[Request], id: PacketId, version: Version, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    match batch.first().map(|request| &request.kind) {
        Some(Kind::Subscribe { properties, .. }) => {
            let mut filters = FiltersBuf::new(version);
            for request in batch {
                if let Kind::Subscribe { options, .. } = &request.kind {
                    filters.push(&request.filter, *options)?;
                }
            }
            Subscribe {
                packet_id: id,
                properties: Properties::parse(properties, Place::Subscribe).map_err(|_| EncodeError::PropertyValue)?,
                filters: filters.as_filters(),
            }
            .encode(version, out)
        }
        _ => {
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

/// Writes one subscription into the store.
pub(super) fn store(store: &mut WriteAhead, key: u32, request: &Request, version: Version) {
    store.put_with(StoreKey::Subscription(key), |bytes| {
        // What was checked when it was asked for can be written.
        let _ = write(slice::from_ref(request), PacketId::MIN, version, bytes);
    });
}
