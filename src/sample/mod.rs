//! Sampling of log densities by ensembles of walkers, and the diagnostics that say when to stop; knows no transits.
//!
//! ```text
//! LogDensity          what to sample: x in R^dim -> log density, −∞ where x is impossible
//! moves::Move         how a walker is proposed a new place: stretch, differential evolution, snooker
//! Ensemble            walkers, stepped in two halves                        (Goodman & Weare 2010)
//! Chain               what the walkers visited: draws × walkers × dim
//! diagnostics         autocorrelation time, R-hat, effective sample sizes, Monte-Carlo errors
//! run_until_converged all of these: steps, looks, and stops by a stated rule
//! ```
//!
//! Everything random comes from one seed, and the log densities of a half-ensemble may be evaluated in parallel
//! without changing a bit of the result.

mod chain;
pub mod diagnostics;
mod ensemble;
pub mod moves;
mod run;

pub use chain::Chain;
pub use ensemble::{Ensemble, Evaluation};
pub(crate) use run::grouped;
pub use run::{RunConfig, Shortfall, Status, run_until_converged};

/// A log probability density over R^dim, known up to a constant.
pub trait LogDensity: Sync {
    /// Number of coordinates.
    fn dim(&self) -> usize;
    /// Log density at `x` (`dim` values); −∞ where `x` is impossible, never NaN.
    fn log_density(&self, x: &[f64]) -> f64;
}

/// Why a sampler cannot start or go on.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SampleError {
    #[error("{found} walkers are too few for {dim} dimensions: an even number of at least {needed} is needed")]
    Walkers { found: usize, dim: usize, needed: usize },
    #[error("walker {walker} starts with {found} coordinates, the density has {dim}")]
    Dimension { walker: usize, found: usize, dim: usize },
    #[error("walker {walker} starts where the log density is {log_density}")]
    Start { walker: usize, log_density: f64 },
    #[error("the log density is not a number at {position:?}")]
    NotANumber { position: Vec<f64> },
    #[error("no move has a positive weight")]
    NoMove,
}
