//! The one timer. It is armed again only when it would fire too late: a deadline that moves away with every packet costs nothing, the timer
//! fires early once and is armed for the rest.

use std::cell::{Cell, RefCell};

use gloo_timers::callback::Timeout;

use super::env::Clock;
use crate::session::Millis;

/// `setTimeout` takes no longer delay (it would fire at once).
const LONGEST_MS: u64 = i32::MAX as u64;

/// At most one pending `setTimeout`.
#[derive(Debug, Default)]
pub struct Timer {
    due: Cell<Option<Millis>>,
    /// What [`Clock::slept`] said when it was armed.
    slept: Cell<f64>,
    pending: RefCell<Option<Timeout>>,
}

impl Timer {
    /// Makes sure that `fire` runs not much later than `deadline`; `None` stops the timer. `fire` has to call [`Timer::fired`] first.
    pub fn arm(&self, deadline: Option<Millis>, clock: &Clock, fire: impl FnOnce() + 'static) {
        let Some(deadline) = deadline else {
            self.stop();
            return;
        };
        if self.due.get().is_some_and(|due| due <= deadline) && self.slept.get() == clock.slept() {
            return;
        }
        let now = clock.now();
        self.slept.set(clock.slept());
        let delay = deadline.0.saturating_sub(now.0).min(LONGEST_MS);
        self.due.set(Some(Millis(now.0 + delay)));
        self.pending.replace(Some(Timeout::new(delay as u32, fire)));
    }

    /// Takes the pending timeout back.
    pub fn stop(&self) {
        self.due.set(None);
        self.pending.replace(None);
    }

    /// Notes that the pending timeout has run.
    pub fn fired(&self) {
        self.due.set(None);
    }
}
