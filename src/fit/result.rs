//! What a fit gives: summaries, draws, diagnostics, status.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::StandardNormal;

use super::FitConfig;
use super::derived::Derivation;
use super::optimise::Optimum;
use super::posterior::Posterior;
use super::sampling::{Sampled, Sampling};
use super::summary::{ParameterSummary, summarise, unknown};
use crate::sample::diagnostics::Diagnostics;
use crate::sample::{Chain, grouped};
use crate::star::Star;

/// Whether the posterior can be relied on.
#[derive(Clone, Debug, PartialEq)]
pub enum FitStatus {
    Converged,
    /// The results are there, but not what was asked for.
    NotConverged {
        reason: String,
    },
}

/// Draws from the posterior, thinned from the chain; one column a quantity, sampled ones first, then derived ones.
#[derive(Clone, Debug, PartialEq)]
pub struct Draws {
    pub names: Vec<String>,
    /// Walker of each draw; draws by importance sampling are independent, and dealt to four chains.
    pub chain: Vec<u32>,
    /// Number of each draw in its walker's chain, burn-in not counted.
    pub draw: Vec<u32>,
    pub ln_posterior: Vec<f64>,
    /// One vector a name, as long as `draw`.
    pub columns: Vec<Vec<f64>>,
}

/// The posterior of one planet.
#[derive(Clone, Debug, PartialEq)]
pub struct TransitFit {
    /// Sampled parameters, in the order of the parameter table.
    pub sampled: Vec<ParameterSummary>,
    /// Quantities that follow from them; NaN where the star is not known well enough.
    pub derived: Vec<ParameterSummary>,
    pub draws: Draws,
    /// One value a coordinate of the sampler, in the order of the sampled parameters, where there are several. For the radius
    /// ratio the sampler moves the root of the depth, for q1 and q2 it moves u1 and u2.
    pub diagnostics: Diagnostics,
    pub status: FitStatus,
    /// Which sampler drew it.
    pub sampler: Sampled,
    /// Σ (f − m)²/flux_err² at the highest posterior density found, jitter not counted.
    pub chi2: f64,
    pub n_points: usize,
    /// Log posterior density there, over the coordinates of the parameter table, but for a constant.
    pub ln_posterior_map: f64,
    pub seed: u64,
}

impl TransitFit {
    pub(super) fn new(
        posterior: &Posterior,
        optimum: &Optimum,
        sampling: Sampling,
        star: &Star,
        config: &FitConfig,
        seed: u64,
    ) -> Self {
        let Sampling { coordinates, chain, diagnostics, status, sampled: sampler } = sampling;
        let table = posterior.table();
        let place = |d, w| coordinates.to_table(chain.position(d, w)).map_or_else(Vec::new, |(x, _)| x);
        // the density in the table's coordinates, which does not depend on those that were sampled in
        let density = |d, w| {
            let jacobian = coordinates.to_table(chain.position(d, w)).map_or(0.0, |(_, jacobian)| jacobian);
            chain.log_density(d, w) - jacobian
        };
        let all = (0..chain.draws()).flat_map(|d| (0..chain.walkers()).map(move |w| (d, w)));
        let best = all.map(|(d, w)| (density(d, w), d, w)).max_by(|a, b| a.0.total_cmp(&b.0));
        let (map_x, ln_posterior_map) = match best {
            Some((value, d, w)) if value > optimum.ln_posterior => (place(d, w), value),
            _ => (optimum.x.clone(), optimum.ln_posterior),
        };
        let map = table.values(&map_x);
        let derivation = Derivation::new(star);
        let map_derived = derivation.values(&map, [0.0; 2]);

        // the star's own errors, drawn anew for each draw
        let mut rng = StdRng::seed_from_u64(seed.wrapping_add(2));
        let (draws, walkers) = (chain.draws(), chain.walkers());
        let mut columns = vec![vec![Vec::with_capacity(draws); walkers]; chain.dim() + map_derived.len()];
        for d in 0..draws {
            for w in 0..walkers {
                let values = table.values(&place(d, w));
                let normals = [rng.sample::<f64, _>(StandardNormal), rng.sample::<f64, _>(StandardNormal)];
                let derived = derivation.values(&values, normals);
                let all = (0..chain.dim()).map(|i| table.reported(&values, i)).chain(derived);
                for (column, value) in columns.iter_mut().zip(all) {
                    column[w].push(value);
                }
            }
        }

        let groups = config.sampler.r_hat_groups;
        let summary = |labels, series: &[Vec<f64>], map| summarise(labels, series, &grouped(series, groups), map);
        let sampled: Vec<_> = table
            .parameters()
            .iter()
            .enumerate()
            .map(|(i, p)| summary((p.name, p.unit, p.description), &columns[i], table.reported(&map, i)))
            .collect();
        let derived: Vec<_> = derivation
            .quantities()
            .zip(&columns[chain.dim()..])
            .zip(map_derived)
            .map(|(((q, known), series), map)| {
                let labels = (q.name, q.unit, q.description);
                if known { summary(labels, series, map) } else { unknown(labels) }
            })
            .collect();

        Self {
            draws: thinned(&chain, &density, &columns, sampled.iter().chain(&derived), config.stored_draws),
            status,
            sampler,
            sampled,
            derived,
            diagnostics,
            chi2: posterior.chi2(&map),
            n_points: posterior.data().len(),
            ln_posterior_map,
            seed,
        }
    }

    /// The summary of a sampled or derived quantity.
    pub fn get(&self, name: &str) -> Option<&ParameterSummary> {
        self.sampled.iter().chain(&self.derived).find(|s| s.name == name)
    }

    pub fn is_converged(&self) -> bool {
        self.status == FitStatus::Converged
    }
}

/// `wanted` draws evenly spaced over the chain, or all where there are fewer.
fn thinned<'a>(
    chain: &Chain,
    density: &dyn Fn(usize, usize) -> f64,
    columns: &[Vec<Vec<f64>>],
    summaries: impl Iterator<Item = &'a ParameterSummary>,
    wanted: usize,
) -> Draws {
    let total = chain.draws() * chain.walkers();
    let wanted = wanted.min(total);
    let picked: Vec<(usize, usize)> =
        (0..wanted).map(|i| i * total / wanted).map(|i| (i / chain.walkers(), i % chain.walkers())).collect();
    Draws {
        names: summaries.map(|s| s.name.clone()).collect(),
        chain: picked.iter().map(|p| p.1 as u32).collect(),
        draw: picked.iter().map(|p| p.0 as u32).collect(),
        ln_posterior: picked.iter().map(|p| density(p.0, p.1)).collect(),
        columns: columns.iter().map(|c| picked.iter().map(|p| c[p.1][p.0]).collect()).collect(),
    }
}
