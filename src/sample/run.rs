//! Runs an ensemble until its draws are good enough, or says what is missing.

use std::ops::ControlFlow;

use super::diagnostics::{Diagnostics, ess_bulk, ess_tail, integrated_autocorrelation_time, rank_normalised_r_hat};
use super::moves::Mixture;
use super::{Chain, Ensemble, EnsembleState, Evaluation, Every, LogDensity, SampleError};

/// When to look, when to stop, what to leave out.
///
/// The run has converged when all of these hold for every coordinate, over the draws after burn-in:
///
/// ```text
/// steps after burn-in ≥ min_taus · τ       (τ itself is only known after some tens of τ)
/// bulk and tail effective sample size ≥ min_ess
/// rank-normalised split R-hat ≤ max_r_hat  (walkers dealt into r_hat_groups groups, a group's draws one chain)
/// ```
///
/// Burn-in is `burn_in_taus` times the longest τ, τ measured on the second half of the run, but never more than half of it.
/// The walkers of an ensemble are not independent of each other, so R-hat over groups of them shows drift and stuck
/// walkers, but cannot show a mode that no walker has seen.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RunConfig {
    /// Steps before the first look; later ones when τ promises enough, the run having grown by
    /// a quarter at least and doubled at most.
    pub min_steps: usize,
    /// Steps after which the run ends, converged or not.
    pub max_steps: usize,
    /// Steps between stored draws.
    pub thin: usize,
    /// Length after burn-in in units of τ.
    pub min_taus: f64,
    /// Burn-in in units of τ.
    pub burn_in_taus: f64,
    /// Effective sample size asked for, bulk and tail of every coordinate.
    pub min_ess: f64,
    pub max_r_hat: f64,
    pub r_hat_groups: usize,
    pub evaluation: Evaluation,
}

impl Default for RunConfig {
    fn default() -> Self {
        Self {
            min_steps: 500,
            max_steps: 25_000,
            thin: 5,
            min_taus: 50.0,
            burn_in_taus: 10.0,
            min_ess: 1000.0,
            max_r_hat: 1.01,
            r_hat_groups: 4,
            evaluation: Evaluation::Serial,
        }
    }
}

/// Whether the stopping rule was met.
#[derive(Clone, Debug, PartialEq)]
pub enum Status {
    Converged,
    /// `max_steps` came first; what was missing at the end.
    NotConverged(Shortfall),
}

/// What kept a run from having converged: the first rule it broke, and by how much.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Shortfall {
    #[error("{steps} steps are {taus:.1} autocorrelation times of coordinate {coordinate}, {needed} needed")]
    Length { coordinate: usize, steps: usize, taus: f64, needed: f64 },
    #[error("R-hat {r_hat:.4} of coordinate {coordinate} is above {limit}")]
    RHat { coordinate: usize, r_hat: f64, limit: f64 },
    #[error("effective sample size {ess:.0} of coordinate {coordinate} is below {needed}")]
    EffectiveSize { coordinate: usize, ess: f64, needed: f64 },
}

impl Shortfall {
    /// The same sentence with coordinates called by `name` instead of by number.
    pub fn describe(&self, name: impl Fn(usize) -> &'static str) -> String {
        match *self {
            Self::Length { coordinate, steps, taus, needed } => {
                format!("{steps} steps are {taus:.1} autocorrelation times of {}, {needed} needed", name(coordinate))
            }
            Self::RHat { coordinate, r_hat, limit } => {
                format!("R-hat {r_hat:.4} of {} is above {limit}", name(coordinate))
            }
            Self::EffectiveSize { coordinate, ess, needed } => {
                format!("effective sample size {ess:.0} of {} is below {needed}", name(coordinate))
            }
        }
    }
}

/// A run in the middle.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    ensemble: EnsembleState,
    chain: Chain,
    /// Draws at which the next look is due.
    look_at: usize,
}

impl Checkpoint {
    /// A run that has yet to make its first step.
    pub fn new<D: LogDensity + ?Sized>(
        density: &D,
        start: &[Vec<f64>],
        config: &RunConfig,
        seed: u64,
    ) -> Result<Self, SampleError> {
        let ensemble = Ensemble::new(density, start, Mixture::default(), config.evaluation, seed)?.state().clone();
        let chain = Chain::new(start.len(), density.dim());
        Ok(Self { ensemble, chain, look_at: (config.min_steps / config.thin.max(1)).clamp(8, max_draws(config)) })
    }

