//! How fast the client may come back: its delays grow until a link has been stable, and only the page brings an attempt forward.

use hawser::session::{Config, Jitter, PageEvent, Phase, Reconnect};

/// Milliseconds between two attempts that the page brings forward.
const APART: u64 = 1_000;

#[derive(Default)]
pub struct Pace {
    delays: u32,
    online_since: Option<u64>,
    /// While it waits.
    waits: bool,
    not_before: u64,
    /// When the latest attempt began.
    attempted: u64,
    /// The browser says that there is no network.
    offline: bool,
    /// When the page came back to a link, or to an attempt whose socket has not opened since.
    back: Option<u64>,
    /// What is happening to the page.
    event: Option<PageEvent>,
}

impl Pace {
    /// Something happens to the page, while a socket may be `opening`.
    pub fn on_page(&mut self, event: PageEvent, now: u64, opening: bool) {
        self.event = Some(event);
        if self.is_back() {
            let pressed = opening && now >= self.attempted + APART;
            self.back = (self.online_since.is_some() || pressed).then_some(now);
        }
        match event {
            PageEvent::Offline => self.offline = true,
            PageEvent::Online if std::mem::take(&mut self.offline) => self.delays = 0,
            _ => {}
        }
    }

    /// The client has been told of it.
    pub fn on_page_told(&mut self) {
        self.event = None;
    }

    fn is_back(&self) -> bool {
        matches!(self.event, Some(PageEvent::Back | PageEvent::Online))
    }

    pub fn on_online(&mut self, since: u64) {
        self.online_since = Some(since);
        self.offline = false;
    }

    /// The attempt goes on.
    pub fn on_phase(&mut self, phase: Phase) {
        if phase != Phase::Socket {
            self.back = None;
        }
    }

    /// An attempt begins.
    pub fn on_attempt(&mut self, now: u64, asked: bool, planned: bool, config: &Config) {
        if planned {
            self.forgive(now, config);
        }
        let may = asked || planned || self.is_back() && now >= self.attempted + APART;
        assert!(may || now >= self.not_before, "an attempt before its time");
        (self.attempted, self.waits) = (now, false);
    }

    /// It waits, because the page was `left` or for another reason. Gives whether that is news, and not a wait that was changed.
    pub fn on_wait(&mut self, now: u64, retry_at: u64, left: bool, config: &Config) -> bool {
        // Only the page may change a wait that has begun.
        let moved = self.event.is_some() && self.waits;
        if moved {
            let soonest = self.attempted + APART;
            assert!(retry_at >= soonest.min(self.not_before), "a wait is cut short");
        } else {
            assert!(!left || self.event == Some(PageEvent::Leave), "nobody has left");
            self.check_delay(now, retry_at - now, left, config);
        }
        (self.not_before, self.waits) = (retry_at, true);
        !moved
    }

    /// The delay grows until a link has been stable.
    fn check_delay(&mut self, now: u64, delay: u64, left: bool, config: &Config) {
        let Reconnect::Exponential {
            min,
            max,
            jitter: Jitter::UpTo(jitter),
        } = config.reconnect
        else {
            panic!("the simulation counts on an exponential backoff with jitter that is added");
        };
        self.forgive(now, config);
        let least = (min << self.delays.min(30)).min(max);
        let back = self.back.take();
        let due = if left {
            60_000..=60_000
        } else if back.is_some_and(|at| now <= at + config.probe_timeout + 2 * APART) {
            least.min(APART)..=APART
        } else {
            least..=least + u64::from(jitter)
        };
        assert!(due.contains(&delay), "waits {delay} ms where {least} are due");
        self.delays += 1;
    }

    /// A link that was stable lets the delays begin anew.
    fn forgive(&mut self, now: u64, config: &Config) {
        let online = self.online_since.take();
        if online.is_some_and(|since| now >= since + config.stable_after) {
            self.delays = 0;
        }
    }
}
