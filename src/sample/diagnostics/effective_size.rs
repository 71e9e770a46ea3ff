//! Effective sample sizes of several chains, and the Monte-Carlo errors that follow.
//!
//! After Vehtari et al. 2021 (Bayesian Analysis 16, 667): chains are split in halves, the variance between chains counts
//! as autocorrelation, and the sum over lags ends by Geyer's initial monotone sequence.

use statrs::distribution::{Beta, ContinuousCDF};

use super::fourier::mean_autocovariance;
use super::ranks::rank_normalise;
use super::{mean, split_chains, usable, variance};

/// Effective number of independent draws for the bulk of the distribution (of the rank-normalised values). NaN for fewer
/// than eight draws.
pub fn ess_bulk(chains: &[Vec<f64>]) -> f64 {
    if !usable(chains, 8) {
        return f64::NAN;
    }
    ess(&rank_normalise(&split_chains(chains)))
}

/// The smaller of the effective sizes for the 5 % and the 95 % quantile.
pub fn ess_tail(chains: &[Vec<f64>]) -> f64 {
    let (low, high) = (ess_quantile(chains, 0.05), ess_quantile(chains, 0.95));
    if low.is_nan() || high.is_nan() { f64::NAN } else { low.min(high) }
}

/// Effective number of draws for the mean of the values as they are.
pub fn ess_mean(chains: &[Vec<f64>]) -> f64 {
    if !usable(chains, 8) {
        return f64::NAN;
    }
    ess(&split_chains(chains))
}

/// Effective number of draws for the quantile `probability`: that of the indicator of values at or below it.
pub fn ess_quantile(chains: &[Vec<f64>], probability: f64) -> f64 {
    if !usable(chains, 8) {
        return f64::NAN;
    }
    let mut sorted = chains.concat();
    sorted.sort_unstable_by(f64::total_cmp);
    let quantile = crate::math::quantile_sorted(&sorted, probability);
    let below: Vec<Vec<f64>> =
        chains.iter().map(|c| c.iter().map(|v| f64::from(u8::from(*v <= quantile))).collect()).collect();
    ess(&split_chains(&below))
}

/// Monte-Carlo standard error of the mean.
pub fn mcse_mean(chains: &[Vec<f64>]) -> f64 {
    (variance(&chains.concat()) / ess_mean(chains)).sqrt()
}

/// Monte-Carlo standard error of the quantile `probability`: half the width between the sample quantiles at the 16 % and
/// 84 % points of the Beta distribution of its probability (Vehtari et al. 2021, section 4.4).
pub fn mcse_quantile(chains: &[Vec<f64>], probability: f64) -> f64 {
    let size = ess_quantile(chains, probability);
    let Ok(beta) = Beta::new(size * probability + 1.0, size * (1.0 - probability) + 1.0) else {
        return f64::NAN;
    };
    let mut sorted = chains.concat();
    sorted.sort_unstable_by(f64::total_cmp);
    let draws = sorted.len() as f64;
    // Φ(−1) and Φ(1)
    let position = |p: f64| beta.inverse_cdf(p) * draws;
    let low = (position(0.158_655_253_931_457).floor() - 1.0).max(0.0) as usize;
    let high = (position(0.841_344_746_068_543).ceil() - 1.0).min(draws - 1.0) as usize;
    (sorted[high] - sorted[low]) / 2.0
}

/// Effective sample size of chains that are split already.
fn ess(chains: &[Vec<f64>]) -> f64 {
    let (m, n) = (chains.len() as f64, chains[0].len());
    let covariance = mean_autocovariance(chains);
    let first = chains[0][0];
    if chains.iter().flatten().all(|v| *v == first) {
        return m * n as f64;
    }
    let within = covariance[0] * n as f64 / (n as f64 - 1.0);
    let mut total = covariance[0];
    if chains.len() > 1 {
        total += variance(&chains.iter().map(|c| mean(c)).collect::<Vec<_>>());
    }
    let rho = |lag: usize| if lag == 0 { 1.0 } else { 1.0 - (within - covariance[lag]) / total };
    // Geyer: sums of neighbouring pairs are positive and fall for a reversible chain; noise ends the sum where they do not
    let mut sum = 0.0;
    let mut previous = f64::INFINITY;
    let mut lag = 0;
    while lag + 1 < n {
        let pair = rho(lag) + rho(lag + 1);
        if pair < 0.0 || lag + 4 >= n {
            sum += rho(lag).max(0.0) / 2.0;
            break;
        }
        previous = pair.min(previous);
        sum += previous;
        lag += 2;
    }
    let draws = m * n as f64;
    // antithetic chains may do better than independent draws, but not by more than the data can show
    let tau = (2.0 * sum - 1.0).max(1.0 / draws.log10());
    draws / tau
}
