//! Log-likelihood of the residuals of one series: white, correlated or heavy-tailed, with a linear model integrated over.

use std::f64::consts::{PI, TAU};

use nalgebra::{DMatrix, DVector};
use statrs::function::gamma::ln_gamma;

use super::config::Likelihood;
use super::model::{Noise, Points, Process};
use crate::noise::{Oscillator, log_likelihood, rotation, solve};

impl Process {
    /// The oscillators that make the process.
    pub fn oscillators(self, values: &[f64]) -> Vec<Oscillator> {
        match self {
            Self::Sho { sigma, period, quality } => {
                let omega0 = TAU / period.get(values);
                vec![Oscillator { sigma: sigma.get(values), omega0, quality: quality.get(values) }]
            }
            Self::Rotation { sigma, period, quality } => {
                rotation(sigma.get(values), period.get(values), quality.get(values)).to_vec()
            }
            Self::Matern32 { sigma, rho } => vec![Oscillator::matern_32(sigma.get(values), rho.get(values))],
        }
    }
}

/// ln L of `residuals` at `points`; −∞ where the noise is impossible.
///
/// With columns A and coefficients N(0, Λ), the integral over the coefficients is
///
/// ```text
/// ln L = ln N(r; 0, K) + ½ bᵀ M⁻¹ b − ½ ln |Λ| − ½ ln |M|,   M = Λ⁻¹ + Aᵀ K⁻¹ A,  b = Aᵀ K⁻¹ r
/// ```
pub(super) fn ln_likelihood(noise: &Noise, values: &[f64], points: &Points, residuals: &[f64]) -> f64 {
    let jitter = noise.jitter.get(values);
    let jitter2 = jitter * jitter;
    if noise.likelihood == Likelihood::Student {
        return student(noise.nu.get(values), points, residuals, jitter2);
    }
    let (white, variance, oscillators) = match noise.process {
        None if points.columns.is_empty() => return gaussian(&points.variance, residuals, jitter2),
        process => {
            let variance: Vec<f64> = points.variance.iter().map(|v| v + jitter2).collect();
            let oscillators = process.map_or_else(Vec::new, |p| p.oscillators(values));
            let value = if oscillators.is_empty() {
                gaussian(&points.variance, residuals, jitter2)
            } else {
                match log_likelihood(&oscillators, &points.time, residuals, &variance) {
                    Ok(value) => value,
                    Err(_) => return f64::NEG_INFINITY,
                }
            };
            (value, variance, oscillators)
        }
    };
    if points.columns.is_empty() || !white.is_finite() {
        return white;
    }
    match LinearModel::new(noise.column_sigma, points, residuals, &variance, &oscillators) {
        Some(linear) => white + linear.ln_gain,
        None => f64::NEG_INFINITY,
    }
}

/// Mean of the coefficients of the columns given the residuals; `None` where the noise is impossible.
pub(super) fn coefficients(noise: &Noise, values: &[f64], points: &Points, residuals: &[f64]) -> Option<Vec<f64>> {
    Some(linear_model(noise, values, points, residuals)?.mean.iter().copied().collect())
}

/// What the residuals say of the coefficients of the columns; `None` where the noise is impossible.
pub(super) fn linear_model(noise: &Noise, values: &[f64], points: &Points, residuals: &[f64]) -> Option<LinearModel> {
    let jitter = noise.jitter.get(values);
    let variance: Vec<f64> = points.variance.iter().map(|v| v + jitter * jitter).collect();
    let oscillators = noise.process.map_or_else(Vec::new, |p| p.oscillators(values));
    LinearModel::new(noise.column_sigma, points, residuals, &variance, &oscillators)
}

/// What the residuals say of the coefficients of the columns.
pub(super) struct LinearModel {
    /// Mean of the coefficients, M⁻¹ b.
    mean: DVector<f64>,
    /// Their covariance, M⁻¹.
    pub covariance: DMatrix<f64>,
    /// ln L less that without columns.
    pub ln_gain: f64,
}

