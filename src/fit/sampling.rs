//! Draws from the posterior: by importance sampling where that is reliable, by an ensemble of walkers where it is not.

use nalgebra::{DMatrix, Matrix2};

use super::coordinates::{Coordinates, Law, Reparametrised};
use super::draws::Structure;
use super::gathered::gathered;
use super::optimise::{Optimum, covariance_at};
use super::parameters::{JITTER, Q1, Q2};
use super::posterior::Posterior;
use super::ridge::ridge;
use super::summary::r_hat_of_parts;
use super::{FitConfig, FitError, FitStatus, Method, start};
use crate::sample::diagnostics::Diagnostics;
use crate::sample::importance::{
    ImportanceConfig, ImportanceRun, ImportanceStatus, StartingMode, importance_sample, importance_sample_guided,
};
use crate::sample::moves::Mixture;
use crate::sample::{LogDensity, Status, check_walkers, run_until_converged};

/// Optima that are worse than the best by more than this in ln posterior start no proposal: hardly a draw belongs there.
const WORSE: f64 = 8.0;
/// Optima nearer than this to another, in its standard deviations, are the same.
const SAME: f64 = 0.5;
/// Error of the best known combination of u1 and u2 below which proposals are made in them.
const KNOWN_LAW: f64 = 0.1;
/// Pareto k of the weights below which importance sampling that has not converged is given more evaluations, and how many times
/// as many: their mean exists.
const NEAR: f64 = 1.0;
const MORE: usize = 5;
/// How many times as many evaluations, in the pilot, a round and in all, a guide is given.
const CHEAPER: usize = 3;
/// Width in ln jitter, which best fits hold, of the density about them.
pub(super) const JITTER_WIDTH: f64 = 0.5;

/// How a posterior was sampled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sampled {
    /// By adaptive importance sampling.
    Importance {
        /// Shape of the tail of the weights.
        pareto_k: f64,
        /// ln ∫ prior × likelihood, with the normalisation of both, and its error.
        ln_evidence: f64,
        ln_evidence_err: f64,
    },
    /// By an ensemble of walkers.
    Ensemble,
}

impl Sampled {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Importance { .. } => "importance",
            Self::Ensemble => "ensemble",
        }
    }
}

/// Draws in the coordinates of the parameter table.
pub(super) struct Sampling {
    pub places: Vec<Vec<f64>>,
    /// Log posterior density in those coordinates, whichever were sampled in.
    pub ln_posterior: Vec<f64>,
    pub structure: Structure,
    pub diagnostics: Diagnostics,
    pub status: FitStatus,
    pub sampled: Sampled,
}

impl Sampling {
    /// Puts the draws `at` in other coordinates, with their log densities there, into those of the table.
    fn new<'a>(
        coordinates: Coordinates,
        at: impl Iterator<Item = (&'a [f64], f64)>,
        structure: Structure,
        diagnostics: Diagnostics,
        status: FitStatus,
        sampled: Sampled,
    ) -> Self {
        let known = at.filter_map(|(y, density)| coordinates.to_table(y).map(|(x, jacobian)| (x, density - jacobian)));
        let (places, ln_posterior) = known.unzip();
        Self { places, ln_posterior, structure, diagnostics, status, sampled }
    }
}

/// Samples the posterior as `config` says. `optima` are its local maxima, the best first; `None` where no walker can start.
pub(super) fn sample(
    posterior: &Posterior,
    optima: &[Optimum],
    config: &FitConfig,
    seed: u64,
) -> Result<Option<Sampling>, FitError> {
    if let Some(walkers) = config.walkers {
        check_walkers(walkers, posterior.dim())?;
    }
    let few = optima.first().and_then(|o| gathered(posterior.data(), &posterior.table().values(&o.x)));
    let guide = few.as_ref().map(|data| posterior.with_data(data));
    let mut learnt: Option<Learnt> = None;
    if config.method != Method::Ensemble {
        let mut last = None;
        let mut nearest: Option<(f64, Coordinates)> = None;
        // the second is seldom the better
        let budgets = [config.max_proposals, config.max_proposals / 3];
        for (coordinates, budget) in proposal_coordinates(posterior, optima).into_iter().zip(budgets) {
            let Some(run) = importance(posterior, guide.as_ref(), coordinates, optima, budget, config, seed)? else {
                continue;
            };
            let sampling = weighted(coordinates, &run);
            if sampling.status == FitStatus::Converged {
                return Ok(Some(sampling));
            }
            last = Some(sampling);
            if nearest.is_none_or(|(k, _)| run.pareto_k < k) {
                nearest = Some((run.pareto_k, coordinates));
            }
            if learnt.as_ref().is_none_or(|l| run.draws.ess() > l.run.draws.ess()) {
                learnt = Some(Learnt { coordinates, run });
            }
        }
        // Proposals are refitted to all draws, so that more of them mend what is nearly right, for less than walkers take.
        if let Some((_, coordinates)) = nearest.filter(|(k, _)| *k < NEAR)
            && let Some(run) =
                importance(posterior, guide.as_ref(), coordinates, optima, MORE * config.max_proposals, config, seed)?
        {
            let sampling = weighted(coordinates, &run);
            if sampling.status == FitStatus::Converged {
                return Ok(Some(sampling));
            }
            last = Some(sampling);
            if learnt.as_ref().is_none_or(|l| run.draws.ess() > l.run.draws.ess()) {
                learnt = Some(Learnt { coordinates, run });
            }
        }
        if config.method == Method::Importance {
            return Ok(last);
        }
    }
    ensemble(posterior, optima, learnt, config, seed)
}

