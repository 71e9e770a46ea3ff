//! An ensemble of walkers that moves one half at a time, given the other.

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

use super::evaluate::evaluate;
use super::moves::{Mixture, Proposals, Walkers};
use super::{Chain, Evaluation, LogDensity, SampleError};

/// Walkers over a log density.
///
/// A step splits the walkers at random in two halves and moves each, given the other (Foreman-Mackey et al. 2013, PASP
/// 125, 306, section 3), so that the half being moved can be evaluated in parallel and the target density stays exact.
pub struct Ensemble<'a, D: LogDensity + ?Sized> {
    density: &'a D,
    moves: Mixture,
    evaluation: Evaluation,
    rng: StdRng,
    dim: usize,
    positions: Vec<f64>,
    log_density: Vec<f64>,
    accepted: Vec<u64>,
    steps: u64,
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
        // fewer could not span the space by differences within one half
        let needed = (2 * (dim + 1)).max(6);
        if walkers < needed || !walkers.is_multiple_of(2) || dim == 0 {
            return Err(SampleError::Walkers { found: walkers, dim, needed });
        }
        if let Some((walker, bad)) = start.iter().enumerate().find(|(_, x)| x.len() != dim) {
            return Err(SampleError::Dimension { walker, found: bad.len(), dim });
        }
        let half = walkers / 2;
        let mut out = Self {
            density,
            moves,
            evaluation,
            rng: StdRng::seed_from_u64(seed),
            dim,
            positions: start.concat(),
            log_density: vec![0.0; walkers],
            accepted: vec![0; walkers],
            steps: 0,
            order: (0..walkers).collect(),
            proposals: vec![0.0; half * dim],
            factors: vec![0.0; half],
            proposed_log_density: vec![0.0; half],
        };
        evaluate(density, evaluation, &out.positions, &mut out.log_density)?;
        if let Some((walker, &log_density)) = out.log_density.iter().enumerate().find(|(_, l)| !l.is_finite()) {
            return Err(SampleError::Start { walker, log_density });
        }
        Ok(out)
    }

    /// Moves every walker once.
    pub fn step(&mut self) -> Result<(), SampleError> {
        let (dim, half) = (self.dim, self.order.len() / 2);
        self.order.shuffle(&mut self.rng);
        let chosen = self.moves.pick(&mut self.rng);
        for active_is_first in [true, false] {
            let (first, second) = self.order.split_at(half);
            let (active, still) = if active_is_first { (first, second) } else { (second, first) };
            let [active_walkers, complement] = [active, still].map(|half| Walkers::new(&self.positions, half, dim));
            let mut proposals = Proposals::new(dim, &mut self.proposals, &mut self.factors);
            chosen.propose(&active_walkers, &complement, &mut self.rng, &mut proposals);
            evaluate(self.density, self.evaluation, &self.proposals, &mut self.proposed_log_density)?;
            for (slot, &w) in active.iter().enumerate() {
                let log_ratio = self.factors[slot] + self.proposed_log_density[slot] - self.log_density[w];
                // one number drawn for each walker, whatever the outcome, keeps the stream simple to reason about
                if self.rng.random::<f64>().ln() < log_ratio {
                    self.positions[w * dim..(w + 1) * dim]
                        .copy_from_slice(&self.proposals[slot * dim..(slot + 1) * dim]);
                    self.log_density[w] = self.proposed_log_density[slot];
                    self.accepted[w] += 1;
                }
            }
        }
        self.steps += 1;
        Ok(())
    }

    /// Makes `draws` × `thin` steps and stores every `thin`-th in `chain`.
    pub fn run(&mut self, draws: usize, thin: usize, chain: &mut Chain) -> Result<(), SampleError> {
        for _ in 0..draws {
            for _ in 0..thin.max(1) {
                self.step()?;
            }
            chain.push(&self.positions, &self.log_density);
        }
        Ok(())
    }

    /// Where the walkers are, walkers × dim.
    pub fn positions(&self) -> &[f64] {
        &self.positions
    }
    pub fn walkers(&self) -> usize {
        self.order.len()
    }
    pub fn steps(&self) -> u64 {
        self.steps
    }
    /// Accepted over proposed moves, one value a walker; NaN before the first step.
    pub fn acceptance(&self) -> Vec<f64> {
        self.accepted.iter().map(|a| *a as f64 / self.steps as f64).collect()
    }
}
