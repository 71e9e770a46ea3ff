//! Markov chains: the ensemble and the no-U-turn sampler, and where they start.

use std::ops::ControlFlow;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::StandardNormal;

use super::{DrawsOf, Sampled, Stage, best_of};
use crate::fit::joint::JointError;
use crate::fit::joint::checkpoint::{Chains, JointCheckpoint};
use crate::fit::joint::config::SamplerConfig;
use crate::fit::joint::gradient::Smooth;
use crate::fit::joint::optimise::Mode;
use crate::fit::joint::posterior::JointPosterior;
use crate::sample::diagnostics::Diagnostics;
use crate::sample::importance::Independence;
use crate::sample::moves::Mixture;
use crate::sample::nuts::{NutsCheckpoint, NutsConfig, NutsProgress, NutsRun, Spread, continue_nuts};
use crate::sample::{
    Chain, Checkpoint, Evaluation, Every, LogDensity, Progress, RunConfig, SampleError, Status, continue_run,
};

pub(super) fn walkers(posterior: &JointPosterior, config: &SamplerConfig) -> usize {
    let dim = posterior.dim();
    config.walkers.unwrap_or(4 * dim).max(2 * dim + 4).div_ceil(2) * 2
}

/// Walkers around the modes, as their covariances say.
pub(super) fn scattered(posterior: &JointPosterior, config: &SamplerConfig, modes: &[Mode]) -> Vec<Vec<f64>> {
    let mut rng = StdRng::seed_from_u64(config.seed.wrapping_add(1));
    let n = walkers(posterior, config);
    let factors: Vec<_> = modes.iter().map(|m| m.covariance.clone().cholesky().map(|c| c.unpack())).collect();
    (0..n)
        .map(|w| {
            let m = w % modes.len();
            let mode = &modes[m];
            let mut shrink = 1.0;
            for _ in 0..60 {
                let normals: Vec<f64> = mode.x.iter().map(|_| rng.sample(StandardNormal)).collect();
                let x: Vec<f64> = (0..mode.x.len())
                    .map(|i| {
                        let step = match &factors[m] {
                            Some(l) => (0..=i).map(|j| l[(i, j)] * normals[j]).sum::<f64>(),
                            None => mode.covariance[(i, i)].sqrt() * normals[i],
                        };
                        mode.x[i] + shrink * step
                    })
                    .collect();
                if posterior.log_density(&x).is_finite() {
                    return x;
                }
                shrink *= 0.8;
            }
            mode.x.clone()
        })
        .collect()
}

fn ensemble_config(config: &SamplerConfig) -> RunConfig {
    RunConfig {
        min_ess: config.min_ess,
        max_steps: config.max_steps,
        evaluation: Evaluation::Parallel,
        ..RunConfig::default()
    }
}

/// The ensemble before its first step, and what importance sampling has learnt for it.
pub(super) fn ensemble(
    posterior: &JointPosterior,
    config: &SamplerConfig,
    walkers: &[Vec<f64>],
    learnt: Option<Independence>,
) -> Result<Chains, JointError> {
    let run = Checkpoint::new(posterior, walkers, &ensemble_config(config), config.seed.wrapping_add(2))?;
    Ok(Chains::Ensemble { run, learnt: learnt.map(Box::new) })
}

fn moves(learnt: Option<&Independence>) -> Result<Mixture, SampleError> {
    match learnt {
        Some(learnt) => Mixture::default().with(learnt.share(), learnt.clone()),
        None => Ok(Mixture::default()),
    }
}

/// Chains of the no-U-turn sampler.
const CHAINS: usize = 4;
const WARM_UP: usize = 600;

fn nuts_config(config: &SamplerConfig) -> NutsConfig {
    NutsConfig {
        warm_up: WARM_UP,
        draws: 250,
        max_draws: config.max_draws,
        min_ess: config.min_ess,
        evaluation: Evaluation::Parallel,
        ..NutsConfig::default()
    }
}

/// The no-U-turn sampler before its first transition, over smooth coordinates, started from four of `walkers` and with the
/// spread of all.
pub(super) fn no_u_turn(
    posterior: &JointPosterior,
    config: &SamplerConfig,
    walkers: &[Vec<f64>],
) -> Result<Chains, JointError> {
    let smooth = Smooth::new(posterior);
    let places: Vec<Vec<f64>> = walkers
        .iter()
        .filter_map(|x| smooth.of_values(&posterior.values(x)?))
        .filter(|x| smooth.log_density(x).is_finite())
        .collect();
    if places.is_empty() {
        return Err(JointError::NoStart);
    }
    let start: Vec<Vec<f64>> = (0..CHAINS).map(|i| places[i * places.len() / CHAINS].clone()).collect();
    let (spread, seed) = (Spread::Draws(&places), config.seed.wrapping_add(2));
    Ok(Chains::Nuts(NutsCheckpoint::new(&smooth, &start, spread, &nuts_config(config), seed)?))
}

