//! Prior distributions of one parameter: densities, and quantiles for samplers that start from the unit cube.

use std::f64::consts::{LN_2, PI, SQRT_2};

use statrs::function::beta::{inv_beta_reg, ln_beta};
use statrs::function::erf::{erf_inv, erfc, erfc_inv};

/// A normalised prior on a parameter's natural value: the one in the result table, not its logarithm.
///
/// In TOML `{ kind = "uniform", low = 0.0, high = 1.0 }`, and in the document of a joint fit `{ uniform = [0.0, 1.0] }`.
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
    /// The positive half of a normal distribution about zero.
    HalfNormal {
        sigma: f64,
    },
    /// The logarithm is normal, with standard deviation `sigma`, about that of `median`.
    LogNormal {
        median: f64,
        sigma: f64,
    },
    /// x^(a − 1) (1 − x)^(b − 1) between 0 and 1.
    Beta {
        a: f64,
        b: f64,
    },
}

/// Names in the document of a joint fit, with the numbers that follow.
pub(super) const FORMS: &str = "uniform = [low, high], log_uniform = [low, high], normal = [mean, sigma], \
     truncated_normal = [mean, sigma, low, high], half_normal = [sigma], log_normal = [median, sigma of the logarithm], \
     beta = [a, b]";

impl Prior {
    /// The prior of this name in the document of a joint fit; the reason where there is none.
    pub fn from_name(name: &str, numbers: &[f64]) -> Result<Self, String> {
        let prior = match (name, numbers) {
            ("uniform", &[low, high]) => Self::Uniform { low, high },
            ("log_uniform", &[low, high]) => Self::LogUniform { low, high },
            ("normal", &[mean, sigma]) => Self::Normal { mean, sigma },
            ("truncated_normal", &[mean, sigma, low, high]) => Self::TruncatedNormal { mean, sigma, low, high },
            ("half_normal", &[sigma]) => Self::HalfNormal { sigma },
            ("log_normal", &[median, sigma]) => Self::LogNormal { median, sigma },
            ("beta", &[a, b]) => Self::Beta { a, b },
            _ => return Err(format!("`{name}` with {} numbers is no prior; there are {FORMS}", numbers.len())),
        };
        if prior.is_valid() {
            Ok(prior)
        } else {
            Err(format!(
                "{name} = {numbers:?} is no distribution: low < high, sigma > 0, and positive numbers for log_uniform, log_normal and beta are needed"
            ))
        }
    }

    /// Name and numbers in such a document.
    pub fn form(&self) -> (&'static str, Vec<f64>) {
        match *self {
            Self::Uniform { low, high } => ("uniform", vec![low, high]),
            Self::LogUniform { low, high } => ("log_uniform", vec![low, high]),
            Self::Normal { mean, sigma } => ("normal", vec![mean, sigma]),
            Self::TruncatedNormal { mean, sigma, low, high } => ("truncated_normal", vec![mean, sigma, low, high]),
            Self::HalfNormal { sigma } => ("half_normal", vec![sigma]),
            Self::LogNormal { median, sigma } => ("log_normal", vec![median, sigma]),
            Self::Beta { a, b } => ("beta", vec![a, b]),
        }
    }

    /// Whether the numbers make a distribution.
    pub fn is_valid(&self) -> bool {
        let (_, numbers) = self.form();
        numbers.iter().all(|n| n.is_finite())
            && match *self {
                Self::Uniform { low, high } => low < high,
                Self::LogUniform { low, high } => 0.0 < low && low < high,
                Self::Normal { sigma, .. } | Self::HalfNormal { sigma } => sigma > 0.0,
                Self::TruncatedNormal { mean, sigma, low, high } => {
                    sigma > 0.0 && low < high && mass(mean, sigma, low, high) > 0.0
                }
                Self::LogNormal { median, sigma } => median > 0.0 && sigma > 0.0,
                Self::Beta { a, b } => a > 0.0 && b > 0.0,
            }
    }

