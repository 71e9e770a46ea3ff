//! A window that slides along a piece: what enters, what leaves, and what to do where it is lopsided.

use std::ops::Range;

use super::{Piece, edges};

/// Location of the values in a window that slides along a series, and is told which of them enter and leave.
pub(super) trait WindowLocation {
    /// Takes a series; the window is empty.
    fn begin(&mut self, series: &[f64]);
    /// Empties the window.
    fn clear(&mut self);
    /// Adds a value by its index in the series, that after the last one added.
    fn insert(&mut self, index: usize);
    /// Takes out the value that was added first, by its index.
    fn remove(&mut self, index: usize);
    /// [`WindowLocation::remove`] and [`WindowLocation::insert`] in one.
    fn replace(&mut self, old: usize, new: usize) {
        self.remove(old);
        self.insert(new);
    }
    /// NaN if the window is empty.
    fn location(&mut self) -> f64;
    /// Location of one stretch of the series.
    fn location_of(&mut self, stretch: Range<usize>) -> f64 {
        self.clear();
        stretch.for_each(|i| self.insert(i));
        self.location()
    }
}

/// Windows with fewer cadences than this give no location.
const MIN_CADENCES: usize = 3;
/// Distances, in windows, between a time and the mean time of its window: below the first a slope is not corrected for
/// (a few cadences missing at random, and the plain method is kept), above the second it is in full (a hole).
const LOPSIDED: [f64; 2] = [0.045, 0.075];

/// Fills `trend` with the location in the window `t - window/2 <= time < t + window/2` around each time of a piece.
///
/// Within half a window of the ends of the piece the last full window is used, continued by a line (see [`edges`]): a
/// transit at an edge then fills no larger share of its window than one in the middle. Where masked cadences or a short
/// gap leave a window lopsided, the location belongs to the mean time of its cadences and is carried to its middle along
/// the slope of the trend itself.
pub(super) fn slide(piece: Piece<'_>, window: f64, estimator: &mut impl WindowLocation, trend: &mut [f64]) {
    let (time, flux) = (piece.time, piece.flux);
    let (first, last) = (time[0], time[time.len() - 1]);
    let half = 0.5 * window;
    estimator.begin(flux);
    if last - first <= window {
        let level = estimator.location_of(0..flux.len());
        let edge = edges::Edge::new(time, flux, level, 0.5 * (first + last));
        trend.iter_mut().zip(piece.at).for_each(|(out, t)| *out = edge.at(*t));
        return;
    }
    let (from, to) = (first + half, last - half);
    let inside = piece.at.partition_point(|t| *t < from)..piece.at.partition_point(|t| *t <= to);

    let head = 0..time.partition_point(|t| *t < first + window);
    let tail = time.partition_point(|t| *t < last - window)..time.len();
    let mut ends = [head, tail].into_iter().zip([from, to]).map(|(range, middle)| {
        let level = if range.len() < MIN_CADENCES { f64::NAN } else { estimator.location_of(range.clone()) };
        edges::Edge::new(&time[range.clone()], &flux[range], level, middle)
    });
    if let (Some(head), Some(tail)) = (ends.next(), ends.next()) {
        for i in (0..inside.start).chain(inside.end..trend.len()) {
            let edge = if piece.at[i] < 0.5 * (from + to) { &head } else { &tail };
            trend[i] = edge.at(piece.at[i]);
        }
    }

    let (mut lo, mut hi) = (0, 0);
    let mut time_sum = 0.0; // of the times in the window less `first`
    let mut lopsided: Vec<(usize, f64)> = Vec::new();
    estimator.clear();
    for i in inside.clone() {
        let t = piece.at[i];
        let (start, end) = (t - half, t + half);
        loop {
            let leaves = lo < hi && time[lo] < start;
            let enters = hi < time.len() && time[hi] < end;
            match (leaves, enters) {
                (true, true) => estimator.replace(lo, hi),
                (true, false) => estimator.remove(lo),
                (false, true) => estimator.insert(hi),
                (false, false) => break,
            }
            if leaves {
                time_sum -= time[lo] - first;
                lo += 1;
            }
            if enters {
                time_sum += time[hi] - first;
                hi += 1;
            }
        }
        if hi - lo < MIN_CADENCES {
            continue;
        }
        trend[i] = estimator.location();
        let cadences = (hi - lo) as f64;
        let offsets = time_sum - (t - first) * cadences;
        if offsets.abs() > LOPSIDED[0] * window * cadences {
            lopsided.push((i, offsets / cadences));
        }
    }
    carry_to_the_middle(piece.at, &inside, window, &lopsided, trend);
}

/// Moves each lopsided location by −offset along the slope of the trend over half a window.
fn carry_to_the_middle(at: &[f64], inside: &Range<usize>, window: f64, lopsided: &[(usize, f64)], trend: &mut [f64]) {
    let corrections: Vec<f64> = lopsided
        .iter()
        .map(|&(i, offset)| {
            let before = at.partition_point(|t| *t < at[i] - 0.25 * window).max(inside.start);
            let after = at.partition_point(|t| *t < at[i] + 0.25 * window).min(inside.end - 1);
            let slope = (trend[after] - trend[before]) / (at[after] - at[before]);
            let share = (offset.abs() / window - LOPSIDED[0]) / (LOPSIDED[1] - LOPSIDED[0]);
            if slope.is_finite() { -slope * offset * share.min(1.0) } else { 0.0 }
        })
        .collect();
    for (&(i, _), correction) in lopsided.iter().zip(corrections) {
        trend[i] += correction;
    }
}
