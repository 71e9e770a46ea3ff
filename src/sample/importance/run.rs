//! Rounds of importance sampling until the effective size asked for is there.

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::independence::Independence;
use super::pareto::reliable_shape;
use super::pilot::run_pilot;
use super::rounds::{Last, Rounds};
use super::{ImportanceConfig, StartingMode};
use crate::sample::{LogDensity, SampleError, WeightedDraws};

/// Draws with weights, and whether they can be relied on.
#[derive(Clone, Debug)]
pub struct ImportanceRun {
    /// Draws from the last proposal.
    pub draws: WeightedDraws,
    /// ln ∫ exp(log density) dx, from the draws of the last proposal.
    pub log_evidence: f64,
    /// Its standard error.
    pub log_evidence_error: f64,
    /// Shape of the tail of the weights.
    pub pareto_k: f64,
    /// Least of Kish's effective size and the bulk and tail sizes of all coordinates.
    pub ess: f64,
    /// Evaluations of the density, the pilot's included where it was not the guide's.
    pub evaluations: usize,
    /// What learning from a guide came to, where there was one.
    pub guide: Option<GuideRun>,
    pub pilot_evaluations: usize,
    pub rounds: usize,
    pub status: ImportanceStatus,
    /// The last proposal, as a move of an ensemble.
    pub learnt: Independence,
}

/// Whether the weighted draws are what was asked for.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportanceStatus {
    #[error("converged")]
    Converged,
    #[error(
        "the tail of the weights has the shape k = {pareto_k:.2}, above {limit:.2}: the proposals miss part of the density"
    )]
    HeavyTail { pareto_k: f64, limit: f64 },
    #[error("effective sample size {ess:.0} after {evaluations} evaluations, {needed} asked for")]
    EffectiveSize { ess: f64, evaluations: usize, needed: f64 },
}

/// What learning from a guide came to.
#[derive(Clone, Debug)]
pub struct GuideRun {
    /// Of the guide, the pilot's included.
    pub evaluations: usize,
    /// Kish's effective size of the draws that were chosen among, weighted by the guide, and the share that the choice leaves.
    pub ess: f64,
    pub status: ImportanceStatus,
}

impl ImportanceStatus {
    /// That of `draws` draws.
    pub(super) fn of(pareto_k: f64, ess: f64, draws: usize, evaluations: usize, config: &ImportanceConfig) -> Self {
        let limit = reliable_shape(draws);
        // not a number where there are too few weights to tell
        if pareto_k.is_nan() || pareto_k >= limit {
            Self::HeavyTail { pareto_k, limit }
        } else if ess.is_nan() || ess < config.min_ess {
            Self::EffectiveSize { ess, evaluations, needed: config.min_ess }
        } else {
            Self::Converged
        }
    }
}

/// Rounds from which on a run is given up whose weights have been bad for so many rounds in a row: a draw where the proposals
/// have missed the density makes one round bad, and the next proposal good.
const PATIENCE: usize = 9;
const BAD_IN_A_ROW: usize = 3;
/// The last proposal is to be fitted to this share at least of as many draws as it will give itself: fewer would spoil it,
/// and more are not needed.
const LEARNING: f64 = 0.2;
/// Samples `density` from `modes` by rounds of importance sampling; all of it follows from `seed`.
///
/// Ends with [`ImportanceStatus::Converged`] when k-hat is below its limit, min(1 − 1/log₁₀ n, 0.7), and the effective
/// sizes are there. A mode that neither the starting modes nor the pilot nor any draw has found is not seen by k-hat.
pub fn importance_sample<D: LogDensity + ?Sized>(
    density: &D,
    modes: &[StartingMode],
    config: &ImportanceConfig,
    seed: u64,
) -> Result<ImportanceRun, SampleError> {
    let learnt = learn(density, modes, config, &mut StdRng::seed_from_u64(seed))?;
    let Learnt { rounds, last, count, pilot_evaluations, ess, status } = learnt;
    let drawn = last.draws.len();
    Ok(ImportanceRun {
        log_evidence: last.log_evidence,
        log_evidence_error: log_evidence_error(&last.draws, drawn),
        pareto_k: last.pareto_k,
        ess,
        evaluations: rounds.evaluations(),
        guide: None,
        pilot_evaluations,
        rounds: count,
        status,
        learnt: rounds.learnt(last.draws.ess() / drawn as f64),
        draws: last.draws,
    })
}

