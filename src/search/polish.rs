//! Period, time, duration and depth of a found box, by least squares of a transit-shaped dip on unbinned data.
//!
//! A box on long cadences fits equally well anywhere on a plateau of periods and times as wide as the gaps between the phases
//! of the cadences. A smooth dip has no plateau, and its normal matrix gives the errors.

use super::refine::{BoxFit, PeriodicBox};
use super::series::Series;
use super::template::Trapezoid;

/// A fitted transit shape; times in days since the series' origin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Polished {
    pub period: f64,
    pub period_err: f64,
    /// Mid-transit of the epoch nearest to the middle of the transits observed.
    pub transit_time: f64,
    /// First to last contact (T14).
    pub duration: f64,
    pub duration_err: f64,
    /// Of the flat bottom.
    pub depth: f64,
    pub depth_err: f64,
    transit_time_err: f64,
    /// Covariance of period and transit time.
    covariance: f64,
}

impl Polished {
    /// Error of the mid-time `epochs` transits after `transit_time`.
    pub fn time_err(&self, epochs: f64) -> f64 {
        let variance =
            self.transit_time_err.powi(2) + epochs * (2.0 * self.covariance + epochs * self.period_err.powi(2));
        variance.max(0.0).sqrt()
    }
}

const N: usize = 6;
// Indices of the parameters.
const LEVEL: usize = 0;
const DEPTH: usize = 1;
/// In starting durations, at the middle epoch.
const TIME: usize = 2;
/// In starting durations of drift from the middle to the farthest epoch.
const PERIOD: usize = 3;
const LN_DURATION: usize = 4;
/// ln of ingress over duration.
const LN_INGRESS: usize = 5;

/// Ingress over duration: that of a grazing transit or an eclipse, and one that no search can tell from a box.
const INGRESS_RANGE: (f64, f64) = (0.005, 0.5);
/// Standard deviation of ln(ingress over duration) about its expectation: loose, for where the data say nothing.
const LN_INGRESS_SIGMA: f64 = 0.7;
/// Starting durations over that of the box, and ingress over duration with each.
const STARTS: [(f64, f64); 3] = [(1.05, 0.05), (1.2, 0.2), (1.6, 0.45)];
/// Starting shifts of the farthest transit, in durations.
const DRIFTS: [f64; 5] = [0.0, -0.15, 0.15, -0.4, 0.4];
/// Duration over that of the box: a box on a V is 0.6 of it long, and one over another planet's transit too long.
const DURATION_RANGE: (f64, f64) = (0.5, 2.2);
/// Most that mid-transits may move from the box's, at the middle and at the farthest epoch, in its durations.
const MAX_SHIFT: f64 = 0.6;
/// Share of the box's Δχ² that the shape must have. A box's edges are chosen with the noise, so one that explains a little
/// more may still be the worse guess.
const LEAST_GAIN: f64 = 0.9;
/// Variance of the place where a Brownian motion with drift −|x|/2 to both sides is highest: that of the estimate of a sharp
/// step in noise, in units of (σ/step)² samples (Yao 1987, Annals of Statistics 15, 1321).
///
/// The normal matrix knows only slopes, and promises too much of edges that are sharper than they can be located. It gives
/// this variance for slopes of this many times duration/(S/N)², which are therefore the shortest that errors are taken with.
const EDGE_VARIANCE: f64 = 26.0;
const MAX_ITERATIONS: usize = 40;
const ROUNDS: usize = 3;

struct Cadence {
    /// Days from the transit that the box predicts.
    offset: f64,
    /// From the middle epoch, in units of the farthest.
    epoch: f64,
    dip: f64,
    weight: f64,
}

struct Problem {
    cadences: Vec<Cadence>,
    /// Σw and Σw·dip of all cadences elsewhere, which have the level alone.
    far_weight: f64,
    far_sum: f64,
    exposure: f64,
    /// Unit of the parameters for times (days): the duration of the box.
    unit: f64,
    /// Expected ln(ingress / duration).
    ln_ingress: f64,
}

/// One evaluation: χ² without its constant part, normal matrix and gradient.
#[derive(Clone, Copy)]
struct Normal {
    chi2: f64,
    matrix: [[f64; N]; N],
    gradient: [f64; N],
}

