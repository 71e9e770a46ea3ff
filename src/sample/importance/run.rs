//! Rounds of importance sampling until the effective size asked for is there.

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::independence::Independence;
use super::learning::{Learning, Learnt};
use super::pareto::reliable_shape;
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
    pub(super) fn of(pareto_k: f64, ess: f64, draws: usize, evaluations: usize, needed: f64) -> Self {
        let limit = reliable_shape(draws);
        // not a number where there are too few weights to tell
        if pareto_k.is_nan() || pareto_k >= limit {
            Self::HeavyTail { pareto_k, limit }
        } else if ess.is_nan() || ess < needed {
            Self::EffectiveSize { ess, evaluations, needed }
        } else {
            Self::Converged
        }
    }
}

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
    let mut rng = StdRng::seed_from_u64(seed);
    let mut learning = Learning::new(density, modes, config, &mut rng)?;
    let Learnt { last, ess, status } = learning.go_on(config.min_ess, config.max_evaluations, &mut rng)?;
    let Learning { rounds, count, pilot_evaluations, .. } = learning;
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

/// Standard error of ln ∫ from weighted draws, those of no weight among `drawn` left out or not.
pub(super) fn log_evidence_error(draws: &WeightedDraws, drawn: usize) -> f64 {
    (1.0 / draws.ess() - 1.0 / drawn as f64).max(0.0).sqrt()
}

/// Least of Kish's effective size and the bulk and tail sizes of all coordinates.
pub(super) fn least_ess(draws: &WeightedDraws) -> f64 {
    (0..draws.dim()).map(|i| draws.ess_bulk(i).min(draws.ess_tail(i))).fold(draws.ess(), f64::min)
}
