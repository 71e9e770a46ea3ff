//! Sampling of log densities, and the diagnostics that say when to stop; knows no transits.
//!
//! ```text
//! LogDensity          what to sample: x in R^dim -> log density, −∞ where x is impossible
//! moves::Move         how a walker is proposed a new place: stretch, differential evolution, snooker
//! Ensemble            walkers, stepped in two halves                        (Goodman & Weare 2010)
//! Chain               what the walkers visited: draws × walkers × dim
//! diagnostics         autocorrelation time, R-hat, effective sample sizes, Monte-Carlo errors
//! run_until_converged all of these: steps, looks, and stops by a stated rule
//! Checkpoint          such a run in the middle, to be stored and gone on with; that of `nuts` is NutsCheckpoint
//! importance          adaptive importance sampling with Student mixtures: most effective draws a call
//! nuts                the no-U-turn sampler, for densities with a gradient
//! nested              nested sampling: evidence and draws from a prior and a likelihood
//! WeightedDraws       draws with weights: moments, quantiles, effective sizes, equally weighted draws
//! ```
//!
//! Everything random comes from one seed, and the log densities of a half-ensemble may be evaluated in parallel
//! without changing a bit of the result.

pub(crate) mod bits;
mod chain;
pub mod diagnostics;
mod ensemble;
mod evaluate;
mod every;
pub mod importance;
pub mod moves;
pub mod nested;
pub mod nuts;
mod run;
mod weighted;

pub use chain::Chain;
pub(crate) use ensemble::check_walkers;
pub use ensemble::{Ensemble, EnsembleState};
pub use evaluate::Evaluation;
pub use every::Every;
pub(crate) use run::grouped;
pub use run::{Checkpoint, Progress, RunConfig, Shortfall, Status, continue_run, run_until_converged};
pub use weighted::{EqualDraws, WeightedDraws};

/// The interval of a coordinate outside which a density is zero; infinite where there is no limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    pub lower: f64,
    pub upper: f64,
}

impl Bounds {
    /// The whole real line.
    pub const FREE: Self = Self { lower: f64::NEG_INFINITY, upper: f64::INFINITY };
}

/// A log probability density over R^dim, known up to a constant.
pub trait LogDensity: Sync {
    /// Number of coordinates.
    fn dim(&self) -> usize;
    /// Log density at `x` (`dim` values); −∞ where `x` is impossible, never NaN.
    fn log_density(&self, x: &[f64]) -> f64;
    /// Log densities at several places, `xs` (places × dim), one value in `out` for each; override where a batch is
    /// cheaper than its parts. What is written for a place must not depend on the other places of the batch, or a run
    /// would depend on how it was split.
    fn log_density_batch(&self, xs: &[f64], out: &mut [f64]) {
        for (x, out) in xs.chunks_exact(self.dim()).zip(out) {
            *out = self.log_density(x);
        }
    }
    /// Where `coordinate` has hard limits. Only a help: samplers that know of a limit waste fewer proposals beyond it and
    /// follow a density better that piles up against it; the log density must be −∞ beyond all the same.
    fn bounds(&self, _coordinate: usize) -> Bounds {
        Bounds::FREE
    }
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
    #[error("a checkpoint of {found} dimensions does not fit a density of {dim}, or it is damaged")]
    Checkpoint { found: usize, dim: usize },
    #[error("no move has a positive weight")]
    NoMove,
    #[error("{found} live points are too few, {needed} are needed")]
    LivePoints { found: usize, needed: usize },
    #[error("the likelihood was zero at nearly all of {tries} places of the prior")]
    Impossible { tries: usize },
    #[error("no starting mode or place was given")]
    NoMode,
    #[error("mode {mode} has {found} numbers in its {what}, {needed} needed")]
    ModeShape { mode: usize, what: &'static str, found: usize, needed: usize },
    #[error("the log density is {log_density} at the centre of mode {mode}")]
    ModeStart { mode: usize, log_density: f64 },
}
