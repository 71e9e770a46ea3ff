//! Chooses a sampler, runs it, and brings its draws to one form.

mod chains;

use std::ops::ControlFlow;

use chains::{ensemble, go_on, no_u_turn, scattered, walkers};

use super::JointError;
use super::checkpoint::{Chains, JointCheckpoint};
use super::config::{SamplerConfig, SamplerKind};
use super::gradient::Smooth;
use super::optimise::{Mode, modes, starting_modes};
use super::posterior::{Cube, JointPosterior};
use crate::sample::importance::{ImportanceConfig, ImportanceRun, ImportanceStatus, StartingMode, importance_sample};
use crate::sample::nested::{NestedConfig, NestedStatus, nested};
use crate::sample::{Evaluation, Every, LogDensity, WeightedDraws};

/// Values of the parameters with weights or as chains.
pub(super) struct Sampled {
    pub draws: DrawsOf,
    /// Best place found, as values.
    pub best: Vec<f64>,
    pub method: &'static str,
    pub evaluations: usize,
    pub pareto_k: Option<f64>,
    /// ln evidence and its error.
    pub evidence: Option<(f64, f64)>,
    pub acceptance: Option<f64>,
    /// Why it has not converged.
    pub shortfall: Option<String>,
}

pub(super) enum DrawsOf {
    /// Values of each draw with its weight.
    Weighted { values: Vec<Vec<f64>>, weights: Vec<f64> },
    /// Chains of values, one a walker.
    Chains { chains: Vec<Vec<Vec<f64>>>, groups: usize },
}

/// Steps of the importance sampler's pilot for each dimension.
const PILOT_STEPS_PER_DIMENSION: usize = 10;

/// Free parameters from which on importance sampling is not tried by itself: mixtures do not cover so many.
const MOST_DIMENSIONS: usize = 24;

/// Free parameters up to which walkers serve better than the no-U-turn sampler, whatever importance sampling has learnt (eccentric
/// orbits from transits alone: 10 to 30 s in place of 45 to 160), and the effective draws a draw from which on they do in any case.
const FEW_DIMENSIONS: usize = 12;
const EFFICIENT: f64 = 0.01;

/// Draws for each dimension whose spread a second try starts from.
const SECOND_TRY_DRAWS: usize = 20;

/// How far sampling came.
pub(super) enum Stage {
    Done(Sampled),
    /// Chains have begun.
    Chains(JointCheckpoint),
}

/// Samples as `config` says, or goes on from a checkpoint; see [`continue_joint`](super::continue_joint).
pub(super) fn sample(
    posterior: &JointPosterior,
    config: &SamplerConfig,
    from: Option<JointCheckpoint>,
    every: Every,
    keep: &mut dyn FnMut(&JointCheckpoint) -> ControlFlow<()>,
) -> Result<Stage, JointError> {
    let stage = match from {
        Some(checkpoint) => Stage::Chains(checkpoint),
        None => begin(posterior, config)?,
    };
    match stage {
        Stage::Chains(checkpoint) => go_on(posterior, config, checkpoint, every, keep),
        done => Ok(done),
    }
}

/// All that comes before chains, or instead of them.
fn begin(posterior: &JointPosterior, config: &SamplerConfig) -> Result<Stage, JointError> {
    if config.kind == SamplerKind::Nested {
        return nested_sampling(posterior, config).map(Stage::Done);
    }
    let modes = modes(posterior, config.seed);
    let best = modes.first().ok_or(JointError::NoStart)?;
    let chains = |chains: Chains, spent: usize| Stage::Chains(JointCheckpoint { mode: best.x.clone(), spent, chains });
    let is_large = config.kind == SamplerKind::Auto && posterior.dim() > MOST_DIMENSIONS;
    if is_large || matches!(config.kind, SamplerKind::Ensemble | SamplerKind::Nuts) {
        let walkers = scattered(posterior, config, &modes);
        return match config.kind {
            SamplerKind::Ensemble => Ok(chains(ensemble(posterior, config, &walkers, None)?, 0)),
            _ => Ok(chains(no_u_turn(posterior, config, &walkers)?, 0)),
        };
    }
    // a mode that is only a shoulder of another costs a little; one that is missed is not seen by k-hat
    let run = importance_sample(
        posterior,
        &starting_modes(&modes),
        &importance_config(config, posterior.dim()),
        config.seed,
    )?;
    if config.kind == SamplerKind::Importance || run.status == ImportanceStatus::Converged {
        return Ok(Stage::Done(of_importance(posterior, best, run)));
    }
    let spent = run.evaluations;
    let run = match second_try(posterior, config, &run, &modes)? {
        Some(second) if second.status == ImportanceStatus::Converged => {
            return Ok(Stage::Done(of_second_try(posterior, best, second, spent)));
        }
        _ => run,
    };
    let efficient = run.draws.ess() > EFFICIENT * run.draws.len() as f64;
    let chains_of = match run.walkers(posterior, walkers(posterior, config), config.seed) {
        Some(start) if efficient || posterior.dim() <= FEW_DIMENSIONS => {
            ensemble(posterior, config, &start, Some(run.learnt))
        }
        Some(start) => no_u_turn(posterior, config, &start),
        None => no_u_turn(posterior, config, &scattered(posterior, config, &modes)),
    };
    Ok(chains(chains_of?, run.evaluations))
}

