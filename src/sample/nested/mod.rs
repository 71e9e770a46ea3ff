//! Nested sampling: evidence and weighted draws from a prior and a likelihood.
//!
//! ```text
//! live points climb in likelihood; at each step the lowest leave and take their share of prior volume with them
//! new ones come from slices through live points, along differences of others            (slice)
//! volumes left over are known in the mean and in their scatter, hence the evidence's error  (volumes)
//! ```
//! Skilling 2006 (Bayesian Analysis 1, 833). Slices need no bounding shapes: they follow bent and disjoint regions, and stay
//! right where ellipsoids would cut a corner off, for some ten times the likelihood calls of an importance sampler.

mod run;
mod slice;
mod volumes;

pub use run::{NestedConfig, NestedRun, NestedStatus, nested};

/// A likelihood over a prior that is given by the map of the unit cube to it.
pub trait PriorTransform: Sync {
    /// Number of coordinates.
    fn dim(&self) -> usize;
    /// Writes to `x` the place of the prior whose cumulative probabilities are `cube` (each in 0..1).
    fn place(&self, cube: &[f64], x: &mut [f64]);
    /// Log likelihood at `x`; −∞ where it is impossible, never NaN.
    fn log_likelihood(&self, x: &[f64]) -> f64;
}
