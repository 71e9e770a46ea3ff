//! One dip: least squares of a transit shape on a straight line, and whether anything else fits as well.

use nalgebra::{SMatrix, SVector};

use crate::search::exact::trapezoid::Trapezoid;
use crate::search::series::dips::Series;

/// A fitted single transit; times in days since the series' origin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct SingleFit {
    pub time: f64,
    pub time_err: f64,
    /// First to last contact (T14).
    pub duration: f64,
    pub duration_err: f64,
    /// Of the flat bottom.
    pub depth: f64,
    pub depth_err: f64,
    /// What flux errors were scaled by.
    pub scale: f64,
    /// χ² of a straight line less χ² of the transit.
    pub gain: f64,
    /// χ² of the best of a step, sudden drops with slow recovery (and the reverse) and waves, each on a straight line, less χ²
    /// of the transit.
    pub gain_over_others: f64,
}

const N: usize = 6;
// Indices of the parameters: dips in units of the box's depth, times in units of its duration.
const LEVEL: usize = 0;
const SLOPE: usize = 1;
const DEPTH: usize = 2;
const TIME: usize = 3;
const LN_DURATION: usize = 4;
/// ln of ingress over duration.
const LN_INGRESS: usize = 5;

/// Half of the stretch that is fitted, in durations.
const REACH: f64 = 2.5;
/// As in `polish`: ingress over duration from sharp to grazing, expected loosely where the data say nothing.
const INGRESS_RANGE: (f64, f64) = (0.005, 0.5);
const LN_INGRESS_SIGMA: f64 = 0.7;
/// Starting durations over that of the box, and ingress over duration with each.
const STARTS: [(f64, f64); 3] = [(1.05, 0.05), (1.2, 0.2), (1.6, 0.45)];
/// Duration over that of the box.
const DURATION_RANGE: (f64, f64) = (0.5, 2.2);
/// Most that mid-transit may move from the box's, in its durations.
const MAX_SHIFT: f64 = 0.6;
/// As in `polish`: slopes of this many times duration/(S/N)² are the shortest that errors are taken with.
const EDGE_VARIANCE: f64 = 26.0;
const MAX_ITERATIONS: usize = 40;
/// Times at which other shapes start, per duration.
const OTHER_STARTS: i32 = 8;
/// Decay times of sudden drops in durations.
const DECAYS: [f64; 4] = [0.25, 0.5, 1.0, 2.0];
/// Periods of waves in durations: from one dip of that length a cycle to a slow swing.
const WAVES: [f64; 5] = [1.5, 2.0, 2.75, 4.0, 6.0];

type Matrix = SMatrix<f64, N, N>;
type Vector = SVector<f64, N>;

/// Cadences about a dip in scaled units.
struct Stretch {
    time: Vec<f64>,
    dip: Vec<f64>,
    weight: Vec<f64>,
    exposure: f64,
    /// Expected ln(ingress / duration).
    ln_ingress: f64,
}

/// Fits a trapezoid, smeared over the cadence, and a straight line to the cadences within 2.5 durations of a box.
///
/// Errors are those of the normal matrix with all flux errors scaled by `beta`, or by the root of the reduced χ² where that is
/// larger. `None` where the cadences are too few or the fit has no dip.
pub(crate) fn fit_single(series: &Series, time: f64, duration: f64, depth: f64, beta: f64) -> Option<SingleFit> {
    let stretch = Stretch::new(series, time, duration, depth);
    if stretch.time.len() <= N + 1 {
        return None;
    }
    let mut best: Option<(Vector, f64)> = None;
    for (longer, ingress) in STARTS {
        let start = Vector::from([0.0, 0.0, 1.0, 0.0, f64::ln(longer), f64::ln(ingress)]);
        let found = stretch.minimise(start);
        if best.is_none_or(|b| found.1 < b.1) {
            best = Some(found);
        }
    }
    let (p, with_prior) = best?;
    let chi2 = with_prior - stretch.prior(&p);
    let line = stretch.linear(|_| [0.0; 2])?;
    let gain = line - chi2;
    if p[DEPTH] <= 0.0 || gain <= 0.0 {
        return None;
    }
    let scale = beta.max((chi2 / (stretch.time.len() - N) as f64).sqrt());
    let mut blurred = p;
    let sharpest = (EDGE_VARIANCE * scale * scale / gain).min(INGRESS_RANGE.1).ln();
    blurred[LN_INGRESS] = p[LN_INGRESS].max(sharpest);
    let kept = LN_INGRESS_SIGMA.powi(-2);
    let mut matrix = stretch.normal(&blurred).1;
    matrix[(LN_INGRESS, LN_INGRESS)] -= kept;
    matrix /= scale * scale;
    matrix[(LN_INGRESS, LN_INGRESS)] += kept;
    let covariance = matrix.cholesky()?.inverse();
    let err = |i: usize| covariance[(i, i)].max(0.0).sqrt();
    let fitted = duration * p[LN_DURATION].exp();
    Some(SingleFit {
        time: time + duration * p[TIME],
        time_err: duration * err(TIME),
        duration: fitted,
        duration_err: fitted * err(LN_DURATION),
        depth: depth * p[DEPTH],
        depth_err: depth * err(DEPTH),
        scale,
        gain,
        gain_over_others: stretch.other_shapes()? - chi2,
    })
}

