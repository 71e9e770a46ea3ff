//! Trial periods after Ofir (2014) and the range of durations that a star's density allows at each.

use std::f64::consts::PI;

use super::config::SearchConfig;
use crate::star::{Measured, a_over_rstar, central_duration};

/// Periods (days, ascending) of the optimal grid of Ofir 2014 (A&A 561, A138) for a star of `density` (solar units):
///
/// ```text
/// df = A f^⅔,   A = T(f) f^⅓ / (S · oversampling),   T = P/π · R*/a,   S = baseline
/// ```
/// so that neighbours drift apart by the duration over `oversampling` during the baseline. f^⅓ is then an arithmetic
/// series. Empty where the range is empty.
pub fn ofir_periods(baseline: f64, period_min: f64, period_max: f64, density: f64, oversampling: f64) -> Vec<f64> {
    if !(period_min > 0.0 && period_max > period_min && baseline > 0.0 && density > 0.0 && oversampling > 0.0) {
        return Vec::new();
    }
    // T = P/π · R*/a grows as P^⅓; its value at one day is the constant of proportion.
    let duration_at_one_day = 1.0 / (PI * a_over_rstar(1.0, density));
    let step = duration_at_one_day / (3.0 * baseline * oversampling);
    let first = period_max.powf(-1.0 / 3.0);
    let last = period_min.powf(-1.0 / 3.0);
    let n = ((last - first) / step).floor() as usize + 1;
    let mut periods: Vec<f64> = (0..n).map(|i| (first + step * i as f64).powi(-3)).collect();
    periods.reverse();
    periods
}

/// The shortest and longest durations that the density of the star allows at a period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DurationRange {
    /// Lowest and highest density, solar units.
    pub density: (f64, f64),
    /// Shortest and longest duration in units of that of a central transit.
    pub factor: (f64, f64),
    /// Longest duration as a fraction of the period.
    pub duty_cycle_max: f64,
    /// Durations shorter than this (days) cannot be told from it: the sampling is too coarse.
    pub floor: f64,
}

impl DurationRange {
    /// From the configuration and, where it is known, the density of the star with its error.
    ///
    /// Durations of less than two cadences look alike, so none shorter is tried; but sparse sampling, whose phases fill up
    /// over the periods, must not keep short periods from being searched, so that floor is at most a fifth of `period_min`.
    pub fn new(config: &SearchConfig, density: Option<Measured>, cadence: f64, period_min: f64) -> Self {
        let known = density.filter(|d| d.value.is_finite() && d.value > 0.0 && d.err.is_finite() && d.err >= 0.0);
        let range = match known {
            // Three sigma in ln ρ, no more than the unknown star is given, times the factor for eccentric orbits.
            Some(d) => {
                let spread = (3.0 * d.err / d.value).min(2.3).exp() * config.density_factor;
                (d.value / spread, d.value * spread)
            }
            None => (config.density_min, config.density_max),
        };
        Self {
            density: range,
            factor: (config.duration_factor_min, config.duration_factor_max),
            duty_cycle_max: config.duty_cycle_max,
            floor: (2.0 * cadence).min(0.2 * period_min),
        }
    }

    /// Shortest duration (days) worth a trial at `period`.
    pub fn shortest(&self, period: f64) -> f64 {
        (self.factor.0 * central_duration(period, self.density.1)).max(self.floor)
    }

    /// Longest duration (days) worth a trial at `period`; never below the shortest.
    pub fn longest(&self, period: f64) -> f64 {
        let longest = self.factor.1 * central_duration(period, self.density.0);
        longest.min(self.duty_cycle_max * period).max(self.shortest(period))
    }

    /// `per_octave` durations per factor of two from the shortest to the longest at `period`, both included.
    pub fn durations(&self, period: f64, per_octave: usize) -> Vec<f64> {
        let (a, b) = (self.shortest(period), self.longest(period));
        let n = ((b / a).log2() * per_octave as f64).ceil().max(0.0) as usize;
        (0..=n).map(|i| if n == 0 { a } else { a * (b / a).powf(i as f64 / n as f64) }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_drift_by_the_duration_over_the_oversampling() {
        let (baseline, oversampling) = (1460.0, 3.0);
        let periods = ofir_periods(baseline, 0.5, 400.0, 1.0, oversampling);
        for pair in periods.windows(2) {
            let drift = baseline * (pair[1] / pair[0] - 1.0);
            let duration = pair[0] / (PI * a_over_rstar(pair[0], 1.0));
            assert!((drift * oversampling / duration - 1.0).abs() < 0.02, "{pair:?}");
        }
    }

    #[test]
    fn as_many_periods_as_the_reference() {
        // The published recursion with R = M = 1, span 1459.97 d and oversampling 3, cut to 0.7..400 d, in Python with the
        // constants of transitleastsquares 2.0.4: 172 124 periods. The solar constants differ in the fourth digit.
        let n = ofir_periods(1459.97, 0.7, 400.0, 1.0, 3.0).len();
        assert!((n as f64 / 172_124.0 - 1.0).abs() < 1e-3, "{n}");
    }

    #[test]
    fn durations_span_the_range() {
        let range = DurationRange::new(&SearchConfig::default(), Some(Measured { value: 1.0, err: 0.0 }), 0.0, 0.2);
        let d = range.durations(10.0, 3);
        assert!((d[0] / (0.5 * central_duration(10.0, 2.0)) - 1.0).abs() < 1e-12);
        assert!((d[d.len() - 1] / (1.2 * central_duration(10.0, 0.5)) - 1.0).abs() < 1e-12);
        assert!(range.longest(0.2) <= 0.05 + 1e-12);
    }
}
