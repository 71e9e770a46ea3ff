//! R-hat: whether chains agree with each other and with themselves later on.

use super::ranks::rank_normalise;
use super::{mean, split_chains, usable, variance};

/// Rank-normalised split R-hat, the larger of the one for location and the one for spread (values folded about their
/// median), after Vehtari et al. 2021 (Bayesian Analysis 16, 667). 1 where chains agree; above 1.01 they do not.
///
/// NaN for fewer than four draws or one value throughout.
pub fn rank_normalised_r_hat(chains: &[Vec<f64>]) -> f64 {
    if !usable(chains, 4) {
        return f64::NAN;
    }
    let split = split_chains(chains);
    let centre = crate::math::median(&split.concat());
    let folded: Vec<Vec<f64>> = split.iter().map(|c| c.iter().map(|v| (v - centre).abs()).collect()).collect();
    let location = r_hat(&rank_normalise(&split));
    let spread = r_hat(&rank_normalise(&folded));
    if location.is_nan() || spread.is_nan() { f64::NAN } else { location.max(spread) }
}

/// √((W (n − 1)/n + B/n) / W), W the mean variance within chains and B/n the variance of their means.
fn r_hat(chains: &[Vec<f64>]) -> f64 {
    let n = chains[0].len() as f64;
    let within = mean(&chains.iter().map(|c| variance(c)).collect::<Vec<_>>());
    let between = variance(&chains.iter().map(|c| mean(c)).collect::<Vec<_>>());
    ((n - 1.0) / n + between / within).sqrt()
}
