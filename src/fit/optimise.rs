//! The best fit from several starts, by Levenberg–Marquardt, with its covariance.

use nalgebra::{DMatrix, DVector};

use super::gathered::gathered;
use super::parameters::{BASELINE, IMPACT_PARAMETER, JITTER, PERIOD, Q1, Q2, RHO_STAR, RP_RS, SLOPE, TRANSIT_TIME};
use super::posterior::Posterior;
use crate::ephemeris::Candidate;
use crate::math::{median, quantile_sorted};
use crate::sample::LogDensity;

/// A local maximum of the posterior for a fixed jitter, in the coordinates of the table.
#[derive(Clone, Debug)]
pub(super) struct Optimum {
    pub x: Vec<f64>,
    pub ln_posterior: f64,
    pub covariance: DMatrix<f64>,
    /// What the data alone would leave of the logarithm of the duration, were all else known.
    pub duration_error: f64,
}

const MAX_ITERATIONS: usize = 50;
/// Gain in −2 ln posterior below which an iteration counts as the last.
const TOLERANCE: f64 = 1e-3;

/// Optima lower than the best by more than this before the jitter is known are given up.
const HOPELESS: f64 = 30.0;

/// Best fits from starts with several impact parameters, grazing ones among them, the best first. Empty where no start
/// gives a possible model.
///
/// Where points can be gathered in bins, all climb by these, and the best of all once more by the points.
pub(super) fn optimise(posterior: &Posterior, candidate: &Candidate) -> Vec<Optimum> {
    let starts = starts(posterior, candidate);
    let few = starts.first().and_then(|x| gathered(posterior.data(), &posterior.table().values(x)));
    let Some(few) = few else { return climb(posterior, posterior, starts) };
    let mut found = climb(posterior, &posterior.with_data(&few), starts);
    let Some(best) = found.first() else { return found };
    let Some(refined) = refine(posterior, with_jitter(posterior, best.x.clone())) else { return Vec::new() };
    // what the model changes within bins counts as scatter, for all optima nearly alike
    let lost = refined.ln_posterior - best.ln_posterior;
    found.iter_mut().for_each(|o| o.ln_posterior += lost);
    found[0] = refined;
    found
}

/// Climbs on `few`, which is `posterior` or nearly so; the jitter is that of all points.
fn climb(posterior: &Posterior, few: &Posterior, starts: Vec<Vec<f64>>) -> Vec<Optimum> {
    let mut found: Vec<Optimum> = starts.into_iter().filter_map(|x| refine(few, x)).collect();
    let by_height = |a: &Optimum, b: &Optimum| b.ln_posterior.total_cmp(&a.ln_posterior);
    found.sort_by(by_height);
    let best = found.first().map_or(f64::NAN, |o| o.ln_posterior);
    let mut found: Vec<Optimum> = found
        .into_iter()
        .filter(|o| o.ln_posterior > best - HOPELESS)
        // once more with the jitter that the residuals ask for
        .filter_map(|o| refine(few, with_jitter(posterior, o.x)))
        .collect();
    found.sort_by(by_height);
    found
}

/// Coordinates to start from: depth and duration from the candidate, the rest unremarkable.
fn starts(posterior: &Posterior, candidate: &Candidate) -> Vec<Vec<f64>> {
    let data = posterior.data();
    let dim = posterior.dim();
    let depth = candidate.depth.clamp(1e-6, 0.2);
    let angle = (std::f64::consts::PI * candidate.duration / candidate.ephemeris.period).min(1.4).sin().ln();
    let level = median(&data.flux);
    let shapes = [(0.1, 0.95), (0.7, 1.0), (1.0, 1.6)];
    let mut out = Vec::new();
    for (b, enlarged) in shapes {
        for stretch in [1.0f64, 0.6] {
            let mut x = vec![0.0; dim];
            let k = depth.sqrt() * enlarged;
            // beyond the limb a planet must reach back over it to be seen
            let k = if b > 1.0 { k.max(b - 1.0 + 0.5 * k) } else { k };
            (x[RHO_STAR], x[IMPACT_PARAMETER], x[RP_RS]) = (angle + stretch.ln(), b, k);
            (x[Q1], x[Q2]) = (0.3, 0.4);
            x[JITTER] = (0.1 * median(&data.flux_err)).ln();
            if dim > BASELINE {
                x[BASELINE] = level;
            }
            for i in 0..dim {
                let (low, high) = bounds(posterior, &x, i);
                x[i] = x[i].clamp(low, high);
            }
            out.push(into_prior(posterior, x));
        }
    }
    out
}

/// Moves the duration to where the stellar density has a positive prior and the orbit is possible, if it is not there.
fn into_prior(posterior: &Posterior, mut x: Vec<f64>) -> Vec<f64> {
    let begin = x[RHO_STAR];
    for step in 0..60 {
        // 0, then away on both sides
        let offset = 0.1 * ((step + 1) / 2) as f64 * if step % 2 == 0 { 1.0 } else { -1.0 };
        x[RHO_STAR] = begin + offset;
        if posterior.log_density(&x).is_finite() {
            return x;
        }
    }
    x[RHO_STAR] = begin;
    x
}

