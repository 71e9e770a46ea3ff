//! Derivatives of the log-likelihood of residuals: by each residual, and by the parameters of the noise.

use super::add;
use crate::fit::joint::config::Likelihood;
use crate::fit::joint::likelihood::{linear_model, ln_likelihood, student};
use crate::fit::joint::model::{Noise, Points, Process};
use crate::fit::joint::table::Slot;
use crate::noise::{Gradient, log_likelihood_gradient, solve};

/// Relative step of differences, where a derivative is one.
const STEP: f64 = 1e-6;

/// As [`ln_likelihood`]; writes its derivative by each residual to `by_residual` and adds those by the parameters of the
/// noise to `out`. What is left in them is not to be read where ln L is −∞.
pub(super) fn ln_likelihood_gradient(
    noise: &Noise,
    values: &[f64],
    points: &Points,
    residuals: &[f64],
    by_residual: &mut Vec<f64>,
    out: &mut [f64],
) -> f64 {
    by_residual.resize(residuals.len(), 0.0);
    let jitter = noise.jitter.get(values);
    if noise.likelihood == Likelihood::Student {
        return student_gradient(noise, values, points, residuals, by_residual, out);
    }
    if !points.columns.is_empty() {
        return marginalised_gradient(noise, values, points, residuals, by_residual, out);
    }
    let Some(process) = noise.process else {
        let mut by_variance = 0.0;
        for ((r, v), by) in residuals.iter().zip(&points.variance).zip(by_residual.iter_mut()) {
            let weight = 1.0 / (v + jitter * jitter);
            *by = -r * weight;
            by_variance += 0.5 * weight * (r * r * weight - 1.0);
        }
        add(out, noise.jitter, 2.0 * jitter * by_variance);
        return ln_likelihood(noise, values, points, residuals);
    };
    let variance: Vec<f64> = points.variance.iter().map(|v| v + jitter * jitter).collect();
    let mut gradient = Gradient::default();
    let oscillators = process.oscillators(values);
    let Ok(value) = log_likelihood_gradient(&oscillators, &points.time, residuals, &variance, &mut gradient) else {
        return f64::NEG_INFINITY;
    };
    add(out, noise.jitter, 2.0 * jitter * gradient.variances.iter().sum::<f64>());
    for slot in slots(process) {
        add_difference(slot, values, out, |values| {
            let there = process.oscillators(values);
            let by_parameters = there.iter().zip(&gradient.oscillators);
            by_parameters.map(|(o, by)| by[0] * o.sigma + by[1] * o.omega0 + by[2] * o.quality).sum()
        });
    }
    *by_residual = gradient.residuals;
    value
}

fn slots(process: Process) -> [Slot; 3] {
    match process {
        Process::Sho { sigma, period, quality } | Process::Rotation { sigma, period, quality } => {
            [sigma, period, quality]
        }
        Process::Matern32 { sigma, rho } => [sigma, rho, Slot::Fixed(0.0)],
    }
}

/// Adds the derivative of `f` by a positive parameter, by central differences.
fn add_difference(slot: Slot, values: &[f64], out: &mut [f64], f: impl Fn(&[f64]) -> f64) {
    let Slot::Free(i) = slot else { return };
    let mut there = values.to_vec();
    let step = STEP * values[i].abs().max(1e-12);
    there[i] = values[i] + step;
    let (up, high) = (f(&there), there[i]);
    there[i] = values[i] - step;
    out[i] += (up - f(&there)) / (high - there[i]);
}

/// r ~ N(0, C), C = K + A Λ Aᵀ: ∂ ln L/∂r = −C⁻¹ r = −K⁻¹ (r − A c), c the mean of the coefficients. Of white noise with
/// variances v, C⁻¹ has the diagonal 1/v − aᵀ M⁻¹ a/v², M⁻¹ the covariance of the coefficients.
fn marginalised_gradient(
    noise: &Noise,
    values: &[f64],
    points: &Points,
    residuals: &[f64],
    by_residual: &mut [f64],
    out: &mut [f64],
) -> f64 {
    let value = ln_likelihood(noise, values, points, residuals);
    let Some((linear, covariance)) = linear_model(noise, values, points, residuals) else { return f64::NEG_INFINITY };
    let rest: Vec<f64> = linear.iter().zip(residuals).map(|(l, r)| r - l).collect();
    let jitter = noise.jitter.get(values);
    let variance: Vec<f64> = points.variance.iter().map(|v| v + jitter * jitter).collect();
    let Some(process) = noise.process else {
        let mut by_variance = 0.0;
        let mut row = vec![0.0; points.columns.len()];
        for (i, (by, r)) in by_residual.iter_mut().zip(&rest).enumerate() {
            let v = variance[i];
            *by = -r / v;
            row.iter_mut().zip(&points.columns).for_each(|(a, column)| *a = column[i]);
            let terms = row
                .iter()
                .enumerate()
                .map(|(p, a)| a * covariance.column(p).iter().zip(&row).map(|(c, b)| c * b).sum::<f64>());
            let taken: f64 = terms.sum();
            by_variance += 0.5 * (*by * *by - 1.0 / v + taken / (v * v));
        }
        add(out, noise.jitter, 2.0 * jitter * by_variance);
        return value;
    };
    match solve(&process.oscillators(values), &points.time, &rest, &variance) {
        Ok(solved) => by_residual.iter_mut().zip(solved).for_each(|(by, s)| *by = -s),
        Err(_) => return f64::NEG_INFINITY,
    }
    // of the determinants, too; there are few such parameters
    for slot in slots(process).into_iter().chain([noise.jitter]) {
        add_difference(slot, values, out, |values| ln_likelihood(noise, values, points, residuals));
    }
    value
}

fn student_gradient(
    noise: &Noise,
    values: &[f64],
    points: &Points,
    residuals: &[f64],
    by_residual: &mut [f64],
    out: &mut [f64],
) -> f64 {
    let (jitter, nu) = (noise.jitter.get(values), noise.nu.get(values));
    let mut by_variance = 0.0;
    for ((r, v), by) in residuals.iter().zip(&points.variance).zip(by_residual) {
        let v = v + jitter * jitter;
        let pull = (nu + 1.0) / (v * nu + r * r);
        *by = -r * pull;
        by_variance += 0.5 * (r * r * pull - 1.0) / v;
    }
    add(out, noise.jitter, 2.0 * jitter * by_variance);
    add_difference(noise.nu, values, out, |values| student(noise.nu.get(values), points, residuals, jitter * jitter));
    student(nu, points, residuals, jitter * jitter)
}