/// Fits level, depth, time, period, duration and ingress from several starts, and takes the lowest χ².
///
/// Cadences are taken to be as long as the series' time step. The ratio of ingress to duration is loosely expected to be
/// 1.3 √depth, that of a planet at an impact parameter of a half, and 0.02 for the rounding that limb darkening makes. Errors are
/// those of the normal matrix with all flux errors scaled by `beta`, or by the root of the reduced χ² about the transits
/// where that is larger. `None` where the shape leaves the neighbourhood of the box or explains less than the box.
///
/// From a result far from the box the fit is taken up again: a box much shorter than the transit can be far from its middle.
pub(crate) fn polish(series: &Series, fit: &BoxFit, beta: f64) -> Option<Polished> {
    let mut shape = fit.shape;
    let mut best = None;
    for _ in 0..ROUNDS {
        let (found, shift) = polish_once(series, fit, shape, beta)?;
        shape = PeriodicBox {
            period: found.period,
            transit_time: found.transit_time,
            duration: found.duration.min(2.0 * fit.shape.duration),
        };
        best = Some(found);
        if shift < 0.5 * MAX_SHIFT {
            break;
        }
    }
    best
}

/// The shape, and how far it is from `shape` at the middle or farthest epoch, in its durations.
fn polish_once(series: &Series, fit: &BoxFit, shape: PeriodicBox, beta: f64) -> Option<(Polished, f64)> {
    let reach = (MAX_SHIFT * shape.duration + 0.5 * DURATION_RANGE.1 * shape.duration + series.cadence)
        .max(2.0 * shape.duration)
        .min(0.5 * shape.period);
    let (problem, middle, farthest) = collect(series, &shape, reach, fit.statistic.depth)?;
    let mut best: Option<([f64; N], Normal)> = None;
    for (stretch, ingress) in STARTS {
        for drift in DRIFTS {
            let mut start = [0.0; N];
            start[DEPTH] = fit.statistic.depth;
            start[PERIOD] = drift;
            start[LN_DURATION] = f64::ln(stretch);
            start[LN_INGRESS] = f64::ln(ingress);
            let found = problem.minimise(start);
            if best.as_ref().is_none_or(|b| found.1.chi2 < b.1.chi2) {
                best = Some(found);
            }
        }
    }
    let (p, normal) = best?;
    // Dips are from the weighted mean, so Σ w·dip² is χ² of a constant; that of the far cadences is in neither.
    let constant: f64 = problem.cadences.iter().map(|c| c.weight * c.dip * c.dip).sum();
    let gain = constant - normal.chi2;
    if gain < LEAST_GAIN * fit.statistic.delta_chi2 || p[DEPTH] <= 0.0 {
        return None;
    }
    let degrees = problem.cadences.len() as f64 - N as f64;
    let scale = if degrees >= 1.0 { beta.max((normal.near_chi2(&problem, &p) / degrees).sqrt()) } else { beta };
    let snr = gain.sqrt() / scale;
    let mut blurred = p;
    blurred[LN_INGRESS] = p[LN_INGRESS].max((EDGE_VARIANCE / (snr * snr)).min(INGRESS_RANGE.1).ln());
    let covariance = invert(&problem.normal(&blurred).scaled(scale))?;

    let per_epoch = problem.unit / farthest;
    let period = shape.period + p[PERIOD] * per_epoch;
    let whole = middle.round();
    let duration = problem.unit * p[LN_DURATION].exp();
    // Time at `middle`, a fraction of an epoch from the whole one.
    let fraction = whole - middle;
    let time_at_middle = shape.transit_time + middle * shape.period + p[TIME] * problem.unit;
    let (c_tt, c_pp, c_tp) = (
        covariance[TIME][TIME] * problem.unit.powi(2),
        covariance[PERIOD][PERIOD] * per_epoch.powi(2),
        covariance[TIME][PERIOD] * problem.unit * per_epoch,
    );
    let shift = p[TIME].abs().max(p[PERIOD].abs());
    let polished = Polished {
        period,
        period_err: c_pp.sqrt(),
        transit_time: time_at_middle + fraction * period,
        transit_time_err: (c_tt + fraction * (2.0 * c_tp + fraction * c_pp)).max(0.0).sqrt(),
        covariance: c_tp + fraction * c_pp,
        duration,
        duration_err: duration * covariance[LN_DURATION][LN_DURATION].sqrt(),
        depth: p[DEPTH],
        depth_err: covariance[DEPTH][DEPTH].sqrt(),
    };
    Some((polished, shift))
}

