//! A candidate's light curve as the tests need it: which cadence belongs to which transit, and the noise of both kinds.

use crate::ephemeris::Ephemeris;
use crate::lightcurve::{Detrended, LightCurve};
use crate::math::{MAD_TO_SIGMA, median_in_place, quantile_sorted};
use crate::vet::{VetError, VetInput};

/// Fewest means of which a scatter is told.
const LEAST_BOXES: usize = 8;

/// Half of what is left out around transits of other candidates, in their durations.
const OTHERS_DURATIONS: f64 = 0.75;

/// Cadences around one transit.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub epoch: i64,
    /// Predicted mid-transit.
    pub time: f64,
    /// Cadences within two durations of it.
    pub near: std::ops::Range<usize>,
    /// Cadences within half a duration of it.
    pub inside: std::ops::Range<usize>,
    /// Segment of the cadence nearest to it.
    pub segment: usize,
    /// Weighted mean dip in transit and its white-noise error, against the level of the whole curve or, where that is
    /// quieter, of the two durations to each side; NaN where no cadence is in transit.
    pub depth: f64,
    pub white_err: f64,
}

/// A mean over one duration out of transit.
#[derive(Clone, Copy, Debug)]
struct BoxMean {
    /// First cadence.
    start: f64,
    mean: f64,
    white_err: f64,
}

/// The detrended curve, arranged by transit.
pub(crate) struct Curve<'a> {
    pub light_curve: &'a LightCurve,
    pub detrended: &'a Detrended,
    pub ephemeris: Ephemeris,
    pub duration: f64,
    /// Longest exposure of the segments (days).
    pub exposure: f64,
    pub time: &'a [f64],
    /// 1 − flux over the level out of transit.
    pub dip: Vec<f64>,
    /// Inverse variance, the stated errors scaled to the scatter from point to point; 0 in transits of other candidates.
    pub weight: Vec<f64>,
    /// Days from the nearest transit.
    pub from_transit: Vec<f64>,
    pub events: Vec<Event>,
    /// Standard deviation of the noise that a mean over one duration has beyond white noise.
    pub red: f64,
    /// Non-overlapping means over one duration out of transit, and their white-noise errors; measured as the transits are.
    pub box_means: Vec<(f64, f64)>,
}

/// What is left of the variance of means over one duration where their surroundings are subtracted, to make that the better
/// measure. White noise gives 1.25, and variability that is slow against a transit much less.
const LOCAL_GAIN: f64 = 0.5;

