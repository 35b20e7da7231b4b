//! The commands of an engine, as `src/ts/commands.ts` writes them.

use hawser::browser::Engine;

/// What the page asks of its engine.
pub trait Commands {
    fn start(&self);
    fn address(&self, attempt: u32, url: &str);
    fn address_as(&self, attempt: u32, url: &str, username: Option<&str>, password: Option<&[u8]>);
    fn address_failed(&self, attempt: u32, detail: &str);
    fn subscribe(&self, token: u32, filter: &str, options: u32);
    fn unsubscribe(&self, token: u32, filter: &str);
    fn handled(&self, first: u32, count: u32);
    fn close(&self, reason: u32);
}

impl Commands for Engine {
    fn start(&self) {
        self.commands(&numbers(&[1]));
    }

    fn address(&self, attempt: u32, url: &str) {
        self.address_as(attempt, url, None, None);
    }

    fn address_as(&self, attempt: u32, url: &str, username: Option<&str>, password: Option<&[u8]>) {
        let (username, password) = (field(username.map(str::as_bytes)), field(password));
        self.commands(&[numbers(&[2, attempt]), named(url), username, password, numbers(&[0])].concat());
    }

    fn address_failed(&self, attempt: u32, detail: &str) {
        self.commands(&[numbers(&[3, attempt]), named(detail)].concat());
    }

    fn subscribe(&self, token: u32, filter: &str, options: u32) {
        self.commands(&[numbers(&[8, token, options]), named(filter), numbers(&[0])].concat());
    }

    fn unsubscribe(&self, token: u32, filter: &str) {
        self.commands(&[numbers(&[9, token]), named(filter)].concat());
    }

    fn handled(&self, first: u32, count: u32) {
        self.commands(&numbers(&[0, first, count]));
    }

    fn close(&self, reason: u32) {
        self.commands(&numbers(&[12, reason, 0]));
    }
}

fn numbers(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

fn field(field: Option<&[u8]>) -> Vec<u8> {
    field.map_or(numbers(&[0]), |bytes| {
        [&numbers(&[bytes.len() as u32 + 1]), bytes].concat()
    })
}

fn named(text: &str) -> Vec<u8> {
    field(Some(text.as_bytes()))
}
