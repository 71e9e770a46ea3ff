//! The no-U-turn sampler: Hamiltonian trajectories that stop where they begin to come back.
//!
//! ```text
//! metric    the mass matrix: diagonal or dense                                       (metric)
//! tree      one transition: doubling, multinomial choice along the trajectory        (tree)
//! warm_up   step size by dual averaging, metric in windows of growing length         (warm_up)
//! chain     one chain: warming up, then draws                                        (chain, stream)
//! run       chains, until the effective sizes and R-hat asked for are there          (run)
//! ```
//! Hoffman & Gelman 2014 (JMLR 15, 1593) with the multinomial choice and the generalised criterion of Betancourt 2017
//! (arXiv:1701.02434, appendix A). Coordinates with limits are sampled through a logit or logarithm (`unbounded`).

mod chain;
mod metric;
mod run;
mod stream;
mod tree;
mod unbounded;
mod warm_up;

pub use metric::MetricKind;
pub use run::{NutsCheckpoint, NutsConfig, NutsProgress, NutsRun, Spread, continue_nuts, nuts};

use super::LogDensity;

/// A log density with its gradient.
pub trait GradientLogDensity: LogDensity {
    /// Log density at `x`; writes its derivatives with respect to `x` to `gradient` (`dim` values). Where the log density is
    /// −∞ the gradient is not read.
    fn log_density_gradient(&self, x: &[f64], gradient: &mut [f64]) -> f64;
}