/// Limits that the prior sets to coordinate `i`, whatever the others are; for the impact parameter and the radius ratio those
/// of their natural values.
pub(super) fn prior_limits(posterior: &Posterior, i: usize) -> (f64, f64) {
    let (low, high) = posterior.table().parameters()[i].prior.support();
    let (low, high) = match i {
        TRANSIT_TIME => (low - posterior.data().reference_time(), high - posterior.data().reference_time()),
        PERIOD => {
            let period = posterior.data().ephemeris.period;
            ((low / period).ln(), (high / period).ln())
        }
        JITTER => (low.ln(), high.ln()),
        // its prior is on the density; impossible steps are turned away one by one
        RHO_STAR => (f64::NEG_INFINITY, f64::INFINITY),
        _ => (low, high),
    };
    (if low.is_nan() { f64::NEG_INFINITY } else { low }, high)
}

/// Allowed range of coordinate `i`, a hair inside the prior's support.
pub(super) fn bounds(posterior: &Posterior, x: &[f64], i: usize) -> (f64, f64) {
    let (low, high) = prior_limits(posterior, i);
    let high = if i == IMPACT_PARAMETER { high.min(1.0 + x[RP_RS]) } else { high };
    let hair = if (high - low).is_finite() { 1e-6 * (high - low) } else { 0.0 };
    (low + hair, high - hair)
}

/// Step of the numeric derivative along coordinate `i`.
fn derivative_step(posterior: &Posterior, x: &[f64], i: usize) -> f64 {
    let data = posterior.data();
    match i {
        TRANSIT_TIME => 1e-4 * data.duration,
        PERIOD => {
            let cycles = data.epochs.0.unsigned_abs().max(data.epochs.1.unsigned_abs()).max(1);
            1e-4 * data.duration / (data.ephemeris.period * cycles as f64)
        }
        RP_RS => 1e-4 * x[RP_RS].max(1e-3),
        BASELINE | SLOPE => 1e-5,
        _ => 1e-4,
    }
}

/// Width beyond which no coordinate's error is believed: what the data do not constrain, the prior does.
fn prior_width(i: usize) -> f64 {
    match i {
        IMPACT_PARAMETER | Q1 | Q2 => 0.3,
        RHO_STAR => 1.0,
        JITTER => 0.5,
        _ => f64::INFINITY,
    }
}

/// Residuals over errors (jitter included) followed by the pulls of the priors; `None` where `x` is impossible.
fn residuals(posterior: &Posterior, x: &[f64]) -> Option<DVector<f64>> {
    let table = posterior.table();
    let values = table.values(x);
    if table.ln_prior(&values) == f64::NEG_INFINITY {
        return None;
    }
    let data = posterior.data();
    let jitter2 = values[JITTER] * values[JITTER];
    let mut out: Vec<f64> = posterior.with_flux(&values, |model| {
        let points = data.flux.iter().zip(model).zip(&data.flux_err);
        points.map(|((f, m), e)| (f - m) / (e * e + jitter2).sqrt()).collect()
    })?;
    if let Some(many) = &data.multiplicity {
        out.iter_mut().zip(&many.count).for_each(|(r, n)| *r *= n.sqrt());
    }
    out.extend(table.pulls(&values));
    Some(DVector::from_vec(out))
}

/// The best fit from `x` with its impact parameter, whose variance is zero then.
pub(super) fn refine_along_ridge(posterior: &Posterior, x: Vec<f64>) -> Option<Optimum> {
    refine_holding(posterior, x, &[JITTER, IMPACT_PARAMETER])
}

fn refine(posterior: &Posterior, x: Vec<f64>) -> Option<Optimum> {
    refine_holding(posterior, x, &[JITTER])
}

