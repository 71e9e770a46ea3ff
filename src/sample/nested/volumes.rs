//! The prior volume that each dead point stands for.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Log widths of the shells between dead points, when the i-th left `counts[i]` live points (itself among them):
/// X_i = X_{i−1} t_i with ln t_i = −1/counts[i] in the mean.
pub(super) fn mean_log_widths(log_start: f64, counts: &[usize]) -> Vec<f64> {
    log_widths(log_start, counts.iter().map(|n| -1.0 / *n as f64))
}

fn log_widths(log_start: f64, log_shrinks: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut log_volume = log_start;
    log_shrinks
        .map(|log_t| {
            let width = log_volume + (-log_t.exp_m1()).ln();
            log_volume += log_t;
            width
        })
        .collect()
}

/// ln Σ L w, and the standard deviation of that when the shrinkages scatter as they do: the largest of n uniform numbers,
/// t = u^(1/n).
pub(super) fn log_evidence(log_start: f64, counts: &[usize], log_likelihood: &[f64], seed: u64) -> (f64, f64) {
    const REPLICATES: usize = 200;
    let total = |widths: &[f64]| {
        let terms = || widths.iter().zip(log_likelihood).map(|(w, l)| w + l);
        let highest = terms().fold(f64::NEG_INFINITY, f64::max);
        highest + terms().map(|t| (t - highest).exp()).sum::<f64>().ln()
    };
    let mean = total(&mean_log_widths(log_start, counts));
    let mut rng = StdRng::seed_from_u64(seed);
    let mut replicates = Vec::with_capacity(REPLICATES);
    for _ in 0..REPLICATES {
        let shrinks: Vec<f64> = counts.iter().map(|n| (1.0 - rng.random::<f64>()).ln() / *n as f64).collect();
        replicates.push(total(&log_widths(log_start, shrinks.into_iter())));
    }
    let centre = replicates.iter().sum::<f64>() / REPLICATES as f64;
    let variance = replicates.iter().map(|r| (r - centre).powi(2)).sum::<f64>() / (REPLICATES - 1) as f64;
    (mean, variance.sqrt())
}

/// Probability of ranks (fractions in 0..1) as uneven as these or more, by the Kolmogorov–Smirnov statistic. New points of a
/// faultless run fall among the live ones at any rank alike (Fowlie, Handley & Su 2020, MNRAS 497, 5256).
pub(super) fn uniform_probability(mut ranks: Vec<f64>) -> f64 {
    let n = ranks.len() as f64;
    if ranks.is_empty() {
        return 1.0;
    }
    ranks.sort_unstable_by(f64::total_cmp);
    let gap = |(i, r): (usize, &f64)| (r - i as f64 / n).abs().max(((i + 1) as f64 / n - r).abs());
    let largest = ranks.iter().enumerate().map(gap).fold(0.0, f64::max);
    let lambda = largest * (n.sqrt() + 0.12 + 0.11 / n.sqrt());
    if lambda < 0.3 {
        return 1.0;
    }
    let term = |k: i32| f64::from(if k % 2 == 1 { 2 } else { -2 }) * (-2.0 * f64::from(k * k) * lambda * lambda).exp();
    (1..=20).map(term).sum::<f64>().clamp(0.0, 1.0)
}