    /// Draws stored so far.
    pub fn draws(&self) -> usize {
        self.chain.draws()
    }
}

/// How far a run came.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// Draws after burn-in, their diagnostics, and whether they are enough.
    Done(Chain, Diagnostics, Status),
    /// Broken off by the caller; to be gone on with.
    Paused(Checkpoint),
}

/// Samples `density` from walkers at `start` until the rule of [`RunConfig`] is met or `max_steps` is reached; returns
/// the draws after burn-in, their diagnostics, and whether they are enough.
pub fn run_until_converged<D: LogDensity + ?Sized>(
    density: &D,
    start: &[Vec<f64>],
    moves: Mixture,
    config: &RunConfig,
    seed: u64,
) -> Result<(Chain, Diagnostics, Status), SampleError> {
    let mut checkpoint = Checkpoint::new(density, start, config, seed)?;
    let mut ensemble = Ensemble::resume(density, checkpoint.ensemble.clone(), moves, config.evaluation)?;
    loop {
        let missing = checkpoint.look_at.saturating_sub(checkpoint.chain.draws());
        ensemble.run(missing, config.thin, &mut checkpoint.chain)?;
        if let Some((chain, diagnostics, status)) = look(&mut checkpoint, &ensemble, config) {
            return Ok((chain, diagnostics, status));
        }
    }
}

/// Goes on with a run, as [`run_until_converged`] would, and shows a checkpoint to `keep` as often as `every` says; `keep`
/// may store it or break off. With the density, moves and configuration that the run began with, the
/// result has the same bits however often it was broken off.
pub fn continue_run<D: LogDensity + ?Sized>(
    density: &D,
    mut checkpoint: Checkpoint,
    moves: Mixture,
    config: &RunConfig,
    every: Every,
    mut keep: impl FnMut(&Checkpoint) -> ControlFlow<()>,
) -> Result<Progress, SampleError> {
    let shape = (checkpoint.chain.walkers(), checkpoint.chain.dim());
    let mut ensemble = Ensemble::resume(density, checkpoint.ensemble.clone(), moves, config.evaluation)?;
    if shape != (ensemble.walkers(), density.dim()) || !checkpoint.chain.is_whole() {
        return Err(SampleError::Checkpoint { found: shape.1, dim: density.dim() });
    }
    loop {
        let mut round = every.begin();
        while checkpoint.chain.draws() < checkpoint.look_at && round.goes_on() {
            ensemble.run(1, config.thin, &mut checkpoint.chain)?;
        }
        let is_due = checkpoint.chain.draws() >= checkpoint.look_at;
        if is_due && let Some((chain, diagnostics, status)) = look(&mut checkpoint, &ensemble, config) {
            return Ok(Progress::Done(chain, diagnostics, status));
        }
        checkpoint.ensemble.clone_from(ensemble.state());
        if keep(&checkpoint).is_break() {
            return Ok(Progress::Paused(checkpoint));
        }
    }
}

fn max_draws(config: &RunConfig) -> usize {
    (config.max_steps / config.thin.max(1)).max(8)
}

/// The result if the run is at its end; otherwise sets when to look again.
fn look<D: LogDensity + ?Sized>(
    checkpoint: &mut Checkpoint,
    ensemble: &Ensemble<D>,
    config: &RunConfig,
) -> Option<(Chain, Diagnostics, Status)> {
    let thin = config.thin.max(1);
    let draws = checkpoint.chain.draws();
    let burn_in = burn_in_draws(&checkpoint.chain, config);
    let kept = checkpoint.chain.without_first(burn_in);
    let diagnostics = diagnose(&kept, ensemble, config, burn_in * thin, thin);
    let shortfall = shortfall(&diagnostics, config);
    if shortfall.is_none() || draws >= max_draws(config) {
        let status = shortfall.map_or(Status::Converged, Status::NotConverged);
        return Some((kept, diagnostics, status));
    }
    let next = next_look(&diagnostics, config, thin).clamp(draws * 5 / 4, draws * 2);
    // a checkpoint of a very short chain must grow too
    checkpoint.look_at = next.max(draws + 1).min(max_draws(config));
    None
}

