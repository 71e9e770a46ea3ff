//! Chooses a sampler, runs it, and brings its draws to one form.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::StandardNormal;

use super::JointError;
use super::config::{SamplerConfig, SamplerKind};
use super::optimise::{Mode, modes, starting_modes};
use super::posterior::{Cube, JointPosterior};
use crate::sample::importance::{ImportanceConfig, ImportanceRun, ImportanceStatus, importance_sample};
use crate::sample::moves::Mixture;
use crate::sample::nested::{NestedConfig, NestedStatus, nested};
use crate::sample::{
    Chain, Evaluation, LogDensity, RunConfig, SampleError, Status, WeightedDraws, run_until_converged,
};

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

/// Samples as `config` says.
pub(super) fn sample(posterior: &JointPosterior, config: &SamplerConfig) -> Result<Sampled, JointError> {
    if config.kind == SamplerKind::Nested {
        return nested_sampling(posterior, config);
    }
    let modes = modes(posterior, config.seed);
    let best = modes.first().ok_or(JointError::NoStart)?;
    if config.kind == SamplerKind::Ensemble {
        return ensemble(posterior, config, &modes, &scattered(posterior, config, &modes), 0);
    }
    // a mode that is only a shoulder of another costs a little; one that is missed is not seen by k-hat
    let run = importance_sample(
        posterior,
        &starting_modes(&modes),
        &importance_config(config, posterior.dim()),
        config.seed,
    )?;
    if config.kind == SamplerKind::Importance || run.status == ImportanceStatus::Converged {
        return Ok(of_importance(posterior, best, run));
    }
    let walkers = from_importance(posterior, config, &run, &modes);
    ensemble(posterior, config, &modes, &walkers, run.evaluations)
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

fn walkers(posterior: &JointPosterior, config: &SamplerConfig) -> usize {
    let dim = posterior.dim();
    config.walkers.unwrap_or(4 * dim).max(2 * dim + 4).div_ceil(2) * 2
}

/// Walkers around the modes, as their covariances say.
fn scattered(posterior: &JointPosterior, config: &SamplerConfig, modes: &[Mode]) -> Vec<Vec<f64>> {
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

/// Walkers from the draws of a run that has not converged: a better start than the modes.
fn from_importance(
    posterior: &JointPosterior,
    config: &SamplerConfig,
    run: &ImportanceRun,
    modes: &[Mode],
) -> Vec<Vec<f64>> {
    let n = walkers(posterior, config);
    if run.draws.ess() < n as f64 / 4.0 {
        return scattered(posterior, config, modes);
    }
    let picked = run.draws.resample(n, config.seed).indices;
    let mut rng = StdRng::seed_from_u64(config.seed.wrapping_add(3));
    let sigma: Vec<f64> = (0..posterior.dim()).map(|i| run.draws.variance(i).sqrt()).collect();
    picked
        .iter()
        .map(|i| {
            let x = run.draws.position(*i);
            // equal walkers would move together
            let moved: Vec<f64> =
                x.iter().zip(&sigma).map(|(x, s)| x + 1e-2 * s * rng.sample::<f64, _>(StandardNormal)).collect();
            if posterior.log_density(&moved).is_finite() { moved } else { x.to_vec() }
        })
        .collect()
}

fn ensemble(
    posterior: &JointPosterior,
    config: &SamplerConfig,
    modes: &[Mode],
    start: &[Vec<f64>],
    spent: usize,
) -> Result<Sampled, JointError> {
    let run = RunConfig {
        min_ess: config.min_ess,
        max_steps: config.max_steps,
        evaluation: Evaluation::Parallel,
        ..RunConfig::default()
    };
    let (chain, diagnostics, status) =
        run_until_converged(posterior, start, Mixture::default(), &run, config.seed.wrapping_add(2))?;
    let best = best_of(posterior, modes.first(), chain.best().map(|(d, w)| chain.position(d, w).to_vec()));
    let shortfall = match status {
        Status::Converged => None,
        Status::NotConverged(shortfall) => Some(named(posterior, shortfall.to_string())),
    };
    Ok(Sampled {
        draws: DrawsOf::Chains { chains: chains(posterior, &chain)?, groups: run.r_hat_groups },
        best,
        method: "ensemble",
        evaluations: spent + diagnostics.evaluations,
        pareto_k: None,
        evidence: None,
        acceptance: Some(diagnostics.acceptance),
        shortfall,
    })
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

fn chains(posterior: &JointPosterior, chain: &Chain) -> Result<Vec<Vec<Vec<f64>>>, JointError> {
    (0..chain.walkers())
        .map(|w| {
            let places = (0..chain.draws()).map(|d| chain.position(d, w));
            places.map(|x| posterior.values(x).ok_or_else(|| impossible(x))).collect()
        })
        .collect()
}

/// Values at the higher of a mode and a draw.
fn best_of(posterior: &JointPosterior, mode: Option<&Mode>, draw: Option<Vec<f64>>) -> Vec<f64> {
    let candidates = mode.map(|m| m.x.clone()).into_iter().chain(draw);
    let values = candidates.filter_map(|x| posterior.values(&x));
    values
        .map(|v| (posterior.ln_posterior(&v), v))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map_or_else(|| posterior.starts(), |b| b.1)
}

fn of_importance(posterior: &JointPosterior, mode: &Mode, run: ImportanceRun) -> Sampled {
    let shortfall = (run.status != ImportanceStatus::Converged).then(|| run.status.to_string());
    let best = best_of(posterior, Some(mode), run.draws.best().map(|i| run.draws.position(i).to_vec()));
    Sampled {
        draws: weighted(&run.draws, |x| posterior.values(x)),
        best,
        method: "importance",
        evaluations: run.evaluations,
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
