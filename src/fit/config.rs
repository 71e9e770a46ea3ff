//! Settings of a fit.

use std::collections::BTreeMap;

use super::prior::Prior;
use crate::sample::RunConfig;

/// Shape of the flux out of transit, common to all windows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Baseline {
    /// Exactly 1.
    Fixed,
    /// A constant near 1, fitted: flux = baseline × transit.
    #[default]
    Constant,
    /// A constant and a slope in time: flux = (baseline + slope × days from the reference transit) × transit.
    Linear,
}

/// What a data point is compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExposureHandling {
    /// The model's mean over the exposure.
    #[default]
    Integrate,
    /// The model at mid-exposure.
    Instantaneous,
}

/// How a posterior is sampled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// By importance sampling, and by an ensemble where the weights of that have too heavy a tail.
    #[default]
    Auto,
    /// By adaptive importance sampling about the best fits alone.
    Importance,
    /// By an ensemble of walkers alone.
    Ensemble,
}

/// Settings of a fit of one planet on a circular orbit; every default is meant to serve without being touched.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FitConfig {
    /// Half-width of the windows around transits, in units of the candidate's duration T14; windows end half-way to the
    /// neighbouring transits.
    pub window: f64,
    /// Shape of the flux out of transit.
    pub baseline: Baseline,
    /// Whether the model is averaged over exposures.
    pub exposure: ExposureHandling,
    /// Least relative error of a stellar density used as a prior, since densities from catalogues rest on models.
    pub rho_star_min_relative_err: f64,
    /// Standard deviation that unknown eccentricities add to ln ρ*. A circular fit finds
    ///
    /// ```text
    /// ρ ((1 + e sin ω) / √(1 − e²))³         Kipping 2010 (MNRAS 407, 301)
    /// ```
    /// in place of ρ, whose logarithm is between −0.22 and 0.72 in 68 % of transiting planets with the eccentricities of Kipping
    /// 2013 (MNRAS 434, L51; Beta(0.697, 3.27) of periods below 382 d). 0 where orbits are known to be circular.
    pub rho_star_eccentricity_sigma: f64,
    /// Priors in place of the default ones, by parameter name; see [`ParameterTable`](super::ParameterTable) for both.
    pub priors: BTreeMap<String, Prior>,
    /// How the posterior is sampled.
    pub method: Method,
    /// Evaluations of the posterior after which importance sampling is given up; five times as many where its k-hat is
    /// below 1.
    pub max_proposals: usize,
    /// Walkers of the ensemble; four for each parameter if `None`.
    pub walkers: Option<usize>,
    /// When to stop sampling. Importance sampling heeds `min_ess` and `evaluation` alone.
    pub sampler: RunConfig,
    /// Posterior draws to keep in the result, evenly spaced over the chain.
    pub stored_draws: usize,
}

impl Default for FitConfig {
    fn default() -> Self {
        Self {
            window: 2.0,
            baseline: Baseline::Constant,
            exposure: ExposureHandling::Integrate,
            rho_star_min_relative_err: 0.1,
            rho_star_eccentricity_sigma: 0.5,
            priors: BTreeMap::new(),
            method: Method::Auto,
            max_proposals: 60_000,
            walkers: None,
            sampler: RunConfig::default(),
            stored_draws: 2000,
        }
    }
}