impl LinearModel {
    /// `variance` is that of the white noise, jitter and all; `None` where the noise is impossible.
    pub fn new(
        sigma: f64,
        points: &Points,
        residuals: &[f64],
        variance: &[f64],
        oscillators: &[Oscillator],
    ) -> Option<Self> {
        let (m, b) = normal_equations(sigma, points, residuals, variance, oscillators)?;
        let n = points.columns.len() as f64;
        let cholesky = m.cholesky()?;
        let ln_det = 2.0 * cholesky.l_dirty().diagonal().iter().map(|d| d.ln()).sum::<f64>();
        let mean = cholesky.solve(&b);
        let ln_gain = 0.5 * b.dot(&mean) - n * sigma.ln() - 0.5 * ln_det;
        Some(Self { mean, covariance: cholesky.inverse(), ln_gain })
    }

    /// The mean of the model at each point, A M⁻¹ b.
    pub fn at_points(&self, points: &Points) -> Vec<f64> {
        combine(points, self.mean.iter())
    }
}

/// Σ of the columns of a series, each times its coefficient.
pub(super) fn combine<'a>(points: &Points, coefficients: impl Iterator<Item = &'a f64>) -> Vec<f64> {
    let mut out = vec![0.0; points.time.len()];
    for (column, c) in points.columns.iter().zip(coefficients) {
        out.iter_mut().zip(column).for_each(|(o, a)| *o += c * a);
    }
    out
}

fn normal_equations(
    sigma: f64,
    points: &Points,
    residuals: &[f64],
    variance: &[f64],
    oscillators: &[Oscillator],
) -> Option<(DMatrix<f64>, DVector<f64>)> {
    let weighted: Vec<Vec<f64>> = points
        .columns
        .iter()
        .map(|c| {
            if oscillators.is_empty() {
                Ok(c.iter().zip(variance).map(|(a, v)| a / v).collect())
            } else {
                solve(oscillators, &points.time, c, variance)
            }
        })
        .collect::<Result<_, _>>()
        .ok()?;
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let n = weighted.len();
    let mut m = DMatrix::from_fn(n, n, |i, j| dot(&weighted[i], &points.columns[j]));
    (0..n).for_each(|i| m[(i, i)] += 1.0 / (sigma * sigma));
    Some((m, DVector::from_fn(n, |i, _| dot(&weighted[i], residuals))))
}

/// −½ Σ [r²/v + ln 2πv], v = variance + jitter².
fn gaussian(variance: &[f64], residuals: &[f64], jitter2: f64) -> f64 {
    let typical = variance.first().map_or(1.0, |v| v + jitter2);
    let unit = 1.0 / typical;
    let (mut chi2, mut ln_sum) = (0.0, 0.0);
    for (residuals, variance) in residuals.chunks(16).zip(variance.chunks(16)) {
        let mut product = 1.0;
        for (r, v) in residuals.iter().zip(variance) {
            // in units of a typical variance, so that sixteen of them multiply within range and one logarithm does
            let v = (v + jitter2) * unit;
            chi2 += r * r / v;
            product *= v;
        }
        ln_sum += product.ln();
    }
    let n = residuals.len() as f64;
    -0.5 * (chi2 * unit + ln_sum + n * (TAU * typical).ln())
}

/// Σ ln t_ν(r/√v) − ½ ln v
pub(super) fn student(nu: f64, points: &Points, residuals: &[f64], jitter2: f64) -> f64 {
    let constant = ln_gamma(0.5 * (nu + 1.0)) - ln_gamma(0.5 * nu) - 0.5 * (nu * PI).ln();
    let terms = residuals.iter().zip(&points.variance).map(|(r, v)| {
        let v = v + jitter2;
        -0.5 * v.ln() - 0.5 * (nu + 1.0) * (r * r / (v * nu)).ln_1p()
    });
    terms.sum::<f64>() + residuals.len() as f64 * constant
}
