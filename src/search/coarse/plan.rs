//! Which durations are searched at which periods, band by band of periods, on slots that widen with the durations.

use crate::search::config::SearchConfig;
use crate::search::error::SearchError;
use crate::search::grid::DurationRange;
use crate::search::noise::red::trial_widths;
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

/// Periods that are searched on time slots of one width.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Band {
    /// Days.
    pub slot_width: f64,
    /// Trial durations in slots, ascending.
    pub widths: Vec<usize>,
    /// Days. The next band starts where this one ends.
    pub period_min: f64,
    pub period_max: f64,
}

/// All bands of a search, by period.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plan {
    pub bands: Vec<Band>,
    pub durations: DurationRange,
    pub period_min: f64,
    pub period_max: f64,
}

/// By how much the shortest duration grows within a band. Slots as wide as the start of a band asks for are narrower than
/// its end needs, which costs the square of this.
const DURATION_STEP: f64 = 1.189_207_115_002_721;
/// Longest period of a band over its shortest: noise in folds goes with the root of the rows, and is to stay well within 16
/// bits.
const PERIOD_STEP: f64 = 2.0;

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
        let mut bands = Vec::new();
        let mut start = period_min;
        while start < period_max {
            let shortest = durations.shortest(start);
            let longer = crossing(start, period_max, |p| durations.shortest(p) >= DURATION_STEP * shortest);
            let end = longer.min(PERIOD_STEP * start).max(1.01 * start).min(period_max);
            let slot_width = shortest / config.oversampling as f64;
            // one step beyond the longest, since trial durations are steps
            let longest = 1.2 * durations.longest(end) / slot_width;
            let widths = trial_widths(config.oversampling)
                .take_while(|w| *w as f64 <= longest || *w <= config.oversampling + 1)
                .collect();
            bands.push(Band { slot_width, widths, period_min: start, period_max: end });
            start = end;
        }
        let plan = Self { bands, durations, period_min, period_max };
        let work = plan.work(baseline, cadences);
        if work > config.max_work {
            return Err(SearchError::TooMuchWork { work, limit: config.max_work });
        }
        Ok(plan)
    }

    /// Additions and comparisons that the folds take, to a factor of a few: slots · trial base periods · (log₂ rows + boxes).
    pub fn work(&self, baseline: f64, cadences: usize) -> f64 {
        let folds: f64 = self
            .bands
            .iter()
            .map(|b| {
                let slots = baseline / b.slot_width;
                let rows = baseline / (0.5 * (b.period_min + b.period_max));
                let bases = (b.period_max - b.period_min) / b.slot_width + 1.0;
                slots * bases * (rows.max(2.0).log2() + 2.0 * b.widths.len() as f64)
            })
            .sum();
        folds + cadences as f64
    }

    /// Width of the slots (days) on which `period` is searched.
    pub fn slot_width(&self, period: f64) -> f64 {
        let band = self.bands.partition_point(|b| b.period_max < period).min(self.bands.len() - 1);
        self.bands[band].slot_width
    }

    /// The slots of the shortest durations, on which the scatter of single boxes is measured.
    pub fn finest_slot(&self) -> f64 {
        self.bands.first().map_or(1.0, |b| b.slot_width)
    }
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
    fn every_duration_of_every_period_is_in_a_band() {
        let config = SearchConfig::default();
        let range = DurationRange::new(&config, None, 29.4 / 1440.0, config.period_min);
        let plan = Plan::new(&config, range, 1460.0, 65_000).unwrap();
        assert!(plan.bands.len() >= 4);
        for period in [0.2, 0.7, 3.0, 33.0, 400.0, 1000.0] {
            for duration in range.durations(period, 3) {
                let nearest = plan
                    .bands
                    .iter()
                    .filter(|b| b.period_min <= period * 1.000_002 && period <= b.period_max * 1.000_002)
                    .flat_map(|b| b.widths.iter().map(|w| *w as f64 * b.slot_width))
                    .map(|d| (d / duration).ln().abs())
                    .fold(f64::INFINITY, f64::min);
                assert!(nearest < 0.21, "{period} {duration} {nearest}");
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
