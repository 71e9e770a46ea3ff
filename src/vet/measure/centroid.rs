//! Whose light is lost: where the light falls in transit and out of it.
//!
//! With the centroid at C out of transit, and a share δ of the light lost at x, the centroid moves by δ (C − x) / (1 − δ)
//! (Bryson et al. 2013, PASP 125, 889, § 2), so that
//!
//! ```text
//! shift  s = mean centroid in transit − mean of those before and after, within two durations
//! offset o = −s (1 − δ) / δ                       from the centroid of all light to what dims, in pixels
//!   δ      = the depth measured in the same cadences in the same way
//! ```
//!
//! Detectors turn from one segment to the next, so directions count within a segment and only lengths are put together:
//!
//! ```text
//! centroid_shift_sigma  = √χ², χ² = Σ (s_x² / σ_x² + s_y² / σ_y²), as a deviate of one Gaussian
//! centroid_offset²      = weighted mean over segments of |o|² − σ², 0 where that is negative
//! ```
//!
//! σ of a segment is the scatter of the shifts of its transits, or, of fewer than eight, of what the same transits give at
//! other phases: pointing and the star's own variability move the centroid too. What dims need not be the target where the
//! centroid is that of several stars: the target itself is off it by up to its neighbours' share of the light.

use statrs::distribution::{ChiSquared, ContinuousCDF, Normal};

use super::curve::Curve;
use crate::lightcurve::Centroid;
use crate::math::{MAD_TO_SIGMA, median_in_place};
use crate::vet::{Metrics, Missing};

/// Transits of a segment whose own scatter is its error.
const ENOUGH_TRANSITS: usize = 8;
/// Phases at which fewer are repeated.
const PHASES: usize = 24;
/// Phases of which a scatter is told.
const LEAST_PHASES: usize = 6;
/// Share of the transits' weight that must be there at another phase.
const LEAST_WEIGHT: f64 = 0.5;
/// Sides of a transit, in durations from its middle.
const SIDES: (f64, f64) = (0.75, 2.0);
/// Gaussian deviates beyond this are not told apart.
const LARGEST_SIGMA: f64 = 37.0;

const NAMES: [&str; 3] = ["centroid_shift", "centroid_shift_sigma", "centroid_offset"];

pub(super) fn measure(curve: &Curve, metrics: &mut Metrics) {
    let found = match curve.light_curve.centroid() {
        None => Err(Missing::NoCentroids),
        Some(centroid) => of_segments(curve, centroid),
    };
    match found {
        Err(missing) => NAMES.iter().for_each(|name| metrics.set_missing(*name, missing)),
        Ok(segments) => combine(&segments, metrics),
    }
}

/// What one segment says; column and row.
#[derive(Clone, Copy, Debug)]
struct Shift {
    shift: [f64; 2],
    err: [f64; 2],
    depth: f64,
}

fn combine(segments: &[Shift], metrics: &mut Metrics) {
    let chi2: f64 =
        segments.iter().flat_map(|s| s.shift.iter().zip(&s.err)).map(|(shift, err)| (shift / err).powi(2)).sum();
    metrics.set("centroid_shift_sigma", gaussian_deviate(chi2, 2 * segments.len()));
    let as_it_is: fn(&Shift) -> f64 = |_| 1.0;
    for (name, factor) in [("centroid_shift", as_it_is), ("centroid_offset", |s| (1.0 - s.depth) / s.depth)] {
        let (mut sum, mut weights) = (0.0, 0.0);
        for s in segments {
            let factor = factor(s);
            let variance = factor * factor * (s.err[0] * s.err[0] + s.err[1] * s.err[1]);
            let length2 = factor * factor * (s.shift[0] * s.shift[0] + s.shift[1] * s.shift[1]);
            sum += (length2 - variance) / variance;
            weights += 1.0 / variance;
        }
        // Each of the two axes has half of the variance.
        metrics.set_with_err(name, (sum / weights).max(0.0).sqrt(), (0.5 / weights).sqrt());
    }
}

/// The deviate of one Gaussian that is as rarely as large as χ² of so many degrees of freedom.
fn gaussian_deviate(chi2: f64, degrees: usize) -> f64 {
    let chance = ChiSquared::new(degrees as f64).map_or(f64::NAN, |d| d.sf(chi2));
    if chance < 1e-300 { LARGEST_SIGMA } else { -Normal::standard().inverse_cdf((0.5 * chance).min(0.5)) }
}

fn of_segments(curve: &Curve, centroid: &Centroid) -> Result<Vec<Shift>, Missing> {
    let sums = Sums::new(curve, centroid);
    let range = |n: usize| curve.detrended.segments()[n].clone();
    let mut shifts = Vec::new();
    for events in curve.events.chunk_by(|a, b| a.segment == b.segment) {
        let centres: Vec<f64> = events.iter().filter(|e| !e.inside.is_empty()).map(|e| e.time).collect();
        if !centres.is_empty() {
            shifts.extend(sums.shift(&centres, range(events[0].segment), curve));
        }
    }
    if shifts.is_empty() { Err(Missing::TooFewCadences) } else { Ok(shifts) }
}

/// Running sums over the cadences, so that a mean over any stretch costs two look-ups.
struct Sums<'a> {
    time: &'a [f64],
    /// Number, column, row and dip of all cadences before each.
    before: Vec<[f64; 4]>,
}

