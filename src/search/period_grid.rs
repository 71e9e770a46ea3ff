//! Trial periods as a user of plain box least squares gives them.

use super::error::SearchError;

/// Most trial periods of a grid; beyond it a grid is taken for a mistake.
const MOST_PERIODS: f64 = 5e7;

/// What neighbouring trial periods have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeriodSpacing {
    /// Equal steps in period.
    Linear,
    /// Equal ratios.
    Log,
    /// Equal steps in frequency, as fine as a transit needs over a given baseline.
    Frequency,
}

/// Trial periods.
#[derive(Clone, Debug, PartialEq)]
pub enum PeriodGrid {
    /// As given (days).
    List(Vec<f64>),
    /// `n` periods from `min` to `max` days, both included, ascending.
    Spaced { min: f64, max: f64, n: usize, spacing: PeriodSpacing },
    /// What astropy's `BoxLeastSquares.autoperiod` gives: steps of `factor` min(durations) / baseline² in frequency, from twice
    /// the longest duration to half of the baseline (three transits), ascending.
    Auto { factor: f64 },
}

impl PeriodGrid {
    /// The periods for a light curve of this `baseline` (days); refused where there is none, or one is not positive.
    pub fn periods(&self, baseline: f64, durations: &[f64]) -> Result<Vec<f64>, SearchError> {
        let periods = match self {
            Self::List(periods) => periods.clone(),
            Self::Spaced { min, max, n, spacing } => spaced(*min, *max, *n, *spacing)?,
            Self::Auto { factor } => auto(*factor, baseline, durations)?,
        };
        let bad = periods.iter().position(|p| !(p.is_finite() && *p > 0.0));
        if bad.is_some() || periods.is_empty() {
            return Err(SearchError::Grid { column: "periods", entry: bad.unwrap_or(0) });
        }
        Ok(periods)
    }
}

fn refuse(setting: &'static str, value: f64, reason: &'static str) -> SearchError {
    SearchError::Config { setting, value, reason }
}

fn spaced(min: f64, max: f64, n: usize, spacing: PeriodSpacing) -> Result<Vec<f64>, SearchError> {
    if !(min.is_finite() && min > 0.0) {
        return Err(refuse("minimum period", min, "must be finite and positive"));
    }
    if !(max.is_finite() && max >= min) {
        return Err(refuse("maximum period", max, "must be finite and at least the minimum"));
    }
    if n == 0 || n as f64 > MOST_PERIODS || (n == 1 && max > min) {
        return Err(refuse("number of periods", n as f64, "must be 2 to 5e7, or 1 for equal ends"));
    }
    let share = |i: usize| if n > 1 { i as f64 / (n - 1) as f64 } else { 0.0 };
    Ok((0..n)
        .map(|i| match spacing {
            PeriodSpacing::Linear => min + share(i) * (max - min),
            PeriodSpacing::Log => min * (max / min).powf(share(i)),
            PeriodSpacing::Frequency => 1.0 / (1.0 / min + share(i) * (1.0 / max - 1.0 / min)),
        })
        .collect())
}

fn auto(factor: f64, baseline: f64, durations: &[f64]) -> Result<Vec<f64>, SearchError> {
    if !(factor.is_finite() && factor > 0.0) {
        return Err(refuse("frequency factor", factor, "must be finite and positive"));
    }
    let shortest = durations.iter().copied().fold(f64::INFINITY, f64::min);
    let longest = durations.iter().copied().fold(0.0, f64::max);
    let (min, max) = (2.0 * longest, 0.5 * baseline);
    if !(min > 0.0 && max > min) {
        return Err(SearchError::BaselineTooShort { baseline, period_min: min });
    }
    let step = factor * shortest / (baseline * baseline);
    let n = 1.0 + ((1.0 / min - 1.0 / max) / step).round();
    if n > MOST_PERIODS {
        return Err(refuse("number of periods", n, "must be at most 5e7; raise the frequency factor"));
    }
    Ok((0..n as usize).map(|i| 1.0 / (1.0 / min - step * i as f64)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spacings_reach_both_ends() {
        for spacing in [PeriodSpacing::Linear, PeriodSpacing::Log, PeriodSpacing::Frequency] {
            let p = PeriodGrid::Spaced { min: 1.0, max: 16.0, n: 5, spacing }.periods(30.0, &[0.1]).unwrap();
            assert!(p.len() == 5 && (p[0] - 1.0).abs() < 1e-12 && (p[4] - 16.0).abs() < 1e-12, "{p:?}");
            let middle = match spacing {
                PeriodSpacing::Linear => 8.5,
                PeriodSpacing::Log => 4.0,
                PeriodSpacing::Frequency => 32.0 / 17.0,
            };
            assert!((p[2] - middle).abs() < 1e-12, "{p:?}");
        }
    }

    #[test]
    fn the_automatic_grid_is_that_of_astropy() {
        // astropy 8.0.2: BoxLeastSquares(np.linspace(0, 27, 1000), np.ones(1000)).autoperiod([0.1, 0.2])
        let p = PeriodGrid::Auto { factor: 1.0 }.periods(27.0, &[0.1, 0.2]).unwrap();
        assert_eq!(p.len(), 17_686);
        assert!(
            (p[0] - 0.4).abs() < 1e-9 && (p[p.len() - 1] - 13.500_000_000_000_02).abs() < 1e-9,
            "{} {}",
            p[0],
            p[p.len() - 1]
        );
    }

    #[test]
    fn grids_without_sense_are_refused() {
        let grid = |min, max, n| PeriodGrid::Spaced { min, max, n, spacing: PeriodSpacing::Log }.periods(1.0, &[0.1]);
        assert!(grid(0.0, 1.0, 5).is_err() && grid(2.0, 1.0, 5).is_err() && grid(1.0, 2.0, 1).is_err());
        assert!(grid(1.0, f64::NAN, 5).is_err() && grid(1.0, 2.0, usize::MAX).is_err());
        assert!(PeriodGrid::List(vec![1.0, -1.0]).periods(1.0, &[0.1]).is_err());
        assert!(PeriodGrid::List(Vec::new()).periods(1.0, &[0.1]).is_err());
        assert!(PeriodGrid::Auto { factor: 1.0 }.periods(0.3, &[0.1]).is_err());
    }
}