/// An importance sampling that has not converged.
struct Learnt {
    coordinates: Coordinates,
    run: ImportanceRun,
}

/// Coordinates to try for proposals, the likelier to do first.
///
/// Where some combination of u1 and u2 is known well, q1 and q2 bend along it; where nothing is, they have limits that do not
/// depend on one another.
fn proposal_coordinates(posterior: &Posterior, optima: &[Optimum]) -> [Coordinates; 2] {
    let of = |law| Coordinates::for_proposals(posterior, optima.first(), law);
    let (free, linear) = (of(Law::UnitSquare), of(Law::Coefficients));
    let known = optima.first().and_then(|o| law_error(posterior, &o.x, linear)).is_some_and(|e| e < KNOWN_LAW);
    if known { [linear, free] } else { [free, linear] }
}

/// Error of the best known combination of u1 and u2, were they those of a star like the Sun: at the edge of what is possible,
/// where noisy fits end, derivatives by q1 and q2 say nothing.
fn law_error(posterior: &Posterior, x: &[f64], linear: Coordinates) -> Option<f64> {
    let mut x = x.to_vec();
    (x[Q1], x[Q2]) = (0.36, 0.33);
    let carried = carried_over(&x, &covariance_at(posterior, &x)?, linear)?;
    let block = Matrix2::from_fn(|r, c| carried[(Q1 + r) * x.len() + Q1 + c]);
    Some(block.symmetric_eigenvalues().min().max(0.0).sqrt())
}

fn ensemble(
    posterior: &Posterior,
    optima: &[Optimum],
    learnt: Option<Learnt>,
    config: &FitConfig,
    seed: u64,
) -> Result<Option<Sampling>, FitError> {
    let walkers = config.walkers.unwrap_or(4 * posterior.dim());
    let go_on = learnt.and_then(|Learnt { coordinates, run }| {
        let places = run.walkers(&Reparametrised::new(posterior, coordinates), walkers, seed)?;
        Some((coordinates, places, Mixture::default().with(run.learnt.share(), run.learnt)))
    });
    let (coordinates, places, moves) = match go_on {
        Some((coordinates, places, moves)) => (coordinates, places, moves?),
        None => {
            let coordinates = Coordinates::for_walkers(posterior, optima.first());
            let places = start::starting_places(posterior, optima, walkers, seed);
            let places = places.iter().filter_map(|x| coordinates.from_table(x)).collect();
            (coordinates, places, Mixture::default())
        }
    };
    if places.is_empty() {
        return Ok(None);
    }
    let density = Reparametrised::new(posterior, coordinates);
    // another stream than that of the starting places
    let seed = seed.wrapping_add(1);
    let (chain, diagnostics, status) = run_until_converged(&density, &places, moves, &config.sampler, seed)?;
    let status = match status {
        Status::Converged => FitStatus::Converged,
        Status::NotConverged(shortfall) => {
            let name = |i: usize| posterior.table().parameters()[i].name;
            FitStatus::NotConverged { reason: shortfall.describe(name) }
        }
    };
    let structure = Structure::Chains { length: chain.draws(), groups: config.sampler.r_hat_groups };
    let all = (0..chain.walkers()).flat_map(|w| (0..chain.draws()).map(move |d| (d, w)));
    let at = all.map(|(d, w)| (chain.position(d, w), chain.log_density(d, w)));
    Ok(Some(Sampling::new(coordinates, at, structure, diagnostics, status, Sampled::Ensemble)))
}