    /// Natural logarithm of the density at `x`; −∞ outside the support.
    pub fn ln_density(&self, x: f64) -> f64 {
        let (low, high) = self.support();
        if !(x >= low && x <= high) {
            return f64::NEG_INFINITY;
        }
        match *self {
            Self::Uniform { low, high } => -(high - low).ln(),
            Self::LogUniform { low, high } => -x.ln() - (high / low).ln().ln(),
            Self::Normal { mean, sigma } => ln_normal(x, mean, sigma),
            Self::TruncatedNormal { mean, sigma, low, high } => {
                ln_normal(x, mean, sigma) - mass(mean, sigma, low, high).ln()
            }
            Self::HalfNormal { sigma } => ln_normal(x, 0.0, sigma) + LN_2,
            Self::LogNormal { .. } if x == 0.0 => f64::NEG_INFINITY,
            Self::LogNormal { median, sigma } => ln_normal(x.ln(), median.ln(), sigma) - x.ln(),
            Self::Beta { a, b } => {
                // 0 · ln 0 is 0 here
                let term = |power: f64, x: f64| if power == 0.0 { 0.0 } else { power * x.ln() };
                term(a - 1.0, x) + term(b - 1.0, 1.0 - x) - ln_beta(a, b)
            }
        }
    }

    /// Derivative of [`ln_density`](Self::ln_density) by `x`, inside of the support.
    pub fn ln_density_slope(&self, x: f64) -> f64 {
        match *self {
            Self::Uniform { .. } => 0.0,
            Self::LogUniform { .. } => -1.0 / x,
            Self::Normal { mean, sigma } | Self::TruncatedNormal { mean, sigma, .. } => (mean - x) / (sigma * sigma),
            Self::HalfNormal { sigma } => -x / (sigma * sigma),
            Self::LogNormal { median, sigma } => -((x / median).ln() / (sigma * sigma) + 1.0) / x,
            Self::Beta { a, b } => (a - 1.0) / x - (b - 1.0) / (1.0 - x),
        }
    }

    /// The value below which a share `p` (0 to 1) of the probability lies.
    pub fn quantile(&self, p: f64) -> f64 {
        let x = match *self {
            Self::Uniform { low, high } => low + p * (high - low),
            Self::LogUniform { low, high } => low * (p * (high / low).ln()).exp(),
            Self::Normal { mean, sigma } => mean + sigma * normal_quantile(p),
            Self::TruncatedNormal { mean, sigma, low, high } => {
                // in the tail that keeps its digits
                let (a, b) = ((low - mean) / sigma, (high - mean) / sigma);
                if a > 0.0 {
                    let (upper, lower) = (normal_cdf(-a), normal_cdf(-b));
                    mean - sigma * normal_quantile(upper + p * (lower - upper))
                } else {
                    let (lower, upper) = (normal_cdf(a), normal_cdf(b));
                    mean + sigma * normal_quantile(lower + p * (upper - lower))
                }
            }
            Self::HalfNormal { sigma } => sigma * SQRT_2 * erf_inv(p),
            Self::LogNormal { median, sigma } => median * (sigma * normal_quantile(p)).exp(),
            Self::Beta { a, b } => inv_beta_reg(a, b, p),
        };
        let (low, high) = self.support();
        x.clamp(low, high)
    }

    /// Least and greatest value with a positive density.
    pub fn support(&self) -> (f64, f64) {
        match *self {
            Self::Uniform { low, high } | Self::LogUniform { low, high } | Self::TruncatedNormal { low, high, .. } => {
                (low, high)
            }
            Self::Normal { .. } => (f64::NEG_INFINITY, f64::INFINITY),
            Self::LogNormal { .. } | Self::HalfNormal { .. } => (0.0, f64::INFINITY),
            Self::Beta { .. } => (0.0, 1.0),
        }
    }

    /// For a prior that pulls towards a value, how many standard deviations `x` is from it.
    pub fn pull(&self, x: f64) -> Option<f64> {
        match *self {
            Self::Uniform { .. } | Self::LogUniform { .. } | Self::Beta { .. } => None,
            Self::Normal { mean, sigma } | Self::TruncatedNormal { mean, sigma, .. } => Some((x - mean) / sigma),
            Self::HalfNormal { sigma } => Some(x / sigma),
            Self::LogNormal { median, sigma } => Some((x / median).ln() / sigma),
        }
    }

