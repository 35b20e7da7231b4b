//! Accounts held in memory: a user name and a password, and all topics open to whoever has one.

use std::collections::HashMap;
use std::future::{Future, ready};
use std::net::SocketAddr;
use std::pin::Pin;

use mqtt5::Result;
use mqtt5::broker::auth::{AuthProvider, AuthResult};
use mqtt5::packet::connect::ConnectPacket;
use mqtt5::protocol::v5::reason_codes::ReasonCode;

use crate::options::User;

/// Compares in the clear: these accounts exist only on the loopback interface, for demos and tests.
pub struct Users {
    passwords: HashMap<String, Vec<u8>>,
}

impl Users {
    pub fn new(users: &[User]) -> Self {
        let passwords = users
            .iter()
            .map(|user| (user.username.clone(), user.password.clone().into_bytes()))
            .collect();
        Self { passwords }
    }

    fn check(&self, connect: &ConnectPacket) -> AuthResult {
        let username = connect.username.as_deref().unwrap_or_default();
        match (self.passwords.get(username), connect.password.as_ref()) {
            (Some(expected), Some(given)) if expected == given => AuthResult::success_with_user(username),
            _ => AuthResult::fail(ReasonCode::BadUsernameOrPassword),
        }
    }
}

type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

impl AuthProvider for Users {
    fn authenticate<'a>(&'a self, connect: &'a ConnectPacket, _from: SocketAddr) -> Answer<'a, Result<AuthResult>> {
        Box::pin(ready(Ok(self.check(connect))))
    }

    fn authorize_publish<'a>(
        &'a self,
        _client_id: &str,
        _user_id: Option<&'a str>,
        _topic: &'a str,
    ) -> Answer<'a, bool> {
        Box::pin(ready(true))
    }

    fn authorize_subscribe<'a>(
        &'a self,
        _client_id: &str,
        _user_id: Option<&'a str>,
        _filter: &'a str,
    ) -> Answer<'a, bool> {
        Box::pin(ready(true))
    }
}
