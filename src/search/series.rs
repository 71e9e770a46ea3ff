//! The light curve as the search sees it: times from the first cadence, dips and weights.

use super::statistic::{BoxStatistic, BoxSums};
use super::windows::Windows;
use crate::lightcurve::{Detrended, median_time_step};

/// Times (days since `origin`), dips (weighted mean − flux) and weights (flux_err⁻²) of the cadences in use.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    /// First time stamp of the light curve, kept when cadences are masked.
    pub origin: f64,
    /// Days from the first to the last cadence of the light curve, kept when cadences are masked.
    pub baseline: f64,
    /// Typical time step in days.
    pub cadence: f64,
    pub time: Vec<f64>,
    pub dip: Vec<f64>,
    pub weight: Vec<f64>,
    pub total_weight: f64,
    /// Durations (days, ascending) and variance of the S/N of their boxes under the noise model; none for white noise, where
    /// it is 1.
    ratios: Vec<(f64, f64)>,
}

impl Series {
    pub fn new(detrended: &Detrended) -> Self {
        Self::from_columns(detrended.time(), detrended.flux(), detrended.flux_err())
    }

    /// From columns of equal length, at least two rows, errors positive.
    pub fn from_columns(time: &[f64], flux: &[f64], flux_err: &[f64]) -> Self {
        let origin = time[0];
        let mut series = Self {
            origin,
            baseline: time[time.len() - 1] - origin,
            cadence: median_time_step(time),
            time: time.iter().map(|t| t - origin).collect(),
            dip: flux.iter().map(|f| 1.0 - f).collect(),
            weight: flux_err.iter().map(|e| 1.0 / (e * e)).collect(),
            total_weight: 0.0,
            ratios: Vec::new(),
        };
        series.centre();
        series
    }

    pub fn len(&self) -> usize {
        self.time.len()
    }

    /// The series without the cadences whose entry in `masked` is true.
    pub fn without(&self, masked: &[bool]) -> Self {
        let pick =
            |column: &[f64]| -> Vec<f64> { column.iter().zip(masked).filter(|(_, m)| !**m).map(|(v, _)| *v).collect() };
        let mut series = Self {
            time: pick(&self.time),
            dip: pick(&self.dip),
            weight: pick(&self.weight),
            total_weight: 0.0,
            ratios: self.ratios.clone(),
            ..*self
        };
        series.centre();
        series
    }

    /// The same cadences with `numerator` for weight · dip, and with `weight`; those without weight are left out.
    pub fn whitened(&self, numerator: &[f64], weight: &[f64], ratios: Vec<(f64, f64)>) -> Self {
        let kept = || (0..self.len()).filter(|i| weight[*i] > 0.0);
        let mut series = Self {
            time: kept().map(|i| self.time[i]).collect(),
            dip: kept().map(|i| numerator[i] / weight[i]).collect(),
            weight: kept().map(|i| weight[i]).collect(),
            total_weight: 0.0,
            ratios,
            ..*self
        };
        series.centre();
        series
    }

    /// Whether the noise is modelled and not taken to be white.
    pub fn is_whitened(&self) -> bool {
        !self.ratios.is_empty()
    }

    /// Variance that the S/N of boxes of `duration` days has under the noise model, by interpolation in ln(duration): depth is
    /// Σ w·dip / (ratio Σ w) and its S/N Σ w·dip / √(ratio Σ w).
    pub fn ratio(&self, duration: f64) -> f64 {
        let above = self.ratios.partition_point(|r| r.0 < duration);
        match (above.checked_sub(1).and_then(|i| self.ratios.get(i)), self.ratios.get(above)) {
            (Some(a), Some(b)) => a.1 + (duration / a.0).ln() / (b.0 / a.0).ln() * (b.1 - a.1),
            (Some(r), None) | (None, Some(r)) => r.1,
            (None, None) => 1.0,
        }
    }

    /// The cadences in start + n P ≤ t < start + n P + width, transit by transit.
    pub fn windows(&self, period: f64, start: f64, width: f64) -> Windows<'_> {
        Windows::new(&self.time, self.cadence, period, start, width)
    }

    /// Sums over those cadences.
    pub fn window_sums(&self, period: f64, start: f64, width: f64) -> BoxSums {
        let mut sums = BoxSums::default();
        for window in self.windows(period, start, width) {
            for (w, dip) in self.weight[window.cadences.clone()].iter().zip(&self.dip[window.cadences]) {
                sums.weight += w;
                sums.weighted_dip += w * dip;
            }
        }
        sums
    }

    /// Statistic of the box about `transit_time` (days since `origin`), −duration/2 ≤ τ < duration/2, at a cost of the
    /// cadences inside and a few look-ups a transit.
    pub fn box_statistic(&self, period: f64, transit_time: f64, duration: f64) -> Option<BoxStatistic> {
        self.window_sums(period, transit_time - 0.5 * duration, duration).statistic(self.total_weight)
    }

    /// Moves the zero of the dips to their weighted mean.
    fn centre(&mut self) {
        self.total_weight = self.weight.iter().sum();
        let sum: f64 = self.dip.iter().zip(&self.weight).map(|(d, w)| d * w).sum();
        let mean = if self.total_weight > 0.0 { sum / self.total_weight } else { 0.0 };
        for dip in &mut self.dip {
            *dip -= mean;
        }
    }
}
