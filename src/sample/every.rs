//! How often a run in the middle is shown to its caller.

use std::time::{Duration, Instant};

/// When a run shows its next checkpoint. It changes where a run can be broken off, and no bit of its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Every {
    /// After so many draws at most, or transitions of warming up; always after one at least.
    Draws(usize),
    /// After the draws that fit into so much time, one at least. Each chain has a clock of its own, so that chains which run
    /// beside each other wait for each other for no more than a draw, and those that run one after the other take it in turns.
    Time(Duration),
}

impl Every {
    pub(super) fn begin(self) -> Round {
        Round { every: self, begun: Instant::now(), draws: 0 }
    }
}

/// The draws between two checkpoints.
pub(super) struct Round {
    every: Every,
    begun: Instant,
    draws: usize,
}

impl Round {
    /// Whether another draw belongs to it; asked once before each.
    pub(super) fn goes_on(&mut self) -> bool {
        let is_room = match self.every {
            Every::Draws(most) => self.draws < most,
            Every::Time(most) => self.begun.elapsed() < most,
        };
        self.draws += 1;
        is_room || self.draws == 1
    }
}