    /// Width of the prior of a positive value in its logarithm, roughly a standard deviation.
    pub(super) fn log_sigma(&self) -> f64 {
        match *self {
            Self::Uniform { low, high } => (high - low) / (high + low) * 2.0 / 12f64.sqrt(),
            Self::LogUniform { low, high } => (high / low).ln() / 12f64.sqrt(),
            Self::Normal { mean, sigma } | Self::TruncatedNormal { mean, sigma, .. } => sigma / mean.abs(),
            Self::HalfNormal { .. } => 1.0,
            Self::LogNormal { sigma, .. } => sigma,
            Self::Beta { .. } => self.width() / self.quantile(0.5),
        }
    }

    /// A width to step by: a tenth of the support, or a standard deviation.
    pub(super) fn scale(&self) -> f64 {
        match *self {
            Self::Uniform { low, high } => 0.1 * (high - low),
            Self::LogUniform { low, high } => 0.1 * (high - low),
            Self::Normal { sigma, .. } | Self::TruncatedNormal { sigma, .. } | Self::HalfNormal { sigma } => sigma,
            Self::LogNormal { median, sigma } => median * sigma,
            Self::Beta { .. } => 0.1,
        }
    }

    /// The middle half of the probability, a width.
    pub fn width(&self) -> f64 {
        self.quantile(0.75) - self.quantile(0.25)
    }
}

fn ln_normal(x: f64, mean: f64, sigma: f64) -> f64 {
    -0.5 * ((x - mean) / sigma).powi(2) - sigma.ln() - 0.5 * (LN_2 + PI.ln())
}

fn normal_cdf(z: f64) -> f64 {
    0.5 * erfc(-z / SQRT_2)
}

fn normal_quantile(p: f64) -> f64 {
    -SQRT_2 * erfc_inv(2.0 * p)
}

/// Probability between `low` and `high`.
fn mass(mean: f64, sigma: f64, low: f64, high: f64) -> f64 {
    let (a, b) = ((low - mean) / sigma, (high - mean) / sigma);
    if a > 0.0 { normal_cdf(-a) - normal_cdf(-b) } else { normal_cdf(b) - normal_cdf(a) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_invert_the_integral_of_the_density() {
        for (name, numbers) in [
            ("uniform", vec![-1.0, 3.0]),
            ("log_uniform", vec![0.1, 20.0]),
            ("normal", vec![1.0, 0.5]),
            ("truncated_normal", vec![1.0, 2.0, 0.0, 2.5]),
            ("truncated_normal", vec![-1.0, 0.5, 0.0, 2.5]),
            ("half_normal", vec![0.7]),
            ("log_normal", vec![2.0, 0.4]),
            ("beta", vec![2.0, 3.5]),
        ] {
            let prior = Prior::from_name(name, &numbers).unwrap();
            let (low, high) = (prior.quantile(1e-9), prior.quantile(1.0 - 1e-9));
            let n = 200_000;
            let step = (high - low) / f64::from(n);
            let (mut sum, mut quarter) = (0.0, f64::NAN);
            for i in 0..n {
                let x = low + (f64::from(i) + 0.5) * step;
                let before = sum;
                sum += prior.ln_density(x).exp() * step;
                if before < 0.25 && sum >= 0.25 {
                    quarter = x;
                }
            }
            let (x, h) = (prior.quantile(0.3), 1e-5);
            let slope = (prior.ln_density(x + h) - prior.ln_density(x - h)) / (2.0 * h);
            assert!((slope - prior.ln_density_slope(x)).abs() < 1e-6, "{name}: {slope}");
            // midpoint rule over 2e5 steps; the quantile is known to a step
            assert!((sum - 1.0).abs() < 1e-5, "{name}: {sum}");
            assert!((quarter - prior.quantile(0.25)).abs() < 2.0 * step, "{name}: {quarter} {}", prior.quantile(0.25));
        }
    }

    #[test]
    fn impossible_priors_are_refused_with_what_would_be_valid() {
        for (name, numbers) in [
            ("uniform", vec![1.0, 1.0]),
            ("log_uniform", vec![0.0, 1.0]),
            ("normal", vec![0.0, 0.0]),
            ("normal", vec![f64::NAN, 1.0]),
            ("beta", vec![0.0, 1.0]),
        ] {
            assert!(Prior::from_name(name, &numbers).is_err(), "{name} {numbers:?}");
        }
        assert!(!Prior::Uniform { low: 1.0, high: 1.0 }.is_valid());
        let reason = Prior::from_name("gaussian", &[0.0, 1.0]).unwrap_err();
        assert!(reason.contains("normal = [mean, sigma]"), "{reason}");
    }
}
