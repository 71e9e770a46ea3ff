//! Adaptive importance sampling: draws from a mixture of Students that learns the density, corrected by weights.
//!
//! ```text
//! modes      where the caller found the density to be high, with covariances
//! pilot      a short ensemble from the modes learns the shape                          (pilot)
//! warp       a coordinate near a hard limit is mapped to the whole line                (warp)
//! mixture    Students fitted to weighted places by expectation and maximisation        (mixture, clustering)
//! rounds     draw, weigh, fit again, until the effective size asked for is there       (run)
//! k-hat      how heavy the tail of the weights is; above its limit nothing is trusted  (pareto)
//! ```
//!
//! Draws of all rounds are kept, each weighted by the density over the mean of *all* rounds' proposals (deterministic
//! mixture weights: Veach & Guibas 1995; Owen & Zhou 2000, JASA 95, 135; in rounds: Cornuet et al. 2012, Scand. J. Stat. 39,
//! 798). An early, poor round then costs little: where later proposals are dense its draws weigh what theirs do, and its
//! wide tails keep the weights bounded. Weights of draws that later proposals were fitted to come out too small, by some
//! per cent at a thousand draws; so the last proposal is fitted to about a third of all draws at most and the rest are drawn
//! from it as it stands, and only these give the evidence.

mod clustering;
mod mixture;
mod pareto;
mod pilot;
mod run;
mod warp;

pub use pareto::{GeneralisedPareto, reliable_shape, smooth_tail};
pub use run::{ImportanceRun, ImportanceStatus, importance_sample};

use super::Evaluation;

/// A place of high density to start from.
#[derive(Clone, Debug, PartialEq)]
pub struct StartingMode {
    /// The maximum, `dim` values; the density must be positive there.
    pub centre: Vec<f64>,
    /// Covariance of the density around it, dim × dim; the inverse Hessian of a least-squares fit will do. Only its
    /// diagonal is used where it is not positive definite.
    pub covariance: Vec<f64>,
}

/// What is asked for, and what it may cost.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ImportanceConfig {
    /// Effective sample size asked for: Kish's of the weights, and bulk and tail of every coordinate.
    pub min_ess: f64,
    /// Evaluations of the density after which the run ends, enough or not; the pilot's included.
    pub max_evaluations: usize,
    /// Walkers of the pilot for each dimension; at least two dimensions' worth more are used, and an even number.
    pub pilot_walkers_per_dimension: usize,
    /// Steps of the pilot.
    pub pilot_steps: usize,
    /// Most Students in the mixture.
    pub max_components: usize,
    /// Share of each round's draws that comes from a Student twice as wide as all draws so far, which guards the tails.
    pub defensive_fraction: f64,
    pub evaluation: Evaluation,
}

impl Default for ImportanceConfig {
    fn default() -> Self {
        Self {
            min_ess: 1000.0,
            max_evaluations: 200_000,
            pilot_walkers_per_dimension: 4,
            pilot_steps: 20,
            max_components: 8,
            defensive_fraction: 0.05,
            evaluation: Evaluation::Serial,
        }
    }
}
