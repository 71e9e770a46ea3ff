//! Light curves as whole numbers: what is kept of a time, a flux or an error, and how exactly.
//!
//! ```text
//! time      = time_zero + time_step · n        time_step = 2⁻²⁷ d, so within 0.33 ms
//! flux      = flux_zero + flux_step · n        flux_step = a tenth of the point-to-point scatter
//! flux_err  = flux_err_step · n                flux_err_step = a hundredth of the median error
//! centroids as flux
//! ```
//!
//! Rounding a flux to a tenth of its noise σ adds σ/(10 √12) = 0.029 σ in quadrature, 0.04 % of σ. Times of a cadence differ by nearly the
//! same number each, of which Parquet's DELTA_BINARY_PACKED keeps a few bits: the light curves of one sector need not share
//! a table of times for these to cost next to nothing.

use crate::math::{median, point_to_point_sigma};

/// Days.
const TIME_STEP: f64 = 1.0 / (1 << 27) as f64;
/// Steps in the scatter of the flux, and in the median error.
const STEPS_IN_SCATTER: f64 = 10.0;
const STEPS_IN_ERROR: f64 = 100.0;
/// Step of a flux without scatter, relative.
const LEAST_STEP: f64 = 1e-9;

/// Numbers on an even grid; `None` for what is no number.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Counts {
    pub zero: f64,
    pub step: f64,
    pub counts: Vec<Option<i64>>,
}

impl Counts {
    fn new(values: &[f64], zero: f64, step: f64) -> Self {
        // i32 is what the columns of fluxes hold; a range that needs more makes the step wider.
        let widest = values.iter().filter(|v| v.is_finite()).fold(0.0_f64, |w, v| w.max((v - zero).abs()));
        let step = step.max(widest / f64::from(i32::MAX - 1));
        Self { zero, step, counts: on_grid(values, zero, step) }
    }

    /// The numbers again.
    #[cfg(test)]
    fn values(&self) -> Vec<f64> {
        values(self.zero, self.step, self.counts.iter().copied())
    }
}

fn on_grid(values: &[f64], zero: f64, step: f64) -> Vec<Option<i64>> {
    values.iter().map(|v| v.is_finite().then(|| ((v - zero) / step).round() as i64)).collect()
}

/// Numbers of counts.
pub(super) fn values(zero: f64, step: f64, counts: impl Iterator<Item = Option<i64>>) -> Vec<f64> {
    counts.map(|n| n.map_or(f64::NAN, |n| zero + step * n as f64)).collect()
}

pub(super) fn time(times: &[f64]) -> Counts {
    let zero = times.iter().copied().find(|t| t.is_finite()).map_or(0.0, f64::floor);
    Counts { zero, step: TIME_STEP, counts: on_grid(times, zero, TIME_STEP) }
}

/// Fluxes, and centroids in the same way.
pub(super) fn by_scatter(values: &[f64]) -> Counts {
    let finite: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    let zero = if finite.is_empty() { 0.0 } else { median(&finite) };
    let scatter = if finite.len() < 2 { 0.0 } else { point_to_point_sigma(&finite) };
    let step = if scatter > 0.0 { scatter / STEPS_IN_SCATTER } else { LEAST_STEP * zero.abs().max(1.0) };
    Counts::new(values, zero, step)
}

/// Errors.
pub(super) fn by_size(errors: &[f64]) -> Counts {
    let finite: Vec<f64> = errors.iter().copied().filter(|v| v.is_finite()).collect();
    let typical = if finite.is_empty() { 0.0 } else { median(&finite).abs() };
    let step = if typical > 0.0 { typical / STEPS_IN_ERROR } else { LEAST_STEP };
    Counts::new(errors, 0.0, step)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn what_is_lost_is_what_is_promised() {
        let n = 2000;
        let noise = |i: usize| ((i * 7919 % 1000) as f64 / 1000.0 - 0.5) * 20.0;
        let times: Vec<f64> = (0..n).map(|i| if i == 7 { f64::NAN } else { 1325.3 + i as f64 / 720.0 }).collect();
        let fluxes: Vec<f64> = (0..n).map(|i| if i == 9 { f64::NAN } else { 12_345.0 + noise(i) }).collect();
        let errors: Vec<f64> = (0..n).map(|i| 10.0 + i as f64 * 1e-3).collect();
        let close = |a: &[f64], b: &[f64], tolerance: f64| {
            a.iter().zip(b).all(|(a, b)| (a - b).abs() <= tolerance || (a.is_nan() && b.is_nan()))
        };
        assert!(close(&times, &time(&times).values(), 0.33e-3 / 86_400.0));
        let sigma = point_to_point_sigma(&fluxes.iter().copied().filter(|v| v.is_finite()).collect::<Vec<_>>());
        assert!(close(&fluxes, &by_scatter(&fluxes).values(), sigma / 20.0 * 1.000_001));
        assert!(close(&errors, &by_size(&errors).values(), 0.0551));
        let constant = vec![3.0; n];
        assert!(close(&constant, &by_scatter(&constant).values(), 1e-8));
    }
}
