//! Derivatives of the log-likelihood of residuals: by each residual, and by the parameters of the noise.

use statrs::function::gamma::digamma;

use super::add;
use crate::fit::joint::config::Likelihood;
use crate::fit::joint::likelihood::{LinearModel, combine, ln_likelihood, student};
use crate::fit::joint::model::{Noise, Points, Process};
use crate::fit::joint::table::Slot;
use crate::noise::{Gradient, log_likelihood, log_likelihood_gradient};

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
    let oscillators = process.oscillators(values);
    let mut gradient = Gradient::default();
    let Ok(value) = log_likelihood_gradient(&oscillators, &points.time, residuals, &variance, &mut gradient) else {
        return f64::NEG_INFINITY;
    };
    add_noise_parameters(noise.jitter, process, &gradient, 1.0, values, out);
    *by_residual = gradient.residuals;
    value
}

/// From derivatives by the oscillators and the white variances to those by parameters, times `count`.
fn add_noise_parameters(
    jitter: Slot,
    process: Process,
    gradient: &Gradient,
    count: f64,
    values: &[f64],
    out: &mut [f64],
) {
    add(out, jitter, count * 2.0 * jitter.get(values) * gradient.variances.iter().sum::<f64>());
    for slot in slots(process) {
        // the oscillators alone are differenced, which costs nothing
        add_difference(slot, values, out, |values| {
            let there = process.oscillators(values);
            let by_parameters = there.iter().zip(&gradient.oscillators);
            count * by_parameters.map(|(o, by)| by[0] * o.sigma + by[1] * o.omega0 + by[2] * o.quality).sum::<f64>()
        });
    }
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

/// r ~ N(0, C), C = K + A Λ Aᵀ: with the mean c and the covariance M⁻¹ of the coefficients
///
/// ```text
/// ∂ ln L/∂r = −C⁻¹ r = −K⁻¹ (r − A c)
/// ∂ ln L/∂θ = ½ (C⁻¹r)ᵀ K′ C⁻¹r − ½ tr(C⁻¹ K′),    C⁻¹ = K⁻¹ − K⁻¹ A M⁻¹ Aᵀ K⁻¹,  K′ = ∂K/∂θ
///           = G(r − A c) + Σ_p [G(A l_p) − G(0)],    M⁻¹ = Σ_p l_p l_pᵀ
/// G(y)      = ∂ ln N(y; 0, K)/∂θ = ½ yᵀ K⁻¹ K′ K⁻¹ y − ½ tr(K⁻¹ K′)
/// ```
///
/// so that a likelihood without columns, differentiated once more than there are columns and once for zeros, gives the
/// derivatives by all parameters of the noise.
fn marginalised_gradient(
    noise: &Noise,
    values: &[f64],
    points: &Points,
    residuals: &[f64],
    by_residual: &mut [f64],
    out: &mut [f64],
) -> f64 {
    let jitter = noise.jitter.get(values);
    let variance: Vec<f64> = points.variance.iter().map(|v| v + jitter * jitter).collect();
    let oscillators = noise.process.map_or_else(Vec::new, |p| p.oscillators(values));
    let Some(linear) = LinearModel::new(noise.column_sigma, points, residuals, &variance, &oscillators) else {
        return f64::NEG_INFINITY;
    };
    let rest: Vec<f64> = linear.at_points(points).iter().zip(residuals).map(|(l, r)| r - l).collect();
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
                .map(|(p, a)| a * linear.covariance.column(p).iter().zip(&row).map(|(c, b)| c * b).sum::<f64>());
            let taken: f64 = terms.sum();
            by_variance += 0.5 * (*by * *by - 1.0 / v + taken / (v * v));
        }
        add(out, noise.jitter, 2.0 * jitter * by_variance);
        return ln_likelihood(noise, values, points, residuals);
    };
    let (Ok(white), Some(root)) =
        (log_likelihood(&oscillators, &points.time, residuals, &variance), linear.covariance.clone().cholesky())
    else {
        return f64::NEG_INFINITY;
    };
    // y, and how often G(y) counts
    let mut terms = vec![(rest, 1.0)];
    terms.extend(root.l().column_iter().map(|l| (combine(points, l.iter()), 1.0)));
    terms.push((vec![0.0; residuals.len()], -(points.columns.len() as f64)));
    let mut gradient = Gradient::default();
    for (i, (y, count)) in terms.iter().enumerate() {
        if log_likelihood_gradient(&oscillators, &points.time, y, &variance, &mut gradient).is_err() {
            return f64::NEG_INFINITY;
        }
        if i == 0 {
            by_residual.copy_from_slice(&gradient.residuals);
        }
        add_noise_parameters(noise.jitter, process, &gradient, *count, values, out);
    }
    white + linear.ln_gain
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
    let n = residuals.len() as f64;
    let mut by_variance = 0.0;
    let mut by_nu = 0.5 * n * (digamma(0.5 * (nu + 1.0)) - digamma(0.5 * nu) - 1.0 / nu);
    for ((r, v), by) in residuals.iter().zip(&points.variance).zip(by_residual) {
        let v = v + jitter * jitter;
        let square = r * r / (v * nu);
        let pull = (nu + 1.0) / (v * nu + r * r);
        *by = -r * pull;
        by_variance += 0.5 * (r * r * pull - 1.0) / v;
        by_nu += 0.5 * (r * r * pull / nu - square.ln_1p());
    }
    add(out, noise.jitter, 2.0 * jitter * by_variance);
    add(out, noise.nu, by_nu);
    student(nu, points, residuals, jitter * jitter)
}
