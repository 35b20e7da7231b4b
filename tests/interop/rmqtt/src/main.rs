//! The broker library rmqtt as a program, for the interoperability tests:
//!
//! `hawser-rmqtt PORT TCP-PORT MAXIMUM-PACKET-SIZE MAXIMUM-KEEP-ALIVE [USER PASSWORD]...` serves MQTT over WebSocket and TCP on the loopback interface; a port of 0
//! takes a free one. It prints `listening PORT TCP-PORT` and ends with its standard input, so that it never outlives whoever started it.
//!
//! The library itself neither keeps retained messages nor knows users: both are plugged in here, in memory.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::num::NonZeroU16;
use std::process::ExitCode;
use std::time::Duration;

use async_trait::async_trait;
use rmqtt::context::ServerContext;
use rmqtt::hook::{Handler, HookResult, Parameter, ReturnType, Type};
use rmqtt::net::{Builder, Listener};
use rmqtt::retain::{DefaultRetainStorage, RetainStorage};
use rmqtt::server::MqttServer;
use rmqtt::types::{AuthResult, Retain, TopicFilter, TopicName};
use tokio::io::{AsyncReadExt, stdin};

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main(worker_threads = 2)]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments).await {
        // Not a return from `main`: the listeners would hold the runtime back.
        Ok(()) => std::process::exit(0),
        Err(failure) => {
            eprintln!("hawser-rmqtt: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &[String]) -> Result<(), Failure> {
    let [port, tcp_port, packet_size, keep_alive, users @ ..] = arguments else {
        return Err(
            "usage: hawser-rmqtt PORT TCP-PORT MAXIMUM-PACKET-SIZE MAXIMUM-KEEP-ALIVE [USER PASSWORD]...".into(),
        );
    };
    let (packet_size, keep_alive) = (packet_size.parse()?, keep_alive.parse()?);
    let users: HashMap<String, String> = users
        .chunks_exact(2)
        .map(|pair| (pair[0].clone(), pair[1].clone()))
        .collect();
    let context = ServerContext::new().build().await;
    *context.extends.retain_mut().await = Box::new(Retained(DefaultRetainStorage::new()));
    let hooks = context.extends.hook_mgr().register();
    let anonymous = users.is_empty();
    if !anonymous {
        hooks.add(Type::ClientAuthenticate, Box::new(Users(users))).await;
        hooks.start().await;
    }
    let web_socket = listener(port.parse()?, anonymous, packet_size, keep_alive)?.ws()?;
    let tcp = listener(tcp_port.parse()?, anonymous, packet_size, keep_alive)?.tcp()?;
    let (web_socket_port, tcp_port) = (web_socket.local_addr()?.port(), tcp.local_addr()?.port());
    let server = MqttServer::new(context)
        .listener_by_id(web_socket, web_socket_port)
        .listener_by_id(tcp, tcp_port)
        .build();
    server.start();
    println!("listening {web_socket_port} {tcp_port}");
    stdin().read_to_end(&mut Vec::new()).await?;
    Ok(())
}

/// Far above the library's 16: it closes the connection of a 3.1.1 client, which cannot know the limit, that has more QoS 2 messages under way.
const MAXIMUM_IN_FLIGHT: NonZeroU16 = NonZeroU16::new(4_096).unwrap();

fn listener(port: u16, anonymous: bool, packet_size: u32, keep_alive: u16) -> Result<Listener, Failure> {
    let listener = Builder::new()
        .laddr((Ipv4Addr::LOCALHOST, port).into())
        .reuseaddr(Some(true)) // a broker that was killed comes back on the same port
        .nodelay(true)
        .allow_anonymous(anonymous)
        .max_packet_size(packet_size)
        .max_keepalive(keep_alive)
        .max_topic_aliases(16)
        .max_mqueue_len(100_000)
        .max_inflight(MAXIMUM_IN_FLIGHT)
        .message_retry_interval(Duration::ZERO)
        .bind()?;
    Ok(listener)
}

/// Retained messages in memory: the library's own storage can hold them, but only warns when it is asked to.
struct Retained(DefaultRetainStorage);

#[async_trait]
impl RetainStorage for Retained {
    fn enable(&self) -> bool {
        true
    }

    async fn set(&self, topic: &TopicName, retain: Retain, expiry: Option<Duration>) -> rmqtt::Result<()> {
        self.0.set_with_timeout(topic, retain, expiry).await
    }

    async fn get(&self, filter: &TopicFilter) -> rmqtt::Result<Vec<(TopicName, Retain)>> {
        self.0.get_message(filter).await
    }

    async fn count(&self) -> isize {
        self.0.count().await
    }

    async fn max(&self) -> isize {
        self.0.max().await
    }
}

/// Accounts: name to password.
struct Users(HashMap<String, String>);

#[async_trait]
impl Handler for Users {
    async fn hook(&self, parameter: &Parameter, result: Option<HookResult>) -> ReturnType {
        let Parameter::ClientAuthenticate(connect) = parameter else {
            return (true, result);
        };
        let password = connect.username().and_then(|name| self.0.get(&name.to_string()));
        let fits =
            password.is_some_and(|password| connect.password().is_some_and(|given| given == password.as_bytes()));
        let answer = if fits {
            AuthResult::Allow(false, None)
        } else {
            AuthResult::BadUsernameOrPassword
        };
        (false, Some(HookResult::AuthResult(answer)))
    }
}
