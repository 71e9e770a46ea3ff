//! Posterior of one transiting planet: parameters, priors, posterior density, optimiser, sampler, results.
//!
//! ```text
//! FitData          windows around the transits of a candidate       (data)
//! ParameterTable   names, units, priors, coordinates                 (parameters, prior)
//! Posterior        prior × likelihood, a sample::LogDensity          (posterior, model)
//! optimise, start  best fits from several starts; walkers round them
//! sampling         draws, by importance sampling or an ensemble, in coordinates of their own  (coordinates)
//! TransitFit       summaries, derived quantities, draws, diagnostics, status   (result, summary, derived, draws)
//! ```

mod config;
mod coordinates;
mod data;
mod derived;
mod draws;
mod gathered;
pub mod joint;
mod model;
mod optimise;
mod parameters;
mod posterior;
mod prior;
mod result;
mod ridge;
mod sampling;
mod start;
mod summary;

pub use config::{Baseline, ExposureHandling, FitConfig, Method};
pub use data::FitData;
pub use draws::Draws;
pub use parameters::{Parameter, ParameterTable, Quantity};
pub use posterior::Posterior;
pub use prior::Prior;
pub use result::{FitStatus, TransitFit};
pub use sampling::Sampled;
pub use summary::QuantitySummary;

use crate::ephemeris::Candidate;
use crate::sample::SampleError;
use crate::star::Star;

/// Why there is no fit. A fit that has not converged is not an error, but a [`TransitFit`] that says so.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FitError {
    #[error("the candidate's {name} is {value}")]
    Candidate { name: &'static str, value: f64 },
    #[error("columns differ in length: {time} times, {flux} fluxes, {flux_err} flux errors")]
    Lengths { time: usize, flux: usize, flux_err: usize },
    #[error("row {row} has a value that is not finite, or an error that is not positive")]
    BadPoint { row: usize },
    #[error("only {found} points around the transits, {needed} needed")]
    TooFewPoints { found: usize, needed: usize },
    #[error("none of the {points} points is in transit")]
    NoTransit { points: usize },
    #[error("no parameter is called `{name}`; there are {known}")]
    UnknownParameter { name: String, known: String },
    #[error("the prior of {name} is impossible: {prior:?}")]
    Prior { name: &'static str, prior: Prior },
    #[error("no possible model was found near the candidate (period {period} d, duration {duration} d)")]
    NoStart { period: f64, duration: f64 },
    #[error("the sampler failed")]
    Sample(#[from] SampleError),
}

/// Name, unit and description of every quantity that a fit can report: sampled parameters, then derived ones.
pub fn quantities() -> Vec<Quantity> {
    parameters::all().chain(derived::all()).collect()
}

/// Fits one planet on a circular orbit to `data`: finds the best fits near `candidate`, then samples until `config.sampler`
/// is satisfied. The same arguments give the same bits.
pub fn fit_candidate(
    data: &FitData,
    candidate: &Candidate,
    star: &Star,
    config: &FitConfig,
    seed: u64,
) -> Result<TransitFit, FitError> {
    let table = ParameterTable::new(data, candidate, star, config)?;
    let posterior = Posterior::new(data, &table, config.exposure);
    let optima = optimise::optimise(&posterior, candidate);
    let sampling = sampling::sample(&posterior, &optima, config, seed)?;
    let (Some(best), Some(sampling)) = (optima.first(), sampling) else {
        return Err(FitError::NoStart { period: candidate.ephemeris.period, duration: candidate.duration });
    };
    Ok(TransitFit::new(&posterior, best, sampling, star, config, seed))
}
