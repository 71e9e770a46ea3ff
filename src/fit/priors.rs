//! Prior distributions of one parameter.

use std::f64::consts::{LN_2, PI};

use statrs::function::erf::erf;

/// A prior on a parameter's natural value (the one in the result table, not its logarithm). Normalised.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Prior {
    /// Constant between `low` and `high`.
    Uniform {
        low: f64,
        high: f64,
    },
    /// Constant in the logarithm between `low` and `high`, both positive.
    LogUniform {
        low: f64,
        high: f64,
    },
    Normal {
        mean: f64,
        sigma: f64,
    },
    /// A normal distribution cut to `low`..`high`.
    TruncatedNormal {
        mean: f64,
        sigma: f64,
        low: f64,
        high: f64,
    },
    /// The logarithm is normal, with standard deviation `sigma`, about that of `median`.
    LogNormal {
        median: f64,
        sigma: f64,
    },
}

impl Prior {
    /// Whether the numbers make a distribution.
    pub fn is_valid(&self) -> bool {
        let ordered = |low: f64, high: f64| low.is_finite() && high.is_finite() && low < high;
        let spread = |mean: f64, sigma: f64| mean.is_finite() && sigma.is_finite() && sigma > 0.0;
        match *self {
            Self::Uniform { low, high } => ordered(low, high),
            Self::LogUniform { low, high } => ordered(low, high) && low > 0.0,
            Self::Normal { mean, sigma } => spread(mean, sigma),
            Self::TruncatedNormal { mean, sigma, low, high } => spread(mean, sigma) && ordered(low, high),
            Self::LogNormal { median, sigma } => spread(median, sigma) && median > 0.0,
        }
    }

    /// Natural logarithm of the density at `x`; −∞ outside the support.
    pub fn ln_density(&self, x: f64) -> f64 {
        match *self {
            Self::Uniform { low, high } => inside(x, low, high, || -(high - low).ln()),
            Self::LogUniform { low, high } => inside(x, low, high, || -x.ln() - (high / low).ln().ln()),
            Self::Normal { mean, sigma } => ln_normal(x, mean, sigma),
            Self::TruncatedNormal { mean, sigma, low, high } => {
                inside(x, low, high, || ln_normal(x, mean, sigma) - normal_mass(mean, sigma, low, high).ln())
            }
            Self::LogNormal { median, sigma } => {
                if x > 0.0 {
                    ln_normal(x.ln(), median.ln(), sigma) - x.ln()
                } else {
                    f64::NEG_INFINITY
                }
            }
        }
    }

    /// Least and greatest value with a positive density.
    pub fn support(&self) -> (f64, f64) {
        match *self {
            Self::Uniform { low, high } | Self::LogUniform { low, high } | Self::TruncatedNormal { low, high, .. } => {
                (low, high)
            }
            Self::Normal { .. } => (f64::NEG_INFINITY, f64::INFINITY),
            Self::LogNormal { .. } => (0.0, f64::INFINITY),
        }
    }

    /// For a prior that pulls towards a value, how many standard deviations `x` is from it.
    pub fn pull(&self, x: f64) -> Option<f64> {
        match *self {
            Self::Uniform { .. } | Self::LogUniform { .. } => None,
            Self::Normal { mean, sigma } | Self::TruncatedNormal { mean, sigma, .. } => Some((x - mean) / sigma),
            Self::LogNormal { median, sigma } => Some((x / median).ln() / sigma),
        }
    }

    /// Width of the prior of a positive value in its logarithm, roughly a standard deviation.
    pub(super) fn log_sigma(&self) -> f64 {
        match *self {
            Self::Uniform { low, high } => (high - low) / (high + low) * 2.0 / 12f64.sqrt(),
            Self::LogUniform { low, high } => (high / low).ln() / 12f64.sqrt(),
            Self::Normal { mean, sigma } | Self::TruncatedNormal { mean, sigma, .. } => sigma / mean.abs(),
            Self::LogNormal { sigma, .. } => sigma,
        }
    }

    /// A width to step by: a tenth of the support, or a standard deviation.
    pub(super) fn scale(&self) -> f64 {
        match *self {
            Self::Uniform { low, high } => 0.1 * (high - low),
            Self::LogUniform { low, high } => 0.1 * (high - low),
            Self::Normal { sigma, .. } | Self::TruncatedNormal { sigma, .. } => sigma,
            Self::LogNormal { median, sigma } => median * sigma,
        }
    }
}

fn inside(x: f64, low: f64, high: f64, value: impl FnOnce() -> f64) -> f64 {
    if x >= low && x <= high { value() } else { f64::NEG_INFINITY }
}

fn ln_normal(x: f64, mean: f64, sigma: f64) -> f64 {
    -0.5 * ((x - mean) / sigma).powi(2) - sigma.ln() - 0.5 * (LN_2 + PI.ln())
}

/// Probability between `low` and `high`.
fn normal_mass(mean: f64, sigma: f64, low: f64, high: f64) -> f64 {
    let cdf = |x: f64| 0.5 * (1.0 + erf((x - mean) / (sigma * std::f64::consts::SQRT_2)));
    cdf(high) - cdf(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn densities_integrate_to_one() {
        let priors = [
            Prior::Uniform { low: -1.0, high: 3.0 },
            Prior::LogUniform { low: 0.1, high: 20.0 },
            Prior::Normal { mean: 1.0, sigma: 0.5 },
            Prior::TruncatedNormal { mean: 1.0, sigma: 2.0, low: 0.0, high: 2.5 },
            Prior::LogNormal { median: 2.0, sigma: 0.4 },
        ];
        for prior in priors {
            assert!(prior.is_valid());
            // midpoint rule; the jump at an end of the support costs up to half a step of the density, 1e-4
            let (low, high, n) = (-20.0, 40.0, 600_000);
            let step = (high - low) / f64::from(n);
            let sum: f64 = (0..n).map(|i| prior.ln_density(low + (f64::from(i) + 0.5) * step).exp()).sum();
            assert!((sum * step - 1.0).abs() < 5e-4, "{prior:?}: {}", sum * step);
        }
    }

    #[test]
    fn impossible_priors_are_not_valid() {
        assert!(!Prior::Uniform { low: 1.0, high: 1.0 }.is_valid());
        assert!(!Prior::LogUniform { low: 0.0, high: 1.0 }.is_valid());
        assert!(!Prior::Normal { mean: 0.0, sigma: 0.0 }.is_valid());
        assert!(!Prior::Normal { mean: f64::NAN, sigma: 1.0 }.is_valid());
    }
}
