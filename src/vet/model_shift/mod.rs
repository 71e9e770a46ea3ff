//! Model-Shift: is the transit unique in its folded light curve, and are its transits alike?
//!
//! The transit model is shifted through all phases of the folded curve and its depth fitted at each. The deepest fit is the
//! primary; the deepest and the second deepest elsewhere are the secondary and the tertiary; the strongest brightening is
//! the positive event. Depths over their white-noise error are significances; the scatter of depths over what white noise
//! gives is the red-noise factor F. With d the duration, P the period and N trials,
//!
//! ```text
//! false_alarm_threshold_1 = √2 erfc⁻¹(d / (P N)),   N = 20 000: one false alarm in N light curves of Gaussian noise
//! false_alarm_threshold_2 = √2 erfc⁻¹(d / P):       a difference of two events that is no accident
//! ```
//!
//! After Coughlin 2017 (KSCI-19105-002) and Thompson et al. 2018 (ApJS 235, 38, A.3.4), whose published numbers for one
//! light curve the tests reproduce. Events are told apart on the circle of phases; in the published program the secondary's
//! neighbourhood does not wrap.
//!
//! ```text
//! scale      factor by which the model fits best       outliers   points that are left out
//! correlate  the model at every shift                  events     primary, secondary, … of one set of points
//! ```

mod correlate;
mod events;
mod outliers;
mod scale;
#[cfg(test)]
mod tests;

use statrs::function::erf::erfc_inv;

use super::VetError;
use crate::ephemeris::Ephemeris;
use crate::math::median_in_place;
use events::{Event, Folded, Window, find_events, primary_depth};
use scale::best_scale;

/// Light curves among which the published thresholds allow one false alarm.
const TRIALS: f64 = 20_000.0;

/// Half a Kepler long cadence (days): half the window of a model that has fewer than two points in transit.
const ONE_CADENCE: f64 = 0.0208333;

/// One event of the folded curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShiftEvent {
    /// Depth over its white-noise error; of the positive event, height over it.
    pub significance: f64,
    /// Phase in periods from the transit time, −0.25 to 0.75.
    pub phase: f64,
    /// As a fraction of the flux, positive for a dip; of the positive event, positive for a brightening.
    pub depth: f64,
}

/// What Model-Shift measures.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelShift {
    pub primary: ShiftEvent,
    /// `None` where the transit leaves no room for another event.
    pub secondary: Option<ShiftEvent>,
    pub tertiary: Option<ShiftEvent>,
    pub positive: Option<ShiftEvent>,
    /// White-noise error of all depths.
    pub depth_err: f64,
    pub false_alarm_threshold_1: f64,
    pub false_alarm_threshold_2: f64,
    /// Scatter of the depths at other phases over what white noise gives.
    pub f_red: f64,
    /// Difference of the depths of odd and even transits over its error; `None` where one kind is missing.
    pub odd_even_sigma: Option<f64>,
    /// Difference of the depths of the first and second halves of the transits over its error.
    pub asymmetry_sigma: Option<f64>,
    /// Mean over median of the depths of the transits.
    pub depth_mean_to_median: Option<f64>,
    /// Share of brightening in the range of the shifted depths: 0 if there are only dips, 1 if there are only brightenings.
    pub shape: f64,
    /// Length of the model's transit (days).
    pub duration: f64,
    /// Phase (periods) and depth at every shift, in no order.
    pub series: Vec<(f64, f64)>,
}

/// Runs Model-Shift on a flat light curve and its transit model, both relative to any level; `time` (days) ascends.
///
/// Fails if the columns differ in length, hold a number that is not finite, have fewer than 10 points or no transit.
pub fn model_shift(time: &[f64], flux: &[f64], model: &[f64], ephemeris: Ephemeris) -> Result<ModelShift, VetError> {
    let Ephemeris { period, .. } = ephemeris;
    check(time, flux, model, period)?;
    // The source counts from a transit before the data.
    let epoch = ephemeris.transit_time - period * ((ephemeris.transit_time - time[0]) / period).ceil().max(0.0);
    let base = most_frequent(model);
    let order = by_phase(time, epoch, period);
    let mut folded = Folded::default();
    for (phase, i) in &order {
        folded.push(*phase, flux[*i as usize] - base, model[*i as usize] - base);
    }
    let (window, full_depth) = transit_window(&folded, period);

    let select = |keep: &dyn Fn(f64, f64) -> bool| {
        let mut part = Folded::default();
        for (j, (phase, i)) in order.iter().enumerate() {
            if keep(*phase, time[*i as usize]) {
                part.push(*phase, folded.flux[j], folded.model[j]);
            }
        }
        primary_depth(part, window)
    };
    let before = select(&|phase, _| phase <= 0.0 || phase > 0.5 * period);
    let after = select(&|phase, _| phase > 0.0 && phase <= 0.5 * period);
    let near_transit = |t: f64, first: f64| phase_of(t, first, 2.0 * period) < 0.5 * period;
    let odd = select(&|_, t| near_transit(t, epoch));
    let even = select(&|_, t| near_transit(t, epoch - period));

    let ratio = mean_to_median(time, flux, model, base, Ephemeris { period, transit_time: epoch }, window, full_depth);
    let all = find_events(folded, window).ok_or(VetError::NoTransit)?;
    let share = (window.end - window.start) / period;
    let event =
        |e: Event| ShiftEvent { significance: e.depth / all.depth_err, phase: e.phase / period, depth: e.depth };
    Ok(ModelShift {
        primary: event(all.primary),
        secondary: all.secondary.map(event),
        tertiary: all.tertiary.map(event),
        positive: all.positive.map(event),
        depth_err: all.depth_err,
        false_alarm_threshold_1: threshold(share / TRIALS),
        false_alarm_threshold_2: threshold(share),
        f_red: all.f_red,
        odd_even_sigma: difference(odd, even),
        asymmetry_sigma: difference(before, after),
        depth_mean_to_median: ratio,
        shape: -all.shallowest / (all.deepest - all.shallowest),
        duration: window.end - window.start,
        series: all.series.iter().map(|(phase, depth)| (phase / period, *depth)).collect(),
    })
}

