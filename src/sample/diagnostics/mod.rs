//! How far a set of chains can be trusted: autocorrelation time, R-hat, effective sample sizes, Monte-Carlo errors.
//!
//! A "chain" here is a slice of values in time order; several chains are a slice of equally long vectors. What each
//! function needs at least is in its doc; with less it returns NaN, which no stopping rule accepts.

mod autocorrelation;
mod effective_size;
mod fourier;
mod r_hat;
mod ranks;

pub use autocorrelation::integrated_autocorrelation_time;
pub use effective_size::{ess_bulk, ess_mean, ess_quantile, ess_tail, mcse_mean, mcse_quantile};
pub use r_hat::rank_normalised_r_hat;

/// What is known of the quality of a run; one value a coordinate where there are several.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostics {
    /// Integrated autocorrelation time in steps of the ensemble.
    pub tau: Vec<f64>,
    /// Effective sample size for the bulk of the distribution.
    pub ess_bulk: Vec<f64>,
    /// Effective sample size for its 5 % and 95 % quantiles, the smaller.
    pub ess_tail: Vec<f64>,
    /// Rank-normalised split R-hat over groups of walkers.
    pub r_hat: Vec<f64>,
    /// Accepted over proposed moves, mean over walkers.
    pub acceptance: f64,
    /// Lowest acceptance of a walker.
    pub acceptance_min: f64,
    /// Steps made, burn-in included.
    pub steps: usize,
    /// Steps left out at the start.
    pub burn_in: usize,
    /// Steps between stored draws.
    pub thin: usize,
    /// Evaluations of the log density.
    pub evaluations: usize,
}

/// Splits each chain in its first and last half, leaving the middle value of an odd length out.
fn split_chains(chains: &[Vec<f64>]) -> Vec<Vec<f64>> {
    chains
        .iter()
        .flat_map(|c| {
            let half = c.len() / 2;
            [c[..half].to_vec(), c[c.len() - half..].to_vec()]
        })
        .collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Sample variance, n − 1 in the denominator.
fn variance(values: &[f64]) -> f64 {
    let m = mean(values);
    values.iter().map(|v| (v - m).powi(2)).sum::<f64>() / (values.len() as f64 - 1.0)
}

/// Whether there are chains, all of one length of at least `needed`, and all values finite.
fn usable(chains: &[Vec<f64>], needed: usize) -> bool {
    chains.first().is_some_and(|first| {
        first.len() >= needed && chains.iter().all(|c| c.len() == first.len() && c.iter().all(|v| v.is_finite()))
    })
}
