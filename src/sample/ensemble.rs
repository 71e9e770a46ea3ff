//! An ensemble of walkers that moves one half at a time, given the other.

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

use super::evaluate::evaluate;
use super::moves::{Mixture, Proposals, Walkers};
use super::{Chain, Evaluation, LogDensity, SampleError};

/// All that an ensemble is between two steps. Numbers are stored by their bits, so that a resumed run goes on exactly as
/// if it had not been interrupted, whatever the file format.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnsembleState {
    dim: usize,
    seed: u64,
    steps: u64,
    #[serde(with = "super::bits")]
    positions: Vec<f64>,
    #[serde(with = "super::bits")]
    log_density: Vec<f64>,
    accepted: Vec<u64>,
}

impl EnsembleState {
    /// Each step has a stream of its own, so that the state needs no generator's inner words.
    fn stream(&self) -> StdRng {
        // the golden ratio in 64 bits spreads neighbouring steps over all seeds
        StdRng::seed_from_u64(self.seed.wrapping_add((self.steps + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }
}

/// Whether an ensemble can have so many `walkers` in `dim` dimensions: fewer could not span the space by differences within one
/// half.
pub(crate) fn check_walkers(walkers: usize, dim: usize) -> Result<(), SampleError> {
    let needed = (2 * (dim + 1)).max(6);
    let possible = walkers >= needed && walkers.is_multiple_of(2) && dim > 0;
    if possible { Ok(()) } else { Err(SampleError::Walkers { found: walkers, dim, needed }) }
}

/// Walkers over a log density.
///
/// A step splits the walkers at random in two halves and moves each, given the other (Foreman-Mackey et al. 2013, PASP
/// 125, 306, section 3), so that the half being moved can be evaluated in parallel and the target density stays exact.
pub struct Ensemble<'a, D: LogDensity + ?Sized> {
    density: &'a D,
    moves: Mixture,
    evaluation: Evaluation,
    state: EnsembleState,
    order: Vec<usize>,
    proposals: Vec<f64>,
    factors: Vec<f64>,
    proposed_log_density: Vec<f64>,
}

impl<'a, D: LogDensity + ?Sized> Ensemble<'a, D> {
    /// Walkers at `start`, one vector each. Needs an even number of walkers, at least 2 (dim + 1) and 6, each where the
    /// density is positive.
    pub fn new(
        density: &'a D,
        start: &[Vec<f64>],
        moves: Mixture,
        evaluation: Evaluation,
        seed: u64,
    ) -> Result<Self, SampleError> {
        let dim = density.dim();
        let walkers = start.len();
        check_walkers(walkers, dim)?;
        if let Some((walker, bad)) = start.iter().enumerate().find(|(_, x)| x.len() != dim) {
            return Err(SampleError::Dimension { walker, found: bad.len(), dim });
        }
        let positions = start.concat();
        let mut log_density = vec![0.0; walkers];
        evaluate(density, evaluation, &positions, &mut log_density)?;
        if let Some((walker, &log_density)) = log_density.iter().enumerate().find(|(_, l)| !l.is_finite()) {
            return Err(SampleError::Start { walker, log_density });
        }
        let state = EnsembleState { dim, seed, steps: 0, positions, log_density, accepted: vec![0; walkers] };
        Ok(Self::with_state(density, state, moves, evaluation))
    }

    /// Goes on from a state that an ensemble over the same density, with the same moves, was in.
    pub fn resume(
        density: &'a D,
        state: EnsembleState,
        moves: Mixture,
        evaluation: Evaluation,
    ) -> Result<Self, SampleError> {
        let (dim, walkers) = (density.dim(), state.log_density.len());
        if state.dim != dim || state.positions.len() != walkers * dim || state.accepted.len() != walkers {
            return Err(SampleError::Checkpoint { found: state.dim, dim });
        }
        if dim == 0 || walkers < 6 || !walkers.is_multiple_of(2) {
            return Err(SampleError::Walkers { found: walkers, dim, needed: (2 * (dim + 1)).max(6) });
        }
        Ok(Self::with_state(density, state, moves, evaluation))
    }

    fn with_state(density: &'a D, state: EnsembleState, moves: Mixture, evaluation: Evaluation) -> Self {
        let half = state.log_density.len() / 2;
        Self {
            density,
            moves,
            evaluation,
            order: Vec::with_capacity(2 * half),
            proposals: vec![0.0; half * state.dim],
            factors: vec![0.0; half],
            proposed_log_density: vec![0.0; half],
            state,
        }
    }

    /// Moves every walker once.
    pub fn step(&mut self) -> Result<(), SampleError> {
        let state = &mut self.state;
        let (dim, walkers) = (state.dim, state.log_density.len());
        let half = walkers / 2;
        let mut rng = state.stream();
        self.order.clear();
        self.order.extend(0..walkers);
        self.order.shuffle(&mut rng);
        let chosen = self.moves.pick(&mut rng);
        for active_is_first in [true, false] {
            let (first, second) = self.order.split_at(half);
            let (active, still) = if active_is_first { (first, second) } else { (second, first) };
            let [active_walkers, complement] = [active, still].map(|half| Walkers::new(&state.positions, half, dim));
            let mut proposals = Proposals::new(dim, &mut self.proposals, &mut self.factors);
            chosen.propose(&active_walkers, &complement, &mut rng, &mut proposals);
            evaluate(self.density, self.evaluation, &self.proposals, &mut self.proposed_log_density)?;
            for (slot, &w) in active.iter().enumerate() {
                let log_ratio = self.factors[slot] + self.proposed_log_density[slot] - state.log_density[w];
                // one number drawn for each walker, whatever the outcome, keeps the stream simple to reason about
                if rng.random::<f64>().ln() < log_ratio {
                    state.positions[w * dim..(w + 1) * dim]
                        .copy_from_slice(&self.proposals[slot * dim..(slot + 1) * dim]);
                    state.log_density[w] = self.proposed_log_density[slot];
                    state.accepted[w] += 1;
                }
            }
        }
        state.steps += 1;
        Ok(())
    }

    /// Makes `draws` × `thin` steps and stores every `thin`-th in `chain`.
    pub fn run(&mut self, draws: usize, thin: usize, chain: &mut Chain) -> Result<(), SampleError> {
        for _ in 0..draws {
            for _ in 0..thin.max(1) {
                self.step()?;
            }
            chain.push(&self.state.positions, &self.state.log_density);
        }
        Ok(())
    }

    /// Where the walkers are, walkers × dim.
    pub fn positions(&self) -> &[f64] {
        &self.state.positions
    }
    pub fn walkers(&self) -> usize {
        self.state.log_density.len()
    }
    pub fn steps(&self) -> u64 {
        self.state.steps
    }
    /// Accepted over proposed moves, one value a walker; NaN before the first step.
    pub fn acceptance(&self) -> Vec<f64> {
        self.state.accepted.iter().map(|a| *a as f64 / self.state.steps as f64).collect()
    }
    /// All that is needed to go on later.
    pub fn state(&self) -> &EnsembleState {
        &self.state
    }
}
