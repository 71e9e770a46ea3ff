//! Chains of the no-U-turn sampler until there are enough effective draws.

use std::ops::ControlFlow;

use rayon::prelude::*;

use super::GradientLogDensity;
use super::chain::OneChain;
use super::metric::MetricKind;
use super::stream::stream;
use super::tree::Point;
use super::unbounded::Unbounded;
use crate::sample::diagnostics::{ess_bulk, ess_tail, rank_normalised_r_hat};
use crate::sample::{Chain, Evaluation, Every, LogDensity, SampleError, Shortfall, Status};

/// How long to warm up and when to stop.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NutsConfig {
    /// Transitions of each chain that learn step size and metric, and are thrown away.
    pub warm_up: usize,
    /// Draws of each chain between looks at the effective sizes.
    pub draws: usize,
    /// Draws of each chain after which the run ends, enough or not.
    pub max_draws: usize,
    /// Effective sample size asked for, bulk and tail of every coordinate.
    pub min_ess: f64,
    pub max_r_hat: f64,
    /// Acceptance that the step size is tuned to; nearer 1 where trajectories diverge.
    pub target_acceptance: f64,
    /// A trajectory has at most 2^depth − 1 steps.
    pub max_depth: usize,
    pub metric: MetricKind,
    /// Chains one after the other or on rayon's thread pool.
    pub evaluation: Evaluation,
}

impl Default for NutsConfig {
    fn default() -> Self {
        Self {
            warm_up: 1000,
            draws: 500,
            max_draws: 20_000,
            min_ess: 1000.0,
            max_r_hat: 1.01,
            target_acceptance: 0.8,
            max_depth: 10,
            metric: MetricKind::Dense,
            evaluation: Evaluation::Serial,
        }
    }
}

/// Draws after warming up, and how they came about.
#[derive(Clone, Debug)]
pub struct NutsRun {
    /// Draws × chains.
    pub chain: Chain,
    /// One value a coordinate.
    pub ess_bulk: Vec<f64>,
    pub ess_tail: Vec<f64>,
    pub r_hat: Vec<f64>,
    /// Transitions after warming up whose trajectory left the true one: more than a few mean that the draws miss a part
    /// of the density.
    pub divergences: usize,
    /// Transitions after warming up whose trajectory was cut at the greatest depth.
    pub cut: usize,
    /// One step size a chain.
    pub step_sizes: Vec<f64>,
    /// Mean acceptance after warming up.
    pub acceptance: f64,
    /// Evaluations of the gradient, warming up included.
    pub evaluations: usize,
    pub status: Status,
}

/// What is known of a density before the first draw, for the first metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Spread<'a> {
    /// Nothing: one in every coordinate.
    Unknown,
    /// Standard deviations.
    Deviations(&'a [f64]),
    /// Places that are roughly distributed as the density.
    Draws(&'a [Vec<f64>]),
}

/// A run in the middle. Numbers are stored by their bits, and generators by how far they came, so that a run that is gone on
/// with goes on exactly as if it had not been broken off.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NutsCheckpoint {
    /// Between two looks they may differ in length.
    chains: Vec<OneChain>,
    /// Draws of each chain at which the next look is due.
    look_at: usize,
}

impl NutsCheckpoint {
    /// A run that has yet to make its first transition: one chain from each place of `start`.
    pub fn new<D: GradientLogDensity + ?Sized>(
        density: &D,
        start: &[Vec<f64>],
        spread: Spread,
        config: &NutsConfig,
        seed: u64,
    ) -> Result<Self, SampleError> {
        let dim = density.dim();
        let unbounded = Unbounded::new(density);
        if start.is_empty() {
            return Err(SampleError::NoMode);
        }
        for (walker, x) in start.iter().enumerate() {
            let of_spread = match spread {
                Spread::Unknown => dim,
                Spread::Deviations(deviations) => deviations.len(),
                Spread::Draws(draws) => draws.iter().map(Vec::len).find(|n| *n != dim).unwrap_or(dim),
            };
            if let Some(found) = [x.len(), of_spread].into_iter().find(|n| *n != dim) {
                return Err(SampleError::Dimension { walker, found, dim });
            }
            let log_density = Point::new(&unbounded, unbounded.unbounded(x)).log_density;
            if !log_density.is_finite() {
                return Err(SampleError::Start { walker, log_density });
            }
        }
        let places = start.iter().enumerate();
        let chains = places.map(|(i, x)| OneChain::new(&unbounded, x, (spread, config.metric), stream(seed, i)));
        Ok(Self { chains: chains.collect(), look_at: next_look(0, config) })
    }

    /// Draws that every chain has stored so far; none while one of them warms up.
    pub fn draws(&self) -> usize {
        self.chains.iter().map(OneChain::draws).min().unwrap_or(0)
    }

    /// Whether it can be gone on with, which a file may not ensure.
    fn check(&self, dim: usize) -> Result<(), SampleError> {
        let fits = |chain: &OneChain| chain.is_whole(dim) && chain.draws() <= self.look_at;
        match self.chains.iter().find(|chain| !fits(chain)) {
            Some(chain) => Err(SampleError::Checkpoint { found: chain.dim(), dim }),
            None if self.chains.is_empty() || self.look_at == 0 => Err(SampleError::Checkpoint { found: 0, dim }),
            None => Ok(()),
        }
    }