/// Levenberg–Marquardt from `x` with some coordinates, the jitter among them, held; steps end at the bounds, and a
/// coordinate at a bound that the gradient pushes out of it is left there.
fn refine_holding(posterior: &Posterior, mut x: Vec<f64>, held: &[usize]) -> Option<Optimum> {
    let dim = x.len();
    let mut current = residuals(posterior, &x)?;
    let mut chi2 = current.norm_squared();
    let mut damping = 1e-3;
    let mut normal = DMatrix::zeros(dim, dim);
    let mut duration_error = f64::INFINITY;
    for _ in 0..MAX_ITERATIONS {
        let jacobian = jacobian(posterior, &x, &current, held);
        normal = jacobian.tr_mul(&jacobian);
        // without the priors' pulls, which come after the points
        duration_error = jacobian.column(RHO_STAR).rows(0, posterior.data().len()).norm().recip();
        let gradient = jacobian.tr_mul(&current);
        let free: Vec<usize> =
            (0..dim).filter(|&i| !held.contains(&i) && is_free(posterior, &x, i, gradient[i])).collect();
        let before = chi2;
        while damping < 1e10 {
            let mut matrix = DMatrix::from_fn(free.len(), free.len(), |r, c| normal[(free[r], free[c])]);
            for (r, &i) in free.iter().enumerate() {
                matrix[(r, r)] += damping * matrix[(r, r)] + prior_width(i).powi(-2) * 1e-2 + f64::MIN_POSITIVE;
            }
            let right = DVector::from_fn(free.len(), |r, _| -gradient[free[r]]);
            let Some(step) = matrix.cholesky().map(|c| c.solve(&right)) else {
                damping *= 10.0;
                continue;
            };
            let mut next = x.clone();
            for (r, &i) in free.iter().enumerate() {
                next[i] += step[r];
            }
            for i in [RP_RS].into_iter().chain((0..dim).filter(|i| *i != RP_RS)) {
                let (low, high) = bounds(posterior, &next, i);
                next[i] = next[i].max(low).min(high);
            }
            match residuals(posterior, &next) {
                Some(r) if r.norm_squared() < chi2 => {
                    chi2 = r.norm_squared();
                    (x, current) = (next, r);
                    damping = (damping * 0.1).max(1e-9);
                    break;
                }
                _ => damping *= 10.0,
            }
        }
        if before - chi2 < TOLERANCE {
            break;
        }
    }
    let ln_posterior = posterior.log_density(&x);
    let covariance = covariance(posterior, &normal, held)?;
    ln_posterior.is_finite().then_some(Optimum { x, ln_posterior, covariance, duration_error })
}

fn is_free(posterior: &Posterior, x: &[f64], i: usize, gradient: f64) -> bool {
    let (low, high) = bounds(posterior, x, i);
    !(x[i] <= low && gradient > 0.0 || x[i] >= high && gradient < 0.0)
}

fn jacobian(posterior: &Posterior, x: &[f64], at: &DVector<f64>, held: &[usize]) -> DMatrix<f64> {
    let mut out = DMatrix::zeros(at.len(), x.len());
    for i in (0..x.len()).filter(|i| !held.contains(i)) {
        let step = derivative_step(posterior, x, i);
        // forwards, or backwards where that leaves the possible
        for step in [step, -step] {
            let mut moved = x.to_vec();
            moved[i] += step;
            if let Some(r) = residuals(posterior, &moved) {
                out.set_column(i, &((r - at) / step));
                break;
            }
        }
    }
    out
}

/// Covariance of what the data say at `x`, wherever the best fit is.
pub(super) fn covariance_at(posterior: &Posterior, x: &[f64]) -> Option<DMatrix<f64>> {
    let jacobian = jacobian(posterior, x, &residuals(posterior, x)?, &[JITTER]);
    covariance(posterior, &jacobian.tr_mul(&jacobian), &[JITTER])
}

/// Inverse of the normal matrix with the prior widths added; zero for what is held, but for the jitter.
fn covariance(posterior: &Posterior, normal: &DMatrix<f64>, held: &[usize]) -> Option<DMatrix<f64>> {
    let mut matrix = normal.clone();
    for i in 0..matrix.nrows() {
        let width = prior_width(i).min(10.0 * posterior.table().parameters()[i].prior.scale().max(1e-12));
        let width = if i == PERIOD { prior_width(i) } else { width };
        matrix[(i, i)] += if width.is_finite() { width.powi(-2) } else { 1e-12 };
    }
    // no column of the Jacobian tells of what is held, so it is uncorrelated with the rest
    let mut out = matrix.cholesky()?.inverse();
    held.iter().filter(|i| **i != JITTER).for_each(|i| out[(*i, *i)] = 0.0);
    Some(out)
}

/// The same coordinates with the jitter that makes the residuals' scatter what it is, robustly.
fn with_jitter(posterior: &Posterior, mut x: Vec<f64>) -> Vec<f64> {
    let values = posterior.table().values(&x);
    let data = posterior.data();
    let excess = posterior.with_flux(&values, |model| {
        // squared residual less squared error, trimmed of its largest values
        let mut terms: Vec<f64> =
            data.flux.iter().zip(model).zip(&data.flux_err).map(|((f, m), e)| (f - m).powi(2) / (e * e)).collect();
        terms.sort_unstable_by(f64::total_cmp);
        // the median of a squared normal variable is 0.4549
        (quantile_sorted(&terms, 0.5) / 0.4549 - 1.0).max(0.0) * median(&data.flux_err).powi(2)
    });
    let (low, high) = bounds(posterior, &x, JITTER);
    let least = (0.1 * median(&data.flux_err)).ln();
    x[JITTER] = (0.5 * excess.unwrap_or(0.0).ln()).max(least).max(low).min(high);
    x
}
