use super::{Credit, Position, Ticks};
use crate::settings::Settings;

/// What is done with the payload of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Mode {
    /// It is scanned for tokens.
    Scan = 0,
    /// It is TLS: nothing in it can be read.
    Tls = 1,
    /// It is copied to the agent; the entry in the table of watched flows says so.
    Watch = 2,
    /// The agent looked at it and dismissed it.
    Ignore = 3,
}

/// One direction of a flow.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Half {
    /// How far it was read.
    pub position: Position,
    /// How much of it may still be scanned, of what brings it on.
    pub credit: Credit,
    /// Payload bytes seen, retransmissions included, up to [`u32::MAX`].
    pub bytes: u32,
}

impl Half {
    /// A direction in which nothing was said yet.
    #[inline(always)]
    const fn new(settings: &Settings, now: Ticks) -> Self {
        Self { position: Position::UNKNOWN, credit: Credit::full(settings.scan_burst, now), bytes: 0 }
    }
}

/// What is remembered of a flow that is not under watch.
#[repr(C, align(8))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// The two directions, by [`Direction`](super::Direction).
    pub halves: [Half; 2],
    /// How much may still be scanned that does not bring its direction on: repetitions, and what
    /// comes late or from far away. If that took from the credit of its direction, repeating would
    /// keep what is new from being read.
    pub strays: Credit,
    mode: u16,
    /// Which directions opened with a record of TLS: bit 0 and bit 1; with text that is no JSON:
    /// bit 2 and bit 3. Bit 4: [`DOUBTED`]. From bit 5 on, up to [`LASTING`]: how often it was heard
    /// again after a while.
    notes: u16,
    /// When it was dismissed, or else when it was first heard, or heard again after a while.
    since: Ticks,
}

/// In the notes: it was last put under watch for a doubt, not for a token.
const DOUBTED: u16 = 1 << 4;

/// In the notes: it was heard again after a while, once.
const AGAIN: u16 = 1 << 5;

/// How often a flow is heard again before it lasts.
const LASTING: u16 = 4;

const _: () = assert!(size_of::<Flow>() == 56 && align_of::<Flow>() == 8);

impl Flow {
    /// A flow of which nothing was seen yet.
    #[must_use]
    #[inline(always)]
    pub const fn new(settings: &Settings, now: Ticks) -> Self {
        Self {
            halves: [Half::new(settings, now); 2],
            strays: Credit::full(settings.scan_burst, now),
            mode: Mode::Scan as u16,
            notes: 0,
            since: now,
        }
    }

    /// Takes note that a connection opens in the direction `side`: what was known of an earlier one
    /// on the same ends is void, unless it is under watch. Only how far it was read is kept, because
    /// a SYN may be forged in the middle of a token.
    #[inline(always)]
    pub fn restart(&mut self, side: usize, settings: &Settings, now: Ticks) {
        if self.mode() != Mode::Watch {
            self.set_mode(Mode::Scan);
            #[expect(clippy::indexing_slicing, reason = "masked to the two directions")]
            let half = &mut self.halves[side & 1];
            *half = Half { position: half.position, ..Half::new(settings, now) };
            self.notes &= !(DOUBTED | (0b101 << (side & 1)));
        }
    }

    /// What is done with its payload.
    #[must_use]
    #[inline(always)]
    pub const fn mode(&self) -> Mode {
        match self.mode {
            1 => Mode::Tls,
            2 => Mode::Watch,
            3 => Mode::Ignore,
            _ => Mode::Scan,
        }
    }

    /// Changes what is done with its payload.
    #[inline(always)]
    pub const fn set_mode(&mut self, mode: Mode) {
        self.mode = mode as u16;
    }

    /// Whether something was said in the direction `side`.
    #[must_use]
    #[inline(always)]
    pub const fn has_spoken(&self, side: usize) -> bool {
        #[expect(clippy::indexing_slicing, reason = "masked to the two directions")]
        {
            self.halves[side & 1].bytes != 0
        }
    }

    /// Takes note of how the direction `side` opens. The flow is TLS as long as no direction is
    /// known to open otherwise. True if it is TLS now.
    #[inline(always)]
    pub fn opens(&mut self, side: usize, tls: bool) -> bool {
        if tls {
            self.notes |= 1 << (side & 1);
        }
        let is_tls = tls && (!self.has_spoken(!side) || self.answers_tls(side));
        if is_tls {
            self.set_mode(Mode::Tls);
        } else if self.mode() == Mode::Tls {
            self.set_mode(Mode::Scan);
        }
        is_tls
    }

    /// Takes note that the direction `side` of TLS begins before `next`.
    #[inline(always)]
    pub const fn begins(&mut self, side: usize, next: u32, generation: u16) {
        #[expect(clippy::indexing_slicing, reason = "masked to the two directions")]
        self.halves[side & 1].position.advance(next, 0, generation);
    }

