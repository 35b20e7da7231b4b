//! The codec against two others that were written by other people: every packet is read the same, refused by both, or the disagreement is a listed one.
//!
//! | codec | what it is |
//! |---|---|
//! | `mqtt-protocol-core` | packets and connection apart: it looks at flags, directions, identifiers and aliases in its connection, which is not compared here |
//! | `mqtt-proto` | one strict pass; it keeps properties in a struct, so that their order is lost |
//!
//! The lists are in `core` and `proto`: what is refused here only (*stricter*), what is refused there only (*laxer*), and what the other one reads well
//! and writes badly (*miswritten*), each with the reason and an example that a test tries. An entry that is not true any more fails, as does a
//! disagreement that no entry explains.

mod canonical;
mod core;
mod proto;

use hawser::codec::{DecodeError, Packet, Sender, Version, decode as decode_packet, packet_size};

use crate::decode::frame;
use crate::source::Source;

/// Another codec.
pub struct Codec {
    /// The name of its crate.
    pub name: &'static str,
    /// Reads one whole packet and writes it again, or says why not.
    pub rewrite: fn(&[u8], Version) -> Result<Vec<u8>, String>,
    /// It writes properties in the order they came in.
    keeps_order: bool,
    /// What it takes and this codec refuses.
    pub stricter: &'static [Stricter],
    /// What this codec takes and it refuses.
    pub laxer: &'static [Laxer],
    /// What it reads, and writes as something else.
    pub miswritten: &'static [Laxer],
}

/// What the other codec takes and this one refuses.
pub struct Stricter {
    /// Why this codec is right, and the clause.
    pub why: &'static str,
    /// What this codec says.
    pub error: DecodeError,
    /// The packet types it shows in; empty for all.
    types: &'static [u8],
    /// A packet that shows it.
    pub example: Example,
}

/// What this codec takes and the other refuses, or cannot write again.
pub struct Laxer {
    /// Why this codec is right, and the clause.
    pub why: &'static str,
    /// Whether it explains what becomes of this packet.
    applies: fn(&Packet<'_>, &[u8], Version, Sender) -> bool,
    /// A packet that shows it.
    pub example: Example,
}

/// The bytes of one packet, their version, and who wrote them.
pub type Example = (&'static [u8], Version, Sender);

/// The other codecs.
pub const CODECS: [&Codec; 2] = [&core::CODEC, &proto::CODEC];

/// Runs the target. The input is that of the target `decode`; its first packet is compared.
pub fn differential(input: &[u8]) {
    let mut source = Source::new(input);
    let choices = source.u8();
    let version = if choices & 1 == 0 { Version::V5 } else { Version::V311 };
    let sender = if choices & 2 == 0 {
        Sender::Server
    } else {
        Sender::Client
    };
    let _ = source.u16();
    let framed;
    let stream = if choices & 8 == 0 {
        source.rest()
    } else {
        framed = frame(source.u8(), source.rest());
        &framed
    };
    // Where a packet ends is for each codec's own receiver to say.
    if let Ok(Some(size)) = packet_size(stream, u32::MAX)
        && let Some(packet) = stream.get(..size)
    {
        compare(packet, version, sender);
    }
}

/// Compares what all codecs make of one whole packet.
///
/// # Panics
///
/// At a disagreement that is not listed.
pub fn compare(bytes: &[u8], version: Version, sender: Sender) {
    let ours = decode_packet(bytes, version, sender);
    for codec in CODECS {
        let theirs = (codec.rewrite)(bytes, version);
        if let Err(disagreement) = codec.judge(bytes, version, sender, &ours, &theirs) {
            panic!(
                "{}: {disagreement}\n{bytes:02X?} {version:?} from {sender:?}",
                codec.name
            );
        }
    }
}

impl Codec {
    fn judge(
        &self,
        bytes: &[u8],
        version: Version,
        sender: Sender,
        ours: &Result<Packet<'_>, DecodeError>,
        theirs: &Result<Vec<u8>, String>,
    ) -> Result<(), String> {
        match (ours, theirs) {
            (Err(_), Err(_)) => Ok(()),
            (Ok(ours), Ok(rewritten)) => {
                let explains = |entry: &Laxer| (entry.applies)(ours, bytes, version, sender);
                match self.same(ours, rewritten, version, sender) {
                    Err(_) if self.miswritten.iter().any(explains) => Ok(()),
                    result => result,
                }
            }
            (Ok(ours), Err(refusal)) => {
                let explains = |entry: &Laxer| (entry.applies)(ours, bytes, version, sender);
                let listed = self.laxer.iter().any(explains);
                listed
                    .then_some(())
                    .ok_or_else(|| format!("only it refuses, with {refusal}: {ours:?}"))
            }
            (Err(error), Ok(_)) => {
                let packet_type = bytes[0] >> 4;
                let explains = |entry: &Stricter| {
                    entry.error == *error && (entry.types.is_empty() || entry.types.contains(&packet_type))
                };
                let listed = self.stricter.iter().any(explains);
                listed
                    .then_some(())
                    .ok_or_else(|| format!("only we refuse, with {error:?}"))
            }
        }
    }

    /// Whether what it wrote is what we read.
    fn same(&self, ours: &Packet<'_>, rewritten: &[u8], version: Version, sender: Sender) -> Result<(), String> {
        let theirs = decode_packet(rewritten, version, sender)
            .map_err(|error| format!("what it wrote is refused, with {error:?}: {rewritten:02X?}"))?;
        let equal = if self.keeps_order {
            theirs == *ours
        } else {
            canonical::canonical(&theirs, version, sender) == canonical::canonical(ours, version, sender)
        };
        equal
            .then_some(())
            .ok_or_else(|| format!("we read {ours:?}, it read {theirs:?}"))
    }
}
