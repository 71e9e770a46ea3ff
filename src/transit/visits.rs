//! The points of a light curve that a transit touches, found by jumping from transit to transit.

use super::orbit::Orbit;
use super::simd::{Kernel, Lanes, dispatch};

/// Times that are known to be in order, so that a light curve need not look at those far from transits.
#[derive(Clone, Copy, Debug)]
pub struct SortedTimes<'a>(&'a [f64]);

impl<'a> SortedTimes<'a> {
    /// `times`, if each is at least the one before and none is NaN.
    pub fn new(times: &'a [f64]) -> Option<Self> {
        dispatch(IsSorted(times)).then_some(Self(times))
    }

    /// The times.
    pub fn times(self) -> &'a [f64] {
        self.0
    }
}

/// Points near transits: each with its time from mid-transit and the number of that transit.
#[derive(Clone, Debug, Default)]
pub(super) struct Visits {
    /// Days from mid-transit.
    pub dt: Vec<f64>,
    /// Consecutive points of one transit.
    runs: Vec<Run>,
    /// Positions in the light curve by rising time, if that was not in order.
    order: Option<Vec<usize>>,
}

#[derive(Clone, Copy, Debug)]
struct Run {
    first: usize,
    len: usize,
    epoch: f64,
    /// Pieces between the cuts, counted from the outermost.
    depth: usize,
}

impl Visits {
    /// All points with `first` < time from mid-transit < `last`; a point within several transits' reach comes as often.
    ///
    /// In a light curve in order of time, points far from transits are not looked at but once, to know the order.
    ///
    /// Visits are ordered by the pieces between `cuts` (times from mid-transit, ascending), outermost pairs first, so that
    /// vectors of them hold points that cost the same.
    pub fn find(times: &[f64], orbit: &Orbit, (first, last): (f64, f64), cuts: &[f64]) -> Self {
        if let Some(times) = SortedTimes::new(times) {
            return Self::of_sorted(times, orbit, (first, last), cuts);
        }
        let mut order: Vec<usize> = (0..times.len()).filter(|i| !times[*i].is_nan()).collect();
        order.sort_by(|a, b| times[*a].total_cmp(&times[*b]));
        let sorted: Vec<f64> = order.iter().map(|i| times[*i]).collect();
        Self { order: Some(order), ..Self::of_sorted(SortedTimes(&sorted), orbit, (first, last), cuts) }
    }

    /// As [`find`](Self::find).
    pub fn of_sorted(times: SortedTimes, orbit: &Orbit, (first, last): (f64, f64), cuts: &[f64]) -> Self {
        let times = times.0;
        let mut out = Self::default();
        let (transit_time, period) = (orbit.elements().transit_time, orbit.elements().period);
        let mut cursor = 0;
        let mut epoch = f64::NEG_INFINITY;
        while cursor < times.len() {
            // the first transit that ends after the point at the cursor
            epoch = ((times[cursor] - transit_time - last) / period).ceil().max(epoch + 1.0);
            if !epoch.is_finite() {
                break;
            }
            let since = |time: f64| (time - transit_time) - epoch * period;
            let middle = transit_time + epoch * period;
            cursor += seek(&times[cursor..], middle + first, |time| since(time) <= first);
            let len = seek(&times[cursor..], middle + last, |time| since(time) < last);
            let (mut at, end) = (cursor, cursor + len);
            for depth in 0..=cuts.len() {
                let next = match cuts.get(depth) {
                    Some(cut) => at + seek(&times[at..end], middle + cut, |time| since(time) < *cut),
                    None => end,
                };
                if next > at {
                    let depth = depth.min(cuts.len() - depth);
                    out.runs.push(Run { first: at, len: next - at, epoch, depth });
                }
                at = next;
            }
            // windows that do not overlap leave these points behind
            if last - first <= period {
                cursor += len;
            }
        }
        out.runs.sort_by_key(|run| run.depth);
        out.dt.reserve(out.runs.iter().map(|run| run.len).sum());
        for Run { first, len, epoch, .. } in &out.runs {
            out.dt.extend(times[*first..first + len].iter().map(|time| (time - transit_time) - epoch * period));
        }
        out
    }

    /// As [`find`](Self::find), for transits at the given times instead of regular ones.
    pub fn find_around(times: &[f64], transit_times: &[f64], (first, last): (f64, f64)) -> Self {
        let order = if SortedTimes::new(times).is_some() {
            None
        } else {
            let mut order: Vec<usize> = (0..times.len()).filter(|i| !times[*i].is_nan()).collect();
            order.sort_by(|a, b| times[*a].total_cmp(&times[*b]));
            Some(order)
        };
        let sorted: Option<Vec<f64>> = order.as_ref().map(|order| order.iter().map(|i| times[*i]).collect());
        let times = sorted.as_deref().unwrap_or(times);
        let mut out = Self { order, ..Self::default() };
        for (epoch, transit_time) in transit_times.iter().enumerate() {
            let start = times.partition_point(|time| time - transit_time <= first);
            let len = times[start..].partition_point(|time| time - transit_time < last);
            out.dt.extend(times[start..start + len].iter().map(|time| time - transit_time));
            out.runs.push(Run { first: start, len, epoch: epoch as f64, depth: 0 });
        }
        out
    }

