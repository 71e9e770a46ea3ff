//! The light curve as the search sees it: times from the first cadence, dips and weights.

use std::ops::Range;

use super::windows::Windows;
use crate::lightcurve::{Detrended, median_time_step};
use crate::search::statistic::{BoxStatistic, BoxSums};

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
            cadence: time_step(time),
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
        let n = self.len().min(masked.len());
        let mut kept: Vec<Range<usize>> = Vec::new();
        let mut from = 0;
        while let Some(skipped) = masked[from..n].iter().position(|m| !m) {
            let start = from + skipped;
            from = masked[start..n].iter().position(|m| *m).map_or(n, |length| start + length);
            kept.push(start..from);
        }
        let count = kept.iter().map(Range::len).sum();
        let pick = |column: &[f64]| {
            let mut picked = Vec::with_capacity(count);
            kept.iter().for_each(|range| picked.extend_from_slice(&column[range.clone()]));
            picked
        };
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

    /// Cadences with `from` ≤ time < `to`.
    pub fn between(&self, from: f64, to: f64) -> Range<usize> {
        let start = self.time.partition_point(|t| *t < from);
        start..start + self.time[start..].partition_point(|t| *t < to)
    }

    /// Sums over a range of cadences.
    pub fn sums(&self, cadences: Range<usize>) -> BoxSums {
        let mut sums = BoxSums::default();
        for (w, dip) in self.weight[cadences.clone()].iter().zip(&self.dip[cadences]) {
            sums.weight += w;
            sums.weighted_dip += w * dip;
        }
        sums
    }

    /// Sums over the cadences of those windows.
    pub fn window_sums(&self, period: f64, start: f64, width: f64) -> BoxSums {
        let mut sums = BoxSums::default();
        for window in self.windows(period, start, width) {
            sums += self.sums(window.cadences);
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
        // Separate sums do not wait for one another.
        const LANES: usize = 8;
        let (mut weight, mut sum) = ([0.0; LANES], [0.0; LANES]);
        for (weights, dips) in self.weight.chunks(LANES).zip(self.dip.chunks(LANES)) {
            for (i, (w, dip)) in weights.iter().zip(dips).enumerate() {
                weight[i] += w;
                sum[i] += w * dip;
            }
        }
        self.total_weight = weight.iter().sum();
        let sum: f64 = sum.iter().sum();
        let mean = if self.total_weight > 0.0 { sum / self.total_weight } else { 0.0 };
        for dip in &mut self.dip {
            *dip -= mean;
        }
    }
}

/// Steps that tell whether sampling is even.
const STEPS_TRIED: usize = 512;
/// Relative differences of the step that are those of the way to the barycentre, or rounding.
const EVEN: f64 = 1e-3;

/// Median of the positive time steps; of some of them where the sampling is even.
fn time_step(time: &[f64]) -> f64 {
    let stride = (time.len() / STEPS_TRIED).max(1);
    let mut steps: Vec<f64> = time.windows(2).step_by(stride).map(|t| t[1] - t[0]).filter(|d| *d > 0.0).collect();
    let n = steps.len();
    if stride > 1 && n >= STEPS_TRIED / 2 {
        steps.sort_unstable_by(f64::total_cmp);
        let step = steps[n / 2];
        if steps[n / 8] > (1.0 - EVEN) * step && steps[n - n / 8 - 1] < (1.0 + EVEN) * step {
            return step;
        }
    }
    median_time_step(time)
}