    /// Whether a segment at `sequence` may be of the direction `side` of TLS as it began. If not, it
    /// was forged that it is TLS.
    #[must_use]
    #[inline(always)]
    pub const fn keeps_up(&mut self, side: usize, sequence: u32) -> bool {
        #[expect(clippy::indexing_slicing, reason = "masked to the two directions")]
        self.halves[side & 1].position.keeps_up(sequence)
    }

    /// Takes note that what both directions opened as is no TLS: they open anew.
    #[inline(always)]
    pub fn is_no_tls(&mut self) {
        self.set_mode(Mode::Scan);
        self.notes &= !0b1111;
        for half in &mut self.halves {
            *half = Half { position: Position::UNKNOWN, bytes: 0, ..*half };
        }
    }

    /// Whether the direction opposite to `side` opened with a record of TLS.
    #[must_use]
    #[inline(always)]
    pub const fn answers_tls(&self, side: usize) -> bool {
        self.notes & (1 << (!side & 1)) != 0
    }

    /// Takes note of whether the direction `side` opens with text that is no JSON: `text` is 1 or
    /// 0.
    #[inline(always)]
    pub(crate) const fn opens_as_text(&mut self, side: usize, text: u16) {
        self.notes |= (text & 1) << (2 + (side & 1));
    }

    /// Whether the direction `side`, and the one opposite to it, opened with text that is no JSON:
    /// bit 0 and bit 1.
    #[inline(always)]
    pub(crate) const fn texts(&self, side: usize) -> u8 {
        let (mine, theirs) = (self.notes >> (2 + (side & 1)), self.notes >> (2 + (!side & 1)));
        #[expect(clippy::cast_possible_truncation, reason = "two bits")]
        {
            ((mine & 1) | ((theirs & 1) << 1)) as u8
        }
    }

    /// Takes note that it is heard. True if it has been scanned for long and was heard time and
    /// again, and said so little that it is no download: where miners are found.
    #[inline(always)]
    pub const fn lasts(&mut self, settings: &Settings, now: Ticks) -> bool {
        if self.mode != Mode::Scan as u16 {
            return false;
        }
        if self.notes / AGAIN < LASTING {
            let step = if self.notes & DOUBTED == 0 {
                settings.lasting_ticks / LASTING as u32
            } else {
                // Until then it tells since when disorder is no reason to watch.
                settings.doubt_ticks
            };
            if now.wrapping_sub(self.since) < step {
                return false;
            }
            self.since = now;
            self.notes = (self.notes & !DOUBTED) + AGAIN;
        }
        let [up, down] = &self.halves;
        self.notes / AGAIN >= LASTING
            && up.credit.is_ample(settings.scan_burst)
            && down.credit.is_ample(settings.scan_burst)
    }

    /// Takes note that it is under watch, for a token or for a `doubt`.
    #[inline(always)]
    pub const fn watch(&mut self, doubt: bool) {
        self.mode = Mode::Watch as u16;
        self.notes = (self.notes & !DOUBTED) | if doubt { DOUBTED } else { 0 };
    }

    /// Takes back that it is under watch: the agent never heard of it.
    #[inline(always)]
    pub const fn unwatch(&mut self) {
        self.mode = Mode::Scan as u16;
        self.notes &= !DOUBTED;
    }

    /// The agent has ended the watch. What was watched for a token is left alone from `now` on.
    /// What was only doubted is scanned again, for else a little disorder and some idle talk would
    /// keep all that follows from being read. True if it is scanned.
    #[inline(always)]
    pub fn dismiss(&mut self, settings: &Settings, now: Ticks) -> bool {
        let doubted = self.notes & DOUBTED != 0;
        self.ignore(now);
        if doubted {
            self.mode = Mode::Scan as u16;
            // Nobody knows how it opened in a direction that was first heard under watch.
            for half in &mut self.halves {
                half.bytes |= settings.early_bytes | 1;
            }
        }
        doubted
    }

    /// Whether disorder is a reason to watch it: not for a while after the agent saw nothing in it.
    #[must_use]
    #[inline(always)]
    pub const fn may_be_doubted(&self, settings: &Settings, now: Ticks) -> bool {
        self.notes & DOUBTED == 0 || now.wrapping_sub(self.since) >= settings.doubt_ticks
    }

    /// Leaves it alone from `now` on. A token that has begun is over by the time it is read again.
    #[inline(always)]
    pub const fn ignore(&mut self, now: Ticks) {
        let [up, down] = &mut self.halves;
        up.position.break_off();
        down.position.break_off();
        self.mode = Mode::Ignore as u16;
        self.since = now;
    }

    /// Whether it is still to be left alone, for `period` in all. Afterwards it is scanned.
    #[must_use]
    #[inline(always)]
    pub const fn is_ignored(&mut self, period: Ticks, now: Ticks) -> bool {
        if self.mode != Mode::Ignore as u16 {
            return false;
        }
        let ignored = now.wrapping_sub(self.since) < period;
        if !ignored {
            self.mode = Mode::Scan as u16;
        }
        ignored
    }
}
