//! A task that runs after those which are waiting already: the frames that a WebSocket has ready come first, and what they cause can leave
//! together. A microtask would run between two frames; a timer is clamped and, in a hidden page, throttled; a `MessageChannel` is neither.

use std::cell::{Cell, OnceCell};
use std::rc::Rc;

use wasm_bindgen::prelude::*;

use super::boundary::{self, Channel};

/// One task that can be asked for again and again.
#[derive(Debug)]
pub struct Later {
    due: Rc<Cell<bool>>,
    /// Made when the task is first asked for, which is after the start of the page.
    channel: OnceCell<Channel>,
    run: Closure<dyn Fn()>,
}

impl Later {
    /// Prepares the task `run`.
    pub fn new(run: impl Fn() + 'static) -> Self {
        let due = Rc::new(Cell::new(false));
        let asked = Rc::clone(&due);
        Self {
            due,
            channel: OnceCell::new(),
            run: Closure::new(move || {
                asked.set(false);
                run();
            }),
        }
    }

    /// Asks for the task; asked for twice before it runs, it runs once.
    pub fn ask(&self) {
        if !self.due.replace(true) {
            self.channel.get_or_init(|| boundary::channel(&self.run)).ask();
        }
    }

    /// Whether the task has been asked for and has not run yet.
    pub fn is_due(&self) -> bool {
        self.due.get()
    }
}

impl Drop for Later {
    fn drop(&mut self) {
        if let Some(channel) = self.channel.get() {
            channel.close();
        }
    }
}
