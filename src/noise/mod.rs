//! Correlated noise of stars as Gaussian processes whose cost grows as the number of cadences.
//!
//! ```text
//! Oscillator       damped, driven: granulation, rotation (a sum of two), Matérn-3/2 (Q = 1/2)    (oscillator)
//! propagator       exp(F τ) of its state, smooth through critical damping                        (propagator)
//! log_likelihood   of residuals under a sum of them and white noise, and its gradient            (likelihood)
//! ```

mod likelihood;
mod oscillator;
mod propagator;

pub use likelihood::{Gradient, MOST_OSCILLATORS, log_likelihood, log_likelihood_gradient, smooth, solve};
pub use oscillator::{Oscillator, rotation};

/// Why a likelihood cannot be computed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoiseError {
    #[error("{found} oscillators in a sum, at most {most} are possible")]
    Oscillators { found: usize, most: usize },
    #[error("oscillator {index} needs a finite σ and finite, positive ω₀ and Q")]
    Parameters { index: usize },
    #[error("{time} times, {residuals} residuals and {variance} variances")]
    Lengths { time: usize, residuals: usize, variance: usize },
    #[error("time {index} is earlier than the one before it, or one of them is not a number")]
    Order { index: usize },
}
