//! Both sides of an authentication, moved by hand.

use hawser::codec::{self, Packet, Place, Property, ReasonCode};
use hawser::session::{Cause, Config};

use crate::peer::block;
use crate::world::{Socket, World, plain};

pub const METHOD: &str = "SCRAM";
pub const CONTINUE: ReasonCode = ReasonCode::CONTINUE_AUTHENTICATION;
pub const CHALLENGE: u8 = 0x18;
pub const BEGIN: u8 = 0x19;
pub const DONE: u8 = 0;
pub const CONNECT: &str = "CONNECT \"c\" clean keep-alive=60 [MaximumPacketSize(16777216), \
                       AuthenticationMethod(\"SCRAM\"), AuthenticationData([1])]";

pub fn with_method() -> Config {
    Config {
        authentication_method: Some(METHOD.into()),
        ..plain()
    }
}

pub fn method<'a>() -> Property<'a> {
    Property::AuthenticationMethod(METHOD)
}

/// CONNECT with the data `1` is with the broker.
pub fn connecting(config: Config) -> World {
    let mut world = World::new(config);
    world.prepare_by_hand = true;
    world.start();
    connect(&mut world);
    world
}

/// Answers PREPARE and opens the socket.
pub fn connect(world: &mut World) {
    let attempt = world.prepared.pop().expect("an attempt to prepare");
    world.session.handle_authentication(world.time(), attempt, Some(&[1]));
    world.session.handle_address(world.time(), attempt, None, None);
    world.drain();
    world.open();
}

/// Online, with nothing left to ask or to look at.
pub fn online() -> World {
    let mut world = connecting(with_method());
    world.connack(false, &[method()]);
    answer(&mut world, DONE, None);
    world.take();
    world
}

pub fn auth(world: &mut World, reason: ReasonCode, properties: &[Property<'_>]) {
    let block = block(Place::Auth, properties);
    let properties = block.as_properties();
    world.send(Packet::Auth(codec::Auth { reason, properties }));
}

/// Answers what was asked last, which is `step`.
#[track_caller]
pub fn answer(world: &mut World, step: u8, data: Option<&[u8]>) {
    let (exchange, asked, _) = world.asked.pop().expect("a question");
    assert_eq!(asked, step);
    world.session.handle_authentication(world.time(), exchange, data);
    world.drain();
}

#[track_caller]
pub fn fail(world: &mut World, step: u8, detail: &str) {
    let (exchange, asked, _) = world.asked.pop().expect("a question");
    assert_eq!(asked, step);
    world
        .session
        .handle_authentication_failed(world.time(), exchange, detail);
    world.drain();
}

pub fn begin(world: &mut World, token: u32) {
    world.session.reauthenticate(world.time(), token);
    world.drain();
}

#[track_caller]
pub fn assert_fault(world: &World) {
    assert!(
        matches!(world.cause(), Cause::ProtocolError { reason: 0x82, .. }),
        "{:?}",
        world.cause()
    );
    assert_eq!(world.socket, Socket::None);
}
