//! Chains of the no-U-turn sampler until there are enough effective draws.

use rand::SeedableRng;
use rand::rngs::StdRng;
use rayon::prelude::*;

use super::GradientLogDensity;
use super::metric::{Metric, MetricKind};
use super::tree::{Point, transition};
use super::unbounded::Unbounded;
use super::warm_up::{Warm, warm_up};
use crate::sample::diagnostics::{ess_bulk, ess_tail, rank_normalised_r_hat};
use crate::sample::{Chain, Evaluation, SampleError, Shortfall, Status};

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

/// Runs one chain from each place of `start`.
pub fn nuts<D: GradientLogDensity + ?Sized>(
    density: &D,
    start: &[Vec<f64>],
    spread: Spread,
    config: &NutsConfig,
    seed: u64,
) -> Result<NutsRun, SampleError> {
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
    let mut chains: Vec<OneChain> = start
        .iter()
        .enumerate()
        .map(|(i, x)| OneChain::new(&unbounded, x, (spread, config.metric), stream(seed, i)))
        .collect();
    for_each(config.evaluation, &mut chains, |chain| chain.warm_up(&unbounded, config));
    let mut draws = 0;
    loop {
        let more = config.draws.clamp(4, config.max_draws.saturating_sub(draws).max(4));
        for_each(config.evaluation, &mut chains, |chain| chain.draw(&unbounded, config, more));
        draws += more;
        let run = collect(&chains, dim, draws, config);
        if run.status == Status::Converged || draws >= config.max_draws {
            return Ok(run);
        }
    }
}

/// The random stream of a chain.
fn stream(seed: u64, chain: usize) -> StdRng {
    StdRng::seed_from_u64(seed ^ (chain as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

fn for_each(evaluation: Evaluation, chains: &mut [OneChain], work: impl Fn(&mut OneChain) + Send + Sync) {
    match evaluation {
        Evaluation::Serial => chains.iter_mut().for_each(work),
        Evaluation::Parallel => chains.par_iter_mut().for_each(work),
    }
}

struct OneChain {
    point: Point,
    metric: Metric,
    step: f64,
    rng: StdRng,
    evaluations: usize,
    positions: Vec<f64>,
    log_density: Vec<f64>,
    acceptance: f64,
    divergences: usize,
    cut: usize,
}

impl OneChain {
    fn new<D: GradientLogDensity + ?Sized>(
        density: &Unbounded<D>,
        start: &[f64],
        (spread, kind): (Spread, MetricKind),
        rng: StdRng,
    ) -> Self {
        let y = density.unbounded(start);
        let unit = Metric::diagonal(vec![1.0; y.len()]);
        let metric = match spread {
            // beside a limit the slope may vanish; a logit or a logarithm varies by a few at most
            Spread::Deviations(deviations) => Metric::diagonal(
                density
                    .slopes(&y)
                    .iter()
                    .zip(deviations)
                    .map(|(d, s)| if *d == 1.0 { s * s } else { (s / d).powi(2).min(4.0) })
                    .collect(),
            ),
            Spread::Draws(draws) => {
                let places: Vec<f64> = draws.iter().flat_map(|x| density.unbounded(x)).collect();
                unit.learnt(kind, &places, y.len())
            }
            Spread::Unknown => unit,
        };
        Self {
            point: Point::new(density, y),
            metric,
            step: 1.0,
            rng,
            evaluations: 1,
            positions: Vec::new(),
            log_density: Vec::new(),
            acceptance: 0.0,
            divergences: 0,
            cut: 0,
        }
    }

    fn warm_up<D: GradientLogDensity + ?Sized>(&mut self, density: &Unbounded<D>, config: &NutsConfig) {
        let plan = (config.warm_up, config.target_acceptance, config.max_depth);
        let Warm { point, metric, step, leapfrogs } =
            warm_up(density, self.point.clone(), self.metric.clone(), config.metric, plan, &mut self.rng);
        (self.point, self.metric, self.step) = (point, metric, step);
        self.evaluations += leapfrogs;
    }

    fn draw<D: GradientLogDensity + ?Sized>(&mut self, density: &Unbounded<D>, config: &NutsConfig, draws: usize) {
        let dim = self.point.q.len();
        for _ in 0..draws {
            let done = transition(density, &self.metric, self.step, config.max_depth, &mut self.point, &mut self.rng);
            self.evaluations += done.leapfrogs;
            self.acceptance += done.acceptance;
            self.divergences += usize::from(done.diverged);
            self.cut += usize::from(done.cut);
            let from = self.positions.len();
            self.positions.resize(from + dim, 0.0);
            density.to_bounded(&self.point.q, &mut self.positions[from..]);
            // the density in its own coordinates, without the slope
            let slope: f64 = density.slopes(&self.point.q).iter().map(|s| s.ln()).sum();
            self.log_density.push(self.point.log_density - slope);
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
        step_sizes: chains.iter().map(|c| c.step).collect(),
        acceptance: chains.iter().map(|c| c.acceptance).sum::<f64>() / (draws * chains.len()) as f64,
        evaluations: chains.iter().map(|c| c.evaluations).sum(),
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
