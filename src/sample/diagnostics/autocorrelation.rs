//! Integrated autocorrelation time of an ensemble.

use super::fourier::mean_autocovariance;
use super::usable;

/// Integrated autocorrelation time, in draws:
///
/// ```text
/// τ = 1 + 2 Σ_{t=1..M} ρ(t),   M the least with M ≥ c τ(M),   c = 5
/// ```
/// with ρ the autocorrelation of the walkers, each first scaled to unit variance, averaged over walkers (window after
/// Sokal 1996). The mean of n draws of w walkers has the variance σ² τ / (n w). Unreliable below about 50 τ draws, where
/// it comes out too short. NaN for fewer than four draws; a walker that never moved counts as wholly correlated.
pub fn integrated_autocorrelation_time(chains: &[Vec<f64>]) -> f64 {
    const WINDOW: f64 = 5.0;
    if !usable(chains, 4) {
        return f64::NAN;
    }
    let n = chains[0].len();
    let mut moving: Vec<Vec<f64>> = Vec::with_capacity(chains.len());
    for chain in chains {
        let m = super::mean(chain);
        let scatter = (chain.iter().map(|v| (v - m).powi(2)).sum::<f64>() / n as f64).sqrt();
        if scatter > 0.0 {
            moving.push(chain.iter().map(|v| (v - m) / scatter).collect());
        }
    }
    if moving.is_empty() {
        return f64::NAN;
    }
    let stuck = (chains.len() - moving.len()) as f64 / chains.len() as f64;
    let covariance = mean_autocovariance(&moving);
    let mut tau = 1.0;
    for (lag, c) in covariance.iter().enumerate().skip(1) {
        tau += 2.0 * ((1.0 - stuck) * c / covariance[0] + stuck);
        if lag as f64 >= WINDOW * tau {
            break;
        }
    }
    tau
}
