//! A task that runs after those which are waiting already: the frames that a WebSocket has ready come first, and what they cause can leave
//! together. A microtask would run between two frames; a timer is clamped and, in a hidden page, throttled; a `MessageChannel` is neither.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::{MessageChannel, MessagePort};

/// One task that can be asked for again and again.
#[derive(Debug)]
pub struct Later {
    due: Rc<Cell<bool>>,
    listening: MessagePort,
    asking: MessagePort,
    _run: Closure<dyn Fn()>,
}

impl Later {
    /// Prepares the task `run`.
    pub fn new(run: impl Fn() + 'static) -> Result<Self, JsValue> {
        let due = Rc::new(Cell::new(false));
        let run = {
            let due = Rc::clone(&due);
            Closure::<dyn Fn()>::new(move || {
                due.set(false);
                run();
            })
        };
        let channel = MessageChannel::new()?;
        let listening = channel.port1();
        listening.set_onmessage(Some(run.as_ref().unchecked_ref()));
        Ok(Self {
            due,
            listening,
            asking: channel.port2(),
            _run: run,
        })
    }

    /// Asks for the task; asked for twice before it runs, it runs once.
    pub fn ask(&self) {
        if !self.due.replace(true) && self.asking.post_message(&JsValue::NULL).is_err() {
            self.due.set(false);
        }
    }

    /// Whether the task has been asked for and has not run yet.
    pub fn is_due(&self) -> bool {
        self.due.get()
    }
}

impl Drop for Later {
    fn drop(&mut self) {
        self.listening.set_onmessage(None);
        self.listening.close();
    }
}
