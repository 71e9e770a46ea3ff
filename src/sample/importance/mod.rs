//! Adaptive importance sampling: draws from a mixture of Students that learns the density, corrected by weights.
//!
//! ```text
//! modes      where the caller found the density to be high, with covariances
//! pilot      a short ensemble from the modes learns the shape                          (pilot)
//! warp       a coordinate near a hard limit is mapped to the whole line                (warp)
//! bend       and each coordinate is bent until its draws are nearly normal, where proposals serve badly   (bend)
//! mixture    Students fitted to weighted places by expectation and maximisation        (mixture, clustering, blocks)
//! proposal   the mixture, a wide Student around it, and the modes that were given      (proposal)
//! rounds     draw, weigh, fit again, until the effective size asked for is there       (run, learning, rounds)
//! guide      a cheaper density that is nearly the one wanted, to learn from           (guided)
//! k-hat      how heavy the tail of the weights is; above its limit nothing is trusted  (pareto)
//! walkers    where it is too heavy, walkers may go on from the draws and the last proposal   (independence)
//! ```
//!
//! The draws handed back are those of the last proposal, which was fitted to earlier draws and does not change once it is
//! good enough; each weighs the density over that proposal. They are a third of all calls and more. Keeping the
//! draws of all rounds, weighted over the mean of all proposals (Cornuet et al. 2012, Scand. J. Stat. 39, 798), was tried
//! and gives half as many effective draws again, but variances too small by one to three of their stated errors at a
//! thousand effective draws, and an evidence too small by some per cent: a draw that a later proposal was fitted to
//! weighs too little. So the earlier draws only shape the proposals. Weights are not smoothed either, as the smoothed tail
//! of bent densities is too light; k-hat serves as the diagnostic that it is.

mod bend;
mod blocks;
mod clustering;
mod guided;
mod independence;
mod learning;
mod mixture;
mod pareto;
mod pilot;
mod proposal;
mod rounds;
mod run;
mod warp;

pub use guided::importance_sample_guided;
pub use independence::Independence;
pub use pareto::{GeneralisedPareto, reliable_shape, smooth_tail};
pub use run::{GuideRun, ImportanceRun, ImportanceStatus, importance_sample};

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
    /// Draws of a round, at least; 30 for each dimension in any case.
    pub least_draws: usize,
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
            least_draws: 200,
            max_components: 14,
            defensive_fraction: 0.1,
            evaluation: Evaluation::Serial,
        }
    }
}
