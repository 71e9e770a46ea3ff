//! What a joint fit gives: draws, summaries, derived quantities, predicted transits, status.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::StandardNormal;

use super::JointError;
use super::config::JointConfig;
use super::data::JointData;
use super::derived::{Derivation, NORMALS};
use super::ephemerides::{PredictedTransit, predict};
use super::posterior::JointPosterior;
use super::sampling::{DrawsOf, Sampled};
use crate::fit::draws::{Draws, Structure, pick};
use crate::fit::summary::{QuantitySummary, summarise};

/// Whether the posterior can be relied on.
#[derive(Clone, Debug, PartialEq)]
pub enum JointStatus {
    Converged,
    /// The results are there, but not what was asked for.
    NotConverged {
        reason: String,
    },
}

/// How the draws came about.
#[derive(Clone, Debug, PartialEq)]
pub struct JointDiagnostics {
    /// `importance`, `nuts`, `ensemble`, `nested` or `reweighted`.
    pub method: &'static str,
    /// Evaluations of the density by the samplers, the search for modes not counted.
    pub evaluations: usize,
    pub pareto_k: Option<f64>,
    /// Log evidence and its standard error; of importance sampling only where the priors are not cut by what is possible.
    pub log_evidence: Option<(f64, f64)>,
    pub acceptance: Option<f64>,
}

/// The posterior of a joint fit.
#[derive(Clone, Debug, PartialEq)]
pub struct JointFit {
    /// Free parameters, in the order of the table.
    pub fitted: Vec<QuantitySummary>,
    /// Quantities that follow from them.
    pub derived: Vec<QuantitySummary>,
    /// Equally weighted draws, fitted columns first. The density is over the parameters.
    pub draws: Draws,
    pub diagnostics: JointDiagnostics,
    pub status: JointStatus,
    /// Values of the free parameters at the highest density found.
    pub map: Vec<f64>,
    pub ln_posterior_map: f64,
    pub ln_likelihood_map: f64,
    pub n_points: usize,
    pub predicted: Vec<PredictedTransit>,
    pub seed: u64,
}

impl JointFit {
    pub(super) fn new(
        posterior: &JointPosterior,
        sampled: Sampled,
        config: &JointConfig,
        data: &JointData,
    ) -> Result<Self, JointError> {
        let (rows, structure) = match sampled.draws {
            DrawsOf::Weighted { values, weights } => (values, Structure::Weighted(weights)),
            DrawsOf::Chains { chains, groups } => {
                let length = chains.first().map_or(0, Vec::len);
                (chains.into_iter().flatten().collect(), Structure::Chains { length, groups })
            }
        };
        if rows.is_empty() {
            return Err(JointError::NoStart);
        }
        let derivation = Derivation::new(&posterior.model, &config.star.star());
        let seed = config.sampler.seed;
        // the star's own errors, drawn anew for each draw
        let mut rng = StdRng::seed_from_u64(seed.wrapping_add(4));
        let derived: Vec<Vec<f64>> = rows
            .iter()
            .map(|values| {
                let normals: [f64; NORMALS] = std::array::from_fn(|_| rng.sample(StandardNormal));
                derivation.values(values, normals)
            })
            .collect();
        let map = sampled.best;
        let map_derived = derivation.values(&map, [0.0; NORMALS]);
        let column = |from: &[Vec<f64>], i: usize| from.iter().map(|row| row[i]).collect::<Vec<f64>>();
        let fitted: Vec<QuantitySummary> = posterior
            .table()
            .parameters()
            .iter()
            .enumerate()
            .map(|(i, p)| summarise(p.name.clone(), (p.unit, p.description), &column(&rows, i), &structure, map[i]))
            .collect();
        let quantities = derivation.quantities();
        let summaries: Vec<QuantitySummary> = quantities
            .into_iter()
            .enumerate()
            .map(|(i, (name, unit, words))| {
                summarise(name, (unit, words), &column(&derived, i), &structure, map_derived[i])
            })
            .collect();
        let names = fitted.iter().chain(&summaries).map(|s| s.name.clone()).collect();
        let draws = stored(posterior, names, &rows, &derived, &structure, config.sampler.draws, seed);
        let predicted = predict(posterior, data, &rows, &structure, &map, config.sampler.predicted_transits);
        Ok(Self {
            fitted,
            derived: summaries,
            draws,
            diagnostics: JointDiagnostics {
                method: sampled.method,
                evaluations: sampled.evaluations,
                pareto_k: sampled.pareto_k,
                log_evidence: sampled.evidence,
                acceptance: sampled.acceptance,
            },
            status: match sampled.shortfall {
                None => JointStatus::Converged,
                Some(reason) => JointStatus::NotConverged { reason },
            },
            ln_posterior_map: posterior.ln_posterior(&map),
            ln_likelihood_map: posterior.ln_likelihood(&map),
            map,
            n_points: data.n_points(),
            predicted,
            seed,
        })
    }

    /// The summary of a fitted or derived quantity by its full name.
    pub fn get(&self, name: &str) -> Option<&QuantitySummary> {
        self.fitted.iter().chain(&self.derived).find(|s| s.name == name)
    }

    pub fn is_converged(&self) -> bool {
        self.status == JointStatus::Converged
    }
}

fn stored(
    posterior: &JointPosterior,
    names: Vec<String>,
    rows: &[Vec<f64>],
    derived: &[Vec<f64>],
    structure: &Structure,
    wanted: usize,
    seed: u64,
) -> Draws {
    let picked = pick(structure, rows.len(), wanted, seed.wrapping_add(5));
    let n_fitted = posterior.table().parameters().len();
    let column = |c: usize| {
        let value = |row: usize| if c < n_fitted { rows[row][c] } else { derived[row][c - n_fitted] };
        picked.iter().map(|p| value(p.row)).collect()
    };
    Draws {
        chain: picked.iter().map(|p| p.chain).collect(),
        draw: picked.iter().map(|p| p.draw).collect(),
        ln_posterior: picked.iter().map(|p| posterior.ln_posterior(&rows[p.row])).collect(),
        columns: (0..names.len()).map(column).collect(),
        names,
    }
}
