//! Summaries of one quantity from draws that are weighted or come in chains.

use super::draws::Structure;
use crate::math::quantile_sorted;
use crate::sample::diagnostics::{ess_bulk, ess_tail, mcse_quantile, rank_normalised_r_hat};
use crate::sample::grouped;

/// Posterior of one quantity.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantitySummary {
    pub name: String,
    /// Empty for a plain number.
    pub unit: &'static str,
    pub description: &'static str,
    pub median: f64,
    /// Central 68.27 % of the posterior.
    pub lower_68: f64,
    pub upper_68: f64,
    /// Central 95.45 % of the posterior.
    pub lower_95: f64,
    pub upper_95: f64,
    /// Value at the highest posterior density found.
    pub map: f64,
    pub ess_bulk: f64,
    pub ess_tail: f64,
    /// Of weighted draws, which are independent, that of the means of four parts.
    pub r_hat: f64,
    /// Monte-Carlo standard error of the median.
    pub mcse: f64,
}

impl QuantitySummary {
    /// Half the width of the central 68 %.
    pub fn sigma(&self) -> f64 {
        0.5 * (self.upper_68 - self.lower_68)
    }
}

/// Probabilities of the lower bounds, Φ(−1) and Φ(−2).
const LOWER_68: f64 = 0.158_655_253_931_457;
const LOWER_95: f64 = 0.022_750_131_948_179;

/// Summarises `values`, one a draw.
pub(super) fn summarise(
    name: String,
    (unit, description): (&'static str, &'static str),
    values: &[f64],
    structure: &Structure,
    map: f64,
) -> QuantitySummary {
    let probabilities = [0.5, LOWER_68, 1.0 - LOWER_68, LOWER_95, 1.0 - LOWER_95];
    let usable = values.iter().all(|v| v.is_finite()) && !values.is_empty();
    let (q, bulk, tail, r_hat, mcse) = match structure {
        _ if !usable => ([f64::NAN; 5], f64::NAN, f64::NAN, f64::NAN, f64::NAN),
        Structure::Chains { length, groups } => {
            let mut sorted = values.to_vec();
            sorted.sort_unstable_by(f64::total_cmp);
            let series: Vec<Vec<f64>> = values.chunks(*length).map(<[f64]>::to_vec).collect();
            (
                probabilities.map(|p| quantile_sorted(&sorted, p)),
                ess_bulk(&series),
                ess_tail(&series),
                rank_normalised_r_hat(&grouped(&series, *groups)),
                mcse_quantile(&series, 0.5),
            )
        }
        Structure::Weighted(weights) => {
            let sorted = Cumulative::new(values, weights);
            let bulk = effective_size(values, weights, |v| v);
            let tail = [0.05, 0.95]
                .map(|p| sorted.quantile(p))
                .map(|q| effective_size(values, weights, |v| f64::from(u8::from(v <= q))));
            // the spread of the share below the median, on the scale of the values
            let half = 0.5 / bulk.sqrt();
            let mcse = 0.5 * (sorted.quantile(0.5 + half) - sorted.quantile(0.5 - half));
            let r_hat = r_hat_of_parts(values, weights);
            (probabilities.map(|p| sorted.quantile(p)), bulk, tail[0].min(tail[1]), r_hat, mcse)
        }
    };
    QuantitySummary {
        name,
        unit,
        description,
        median: q[0],
        lower_68: q[1],
        upper_68: q[2],
        lower_95: q[3],
        upper_95: q[4],
        map,
        ess_bulk: bulk,
        ess_tail: tail,
        r_hat,
        mcse,
    }
}

/// Parts into which weighted draws are dealt, to be compared with each other.
pub(super) const PARTS: usize = 4;

/// √(1 + B/W): B is the variance of the means of the parts, W the mean of their variances.
pub(super) fn r_hat_of_parts(values: &[f64], weights: &[f64]) -> f64 {
    let moments: [(f64, f64); PARTS] = std::array::from_fn(|part| {
        let dealt = || values.iter().zip(weights).skip(part).step_by(PARTS);
        let total: f64 = dealt().map(|d| d.1).sum();
        let mean = dealt().map(|(v, w)| v * w).sum::<f64>() / total;
        (mean, dealt().map(|(v, w)| w * (v - mean).powi(2)).sum::<f64>() / total)
    });
    let n = PARTS as f64;
    let mean = moments.iter().map(|m| m.0).sum::<f64>() / n;
    let between = moments.iter().map(|m| (m.0 - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let within = moments.iter().map(|m| m.1).sum::<f64>() / n;
    (1.0 + between / within).sqrt()
}

/// Values in order, with the share of the weights below each.
struct Cumulative(Vec<(f64, f64)>);

impl Cumulative {
    fn new(values: &[f64], weights: &[f64]) -> Self {
        let mut pairs: Vec<(f64, f64)> = values.iter().copied().zip(weights.iter().copied()).collect();
        pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let total: f64 = weights.iter().sum();
        let mut sum = 0.0;
        for pair in &mut pairs {
            let weight = pair.1 / total;
            pair.1 = sum + 0.5 * weight;
            sum += weight;
        }
        Self(pairs)
    }

    fn quantile(&self, p: f64) -> f64 {
        match self.0.partition_point(|c| c.1 < p) {
            0 => self.0[0].0,
            i if i == self.0.len() => self.0[i - 1].0,
            i => {
                let ((x0, c0), (x1, c1)) = (self.0[i - 1], self.0[i]);
                x0 + (p - c0) / (c1 - c0) * (x1 - x0)
            }
        }
    }
}

/// Number of independent draws that would give the mean of `of` as well: Var(f)/Σ w² (f − mean)².
fn effective_size(values: &[f64], weights: &[f64], of: impl Fn(f64) -> f64) -> f64 {
    let total: f64 = weights.iter().sum();
    let mean = values.iter().zip(weights).map(|(v, w)| w / total * of(*v)).sum::<f64>();
    let (mut spread, mut error) = (0.0, 0.0);
    for (v, w) in values.iter().zip(weights) {
        let (w, square) = (w / total, (of(*v) - mean).powi(2));
        spread += w * square;
        error += w * w * square;
    }
    if error > 0.0 { spread / error } else { f64::NAN }
}