/// √2 erfc⁻¹(p): Gaussian deviate exceeded on either side with probability `p`.
fn threshold(p: f64) -> f64 {
    std::f64::consts::SQRT_2 * erfc_inv(p.clamp(0.0, 2.0))
}

fn check(time: &[f64], flux: &[f64], model: &[f64], period: f64) -> Result<(), VetError> {
    if time.len() != flux.len() || time.len() != model.len() {
        return Err(VetError::Lengths { time: time.len(), flux: flux.len(), model: model.len() });
    }
    if time.len() < 10 {
        return Err(VetError::TooFewCadences { found: time.len(), needed: 10 });
    }
    if !(period > 0.0 && period.is_finite()) {
        return Err(VetError::NotPositive { name: "period", value: period });
    }
    match (0..time.len()).find(|i| !(time[*i].is_finite() && flux[*i].is_finite() && model[*i].is_finite())) {
        Some(row) => Err(VetError::NotFinite { row }),
        None => Ok(()),
    }
}

/// Days after the transit, −P/4 to 3P/4, for times after `epoch`.
fn phase_of(time: f64, epoch: f64, period: f64) -> f64 {
    let cycles = (time - epoch) / period;
    let phase = period * (cycles - cycles.trunc());
    if phase > 0.75 * period { phase - period } else { phase }
}

/// Phases (days) and indices of all points in order of phase, sorted in as many buckets as there are points.
fn by_phase(time: &[f64], epoch: f64, period: f64) -> Vec<(f64, u32)> {
    let n = time.len();
    let phases: Vec<f64> = time.iter().map(|t| phase_of(*t, epoch, period)).collect();
    let bucket = |phase: f64| (((phase / period + 0.25) * n as f64) as usize).min(n - 1);
    let mut next = vec![0u32; n + 1];
    for phase in &phases {
        next[bucket(*phase) + 1] += 1;
    }
    for i in 0..n {
        next[i + 1] += next[i];
    }
    let mut order = vec![(0.0, 0); n];
    for (i, phase) in phases.iter().enumerate() {
        let place = &mut next[bucket(*phase)];
        order[*place as usize] = (*phase, i as u32);
        *place += 1;
    }
    let mut first = 0;
    for end in &next[..n] {
        let end = *end as usize;
        if end - first > 1 {
            order[first..end].sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        }
        first = end;
    }
    order
}

/// The value that occurs most often: the model's level out of transit.
fn most_frequent(values: &[f64]) -> f64 {
    // The level of nearly all models fills most of it, and then is the median too.
    let median = median_in_place(&mut values.to_vec());
    if 2 * values.iter().filter(|v| **v == median).count() > values.len() {
        return median;
    }
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.chunk_by(|a, b| a == b).rev().max_by_key(|run| run.len()).map_or(median, |run| run[0])
}

/// First and last phase at which the model departs from its level, and its depth just after mid-transit. As in the source,
/// only every other point is looked at.
fn transit_window(folded: &Folded, period: f64) -> (Window, f64) {
    let every_other = || (0..folded.len()).step_by(2);
    let (mut start, mut end) = (-ONE_CADENCE, ONE_CADENCE);
    if folded.model.iter().filter(|m| **m != 0.0).count() > 1
        && let Some(first) = every_other().find(|i| folded.model[*i] != 0.0)
    {
        start = folded.phase[first];
        end = every_other().find(|i| *i > first && folded.model[*i] == 0.0).map_or(-start, |i| folded.phase[i - 1]);
        if start > 0.0 {
            start = -end;
        }
        if end < 0.0 {
            end = -start;
        }
    }
    let middle = every_other().find(|i| folded.phase[*i] > 0.0).unwrap_or(0);
    (Window { period, start, end }, folded.model[middle].abs())
}

/// Difference of two depths in units of its error.
fn difference(a: Option<(f64, f64)>, b: Option<(f64, f64)>) -> Option<f64> {
    let (a, b) = (a?, b?);
    Some((a.0 - b.0).abs() / a.1.hypot(b.1))
}

/// Mean over median of the depths of single transits, the model fitted to the data within 1.5 durations of each.
fn mean_to_median(
    time: &[f64],
    flux: &[f64],
    model: &[f64],
    base: f64,
    ephemeris: Ephemeris,
    window: Window,
    full_depth: f64,
) -> Option<f64> {
    let reach = 1.5 * (window.end - window.start);
    let last = *time.last()?;
    let mut depths = Vec::new();
    let mut first = 0;
    for n in 0.. {
        let centre = ephemeris.time_of(n);
        if centre > last {
            break;
        }
        first += time[first..].partition_point(|t| *t <= centre - reach);
        let end = first + time[first..].partition_point(|t| *t < centre + reach);
        let f: Vec<f64> = flux[first..end].iter().map(|f| f - base).collect();
        let m: Vec<f64> = model[first..end].iter().map(|m| m - base).collect();
        if m.iter().filter(|m| m.abs() > 1e-10).count() > 1 {
            depths.push(best_scale(&f, &m) * full_depth);
        }
    }
    let mean = depths.iter().sum::<f64>() / depths.len() as f64;
    let median = median_in_place(&mut depths);
    (median.is_finite() && median != 0.0).then_some(mean / median)
}