/// The cadences within `reach` of a transit; the mean epoch of those in the box and the distance of the farthest from it.
fn collect(series: &Series, shape: &PeriodicBox, reach: f64, depth: f64) -> Option<(Problem, f64, f64)> {
    let mut cadences = Vec::new();
    let (mut near_weight, mut near_sum) = (0.0, 0.0);
    let (mut inside, mut sum) = (0.0, 0.0);
    let (mut first, mut last) = (f64::INFINITY, f64::NEG_INFINITY);
    for ((t, dip), &weight) in series.time.iter().zip(&series.dip).zip(&series.weight) {
        let epoch = ((t - shape.transit_time) / shape.period).round();
        let offset = t - shape.transit_time - epoch * shape.period;
        if offset.abs() > reach {
            continue;
        }
        if offset.abs() <= 0.5 * shape.duration {
            inside += weight;
            sum += weight * epoch;
            first = epoch.min(first);
            last = epoch.max(last);
        }
        near_weight += weight;
        near_sum += weight * dip;
        cadences.push(Cadence { offset, epoch, dip: *dip, weight });
    }
    if inside <= 0.0 || first >= last || cadences.len() <= N {
        return None;
    }
    let middle = sum / inside;
    let farthest = (last - middle).max(middle - first);
    for c in &mut cadences {
        c.epoch = (c.epoch - middle) / farthest;
    }
    let expected = (1.3 * depth.abs().sqrt() + 0.02).min(INGRESS_RANGE.1);
    let problem = Problem {
        cadences,
        far_weight: series.total_weight - near_weight,
        far_sum: -near_sum,
        exposure: series.cadence,
        unit: shape.duration,
        ln_ingress: expected.ln(),
    };
    Some((problem, middle, farthest))
}

impl Problem {
    /// Levenberg–Marquardt from `start`, within the ranges.
    fn minimise(&self, start: [f64; N]) -> ([f64; N], Normal) {
        let (mut p, mut normal) = (start, self.normal(&start));
        let mut damping = 1e-3;
        for _ in 0..MAX_ITERATIONS {
            let Some(step) = solve(&normal, damping) else { break };
            let mut trial = p;
            for (t, s) in trial.iter_mut().zip(step) {
                *t += s;
            }
            self.confine(&mut trial);
            let next = self.normal(&trial);
            if next.chi2 < normal.chi2 {
                let gain = normal.chi2 - next.chi2;
                (p, normal) = (trial, next);
                damping = (damping * 0.2).max(1e-9);
                if gain < 1e-4 {
                    break;
                }
            } else {
                damping *= 8.0;
                if damping > 1e8 {
                    break;
                }
            }
        }
        (p, normal)
    }

    fn confine(&self, p: &mut [f64; N]) {
        p[TIME] = p[TIME].clamp(-MAX_SHIFT, MAX_SHIFT);
        p[PERIOD] = p[PERIOD].clamp(-MAX_SHIFT, MAX_SHIFT);
        p[LN_DURATION] = p[LN_DURATION].clamp(DURATION_RANGE.0.ln(), DURATION_RANGE.1.ln());
        p[LN_INGRESS] = p[LN_INGRESS].clamp(INGRESS_RANGE.0.ln(), INGRESS_RANGE.1.ln());
    }

    fn template(&self, p: &[f64; N]) -> Trapezoid {
        let duration = self.unit * p[LN_DURATION].exp();
        Trapezoid { duration, ingress: duration * p[LN_INGRESS].exp(), exposure: self.exposure }
    }