    /// Goes on until the next look or the next checkpoint is due; the result if the run is at its end.
    fn round<D: GradientLogDensity + ?Sized>(
        &mut self,
        density: &Unbounded<D>,
        config: &NutsConfig,
        every: Every,
    ) -> Option<NutsRun> {
        let until = self.look_at;
        let work = |chain: &mut OneChain| chain.go_on(density, config, until, every);
        match config.evaluation {
            Evaluation::Serial => self.chains.iter_mut().for_each(work),
            Evaluation::Parallel => self.chains.par_iter_mut().for_each(work),
        }
        if self.draws() < until {
            return None;
        }
        let run = collect(&self.chains, density.dim(), until, config);
        if run.status == Status::Converged || until >= config.max_draws {
            return Some(run);
        }
        self.look_at = next_look(until, config);
        None
    }
}

/// Draws at the look after that at `draws`.
fn next_look(draws: usize, config: &NutsConfig) -> usize {
    draws + config.draws.clamp(4, config.max_draws.saturating_sub(draws).max(4))
}

/// How far a run came.
#[derive(Debug)]
pub enum NutsProgress {
    Done(NutsRun),
    /// Broken off by the caller; to be gone on with.
    Paused(NutsCheckpoint),
}

/// Runs one chain from each place of `start` until the rule of [`NutsConfig`] is met or `max_draws` is reached.
pub fn nuts<D: GradientLogDensity + ?Sized>(
    density: &D,
    start: &[Vec<f64>],
    spread: Spread,
    config: &NutsConfig,
    seed: u64,
) -> Result<NutsRun, SampleError> {
    let mut checkpoint = NutsCheckpoint::new(density, start, spread, config, seed)?;
    let unbounded = Unbounded::new(density);
    loop {
        if let Some(run) = checkpoint.round(&unbounded, config, Every::Draws(usize::MAX)) {
            return Ok(run);
        }
    }
}

/// Goes on with a run, as [`nuts`] would, and shows a checkpoint to `keep` as often as `every` says, in warming up too; `keep`
/// may store it or break off. With the density and configuration that the run began with, the result has the same bits
/// however often it was broken off.
pub fn continue_nuts<D: GradientLogDensity + ?Sized>(
    density: &D,
    mut checkpoint: NutsCheckpoint,
    config: &NutsConfig,
    every: Every,
    mut keep: impl FnMut(&NutsCheckpoint) -> ControlFlow<()>,
) -> Result<NutsProgress, SampleError> {
    checkpoint.check(density.dim())?;
    let unbounded = Unbounded::new(density);
    loop {
        if let Some(run) = checkpoint.round(&unbounded, config, every) {
            return Ok(NutsProgress::Done(run));
        }
        if keep(&checkpoint).is_break() {
            return Ok(NutsProgress::Paused(checkpoint));
        }
    }
}

fn collect(chains: &[OneChain], dim: usize, draws: usize, config: &NutsConfig) -> NutsRun {
    let mut chain = Chain::new(chains.len(), dim);
    for draw in 0..draws {
        let positions: Vec<f64> =
            chains.iter().flat_map(|c| c.positions[draw * dim..(draw + 1) * dim].iter().copied()).collect();
        let log_density: Vec<f64> = chains.iter().map(|c| c.log_density[draw]).collect();
        chain.push(&positions, &log_density);
    }
    let series: Vec<Vec<Vec<f64>>> = (0..dim).map(|i| chain.parameter(i)).collect();
    let mut run = NutsRun {
        ess_bulk: series.iter().map(|s| ess_bulk(s)).collect(),
        ess_tail: series.iter().map(|s| ess_tail(s)).collect(),
        r_hat: series.iter().map(|s| rank_normalised_r_hat(s)).collect(),
        chain,
        divergences: chains.iter().map(|c| c.divergences).sum(),
        cut: chains.iter().map(|c| c.cut).sum(),
        step_sizes: chains.iter().map(|c| c.walker.step).collect(),
        acceptance: chains.iter().map(|c| c.acceptance).sum::<f64>() / (draws * chains.len()) as f64,
        evaluations: chains.iter().map(|c| c.walker.evaluations).sum(),
        status: Status::Converged,
    };
    if let Some(shortfall) = shortfall(&run, config) {
        run.status = Status::NotConverged(shortfall);
    }
    run
}

/// The first rule broken, by its worst coordinate; what could not be computed breaks its rule.
fn shortfall(run: &NutsRun, config: &NutsConfig) -> Option<Shortfall> {
    let broken = |values: &[f64], fine: &dyn Fn(f64) -> bool| (0..values.len()).find(|i| !fine(values[*i]));
    if let Some(coordinate) = broken(&run.r_hat, &|r| r <= config.max_r_hat) {
        return Some(Shortfall::RHat { coordinate, r_hat: run.r_hat[coordinate], limit: config.max_r_hat });
    }
    for sizes in [&run.ess_bulk, &run.ess_tail] {
        if let Some(coordinate) = broken(sizes, &|e| e >= config.min_ess) {
            return Some(Shortfall::EffectiveSize { coordinate, ess: sizes[coordinate], needed: config.min_ess });
        }
    }
    None
}