/// Importance sampling over the coordinates with limits of their own, which suit limb darkening that the data do not know and
/// impact parameters anywhere. Its start is the spread of the draws of `first`, or of the modes where these are too few.
fn second_try(
    posterior: &JointPosterior,
    config: &SamplerConfig,
    first: &ImportanceRun,
    modes: &[Mode],
) -> Result<Option<ImportanceRun>, JointError> {
    let smooth = Smooth::new(posterior);
    let dim = posterior.dim();
    let places = first.walkers(posterior, SECOND_TRY_DRAWS * dim, config.seed);
    let places = places.unwrap_or_else(|| scattered(posterior, config, modes));
    let places: Vec<Vec<f64>> = places
        .iter()
        .filter_map(|x| smooth.of_values(&posterior.values(x)?))
        .filter(|x| smooth.log_density(x).is_finite())
        .collect();
    let n = places.len() as f64;
    let mean: Vec<f64> = (0..dim).map(|i| places.iter().map(|x| x[i]).sum::<f64>() / n).collect();
    let mut covariance = vec![0.0; dim * dim];
    for x in &places {
        for a in 0..dim {
            for b in 0..dim {
                covariance[a * dim + b] += (x[a] - mean[a]) * (x[b] - mean[b]) / n;
            }
        }
    }
    let highest = places.iter().max_by(|a, b| smooth.log_density(a).total_cmp(&smooth.log_density(b)));
    let Some(centre) = highest else { return Ok(None) };
    let modes = [StartingMode { centre: centre.clone(), covariance }];
    Ok(Some(importance_sample(&smooth, &modes, &importance_config(config, dim), config.seed.wrapping_add(1))?))
}

fn importance_config(config: &SamplerConfig, dim: usize) -> ImportanceConfig {
    let default = ImportanceConfig::default();
    ImportanceConfig {
        // what the pilot has not reached, the proposals do not cover, and it takes longer to get about in many dimensions
        pilot_steps: default.pilot_steps.max(PILOT_STEPS_PER_DIMENSION * dim),
        min_ess: config.min_ess,
        max_evaluations: config.max_evaluations,
        evaluation: Evaluation::Parallel,
        ..default
    }
}

/// Values at the higher of a mode and a draw.
fn best_of(posterior: &JointPosterior, mode: &[f64], draw: Option<Vec<f64>>) -> Vec<f64> {
    let candidates = std::iter::once(mode.to_vec()).chain(draw);
    let values = candidates.filter_map(|x| posterior.values(&x));
    values
        .map(|v| (posterior.ln_posterior(&v), v))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map_or_else(|| posterior.starts(), |b| b.1)
}

fn of_importance(posterior: &JointPosterior, mode: &Mode, run: ImportanceRun) -> Sampled {
    let draw = run.draws.best().map(|i| run.draws.position(i).to_vec());
    let draws = weighted(&run.draws, |x| posterior.values(x));
    importance(draws, best_of(posterior, &mode.x, draw), &run, 0)
}

fn of_second_try(posterior: &JointPosterior, mode: &Mode, run: ImportanceRun, spent: usize) -> Sampled {
    let smooth = Smooth::new(posterior);
    let draw = run.draws.best().and_then(|i| smooth.values(run.draws.position(i)));
    let draws = weighted(&run.draws, |x| smooth.values(x));
    importance(draws, best_of(posterior, &mode.x, draw.and_then(|v| posterior.coordinates_of(&v))), &run, spent)
}

fn importance(draws: DrawsOf, best: Vec<f64>, run: &ImportanceRun, spent: usize) -> Sampled {
    let shortfall = (run.status != ImportanceStatus::Converged).then(|| run.status.to_string());
    Sampled {
        draws,
        best,
        method: "importance",
        evaluations: spent + run.evaluations,
        pareto_k: Some(run.pareto_k),
        evidence: Some((run.log_evidence, run.log_evidence_error)),
        acceptance: None,
        shortfall,
    }
}

fn weighted(draws: &WeightedDraws, values: impl Fn(&[f64]) -> Option<Vec<f64>>) -> DrawsOf {
    let kept = (0..draws.len()).filter(|i| draws.weights()[*i] > 0.0);
    let (values, weights) = kept.filter_map(|i| Some((values(draws.position(i))?, draws.weights()[i]))).unzip();
    DrawsOf::Weighted { values, weights }
}

fn nested_sampling(posterior: &JointPosterior, config: &SamplerConfig) -> Result<Sampled, JointError> {
    let settings =
        NestedConfig { live_points: config.live_points, evaluation: Evaluation::Parallel, ..NestedConfig::default() };
    let run = nested(&Cube(posterior), &settings, config.seed)?;
    let densities = (0..run.draws.len()).map(|i| (posterior.ln_posterior(run.draws.position(i)), i));
    let highest = densities.max_by(|a, b| a.0.total_cmp(&b.0)).map(|d| d.1);
    let shortfall = if run.status != NestedStatus::Converged {
        Some(run.status.to_string())
    } else if run.insertion_probability < 0.01 {
        Some(format!("insertion ranks are uneven (probability {:.4})", run.insertion_probability))
    } else {
        None
    };
    Ok(Sampled {
        best: highest.map_or_else(|| posterior.starts(), |i| run.draws.position(i).to_vec()),
        draws: weighted(&run.draws, |x| Some(x.to_vec())),
        method: "nested",
        evaluations: run.evaluations,
        pareto_k: None,
        evidence: Some((run.log_evidence, run.log_evidence_error)),
        acceptance: None,
        shortfall,
    })
}
