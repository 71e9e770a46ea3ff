//! One row of the result table.

use crate::math::quantile_sorted;
use crate::sample::diagnostics::{ess_bulk, ess_tail, mcse_quantile, rank_normalised_r_hat};

/// Posterior of one quantity.
#[derive(Clone, Debug, PartialEq)]
pub struct ParameterSummary {
    pub name: String,
    /// Empty for a plain number.
    pub unit: String,
    pub description: String,
    pub median: f64,
    /// Central 68.27 % of the draws.
    pub lower_68: f64,
    pub upper_68: f64,
    /// Central 95.45 % of the draws.
    pub lower_95: f64,
    pub upper_95: f64,
    /// Value at the highest posterior density found.
    pub map: f64,
    pub ess_bulk: f64,
    pub ess_tail: f64,
    pub r_hat: f64,
    /// Monte-Carlo standard error of the median.
    pub mcse: f64,
}

impl ParameterSummary {
    /// Half the width of the central 68 %.
    pub fn sigma(&self) -> f64 {
        0.5 * (self.upper_68 - self.lower_68)
    }
}

/// Probabilities of the lower bounds, Φ(−1) and Φ(−2).
const LOWER_68: f64 = 0.158_655_253_931_457;
const LOWER_95: f64 = 0.022_750_131_948_179;

/// Summarises the draws of each walker; `groups` deals walkers for R-hat as the run did.
pub(super) fn summarise(
    (name, unit, description): (&str, &str, &str),
    series: &[Vec<f64>],
    grouped: &[Vec<f64>],
    map: f64,
) -> ParameterSummary {
    let mut sorted = series.concat();
    sorted.sort_unstable_by(f64::total_cmp);
    let quantile = |p| quantile_sorted(&sorted, p);
    ParameterSummary {
        name: name.into(),
        unit: unit.into(),
        description: description.into(),
        median: quantile(0.5),
        lower_68: quantile(LOWER_68),
        upper_68: quantile(1.0 - LOWER_68),
        lower_95: quantile(LOWER_95),
        upper_95: quantile(1.0 - LOWER_95),
        map,
        ess_bulk: ess_bulk(series),
        ess_tail: ess_tail(series),
        r_hat: rank_normalised_r_hat(grouped),
        mcse: mcse_quantile(series, 0.5),
    }
}

/// The row of a quantity that cannot be computed: NaN throughout.
pub(super) fn unknown((name, unit, description): (&str, &str, &str)) -> ParameterSummary {
    let nan = f64::NAN;
    ParameterSummary {
        name: name.into(),
        unit: unit.into(),
        description: description.into(),
        median: nan,
        lower_68: nan,
        upper_68: nan,
        lower_95: nan,
        upper_95: nan,
        map: nan,
        ess_bulk: nan,
        ess_tail: nan,
        r_hat: nan,
        mcse: nan,
    }
}
