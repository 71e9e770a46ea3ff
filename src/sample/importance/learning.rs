//! Rounds of draws, each from a proposal fitted to all before, until one is good enough.

use rand::rngs::StdRng;

use super::mixture::Component;
use super::pareto::reliable_shape;
use super::pilot::run_pilot;
use super::rounds::{Last, Rounds};
use super::run::least_ess;
use super::{ImportanceConfig, ImportanceStatus, StartingMode};
use crate::sample::{LogDensity, SampleError};

/// Rounds from which on a run is given up whose weights have been bad for so many rounds in a row: a draw where the proposals
/// have missed the density makes one round bad, and the next proposal good.
const PATIENCE: usize = 9;
const BAD_IN_A_ROW: usize = 3;
/// The last proposal is to be fitted to this share at least of as many draws as it will give itself: fewer would spoil it,
/// and more are not needed.
const LEARNING: f64 = 0.2;
/// Draws in the present coordinates from which on these are bent, the first time and later ones, where fewer effective draws for
/// each draw come than this.
const BENDING: [usize; 3] = [2000, 6000, 20_000];
const BENT_BELOW: f64 = 0.2;

/// Proposals that are learnt, and may be learnt further.
pub(super) struct Learning<'a, D: LogDensity + ?Sized> {
    pub rounds: Rounds<'a, D>,
    /// Rounds so far.
    pub count: usize,
    pub pilot_evaluations: usize,
    config: &'a ImportanceConfig,
    components: Vec<Component>,
    /// Draws that the components were fitted to.
    fitted: usize,
    bad: usize,
    /// Times that the coordinates have been bent.
    bends: usize,
}

/// The draws of a proposal that are good enough, or without hope.
pub(super) struct Learnt {
    pub last: Last,
    /// Least effective size of them.
    pub ess: f64,
    pub status: ImportanceStatus,
}

impl<'a, D: LogDensity + ?Sized> Learning<'a, D> {
    /// A pilot from the modes, and components fitted to it.
    pub fn new(
        density: &'a D,
        modes: &[StartingMode],
        config: &'a ImportanceConfig,
        rng: &mut StdRng,
    ) -> Result<Self, SampleError> {
        let pilot = run_pilot(density, modes, config, rng)?;
        let rounds = Rounds::new(density, config, &pilot);
        let components = rounds.fit_pilot(&pilot, rng);
        let pilot_evaluations = pilot.evaluations;
        Ok(Self { rounds, count: 0, pilot_evaluations, config, components, fitted: 0, bad: 0, bends: 0 })
    }

    /// Rounds until the draws of a proposal, which is fitted anew to those there are, have `min_ess` effective ones, or there is no
    /// hope of it, or `max_evaluations` in all are spent.
    pub fn go_on(&mut self, min_ess: f64, max_evaluations: usize, rng: &mut StdRng) -> Result<Learnt, SampleError> {
        // enough to see all components' surroundings once
        let least = (30 * self.rounds.dim()).max(self.config.least_draws);
        let mut size = least;
        let mut fresh = true;
        if self.rounds.len() > 0 {
            self.components = self.rounds.refit(&self.components, rng);
            self.fitted = self.rounds.len();
            let left = max_evaluations.saturating_sub(self.rounds.evaluations()).max(1);
            size = self.rounds.last_log_weights().len().max(least).min(left);
        }
        loop {
            self.rounds.draw(fresh.then_some(&self.components), size, rng)?;
            self.count += 1;
            let last = self.rounds.last_draws();
            let ess = least_ess(&last.draws);
            let drawn = last.draws.len() as f64;
            let reliable = last.pareto_k < reliable_shape(last.draws.len());
            let evaluations = self.rounds.evaluations();
            // also where all weights are zero and their size is not a number
            let efficient = last.draws.ess() >= 0.01 * drawn;
            self.bad = if reliable || efficient { 0 } else { self.bad + 1 };
            let hopeless = self.count >= PATIENCE && self.bad >= BAD_IN_A_ROW;
            if (ess >= min_ess && reliable) || evaluations >= max_evaluations || hopeless {
                let status = ImportanceStatus::of(last.pareto_k, ess, last.draws.len(), evaluations, min_ess);
                return Ok(Learnt { last, ess, status });
            }
            // draws in all if the next are as good as those of the last proposal
            let needed = drawn * (min_ess / ess.max(1.0)).max(1.1);
            let left = max_evaluations.saturating_sub(evaluations).max(1);
            // a new proposal with hardly any draws left would be worth less than the last one
            fresh = ((self.fitted as f64) < LEARNING * needed || !reliable) && left as f64 > 0.5 * drawn;
            let total = self.rounds.len();
            if fresh {
                let is_to_bend =
                    BENDING.get(self.bends).is_some_and(|n| total >= *n) && last.draws.ess() < BENT_BELOW * drawn;
                self.bends += usize::from(is_to_bend);
                let bent = if is_to_bend { self.rounds.bend(rng) } else { None };
                self.components = match bent {
                    Some(components) => components,
                    None => self.rounds.refit(&self.components, rng),
                };
                self.fitted = total;
                size = (1.1 * needed) as usize;
            } else {
                size = (1.05 * needed - drawn) as usize;
            }
            size = size.clamp(least, (if fresh { total } else { 4 * total }).max(least)).min(left);
        }
    }
}
