//! The trend in the first and last half window of a piece: a line through the last full window, if it has a slope.

use crate::math::{MAD_TO_SIGMA, median, point_to_point_sigma};

/// Stretches whose medians the line is fitted to. A transit of the longest duration fills four of them.
const BINS: usize = 12;
/// A slope less sure than this many of its errors is noise and taken to be zero.
const SLOPE_SIGMA: f64 = 4.0;
/// Standard error of a median of Gaussian values over that of their mean, √(π/2).
const MEDIAN_ERROR: f64 = 1.253_314_137_315_500_3;
/// Distance, in median absolute deviations, at which the line ignores a stretch.
const CVAL: f64 = 5.0;

/// A level at a time, and the slope there.
pub(super) struct Edge {
    level: f64,
    middle: f64,
    slope: f64,
}

impl Edge {
    /// `level` is the location of a full window of `time` and `flux` whose middle is `middle`.
    ///
    /// A location says nothing of the slope, so the trend would be flat over half a window and leave rotation in. A line
    /// fitted to all cadences would follow a transit at the edge, where it has the longest lever. The line is therefore
    /// fitted robustly to the medians of twelve stretches, among which a transit that matters stands out, and a slope
    /// that is not sure is left at zero, so that a quiet star loses no more than in mid-window.
    pub(super) fn new(time: &[f64], flux: &[f64], level: f64, middle: f64) -> Self {
        let slope = robust_slope(time, flux).unwrap_or(0.0);
        let mean_time = middle + time.iter().map(|t| t - middle).sum::<f64>() / time.len() as f64;
        Self { level: level + slope * (middle - mean_time), middle, slope }
    }

    pub(super) fn at(&self, time: f64) -> f64 {
        self.level + self.slope * (time - self.middle)
    }
}

/// Slope of a line through the medians of [`BINS`] stretches, started at the repeated median (Siegel 1982, Biometrika 69,
/// 242), refined by Tukey's weights; `None` if fewer than half of the stretches have cadences or the slope is not sure.
fn robust_slope(time: &[f64], flux: &[f64]) -> Option<f64> {
    let (first, last) = (*time.first()?, *time.last()?);
    let width = (last - first) / BINS as f64;
    if width <= 0.0 {
        return None;
    }
    let mut points: Vec<(f64, f64)> = Vec::with_capacity(BINS);
    let mut start = 0;
    for bin in 0..BINS {
        let end = if bin + 1 == BINS {
            time.len()
        } else {
            start + time[start..].partition_point(|t| *t < first + (bin + 1) as f64 * width)
        };
        if end > start {
            let mean = time[start..end].iter().map(|t| t - first).sum::<f64>() / (end - start) as f64;
            points.push((mean, median(&flux[start..end])));
        }
        start = end;
    }
    if points.len() < BINS / 2 {
        return None;
    }
    let slopes_from = |p: &(f64, f64)| {
        let slopes: Vec<f64> = points.iter().filter(|q| q.0 != p.0).map(|q| (q.1 - p.1) / (q.0 - p.0)).collect();
        median(&slopes)
    };
    let mut slope = median(&points.iter().map(slopes_from).collect::<Vec<_>>());
    let mut intercept = median(&points.iter().map(|p| p.1 - slope * p.0).collect::<Vec<_>>());
    let residuals = |slope: f64, intercept: f64| points.iter().map(move |p| p.1 - intercept - slope * p.0);
    let deviation = median(&residuals(slope, intercept).map(f64::abs).collect::<Vec<_>>());
    if deviation == 0.0 {
        return Some(slope);
    }
    let mut spread = f64::NAN;
    for _ in 0..20 {
        let weights: Vec<f64> =
            residuals(slope, intercept).map(|r| (1.0 - (r / (CVAL * deviation)).powi(2)).max(0.0).powi(2)).collect();
        let total: f64 = weights.iter().sum();
        let mean =
            |pick: fn(&(f64, f64)) -> f64| points.iter().zip(&weights).map(|(p, w)| w * pick(p)).sum::<f64>() / total;
        let (x, y) = (mean(|p| p.0), mean(|p| p.1));
        spread = points.iter().zip(&weights).map(|(p, w)| w * (p.0 - x).powi(2)).sum();
        let product: f64 = points.iter().zip(&weights).map(|(p, w)| w * (p.0 - x) * (p.1 - y)).sum();
        slope = product / spread;
        intercept = y - slope * x;
    }
    // The deviation of a dozen values is itself uncertain: the noise of their cadences sets a floor to it.
    let cadences_a_point = flux.len() as f64 / points.len() as f64;
    let white = MEDIAN_ERROR * point_to_point_sigma(flux) / cadences_a_point.sqrt();
    let slope_err = (MAD_TO_SIGMA * deviation).max(white) / spread.sqrt();
    (slope.abs() > SLOPE_SIGMA * slope_err).then_some(slope)
}