/// Goes on with chains until there are enough draws, or `keep` breaks off.
pub(super) fn go_on(
    posterior: &JointPosterior,
    config: &SamplerConfig,
    mut checkpoint: JointCheckpoint,
    every: Every,
    keep: &mut dyn FnMut(&JointCheckpoint) -> ControlFlow<()>,
) -> Result<Stage, JointError> {
    checkpoint.check(posterior.dim())?;
    let smooth = Smooth::new(posterior);
    loop {
        if keep(&checkpoint).is_break() {
            return Ok(Stage::Chains(checkpoint));
        }
        // the samplers give their checkpoint back rather than have it copied
        let JointCheckpoint { mode, spent, chains } = checkpoint;
        let chains = match chains {
            Chains::Ensemble { run, learnt } => {
                let (settings, moves) = (ensemble_config(config), moves(learnt.as_deref())?);
                match continue_run(posterior, run, moves, &settings, every, |_| ControlFlow::Break(()))? {
                    Progress::Done(chain, diagnostics, status) => {
                        return of_ensemble(posterior, &mode, spent, &chain, &diagnostics, &status).map(Stage::Done);
                    }
                    Progress::Paused(run) => Chains::Ensemble { run, learnt },
                }
            }
            Chains::Nuts(run) => {
                match continue_nuts(&smooth, run, &nuts_config(config), every, |_| ControlFlow::Break(()))? {
                    NutsProgress::Done(run) => return of_nuts(posterior, &smooth, &mode, spent, &run).map(Stage::Done),
                    NutsProgress::Paused(run) => Chains::Nuts(run),
                }
            }
        };
        checkpoint = JointCheckpoint { mode, spent, chains };
    }
}

fn of_ensemble(
    posterior: &JointPosterior,
    mode: &[f64],
    spent: usize,
    chain: &Chain,
    diagnostics: &Diagnostics,
    status: &Status,
) -> Result<Sampled, JointError> {
    let best = best_of(posterior, mode, chain.best().map(|(d, w)| chain.position(d, w).to_vec()));
    Ok(Sampled {
        draws: DrawsOf::Chains {
            chains: chains(chain, |x| posterior.values(x))?,
            groups: RunConfig::default().r_hat_groups,
        },
        best,
        method: "ensemble",
        evaluations: spent + diagnostics.evaluations,
        pareto_k: None,
        evidence: None,
        acceptance: Some(diagnostics.acceptance),
        shortfall: shortfall(posterior, status),
    })
}

fn of_nuts(
    posterior: &JointPosterior,
    smooth: &Smooth,
    mode: &[f64],
    spent: usize,
    run: &NutsRun,
) -> Result<Sampled, JointError> {
    tracing::debug!(
        evaluations = run.evaluations,
        divergences = run.divergences,
        cut = run.cut,
        steps = ?run.step_sizes,
        acceptance = run.acceptance,
        "no-U-turn sampler"
    );
    let draws = run.chain.draws() * CHAINS;
    if run.divergences * 100 > draws {
        tracing::warn!(
            "{} of {draws} trajectories diverged: the draws may miss a narrow part of the posterior",
            run.divergences
        );
    }
    let draw = run.chain.best().and_then(|(d, w)| smooth.values(run.chain.position(d, w)));
    Ok(Sampled {
        draws: DrawsOf::Chains { chains: chains(&run.chain, |x| smooth.values(x))?, groups: CHAINS },
        best: best_of(posterior, mode, draw.and_then(|v| posterior.coordinates_of(&v))),
        method: "nuts",
        evaluations: spent + run.evaluations,
        pareto_k: None,
        evidence: None,
        acceptance: Some(run.acceptance),
        shortfall: shortfall(posterior, &run.status),
    })
}

fn shortfall(posterior: &JointPosterior, status: &Status) -> Option<String> {
    match status {
        Status::Converged => None,
        Status::NotConverged(shortfall) => Some(named(posterior, shortfall.to_string())),
    }
}

/// `coordinate 3` becomes the name of the parameter.
fn named(posterior: &JointPosterior, sentence: String) -> String {
    let parameters = posterior.table().parameters().iter().enumerate().rev();
    parameters.fold(sentence, |s, (i, p)| {
        s.replace(&format!("coordinate {i},"), &format!("{},", p.name))
            .replace(&format!("coordinate {i} "), &format!("{} ", p.name))
    })
}

fn impossible(x: &[f64]) -> JointError {
    JointError::Sample(SampleError::NotANumber { position: x.to_vec() })
}

/// What `values` makes of every draw.
fn chains(chain: &Chain, values: impl Fn(&[f64]) -> Option<Vec<f64>>) -> Result<Vec<Vec<Vec<f64>>>, JointError> {
    (0..chain.walkers())
        .map(|w| {
            let places = (0..chain.draws()).map(|d| chain.position(d, w));
            places.map(|x| values(x).ok_or_else(|| impossible(x))).collect()
        })
        .collect()
}