    pub fn len(&self) -> usize {
        self.dt.len()
    }

    /// Calls `visit` with the position in the light curve of each point, in the order of `dt`, and its place there.
    #[inline]
    pub fn for_each(&self, mut visit: impl FnMut(usize, usize)) {
        let mut at = 0;
        for run in &self.runs {
            for i in run.first..run.first + run.len {
                visit(self.order.as_ref().map_or(i, |order| order[i]), at);
                at += 1;
            }
        }
    }

    /// Subtracts the dips that have taken the places of `dt` from the light curve `out`.
    pub fn subtract(&self, out: &mut [f64]) {
        if self.order.is_some() {
            self.for_each(|i, at| out[i] -= self.dt[at]);
            return;
        }
        let mut dips = &self.dt[..];
        for run in &self.runs {
            let (head, tail) = dips.split_at(run.len);
            out[run.first..run.first + run.len].iter_mut().zip(head).for_each(|(out, dip)| *out -= dip);
            dips = tail;
        }
    }

    /// Calls `visit` with the number of each transit and its range of visits.
    pub fn for_each_epoch(&self, mut visit: impl FnMut(f64, std::ops::Range<usize>)) {
        let mut at = 0;
        for run in &self.runs {
            visit(run.epoch, at..at + run.len);
            at += run.len;
        }
    }
}

/// How many leading `times` fulfil `before`, which holds up to about the time `until`.
///
/// Begins where an even cadence would have it, then goes by steps that double, then by halves.
#[inline]
fn seek(times: &[f64], until: f64, before: impl Fn(f64) -> bool) -> usize {
    let [first, second, ..] = times else { return times.iter().filter(|time| before(**time)).count() };
    // a cadence of zero gives infinity or NaN, which saturate
    let guess = (((until - first) / (second - first)).ceil() as usize).min(times.len());
    let (mut low, mut high, mut step) = (guess, guess, 1);
    if guess < times.len() && before(times[guess]) {
        while high < times.len() && before(times[high]) {
            low = high + 1;
            high = (high + step).min(times.len());
            step *= 2;
        }
    } else {
        while low > 0 && !before(times[low - 1]) {
            high = low - 1;
            low = low.saturating_sub(step);
            step *= 2;
        }
    }
    low + times[low..high].partition_point(|time| before(*time))
}

struct IsSorted<'a>(&'a [f64]);

impl Kernel for IsSorted<'_> {
    type Output = bool;

    #[inline(always)]
    fn run<L: Lanes>(self) -> bool {
        let times = self.0;
        let Some(last) = times.len().checked_sub(1) else { return true };
        let whole = last / L::LANES * L::LANES;
        let mut sorted = true;
        for (before, after) in times[..whole].chunks_exact(L::LANES).zip(times[1..].chunks_exact(L::LANES)) {
            sorted &= L::all(L::load(before).le(L::load(after)));
        }
        sorted && times[whole..].is_sorted_by(|a, b| a <= b) && !times[last].is_nan()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transit::OrbitElements;

    fn slow(times: &[f64], orbit: &Orbit, first: f64, last: f64) -> Vec<(usize, i64)> {
        let mut all = Vec::new();
        for epoch in -400..400 {
            for (i, time) in times.iter().enumerate() {
                let since = (time - orbit.elements().transit_time) - f64::from(epoch) * orbit.elements().period;
                if since > first && since < last {
                    all.push((i, i64::from(epoch)));
                }
            }
        }
        all.sort_unstable();
        all
    }

    fn found(visits: &Visits) -> Vec<(usize, i64)> {
        let mut epochs = vec![0; visits.len()];
        visits.for_each_epoch(|epoch, range| epochs[range].fill(epoch as i64));
        let mut all = Vec::new();
        visits.for_each(|i, at| all.push((i, epochs[at])));
        all.sort_unstable();
        all
    }

    #[test]
    fn finds_what_a_search_of_all_finds() {
        let mut times: Vec<f64> = (0..4000).map(|i| 7.0 + 0.01 * f64::from(i)).collect();
        times.drain(1200..1900);
        times[50] = times[49];
        let mut shuffled = times.clone();
        shuffled.swap(3, 2500);
        shuffled[7] = f64::NAN;
        for period in [0.3, 3.3, 90.0] {
            let orbit = Orbit::new(OrbitElements::circular(period, 20.0, 9.0, 0.2)).unwrap();
            for (first, last) in [(-0.1, 0.1), (-0.05, 0.07), (-0.31, 0.4), (-4.0, 2.0), (0.2, 0.25)] {
                for (series, cuts) in [(&times, &[][..]), (&shuffled, &[]), (&times, &[-0.03, 0.0, 0.04])] {
                    let visits = Visits::find(series, &orbit, (first, last), cuts);
                    assert_eq!(visits.order.is_some(), std::ptr::eq(series, &shuffled));
                    assert_eq!(found(&visits), slow(series, &orbit, first, last), "{period} {first} {last}");
                }
            }
            assert_eq!(Visits::find(&[], &orbit, (-1.0, 1.0), &[]).len(), 0);
            assert_eq!(Visits::find(&[f64::INFINITY], &orbit, (-1.0, 1.0), &[]).len(), 0);
        }
    }
}
