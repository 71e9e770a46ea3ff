//! Plain box least squares on the caller's own grid of periods and durations.

use super::error::SearchError;
use super::series::dips::Series;
use super::series::fold::PhaseFold;
use super::statistic::BoxStatistic;

/// The best box at one period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BlsBox {
    pub period: f64,
    /// Mid-transit, within the first period from the first time stamp.
    pub transit_time: f64,
    /// Width of the box: the trial duration rounded to a whole number of phase bins.
    pub duration: f64,
    /// Depth, error, S/N and Δχ², both levels free.
    pub statistic: BoxStatistic,
}

/// Phase bins at `period`: each is `1/oversample` of the shortest duration or a little less, so that a whole number of
/// them makes the period and boxes may run over the end. The first bin is centred on the first time stamp.
pub fn phase_bins(period: f64, shortest_duration: f64, oversample: usize) -> usize {
    (period * oversample as f64 / shortest_duration).ceil().max(1.0) as usize
}

/// Box of highest S/N at each of `periods` (days), over all `durations` (days) and all phase bins.
///
/// What a user of astropy's `BoxLeastSquares.power(..., objective="snr", oversample=...)` expects, with these differences:
/// boxes that run over the end of the fold hold all of their cadences, a duration is rounded to whole phase bins (and
/// reported as rounded), and the likelihood is Δχ² as defined. Entries are `None` where no box holds data or all boxes hold
/// everything. Times need not be sorted; flux errors must be positive.
pub fn bls(
    time: &[f64],
    flux: &[f64],
    flux_err: &[f64],
    periods: &[f64],
    durations: &[f64],
    oversample: usize,
) -> Result<Vec<Option<BlsBox>>, SearchError> {
    if time.len() != flux.len() || time.len() != flux_err.len() {
        return Err(SearchError::Lengths { time: time.len(), flux: flux.len(), flux_err: flux_err.len() });
    }
    if time.len() < 2 {
        return Err(SearchError::TooFewCadences { found: time.len(), needed: 2 });
    }
    for (column, values) in [("periods", periods), ("durations", durations)] {
        let bad = values.iter().position(|v| !(v.is_finite() && *v > 0.0));
        if bad.is_some() || values.is_empty() {
            return Err(SearchError::Grid { column, entry: bad.unwrap_or(0) });
        }
    }
    if oversample == 0 {
        return Err(SearchError::Config { setting: "oversample", value: 0.0, reason: "must be at least 1" });
    }
    let series = Series::from_columns(time, flux, flux_err);
    let shortest = durations.iter().copied().fold(f64::INFINITY, f64::min);
    let mut fold = PhaseFold::default();
    Ok(periods.iter().map(|p| best_at(&series, *p, shortest, durations, oversample, &mut fold)).collect())
}

fn best_at(
    series: &Series,
    period: f64,
    shortest: f64,
    durations: &[f64],
    oversample: usize,
    fold: &mut PhaseFold,
) -> Option<BlsBox> {
    let bins = phase_bins(period, shortest, oversample);
    let bin_width = period / bins as f64;
    let phase_zero = -0.5 * bin_width;
    fold.fold(series, period, bins, phase_zero);
    let mut best = None;
    let mut best_snr = f64::NEG_INFINITY;
    for duration in durations {
        let width = (duration / bin_width).round().max(1.0) as usize;
        if width >= bins {
            continue;
        }
        let Some(found) = fold.best(width, series.total_weight, 1.0) else { continue };
        if found.snr > best_snr {
            best_snr = found.snr;
            best = Some(found);
        }
    }
    let best = best?;
    let middle = phase_zero + (best.start as f64 + 0.5 * best.width as f64) * bin_width;
    Some(BlsBox {
        period,
        transit_time: series.origin + middle.rem_euclid(period),
        duration: best.width as f64 * bin_width,
        statistic: best.sums.statistic(series.total_weight)?,
    })
}