impl<'a> Sums<'a> {
    fn new(curve: &Curve<'a>, centroid: &Centroid) -> Self {
        let index = curve.detrended.index();
        // Positions on the detector are large against their changes.
        let start = index.iter().map(|&i| (centroid.column[i], centroid.row[i])).find(|(c, r)| (c + r).is_finite());
        let (column, row) = start.unwrap_or_default();
        let mut before = Vec::with_capacity(index.len() + 1);
        let mut sum = [0.0; 4];
        before.push(sum);
        for ((&i, dip), weight) in index.iter().zip(&curve.dip).zip(&curve.weight) {
            let (x, y) = (centroid.column[i] - column, centroid.row[i] - row);
            if *weight > 0.0 && (x + y).is_finite() {
                for (s, v) in sum.iter_mut().zip([1.0, x, y, *dip]) {
                    *s += v;
                }
            }
            before.push(sum);
        }
        Self { time: curve.time, before }
    }

    /// Number and means of the cadences of `within` between two times.
    fn mean(&self, within: &std::ops::Range<usize>, from: f64, to: f64) -> Option<(f64, [f64; 3])> {
        let times = &self.time[within.clone()];
        let place = |t: f64| within.start + times.partition_point(|x| *x < t);
        let (a, b) = (self.before[place(from)], self.before[place(to)]);
        let n = b[0] - a[0];
        (n > 0.0).then(|| (n, [1, 2, 3].map(|k| (b[k] - a[k]) / n)))
    }

    /// Weight, shift in both directions, and depth of one transit.
    fn event(&self, centre: f64, duration: f64, within: &std::ops::Range<usize>) -> Option<(f64, [f64; 3])> {
        let (n, inside) = self.mean(within, centre - 0.5 * duration, centre + 0.5 * duration)?;
        let (near, far) = (SIDES.0 * duration, SIDES.1 * duration);
        let (left_n, left) = self.mean(within, centre - far, centre - near)?;
        let (right_n, right) = self.mean(within, centre + near, centre + far)?;
        let weight = 1.0 / (1.0 / n + 0.25 / left_n + 0.25 / right_n);
        Some((weight, [0, 1, 2].map(|k| inside[k] - 0.5 * (left[k] + right[k]))))
    }

    /// What [`Sums::event`] gives of each transit that has cadences in it and on both sides.
    fn events(&self, centres: &[f64], duration: f64, within: &std::ops::Range<usize>) -> Vec<(f64, [f64; 3])> {
        centres.iter().filter_map(|t| self.event(*t, duration, within)).collect()
    }

    fn shift(&self, centres: &[f64], within: std::ops::Range<usize>, curve: &Curve) -> Option<Shift> {
        let (duration, period) = (curve.duration, curve.ephemeris.period);
        let events = self.events(centres, duration, &within);
        let mean = weighted_mean(&events)?;
        let err = if events.len() >= ENOUGH_TRANSITS {
            let of = |k: usize| scatter(events.iter().map(|e| e.1[k]).collect()) / (events.len() as f64).sqrt();
            [of(0), of(1)]
        } else {
            let total: f64 = events.iter().map(|e| e.0).sum();
            // The transits where there are none: within half a period or ten durations of the true ones.
            let reach = (0.5 * period).min(10.0 * duration);
            let first = (SIDES.1 + 0.5) * duration;
            let phases = (0..PHASES).map(|i| {
                let half = (PHASES / 2) as f64;
                let step = (i / 2) as f64 / half * (reach - first);
                (first + step) * if i % 2 == 0 { 1.0 } else { -1.0 }
            });
            let shifted: Vec<[f64; 3]> = phases
                .filter(|_| reach > first)
                .filter_map(|phase| {
                    let moved: Vec<f64> = centres.iter().map(|t| t + phase).collect();
                    let there = self.events(&moved, duration, &within);
                    let weight = there.iter().map(|e| e.0).sum::<f64>();
                    (weight > LEAST_WEIGHT * total).then(|| weighted_mean(&there)).flatten()
                })
                .collect();
            if shifted.len() < LEAST_PHASES {
                return None;
            }
            // About zero: they should not move.
            [0, 1].map(|k| MAD_TO_SIGMA * median_in_place(&mut shifted.iter().map(|s| s[k].abs()).collect::<Vec<_>>()))
        };
        let sound = err.iter().all(|e| *e > 0.0) && mean[2] > 0.0 && mean[2] < 1.0;
        sound.then_some(Shift { shift: [mean[0], mean[1]], err, depth: mean[2] })
    }
}

fn weighted_mean(events: &[(f64, [f64; 3])]) -> Option<[f64; 3]> {
    let total: f64 = events.iter().map(|e| e.0).sum();
    (total > 0.0).then(|| [0, 1, 2].map(|k| events.iter().map(|e| e.0 * e.1[k]).sum::<f64>() / total))
}

/// Standard deviation from the median absolute deviation.
fn scatter(mut values: Vec<f64>) -> f64 {
    let centre = median_in_place(&mut values);
    MAD_TO_SIGMA * median_in_place(&mut values.iter().map(|v| (v - centre).abs()).collect::<Vec<_>>())
}