/// Draws at which the length should be enough if τ is what it now seems to be, and a little more.
fn next_look(diagnostics: &Diagnostics, config: &RunConfig, thin: usize) -> usize {
    let longest = diagnostics.tau.iter().copied().fold(0.0, f64::max);
    (1.05 * (config.min_taus + config.burn_in_taus) * longest / thin as f64) as usize
}

fn burn_in_draws(chain: &Chain, config: &RunConfig) -> usize {
    let half = chain.draws() / 2;
    let late = chain.without_first(half);
    let longest = (0..chain.dim())
        .map(|i| integrated_autocorrelation_time(&late.parameter(i)))
        .fold(0.0, |a: f64, t| if t.is_finite() { a.max(t) } else { f64::INFINITY });
    ((config.burn_in_taus * longest).ceil().max(0.0) as usize).min(half)
}

fn diagnose<D: LogDensity + ?Sized>(
    chain: &Chain,
    ensemble: &Ensemble<D>,
    config: &RunConfig,
    burn_in: usize,
    thin: usize,
) -> Diagnostics {
    let dim = chain.dim();
    let acceptance = ensemble.acceptance();
    let mut out = Diagnostics {
        tau: Vec::with_capacity(dim),
        ess_bulk: Vec::with_capacity(dim),
        ess_tail: Vec::with_capacity(dim),
        r_hat: Vec::with_capacity(dim),
        acceptance: acceptance.iter().sum::<f64>() / acceptance.len() as f64,
        acceptance_min: acceptance.iter().copied().fold(f64::INFINITY, f64::min),
        steps: ensemble.steps() as usize,
        burn_in,
        thin,
        evaluations: ensemble.walkers() * (ensemble.steps() as usize + 1),
    };
    for coordinate in 0..dim {
        let series = chain.parameter(coordinate);
        out.tau.push(thin as f64 * integrated_autocorrelation_time(&series));
        out.ess_bulk.push(ess_bulk(&series));
        out.ess_tail.push(ess_tail(&series));
        out.r_hat.push(rank_normalised_r_hat(&grouped(&series, config.r_hat_groups)));
    }
    out
}

/// Deals walkers into groups; the draws of a group, walkers in turn at each time, make one chain.
pub(crate) fn grouped(series: &[Vec<f64>], groups: usize) -> Vec<Vec<f64>> {
    let groups = groups.clamp(1, series.len());
    let size = series.len() / groups;
    let draws = series.first().map_or(0, Vec::len);
    (0..groups)
        .map(|g| (0..draws).flat_map(|t| series[g * size..(g + 1) * size].iter().map(move |s| s[t])).collect())
        .collect()
}

/// The first rule broken, by its worst coordinate. A diagnostic that could not be computed breaks its rule.
fn shortfall(diagnostics: &Diagnostics, config: &RunConfig) -> Option<Shortfall> {
    let kept = diagnostics.steps - diagnostics.burn_in;
    let worst_high = |values: &[f64]| {
        let key = |v: f64| if v.is_nan() { f64::INFINITY } else { v };
        (0..values.len()).max_by(|a, b| key(values[*a]).total_cmp(&key(values[*b]))).unwrap_or(0)
    };
    let coordinate = worst_high(&diagnostics.tau);
    let taus = kept as f64 / diagnostics.tau[coordinate];
    if taus.is_nan() || taus < config.min_taus {
        return Some(Shortfall::Length { coordinate, steps: kept, taus, needed: config.min_taus });
    }
    let coordinate = worst_high(&diagnostics.r_hat);
    let r_hat = diagnostics.r_hat[coordinate];
    if r_hat.is_nan() || r_hat > config.max_r_hat {
        return Some(Shortfall::RHat { coordinate, r_hat, limit: config.max_r_hat });
    }
    for sizes in [&diagnostics.ess_bulk, &diagnostics.ess_tail] {
        let coordinate = worst_high(&sizes.iter().map(|s| -s).collect::<Vec<_>>());
        let ess = sizes[coordinate];
        if ess.is_nan() || ess < config.min_ess {
            return Some(Shortfall::EffectiveSize { coordinate, ess, needed: config.min_ess });
        }
    }
    None
}
