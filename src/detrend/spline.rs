//! Cubic smoothing spline, fitted with Tukey's weights so that transits and flares do not pull it.

use super::slider::slide;
use super::{Detrend, DetrendError, Piece, bridge, by_pieces};
use crate::lightcurve::{CadenceMask, LightCurve};
use crate::math::{RankWindow, median};

/// Rounds of reweighting; the weights change by less than 1 % after about five.
const ROUNDS: usize = 8;
/// Weight of the second differences of the coefficients, relative to the mean weight of the data per coefficient: far too
/// small to smooth where there are data, and enough to continue the spline in a line where there are none.
const PENALTY: f64 = 1e-4;

/// Least-squares cubic spline with equal intervals of about `knot_spacing` in each piece, reweighted with Tukey's biweight.
///
/// One interval has one degree of freedom, so a spacing of three transit durations removes about as much of a shallow
/// transit as a biweight with a window of the same length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SmoothSpline {
    /// Days between knots.
    pub knot_spacing: f64,
    /// A gap longer than this (days) starts a new piece.
    pub gap: f64,
    /// Distance in median absolute residuals at which a cadence has no weight.
    pub cval: f64,
}

impl Detrend for SmoothSpline {
    fn trend(&self, light_curve: &LightCurve, fit_to: &CadenceMask) -> Result<Vec<f64>, DetrendError> {
        by_pieces(light_curve, fit_to, self.gap, |piece, trend| self.fit(piece, trend))
    }
}

impl SmoothSpline {
    fn fit(&self, piece: Piece<'_>, trend: &mut [f64]) {
        let first = piece.at[0].min(piece.time[0]);
        let span = piece.at[piece.at.len() - 1] - first;
        let intervals = (span / self.knot_spacing).round().max(1.0);
        let basis =
            Basis { first, width: if span > 0.0 { span / intervals } else { 1.0 }, intervals: intervals as usize };

        let level = median(piece.flux);
        let places: Vec<(usize, [f64; 4])> = piece.time.iter().map(|t| basis.at(*t)).collect();
        let mut weights = self.first_weights(&piece);
        let mut coefficients = vec![0.0; basis.intervals + 3];
        for _ in 0..ROUNDS {
            let Some(solution) = least_squares(&places, piece.flux, level, &weights, coefficients.len()) else {
                break;
            };
            coefficients = solution;
            let residual = |(place, flux): (&(usize, [f64; 4]), &f64)| flux - level - value(place, &coefficients);
            let residuals: Vec<f64> = places.iter().zip(piece.flux).map(residual).collect();
            match self.weights(&residuals) {
                Some(next) => weights = next,
                None => break,
            }
        }
        for (out, t) in trend.iter_mut().zip(piece.at) {
            *out = level + value(&basis.at(*t), &coefficients);
        }
    }
}

impl SmoothSpline {
    /// Tukey's weights; `None` where more than half of the residuals are zero.
    fn weights(&self, residuals: &[f64]) -> Option<Vec<f64>> {
        let deviation = median(&residuals.iter().map(|r| r.abs()).collect::<Vec<_>>());
        let weight = |r: &f64| (1.0 - (r / (self.cval * deviation)).powi(2)).max(0.0).powi(2);
        (deviation > 0.0).then(|| residuals.iter().map(weight).collect())
    }

    /// Weights from a running median: a spline fitted to all cadences would follow a deep transit at the edge of a piece,
    /// and no reweighting would bring it back.
    fn first_weights(&self, piece: &Piece<'_>) -> Vec<f64> {
        let mut level = vec![f64::NAN; piece.time.len()];
        let fitted = Piece { at: piece.time, time: piece.time, flux: piece.flux };
        slide(fitted, self.knot_spacing, &mut RankWindow::new(), &mut level);
        bridge(piece.time, &mut level);
        let residuals: Vec<f64> = piece.flux.iter().zip(&level).map(|(f, l)| f - l).collect();
        self.weights(&residuals).unwrap_or_else(|| vec![1.0; residuals.len()])
    }
}

fn value((start, b): &(usize, [f64; 4]), coefficients: &[f64]) -> f64 {
    b.iter().zip(&coefficients[*start..]).map(|(b, c)| b * c).sum()
}

/// Uniform cubic B-splines over `intervals` of `width` days from `first`.
struct Basis {
    first: f64,
    width: f64,
    intervals: usize,
}

impl Basis {
    /// Index of the first of the four splines that are not zero at `time`, and their values there.
    fn at(&self, time: f64) -> (usize, [f64; 4]) {
        let x = (time - self.first) / self.width;
        let start = (x.max(0.0) as usize).min(self.intervals - 1);
        let u = x - start as f64;
        let v = 1.0 - u;
        let b1 = (3.0 * u * u * u - 6.0 * u * u + 4.0) / 6.0;
        let b2 = (3.0 * v * v * v - 6.0 * v * v + 4.0) / 6.0;
        (start, [v * v * v / 6.0, b1, b2, u * u * u / 6.0])
    }
}

/// Weighted least squares with a slight penalty on second differences; a band matrix, by Cholesky's method in place.
fn least_squares(
    places: &[(usize, [f64; 4])],
    flux: &[f64],
    level: f64,
    weights: &[f64],
    n: usize,
) -> Option<Vec<f64>> {
    // band[i][k] is the element (i, i + k).
    let mut band = vec![[0.0; 4]; n];
    let mut solution = vec![0.0; n];
    for (((start, b), f), w) in places.iter().zip(flux).zip(weights) {
        for i in 0..4 {
            solution[start + i] += w * b[i] * (f - level);
            for j in i..4 {
                band[start + i][j - i] += w * b[i] * b[j];
            }
        }
    }
    let penalty = PENALTY * weights.iter().sum::<f64>() / n as f64;
    for i in 0..n.saturating_sub(2) {
        let d = [1.0, -2.0, 1.0];
        for a in 0..3 {
            for b in a..3 {
                band[i + a][b - a] += penalty * d[a] * d[b];
            }
        }
    }
    for i in 0..n {
        for k in 1..=3.min(i) {
            let l = band[i - k][k];
            for j in 0..4 - k {
                band[i][j] -= l * band[i - k][k + j];
            }
        }
        let pivot = band[i][0];
        if pivot.is_nan() || pivot <= 0.0 {
            return None;
        }
        let root = pivot.sqrt();
        band[i].iter_mut().for_each(|e| *e /= root);
    }
    for i in 0..n {
        let below: f64 = (1..=3.min(i)).map(|k| band[i - k][k] * solution[i - k]).sum();
        solution[i] = (solution[i] - below) / band[i][0];
    }
    for i in (0..n).rev() {
        let above: f64 = (1..=3.min(n - 1 - i)).map(|k| band[i][k] * solution[i + k]).sum();
        solution[i] = (solution[i] - above) / band[i][0];
    }
    Some(solution)
}