/// Learns on `guide`, if there is one, and without it where it misleads.
fn importance(
    posterior: &Posterior,
    guide: Option<&Posterior>,
    coordinates: Coordinates,
    optima: &[Optimum],
    max_evaluations: usize,
    config: &FitConfig,
    seed: u64,
) -> Result<Option<ImportanceRun>, FitError> {
    let density = Reparametrised::new(posterior, coordinates);
    let learnt_on = guide.unwrap_or(posterior);
    let near = Reparametrised::new(learnt_on, coordinates);
    let mut modes = modes(&near, coordinates, optima);
    if let Some(best) = optima.first() {
        modes.extend(ridge(learnt_on, &near, coordinates, best));
    }
    if modes.is_empty() {
        return Ok(None);
    }
    let options = ImportanceConfig {
        min_ess: config.sampler.min_ess,
        max_evaluations,
        evaluation: config.sampler.evaluation,
        ..ImportanceConfig::default()
    };
    if guide.is_some() {
        let options = ImportanceConfig {
            max_evaluations: CHEAPER * options.max_evaluations,
            pilot_steps: CHEAPER * options.pilot_steps,
            least_draws: CHEAPER * options.least_draws,
            ..options.clone()
        };
        let run = importance_sample_guided(&density, &near, &modes, &options, seed)?;
        // where the guide itself could not be learnt, the posterior would not be either
        let learnt = run.guide.as_ref().is_some_and(|guide| guide.status == ImportanceStatus::Converged);
        if run.status == ImportanceStatus::Converged || !learnt {
            return Ok(Some(run));
        }
    }
    Ok(Some(importance_sample(&density, &modes, &options, seed)?))
}

/// The draws of a run over these coordinates.
fn weighted(coordinates: Coordinates, run: &ImportanceRun) -> Sampling {
    let status = match &run.status {
        ImportanceStatus::Converged => FitStatus::Converged,
        other => FitStatus::NotConverged { reason: other.to_string() },
    };
    let draws = &run.draws;
    let dim = draws.dim();
    let ess = |tail: bool| -> Vec<f64> {
        let of = |i| if tail { draws.ess_tail(i) } else { draws.ess_bulk(i) };
        (0..dim).map(of).collect()
    };
    let r_hat = (0..dim).map(|i| r_hat_of_parts(&draws.parameter(i), draws.weights())).collect();
    let efficiency = draws.ess() / draws.len() as f64;
    let diagnostics = Diagnostics {
        tau: vec![1.0 / efficiency; dim],
        ess_bulk: ess(false),
        ess_tail: ess(true),
        r_hat,
        acceptance: efficiency,
        acceptance_min: efficiency,
        steps: draws.len(),
        burn_in: 0,
        thin: 1,
        evaluations: run.evaluations + run.guide.as_ref().map_or(0, |g| g.evaluations),
    };
    let sampled = Sampled::Importance {
        pareto_k: run.pareto_k,
        ln_evidence: run.log_evidence,
        ln_evidence_err: run.log_evidence_error,
    };
    let kept: Vec<usize> = (0..draws.len()).filter(|i| draws.weights()[*i] > 0.0).collect();
    let structure = Structure::Weighted(kept.iter().map(|i| draws.weights()[*i]).collect());
    let at = kept.iter().map(|i| (draws.position(*i), draws.log_density(*i)));
    Sampling::new(coordinates, at, structure, diagnostics, status, sampled)
}

/// The optima worth a proposal, each once, with the covariance in the coordinates of `density`.
fn modes(density: &Reparametrised, coordinates: Coordinates, optima: &[Optimum]) -> Vec<StartingMode> {
    let Some(best) = optima.first() else { return Vec::new() };
    let mut modes: Vec<StartingMode> = Vec::new();
    for optimum in optima.iter().filter(|o| o.ln_posterior > best.ln_posterior - WORSE) {
        let Some(centre) = coordinates.from_table(&optimum.x) else { continue };
        if !density.log_density(&centre).is_finite() {
            continue;
        }
        let Some(mut covariance) = carried_over(&optimum.x, &optimum.covariance, coordinates) else { continue };
        covariance[JITTER * (centre.len() + 1)] = JITTER_WIDTH * JITTER_WIDTH;
        let dim = centre.len();
        let known = |mode: &StartingMode| {
            (0..dim).all(|i| (mode.centre[i] - centre[i]).abs() < SAME * mode.covariance[i * (dim + 1)].sqrt())
        };
        if !modes.iter().any(known) {
            modes.push(StartingMode { centre, covariance });
        }
    }
    modes
}

/// A covariance in the table's coordinates about `x`, in those that are sampled.
pub(super) fn carried_over(x: &[f64], covariance: &DMatrix<f64>, coordinates: Coordinates) -> Option<Vec<f64>> {
    let dim = x.len();
    let centre = coordinates.from_table(x)?;
    let mut slopes = DMatrix::zeros(dim, dim);
    for column in 0..dim {
        let step = 1e-4 * covariance[(column, column)].max(0.0).sqrt().max(1e-12);
        // forwards, or backwards where that leaves the possible
        let moved = [step, -step].into_iter().find_map(|step| {
            let mut moved = x.to_vec();
            moved[column] += step;
            coordinates.from_table(&moved).map(|y| (y, step))
        });
        let (y, step) = moved?;
        for row in 0..dim {
            slopes[(row, column)] = (y[row] - centre[row]) / step;
        }
    }
    let carried = &slopes * covariance * slopes.transpose();
    carried.iter().all(|v| v.is_finite()).then(|| carried.as_slice().to_vec())
}
