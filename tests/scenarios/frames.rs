//! Frames and packets are unrelated: any cut gives the same messages, and spans fit the bytes they refer to.

use hawser::session::Frame;

use crate::world::{World, lasting, plain};

/// A stream of the broker with packets of all kinds and sizes.
fn stream(world: &World) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(world.message_bytes(0, 0, "a", b"first", false, &[]));
    bytes.extend(world.message_bytes(1, 7, "topic/two", &[b'2'; 200], false, &[]));
    bytes.extend([0xD0, 0]);
    bytes.extend(world.message_bytes(2, 8, "a", b"", false, &[]));
    bytes.extend(world.message_bytes(0, 0, "topic/three", &[b'3'; 20_000], false, &[]));
    bytes.extend(world.message_bytes(0, 0, "a", b"last", false, &[]));
    bytes
}

fn check(world: &mut World) {
    let messages = world.take_delivered();
    let lengths: Vec<usize> = messages.iter().map(|message| message.payload.len()).collect();
    assert_eq!(lengths, [5, 200, 0, 20_000, 4]);
    assert!(
        messages[1].payload.iter().all(|byte| *byte == b'2') && messages[3].payload.iter().all(|byte| *byte == b'3')
    );
    assert_eq!(
        (messages[3].topic.as_str(), messages[4].payload.as_slice()),
        ("topic/three", &b"last"[..])
    );
    world.expect(&["PUBACK 7", "PUBREC 8"]);
    world.pubrel(8);
    world.expect(&["PUBCOMP 8"]);
}

/// What the events of each step referred to.
fn frames(world: &World) -> Vec<&Frame> {
    world.frames.iter().filter(|frame| **frame != Frame::None).collect()
}

#[test]
fn many_packets_in_one_frame_are_never_copied() {
    let mut world = World::online(plain());
    world.frames.clear();
    let bytes = stream(&world);
    world.send_bytes(&bytes);
    check(&mut world);
    assert_eq!(frames(&world), [&Frame::Input]);
}

#[test]
fn every_byte_a_frame_of_its_own() {
    let mut world = World::online(plain());
    for byte in stream(&world) {
        world.send_bytes(&[byte]);
    }
    check(&mut world);
}

#[test]
fn every_single_cut_of_the_stream() {
    let reference = World::online(plain());
    let bytes = stream(&reference);
    for cut in (1..400).chain((400..bytes.len()).step_by(997)) {
        let mut world = World::online(plain());
        world.send_bytes(&bytes[..cut]);
        world.send_bytes(&bytes[cut..]);
        check(&mut world);
    }
}

#[test]
fn frames_of_every_size() {
    let reference = World::online(plain());
    let bytes = stream(&reference);
    for size in [2, 3, 5, 7, 11, 64, 101, 1_000, 4_096, 16_384] {
        let mut world = World::online(plain());
        bytes.chunks(size).for_each(|frame| world.send_bytes(frame));
        check(&mut world);
    }
}

#[test]
fn several_frames_before_the_outputs_are_taken() {
    let mut world = World::online(plain());
    world.frames.clear();
    let bytes = stream(&world);
    bytes.chunks(300).for_each(|frame| world.hand_in(frame));
    world.drain();
    check(&mut world);
    assert!(matches!(frames(&world).as_slice(), [Frame::Assembled(_)]));
}

#[test]
fn an_empty_frame_is_nothing() {
    let mut world = World::online(plain());
    world.send_bytes(&[]);
    assert!(world.is_online());
}

#[test]
fn the_bytes_of_a_connack_are_there_for_its_properties() {
    let mut world = World::new(lasting());
    world.start();
    world.open();
    let connack = [0x20, 6, 0, 0, 3, 0x21, 0, 9];
    world.send_bytes(&connack[..4]);
    world.send_bytes(&connack[4..]);
    let properties = world.connected.as_ref().unwrap().properties;
    let Some(Frame::Assembled(bytes)) = world.frames.iter().find(|frame| **frame != Frame::None) else {
        panic!("put together from two frames");
    };
    assert_eq!(&bytes[properties.range()], &connack[5..]);
}

#[test]
fn sixteen_mebibytes_in_small_frames_take_linear_time() {
    // Copying what is there once for each frame would be 16 GiB; the limit of the test runner would notice.
    let mut world = World::online(plain());
    let bytes = world.message_bytes(0, 0, "big", &vec![7; (16 << 20) - 20], false, &[]);
    bytes.chunks(8 << 10).for_each(|frame| world.send_bytes(frame));
    assert_eq!(world.take_delivered()[0].payload.len(), (16 << 20) - 20);
}
