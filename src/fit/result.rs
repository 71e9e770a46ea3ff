//! What a fit gives: summaries, draws, diagnostics, status.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::StandardNormal;

use super::FitConfig;
use super::derived::Derivation;
use super::draws::{Draws, pick};
use super::optimise::Optimum;
use super::posterior::Posterior;
use super::sampling::{Sampled, Sampling};
use super::summary::{QuantitySummary, summarise};
use crate::sample::diagnostics::Diagnostics;
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

/// The posterior of one planet.
#[derive(Clone, Debug, PartialEq)]
pub struct TransitFit {
    /// Sampled parameters, in the order of the parameter table.
    pub sampled: Vec<QuantitySummary>,
    /// Quantities that follow from them; NaN where the star is not known well enough.
    pub derived: Vec<QuantitySummary>,
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
        let Sampling { places, ln_posterior, structure, diagnostics, status, sampled: sampler } = sampling;
        let table = posterior.table();
        let best = ln_posterior.iter().zip(&places).max_by(|a, b| a.0.total_cmp(b.0));
        let (map_x, ln_posterior_map) = match best {
            Some((value, x)) if *value > optimum.ln_posterior => (x, *value),
            _ => (&optimum.x, optimum.ln_posterior),
        };
        let map = table.values(map_x);
        let derivation = Derivation::new(star);
        let map_derived = derivation.values(&map, [0.0; 2]);

        // the star's own errors, drawn anew for each draw
        let mut rng = StdRng::seed_from_u64(seed.wrapping_add(2));
        let n_sampled = table.parameters().len();
        let mut columns = vec![Vec::with_capacity(places.len()); n_sampled + map_derived.len()];
        for x in &places {
            let values = table.values(x);
            let normals = [rng.sample::<f64, _>(StandardNormal), rng.sample::<f64, _>(StandardNormal)];
            let derived = derivation.values(&values, normals);
            let all = (0..n_sampled).map(|i| table.reported(&values, i)).chain(derived);
            columns.iter_mut().zip(all).for_each(|(column, value)| column.push(value));
        }

        let summary = |name: &str, labels, column: &[f64], map| summarise(name.into(), labels, column, &structure, map);
        let parameters = table.parameters().iter().enumerate();
        let sampled: Vec<_> = parameters
            .map(|(i, p)| summary(p.name, (p.unit, p.description), &columns[i], table.reported(&map, i)))
            .collect();
        let derived: Vec<_> = derivation
            .quantities()
            .zip(&columns[n_sampled..])
            .zip(map_derived)
            .map(|((q, column), map)| summary(q.name, (q.unit, q.description), column, map))
            .collect();

        let picked = pick(&structure, places.len(), config.stored_draws, seed.wrapping_add(3));
        let draws = Draws {
            names: sampled.iter().chain(&derived).map(|s| s.name.clone()).collect(),
            chain: picked.iter().map(|p| p.chain).collect(),
            draw: picked.iter().map(|p| p.draw).collect(),
            ln_posterior: picked.iter().map(|p| ln_posterior[p.row]).collect(),
            columns: columns.iter().map(|c| picked.iter().map(|p| c[p.row]).collect()).collect(),
        };
        Self {
            draws,
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
    pub fn get(&self, name: &str) -> Option<&QuantitySummary> {
        self.sampled.iter().chain(&self.derived).find(|s| s.name == name)
    }

    pub fn is_converged(&self) -> bool {
        self.status == FitStatus::Converged
    }
}
