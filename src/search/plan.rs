//! Which durations are searched at which periods, octave by octave of duration, on slots that widen with the duration.

use super::config::SearchConfig;
use super::error::SearchError;
use super::grid::DurationRange;
use crate::star::Measured;

impl SearchConfig {
    /// Longest period (days) that is searched in a light curve of this baseline (days).
    pub fn longest_period(&self, baseline: f64) -> f64 {
        self.period_max.unwrap_or(self.period_max_baselines * baseline).min(0.95 * baseline)
    }

    /// Longest duration (days) that is searched in a light curve of this baseline and cadence (days), for a star of this
    /// density (solar units): what a detrending must leave alone.
    pub fn longest_duration(&self, baseline: f64, cadence: f64, density: Option<Measured>) -> f64 {
        let range = DurationRange::new(self, density, cadence, self.period_min);
        range.longest(self.longest_period(baseline).max(self.period_min))
    }
}

/// An octave of durations, searched on time slots of one width.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DurationClass {
    /// Days.
    pub slot_width: f64,
    /// Trial durations in slots, ascending.
    pub widths: Vec<usize>,
    /// Range of periods (days) at which these durations are worth a trial.
    pub period_min: f64,
    pub period_max: f64,
}

/// All octaves of durations of a search.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plan {
    pub classes: Vec<DurationClass>,
    pub durations: DurationRange,
    pub period_min: f64,
    pub period_max: f64,
}

impl Plan {
    pub fn new(
        config: &SearchConfig,
        durations: DurationRange,
        baseline: f64,
        cadences: usize,
    ) -> Result<Self, SearchError> {
        let period_min = config.period_min;
        let period_max = config.longest_period(baseline);
        if period_max <= period_min || baseline <= 0.0 {
            return Err(SearchError::BaselineTooShort { baseline, period_min });
        }
        let longest = durations.longest(period_max);
        let mut classes = Vec::new();
        let mut shortest = durations.shortest(period_min);
        while shortest < longest || classes.is_empty() {
            let first = crossing(period_min, period_max, |p| durations.longest(p) >= shortest);
            let last = crossing(period_min, period_max, |p| durations.shortest(p) >= 2.0 * shortest);
            if first < last {
                classes.push(DurationClass {
                    slot_width: shortest / config.oversampling as f64,
                    widths: widths(config.oversampling),
                    period_min: first,
                    period_max: last,
                });
            }
            shortest *= 2.0;
        }
        let plan = Self { classes, durations, period_min, period_max };
        let work = plan.work(baseline, cadences);
        if work > config.max_work {
            return Err(SearchError::TooMuchWork { work, limit: config.max_work });
        }
        Ok(plan)
    }

    /// Additions that the folds take, to a factor of a few: slots · trial base periods · (log₂ rows + boxes).
    pub fn work(&self, baseline: f64, cadences: usize) -> f64 {
        let folds: f64 = self
            .classes
            .iter()
            .map(|c| {
                let slots = baseline / c.slot_width;
                let rows = baseline / (0.5 * (c.period_min + c.period_max));
                let bases = (c.period_max - c.period_min) / c.slot_width + 1.0;
                slots * bases * (rows.max(2.0).log2() + 2.0 * c.widths.len() as f64)
            })
            .sum();
        folds + cadences as f64
    }
}

/// About four durations an octave, in slots: from `oversampling` to below twice that.
fn widths(oversampling: usize) -> Vec<usize> {
    if oversampling <= 4 {
        return (oversampling..2 * oversampling).collect();
    }
    (0..4).map(|i| (oversampling as f64 * 2f64.powf(f64::from(i) / 4.0)).round() as usize).collect()
}

/// Least period in the range from which on `reached` holds, to a part in 10⁶; the end of the range if it never does.
fn crossing(period_min: f64, period_max: f64, reached: impl Fn(f64) -> bool) -> f64 {
    if reached(period_min) {
        return period_min;
    }
    let (mut below, mut above) = (period_min, period_max);
    while above / below > 1.0 + 1e-6 {
        let middle = (below * above).sqrt();
        if reached(middle) { above = middle } else { below = middle }
    }
    above
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_duration_of_every_period_is_in_a_class() {
        let config = SearchConfig::default();
        let range = DurationRange::new(&config, None, 29.4 / 1440.0, config.period_min);
        let plan = Plan::new(&config, range, 1460.0, 65_000).unwrap();
        assert!(plan.classes.len() >= 4);
        for period in [0.2, 0.7, 3.0, 33.0, 400.0, 1000.0] {
            for duration in range.durations(period, 3) {
                let nearest = plan
                    .classes
                    .iter()
                    .filter(|c| c.period_min <= period * 1.000_002 && period <= c.period_max * 1.000_002)
                    .flat_map(|c| c.widths.iter().map(|w| *w as f64 * c.slot_width))
                    .map(|d| (d / duration).ln().abs())
                    .fold(f64::INFINITY, f64::min);
                assert!(nearest < 0.19, "{period} {duration} {nearest}");
            }
        }
    }

    #[test]
    fn a_stray_time_stamp_is_refused() {
        let config = SearchConfig::default();
        let range = DurationRange::new(&config, None, 2.0 / 1440.0, config.period_min);
        let plan = Plan::new(&config, range, 2.4e6, 18_000);
        assert!(matches!(plan, Err(SearchError::TooMuchWork { .. })));
    }
}
