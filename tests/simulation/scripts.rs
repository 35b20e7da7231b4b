//! Conversations that are always the same, so that every place in them can be met.

use crate::conversations::Op;

const fn publish(qos: u8, topic: &'static str) -> Op {
    Op::Publish {
        qos,
        topic,
        retain: false,
        padding: 0,
    }
}

const fn letter(qos: u8, topic: &'static str) -> Op {
    Op::Letter {
        qos,
        topic,
        retain: false,
    }
}

const fn subscribe(filter: &'static str, options: u8) -> Op {
    Op::Subscribe { filter, options }
}

pub struct Script {
    pub name: &'static str,
    /// Receive Maximum of the broker, and of the client.
    pub windows: (u16, u16),
    /// Topic Alias Maximum, both ways.
    pub aliases: u16,
    pub steps: &'static [Op],
}

pub const SCRIPTS: [Script; 5] = [PUBLISHING, RECEIVING, WINDOWS, SUBSCRIBING, EVERYTHING];

/// Messages of every QoS, some of them before there is a link.
const PUBLISHING: Script = Script {
    name: "publishing",
    windows: (u16::MAX, u16::MAX),
    aliases: 0,
    steps: &[
        publish(0, "a/one"),
        publish(2, "a/one"),
        publish(1, "a/one"),
        Op::Start,
        Op::Pause(40),
        publish(2, "a/two"),
        publish(1, "a/two"),
        publish(0, "a/two"),
        Op::Pause(9),
        publish(2, "a/one"),
        publish(1, "refused/one"),
        publish(2, "refused/one"),
        Op::Pause(3),
        publish(1, "a/one"),
        Op::Pause(60),
    ],
};

/// Messages of every QoS for the client.
const RECEIVING: Script = Script {
    name: "receiving",
    windows: (u16::MAX, u16::MAX),
    aliases: 2,
    steps: &[
        subscribe("a/#", 2),
        Op::Start,
        Op::Pause(60),
        letter(2, "a/one"),
        letter(1, "a/one"),
        letter(0, "a/one"),
        Op::Pause(8),
        letter(2, "a/two"),
        letter(2, "a/three"),
        letter(1, "a/two"),
        Op::Pause(11),
        letter(0, "a/two"),
        letter(1, "a/three"),
        Op::Pause(60),
    ],
};

/// More messages than either side may have under way.
const WINDOWS: Script = Script {
    name: "windows",
    windows: (2, 2),
    aliases: 1,
    steps: &[
        Op::Start,
        subscribe("b/long/topic", 2),
        Op::Pause(45),
        publish(2, "a/one"),
        publish(1, "a/one"),
        publish(2, "a/two"),
        publish(1, "a/two"),
        publish(0, "a/one"),
        letter(2, "b/long/topic"),
        letter(1, "b/long/topic"),
        letter(2, "b/long/topic"),
        letter(1, "b/long/topic"),
        Op::Pause(20),
        publish(2, "a/one"),
        letter(2, "b/long/topic"),
        Op::Pause(120),
    ],
};

/// Filters that come, change, overlap, are refused, and go; retained messages with them.
const SUBSCRIBING: Script = Script {
    name: "subscribing",
    windows: (10, 10),
    aliases: 0,
    steps: &[
        Op::Start,
        Op::Publish {
            qos: 1,
            topic: "a/one",
            retain: true,
            padding: 0,
        },
        Op::Pause(50),
        subscribe("a/#", 1),
        subscribe("+/one", 2),
        subscribe("refused/one", 1),
        Op::Pause(14),
        letter(2, "a/one"),
        Op::Unsubscribe("a/#"),
        Op::Pause(20),
        subscribe("+/one", 0),
        Op::Unsubscribe("never/seen"),
        letter(1, "a/one"),
        Op::Pause(13),
        subscribe("a/#", 2),
        Op::Pause(60),
    ],
};

/// All of it at once, and a close that is in nobody's way.
const EVERYTHING: Script = Script {
    name: "everything",
    windows: (3, 3),
    aliases: 3,
    steps: &[
        subscribe("a/+", 2),
        publish(1, "a/one"),
        Op::Start,
        Op::Pause(40),
        publish(2, "a/one"),
        letter(2, "a/two"),
        letter(1, "a/two"),
        publish(1, "a/two"),
        Op::Pause(5),
        Op::Unsubscribe("a/+"),
        subscribe("a/one", 1),
        publish(2, "a/one"),
        Op::Pause(16),
        letter(1, "a/one"),
        publish(1, "a/one"),
        Op::Pause(60),
    ],
};