impl<'a> Curve<'a> {
    pub fn new(input: &VetInput<'a>) -> Result<Self, VetError> {
        let detrended = input.detrended;
        let (ephemeris, duration) = (input.candidate.ephemeris, input.candidate.duration);
        for (name, value) in [("period", ephemeris.period), ("duration", duration)] {
            if !(value > 0.0 && value.is_finite()) {
                return Err(VetError::NotPositive { name, value });
            }
        }
        if !ephemeris.transit_time.is_finite() {
            return Err(VetError::TransitTime(ephemeris.transit_time));
        }
        // Where the dip fills the orbit there is no outside.
        let duration = duration.min(0.5 * ephemeris.period);
        let time = detrended.time();
        let flux = detrended.flux();
        let inverse = 1.0 / ephemeris.period;
        let cycles: Vec<f64> = time.iter().map(|t| (t - ephemeris.transit_time) * inverse).collect();
        let from_transit: Vec<f64> = cycles.iter().map(|c| (c - c.round_ties_even()) * ephemeris.period).collect();
        let outside = outside_limit(ephemeris.period, duration);
        let mut raw: Vec<f64> = detrended.flux_err().iter().map(|e| 1.0 / (e * e)).collect();
        // What happens in the transits of others says nothing: no weight.
        for other in input.others.iter().filter(|o| o.ephemeris.period > 0.0 && o.duration > 0.0) {
            for (w, t) in raw.iter_mut().zip(time) {
                if other.ephemeris.in_transit(*t, OTHERS_DURATIONS * other.duration) {
                    *w = 0.0;
                }
            }
        }
        let (mut sum, mut weights) = (0.0, 0.0);
        for ((f, w), dt) in flux.iter().zip(&raw).zip(&from_transit) {
            if dt.abs() > outside {
                sum += w * f;
                weights += w;
            }
        }
        let level = if weights > 0.0 { sum / weights } else { 1.0 };
        let dip: Vec<f64> = flux.iter().map(|f| 1.0 - f / level).collect();

        let mut steps: Vec<f64> = (1..time.len())
            .filter(|i| from_transit[*i].abs() > outside && raw[*i] * raw[*i - 1] > 0.0)
            .map(|i| (dip[i] - dip[i - 1]).abs() * (raw[i] * raw[i - 1] / (raw[i] + raw[i - 1])).sqrt())
            .collect();
        let scale = MAD_TO_SIGMA * median_in_place(&mut steps);
        let scale = if scale.is_finite() && scale > 0.0 { scale } else { 1.0 };
        let weight: Vec<f64> = raw.iter().map(|w| w / (scale * scale)).collect();

        let mut curve = Self {
            light_curve: input.light_curve,
            detrended,
            ephemeris,
            duration,
            exposure: detrended.exposure_time().iter().copied().fold(0.0, f64::max),
            time,
            dip,
            weight,
            from_transit,
            events: Vec::new(),
            red: 0.0,
            box_means: Vec::new(),
        };
        curve.events = curve.find_events();
        if !curve.events.iter().any(|e| !e.inside.is_empty()) {
            return Err(VetError::NoTransit);
        }
        let boxes = curve.find_boxes();
        let plain: Vec<(f64, f64)> = boxes.iter().map(|b| (b.mean, b.white_err)).collect();
        let local = against_surroundings(&boxes, curve.duration);
        if local.len() >= LEAST_BOXES && scatter(&local).powi(2) < LOCAL_GAIN * scatter(&plain).powi(2) {
            curve.set_against_surroundings();
            curve.box_means = local;
        } else {
            curve.box_means = plain;
        }
        curve.red = red_noise(&curve.box_means);
        Ok(curve)
    }

    /// Days from mid-transit beyond which a cadence is out of transit.
    pub fn outside(&self) -> f64 {
        outside_limit(self.ephemeris.period, self.duration)
    }

    /// Transits with cadences in them.
    pub fn observed(&self) -> impl Iterator<Item = &Event> {
        self.events.iter().filter(|e| !e.inside.is_empty())
    }

    /// Error of a depth measured in one transit: white and red noise.
    pub fn depth_err(&self, event: &Event) -> f64 {
        event.white_err.hypot(self.red)
    }

    fn find_events(&self) -> Vec<Event> {
        let time = self.time;
        let (first, last) = (self.ephemeris.epoch(time[0]), self.ephemeris.epoch(time[time.len() - 1]));
        let reach = (2.0 * self.duration).min(0.5 * self.ephemeris.period);
        let mut events = Vec::new();
        let mut start = 0;
        for epoch in first..=last {
            let centre = self.ephemeris.time_of(epoch);
            let step = |from: usize, limit: f64| from + time[from..].iter().take_while(|t| **t < limit).count();
            start += time[start..].partition_point(|t| *t < centre - reach);
            let near = start..step(start, centre + reach);
            if near.is_empty() {
                continue;
            }
            let inside_start = step(near.start, centre - 0.5 * self.duration);
            let mut inside = inside_start..step(inside_start, centre + 0.5 * self.duration);
            let (mut sum, mut weights) = (0.0, 0.0);
            for i in inside.clone() {
                sum += self.weight[i] * self.dip[i];
                weights += self.weight[i];
            }
            if weights == 0.0 {
                inside.end = inside.start;
            }
            let segments = self.detrended.segments();
            let segment = segments.iter().position(|s| s.contains(&near.start)).unwrap_or(0);
            events.push(Event {
                epoch,
                time: centre,
                near,
                inside,
                segment,
                depth: sum / weights,
                white_err: 1.0 / weights.sqrt(),
            });
        }
        events
    }