/// Rounds that have ended.
pub(super) struct Learnt<'a, D: LogDensity + ?Sized> {
    pub rounds: Rounds<'a, D>,
    pub last: Last,
    pub count: usize,
    pub pilot_evaluations: usize,
    /// Least effective size of the last draws.
    pub ess: f64,
    pub status: ImportanceStatus,
}

/// Rounds until the draws of the last proposal are what `config` asks for, or there is no hope of it.
pub(super) fn learn<'a, D: LogDensity + ?Sized>(
    density: &'a D,
    modes: &[StartingMode],
    config: &'a ImportanceConfig,
    rng: &mut StdRng,
) -> Result<Learnt<'a, D>, SampleError> {
    let pilot = run_pilot(density, modes, config, rng)?;
    let mut rounds = Rounds::new(density, config, &pilot);
    let mut components = rounds.fit_pilot(&pilot, rng);
    // enough to see all components' surroundings once
    let least = (30 * density.dim()).max(config.least_draws);
    let mut size = least;
    let mut fitted = 0;
    let mut fresh = true;
    let (mut count, mut bad) = (0, 0);
    loop {
        rounds.draw(fresh.then_some(&components), size, rng)?;
        count += 1;
        let last = rounds.last_draws();
        let ess = least_ess(&last.draws);
        let drawn = last.draws.len() as f64;
        let reliable = last.pareto_k < reliable_shape(last.draws.len());
        let spent = rounds.evaluations() >= config.max_evaluations;
        // also where all weights are zero and their size is not a number
        let efficient = last.draws.ess() >= 0.01 * drawn;
        bad = if reliable || efficient { 0 } else { bad + 1 };
        let hopeless = count >= PATIENCE && bad >= BAD_IN_A_ROW;
        if (ess >= config.min_ess && reliable) || spent || hopeless {
            let status = ImportanceStatus::of(last.pareto_k, ess, last.draws.len(), rounds.evaluations(), config);
            return Ok(Learnt { rounds, last, count, pilot_evaluations: pilot.evaluations, ess, status });
        }
        // draws in all if the next are as good as those of the last proposal
        let needed = drawn * (config.min_ess / ess.max(1.0)).max(1.1);
        let left = config.max_evaluations.saturating_sub(rounds.evaluations()).max(1);
        // a new proposal with hardly any draws left would be worth less than the last one
        fresh = ((fitted as f64) < LEARNING * needed || !reliable) && left as f64 > 0.5 * drawn;
        let total = rounds.len();
        if fresh {
            components = rounds.refit(&components, rng);
            fitted = total;
            size = (1.1 * needed) as usize;
        } else {
            size = (1.05 * needed - drawn) as usize;
        }
        size = size.clamp(least, (if fresh { total } else { 4 * total }).max(least)).min(left);
    }
}

/// Standard error of ln ∫ from weighted draws, those of no weight among `drawn` left out or not.
pub(super) fn log_evidence_error(draws: &WeightedDraws, drawn: usize) -> f64 {
    (1.0 / draws.ess() - 1.0 / drawn as f64).max(0.0).sqrt()
}

/// Least of Kish's effective size and the bulk and tail sizes of all coordinates.
pub(super) fn least_ess(draws: &WeightedDraws) -> f64 {
    (0..draws.dim()).map(|i| draws.ess_bulk(i).min(draws.ess_tail(i))).fold(draws.ess(), f64::min)
}