    fn normal(&self, p: &[f64; N]) -> Normal {
        let template = self.template(p);
        let mut n = Normal { chi2: 0.0, matrix: [[0.0; N]; N], gradient: [0.0; N] };
        for c in &self.cadences {
            let s = template.at(c.offset - (p[TIME] + c.epoch * p[PERIOD]) * self.unit);
            let residual = c.dip - p[LEVEL] - p[DEPTH] * s.value;
            n.chi2 += c.weight * residual * residual;
            if s.value == 0.0 {
                n.gradient[LEVEL] += c.weight * residual;
                n.matrix[LEVEL][LEVEL] += c.weight;
                continue;
            }
            let by_shift = -p[DEPTH] * s.by_time * self.unit;
            let by_ln_ingress = p[DEPTH] * s.by_ingress * template.ingress;
            let by_ln_duration = p[DEPTH] * s.by_duration * template.duration + by_ln_ingress;
            let row = [1.0, s.value, by_shift, by_shift * c.epoch, by_ln_duration, by_ln_ingress];
            for i in 0..N {
                n.gradient[i] += c.weight * residual * row[i];
                for j in 0..=i {
                    n.matrix[i][j] += c.weight * row[i] * row[j];
                }
            }
        }
        n.gradient[LEVEL] += self.far_sum - self.far_weight * p[LEVEL];
        n.matrix[LEVEL][LEVEL] += self.far_weight;
        n.chi2 += p[LEVEL] * (self.far_weight * p[LEVEL] - 2.0 * self.far_sum);
        let expected = (self.ln_ingress - p[LN_INGRESS]) / LN_INGRESS_SIGMA;
        n.chi2 += expected * expected;
        n.gradient[LN_INGRESS] += expected / LN_INGRESS_SIGMA;
        n.matrix[LN_INGRESS][LN_INGRESS] += LN_INGRESS_SIGMA.powi(-2);
        n
    }
}

impl Normal {
    /// χ² of the cadences near transits alone.
    fn near_chi2(&self, problem: &Problem, p: &[f64; N]) -> f64 {
        let expected = (problem.ln_ingress - p[LN_INGRESS]) / LN_INGRESS_SIGMA;
        self.chi2 - expected * expected - p[LEVEL] * (problem.far_weight * p[LEVEL] - 2.0 * problem.far_sum)
    }

    /// The matrix when all flux errors are `scale` times as large; what is expected of the ingress stays.
    fn scaled(&self, scale: f64) -> [[f64; N]; N] {
        let kept = LN_INGRESS_SIGMA.powi(-2);
        let mut matrix = self.matrix.map(|row| row.map(|v| v / (scale * scale)));
        matrix[LN_INGRESS][LN_INGRESS] = (self.matrix[LN_INGRESS][LN_INGRESS] - kept) / (scale * scale) + kept;
        matrix
    }
}

/// Step of the damped normal equations; `None` where the matrix is singular.
fn solve(normal: &Normal, damping: f64) -> Option<[f64; N]> {
    let mut matrix = normal.matrix;
    for (i, row) in matrix.iter_mut().enumerate() {
        row[i] *= 1.0 + damping;
    }
    let (factor, scale) = cholesky(&matrix)?;
    Some(substitute(&factor, &scale, &normal.gradient))
}

/// Inverse of a symmetric matrix whose lower triangle is given.
fn invert(matrix: &[[f64; N]; N]) -> Option<[[f64; N]; N]> {
    let (factor, scale) = cholesky(matrix)?;
    let mut inverse = [[0.0; N]; N];
    for (i, row) in inverse.iter_mut().enumerate() {
        let mut unit = [0.0; N];
        unit[i] = 1.0;
        *row = substitute(&factor, &scale, &unit);
    }
    Some(inverse)
}

/// Lower factor of a matrix scaled to a unit diagonal, and the scales.
fn cholesky(matrix: &[[f64; N]; N]) -> Option<([[f64; N]; N], [f64; N])> {
    let mut scale = [0.0; N];
    for i in 0..N {
        if matrix[i][i].is_nan() || matrix[i][i] <= 0.0 {
            return None;
        }
        scale[i] = matrix[i][i].sqrt();
    }
    let mut factor = [[0.0; N]; N];
    for i in 0..N {
        for j in 0..=i {
            let sum: f64 = (0..j).map(|k| factor[i][k] * factor[j][k]).sum();
            let rest = matrix[i][j] / (scale[i] * scale[j]) - sum;
            if i == j {
                if rest.is_nan() || rest <= 1e-13 {
                    return None;
                }
                factor[i][i] = rest.sqrt();
            } else {
                factor[i][j] = rest / factor[j][j];
            }
        }
    }
    Some((factor, scale))
}

fn substitute(factor: &[[f64; N]; N], scale: &[f64; N], right: &[f64; N]) -> [f64; N] {
    let mut x = [0.0; N];
    for i in 0..N {
        let sum: f64 = (0..i).map(|k| factor[i][k] * x[k]).sum();
        x[i] = (right[i] / scale[i] - sum) / factor[i][i];
    }
    for i in (0..N).rev() {
        let sum: f64 = (i + 1..N).map(|k| factor[k][i] * x[k]).sum();
        x[i] = (x[i] - sum) / factor[i][i];
    }
    for i in 0..N {
        x[i] /= scale[i];
    }
    x
}