    /// Takes the mean of what is near each transit, but not in it, from its depth.
    fn set_against_surroundings(&mut self) {
        for event in &mut self.events {
            let (mut sum, mut weights) = (0.0, 0.0);
            for i in event.near.clone().filter(|i| self.from_transit[*i].abs() > 0.5 * self.duration + self.exposure) {
                sum += self.weight[i] * self.dip[i];
                weights += self.weight[i];
            }
            if weights > 0.0 {
                event.depth -= sum / weights;
                event.white_err = event.white_err.hypot(1.0 / weights.sqrt());
            }
        }
    }

    fn find_boxes(&self) -> Vec<BoxMean> {
        let outside = self.outside();
        let mut boxes: Vec<BoxMean> = Vec::new();
        let (mut sum, mut weights, mut start) = (0.0, 0.0f64, f64::NEG_INFINITY);
        for i in 0..self.time.len() {
            let out = self.from_transit[i].abs() > outside;
            if !out || self.time[i] - start >= self.duration {
                if weights > 0.0 {
                    boxes.push(BoxMean { start, mean: sum / weights, white_err: 1.0 / weights.sqrt() });
                }
                (sum, weights, start) = (0.0, 0.0, self.time[i]);
            }
            if out {
                sum += self.weight[i] * self.dip[i];
                weights += self.weight[i];
            }
        }
        // What hangs over at a gap has far less weight than a full box.
        let full = quantile_sorted(&sorted(boxes.iter().map(|b| b.white_err.powi(-2))), 0.5);
        boxes.retain(|b| b.white_err.powi(-2) > 0.5 * full);
        boxes
    }
}

/// Each mean less that of its neighbours within two durations, where there are some on both sides.
fn against_surroundings(boxes: &[BoxMean], duration: f64) -> Vec<(f64, f64)> {
    let mut out = Vec::new();
    for (i, this) in boxes.iter().enumerate() {
        let reach = 2.5 * duration;
        let before = boxes[..i].iter().rev().take(2).take_while(|b| this.start - b.start < reach);
        let after = boxes[i + 1..].iter().take(2).take_while(|b| b.start - this.start < reach);
        let total = |sum: (f64, f64), b: &BoxMean| {
            let w = b.white_err.powi(-2);
            (sum.0 + w * b.mean, sum.1 + w)
        };
        let (left, right) = (before.fold((0.0, 0.0), total), after.fold((0.0, 0.0), total));
        if left.1 > 0.0 && right.1 > 0.0 {
            let weights = left.1 + right.1;
            out.push((this.mean - (left.0 + right.0) / weights, this.white_err.hypot(1.0 / weights.sqrt())));
        }
    }
    out
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values
}

/// A duration from mid-transit, or less where the orbit leaves no more.
fn outside_limit(period: f64, duration: f64) -> f64 {
    duration.min(0.3 * period)
}

/// σ_r² = σ²(means over one duration) − their white variance, from the median absolute deviation (Pont, Zucker & Queloz
/// 2006, MNRAS 373, 231, with both noises measured rather than fitted).
fn red_noise(means: &[(f64, f64)]) -> f64 {
    if means.len() < LEAST_BOXES {
        return 0.0;
    }
    let white = median_in_place(&mut means.iter().map(|m| m.1).collect::<Vec<_>>());
    (scatter(means).powi(2) - white * white).max(0.0).sqrt()
}

/// Standard deviation of means, from their median absolute deviation.
fn scatter(means: &[(f64, f64)]) -> f64 {
    let centre = median_in_place(&mut means.iter().map(|m| m.0).collect::<Vec<_>>());
    MAD_TO_SIGMA * median_in_place(&mut means.iter().map(|m| (m.0 - centre).abs()).collect::<Vec<_>>())
}