impl Stretch {
    fn new(series: &Series, time: f64, duration: f64, depth: f64) -> Self {
        let from = series.time.partition_point(|t| *t < time - REACH * duration);
        let to = series.time.partition_point(|t| *t <= time + REACH * duration);
        Self {
            time: series.time[from..to].iter().map(|t| (t - time) / duration).collect(),
            dip: series.dip[from..to].iter().map(|d| d / depth).collect(),
            weight: series.weight[from..to].iter().map(|w| w * depth * depth).collect(),
            exposure: series.cadence / duration,
            ln_ingress: (1.3 * depth.abs().sqrt() + 0.02).min(INGRESS_RANGE.1).ln(),
        }
    }

    fn prior(&self, p: &Vector) -> f64 {
        ((self.ln_ingress - p[LN_INGRESS]) / LN_INGRESS_SIGMA).powi(2)
    }

    /// Levenberg–Marquardt from `start`, within the ranges; parameters and χ² with the prior.
    fn minimise(&self, start: Vector) -> (Vector, f64) {
        let mut p = start;
        let (mut chi2, mut matrix, mut gradient) = self.normal(&p);
        let mut damping = 1e-3;
        for _ in 0..MAX_ITERATIONS {
            let mut damped = matrix;
            for i in 0..N {
                damped[(i, i)] *= 1.0 + damping;
            }
            let Some(factor) = damped.cholesky() else { break };
            let mut trial = p + factor.solve(&gradient);
            trial[TIME] = trial[TIME].clamp(-MAX_SHIFT, MAX_SHIFT);
            trial[LN_DURATION] = trial[LN_DURATION].clamp(DURATION_RANGE.0.ln(), DURATION_RANGE.1.ln());
            trial[LN_INGRESS] = trial[LN_INGRESS].clamp(INGRESS_RANGE.0.ln(), INGRESS_RANGE.1.ln());
            let next = self.normal(&trial);
            if next.0 < chi2 {
                let gain = chi2 - next.0;
                p = trial;
                (chi2, matrix, gradient) = next;
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
        (p, chi2)
    }

    /// χ² with the prior, normal matrix and gradient.
    fn normal(&self, p: &Vector) -> (f64, Matrix, Vector) {
        let duration = p[LN_DURATION].exp();
        let template = Trapezoid { duration, ingress: duration * p[LN_INGRESS].exp(), exposure: self.exposure };
        let (mut chi2, mut matrix, mut gradient) = (self.prior(p), Matrix::zeros(), Vector::zeros());
        for ((t, dip), w) in self.time.iter().zip(&self.dip).zip(&self.weight) {
            let s = template.at(t - p[TIME]);
            let residual = dip - p[LEVEL] - p[SLOPE] * t - p[DEPTH] * s.value;
            let by_ln_ingress = p[DEPTH] * s.by_ingress * template.ingress;
            let by_ln_duration = p[DEPTH] * s.by_duration * duration + by_ln_ingress;
            let row = Vector::from([1.0, *t, s.value, -p[DEPTH] * s.by_time, by_ln_duration, by_ln_ingress]);
            chi2 += w * residual * residual;
            gradient += row * (w * residual);
            matrix += row * row.transpose() * *w;
        }
        gradient[LN_INGRESS] += (self.ln_ingress - p[LN_INGRESS]) / LN_INGRESS_SIGMA.powi(2);
        matrix[(LN_INGRESS, LN_INGRESS)] += LN_INGRESS_SIGMA.powi(-2);
        (chi2, matrix, gradient)
    }

    /// χ² of a straight line and two shapes, all amplitudes free; a shape of zeros takes no part.
    fn linear(&self, shapes: impl Fn(f64) -> [f64; 2]) -> Option<f64> {
        let (mut matrix, mut right, mut square) = (SMatrix::<f64, 4, 4>::zeros(), SVector::<f64, 4>::zeros(), 0.0);
        for ((t, dip), w) in self.time.iter().zip(&self.dip).zip(&self.weight) {
            let [a, b] = shapes(*t);
            let row = SVector::from([1.0, *t, a, b]);
            matrix += row * row.transpose() * *w;
            right += row * (w * dip);
            square += w * dip * dip;
        }
        // A part in 10⁹ of the first diagonal element makes an amplitude without data zero.
        let ridge = 1e-9 * matrix[(0, 0)];
        for i in 0..4 {
            matrix[(i, i)] += ridge;
        }
        let solution = matrix.cholesky()?.solve(&right);
        Some(square - solution.dot(&right))
    }

    /// Lowest χ² of what is not a transit.
    fn other_shapes(&self) -> Option<f64> {
        let mut least = f64::INFINITY;
        let mut consider = |chi2: Option<f64>| least = least.min(chi2.unwrap_or(f64::INFINITY));
        for i in -OTHER_STARTS..=OTHER_STARTS {
            let start = f64::from(i) / f64::from(OTHER_STARTS);
            consider(self.linear(|t| [if t > start { 1.0 } else { 0.0 }, 0.0]));
            for decay in DECAYS {
                let after = |x: f64| if x >= 0.0 { (-x / decay).exp() } else { 0.0 };
                consider(self.linear(|t| [after(t - start), 0.0]));
                consider(self.linear(|t| [after(start - t), 0.0]));
            }
        }
        for period in WAVES {
            let phase = |t: f64| std::f64::consts::TAU * t / period;
            consider(self.linear(|t| [phase(t).cos(), phase(t).sin()]));
        }
        least.is_finite().then_some(least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng, rngs::StdRng};
    use rand_distr::StandardNormal;

    fn fit(seed: u64, sigma: f64, signal: impl Fn(f64) -> f64) -> Option<SingleFit> {
        let mut rng = StdRng::seed_from_u64(seed);
        let time: Vec<f64> = (0..2000).map(|i| 0.01 * f64::from(i)).collect();
        let flux: Vec<f64> =
            time.iter().map(|t| 1.0 - signal(t - 10.0) + sigma * rng.sample::<f64, _>(StandardNormal)).collect();
        let series = Series::from_columns(&time, &flux, &vec![sigma; 2000]);
        fit_single(&series, 10.02, 0.25, 9e-4, 1.0)
    }

    fn transit(t: f64) -> f64 {
        1e-3 * Trapezoid { duration: 0.3, ingress: 0.04, exposure: 0.01 }.at(t).value
    }

    #[test]
    fn a_transit_is_measured_with_honest_errors() {
        let mut pulls = [Vec::new(), Vec::new(), Vec::new()];
        for seed in 0..60 {
            let f = fit(seed, 2e-4, transit).unwrap();
            pulls[0].push(f.time - 10.0);
            pulls[0].push(f.time_err);
            pulls[1].push(f.duration - 0.3);
            pulls[1].push(f.duration_err);
            pulls[2].push(f.depth - 1e-3);
            pulls[2].push(f.depth_err);
            assert!(f.gain_over_others > 0.0, "{f:?}");
        }
        let rms = pulls.map(|pairs| (pairs.chunks(2).map(|p| (p[0] / p[1]).powi(2)).sum::<f64>() / 60.0).sqrt());
        println!("pulls of time, duration and depth: {rms:.2?}");
        // The root mean square of 60 unit normals is within 0.27 of 1 at three sigma; errors from slopes are a little small.
        assert!(rms.iter().all(|r| (0.65..1.45).contains(r)), "{rms:?}");
    }

    #[test]
    fn steps_ramps_and_waves_are_told_from_transits() {
        let step = |t: f64| if t > -0.1 { 1e-3 } else { 0.0 };
        let recovery = |t: f64| if t > -0.12 { 1.4e-3 * (-(t + 0.12) / 0.2).exp() } else { 0.0 };
        let wave = |t: f64| 5e-4 * (std::f64::consts::TAU * t / 0.6).cos();
        for (i, signal) in [&step as &dyn Fn(f64) -> f64, &recovery, &wave].into_iter().enumerate() {
            let rejected = fit(7, 1e-4, signal).is_none_or(|f| f.gain_over_others < 0.0);
            assert!(rejected, "shape {i}");
        }
    }
}
