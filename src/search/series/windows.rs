//! The cadences about each transit of an ephemeris, found without a look at those between.

use std::ops::Range;

/// The cadences about one transit.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Window {
    /// Number of the transit; 0 is the one that the iterator was given.
    pub epoch: i64,
    pub cadences: Range<usize>,
}

/// Iterator over the windows [start + n P, start + n P + width) that have cadences, in order of time.
///
/// Each is looked for where the time step says that it should be, and from there in steps that double, so that regular
/// sampling costs a few look-ups a transit and gaps a few more. Epochs without cadences are passed over at once.
pub(crate) struct Windows<'a> {
    time: &'a [f64],
    period: f64,
    start: f64,
    width: f64,
    per_step: f64,
    epoch: f64,
    position: usize,
}

impl<'a> Windows<'a> {
    /// `time` ascending, with a typical step of `step`; windows no wider than `period`.
    pub fn new(time: &'a [f64], step: f64, period: f64, start: f64, width: f64) -> Self {
        Self { time, period, start, width, per_step: 1.0 / step, epoch: f64::NEG_INFINITY, position: 0 }
    }

    /// First cadence from `position` on that is not before `target`.
    fn seek(&self, position: usize, target: f64) -> usize {
        let time = self.time;
        let n = time.len();
        if position >= n || time[position] >= target {
            return position;
        }
        // From here on time[low] < target.
        let mut low = position;
        let guess = (position + ((target - time[position]) * self.per_step) as usize).min(n - 1);
        let mut high;
        let mut step = 1;
        if time[guess] < target {
            low = guess;
            high = low + 1;
            while high < n && time[high] < target {
                low = high;
                high += step;
                step *= 2;
            }
            high = high.min(n);
        } else {
            high = guess;
            while high > low + step && time[high - step] >= target {
                high -= step;
                step *= 2;
            }
            low = low.max(high.saturating_sub(step));
        }
        low + 1 + time[low + 1..high].partition_point(|t| *t < target)
    }
}

impl Iterator for Windows<'_> {
    type Item = Window;

    fn next(&mut self) -> Option<Window> {
        loop {
            let next = *self.time.get(self.position)?;
            let mut from = self.start + self.epoch * self.period;
            if next >= from + self.width || self.epoch.is_infinite() {
                self.epoch = self.epoch.max(((next - self.start) / self.period).floor());
                from = self.start + self.epoch * self.period;
                if next >= from + self.width {
                    self.epoch += 1.0;
                    from = self.start + self.epoch * self.period;
                }
            }
            let first = self.seek(self.position, from);
            let end = self.seek(first, from + self.width);
            self.position = end;
            let epoch = self.epoch;
            self.epoch += 1.0;
            if first < end {
                return Some(Window { epoch: epoch as i64, cadences: first..end });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng, rngs::StdRng};

    #[test]
    fn windows_hold_what_a_look_at_every_cadence_finds() {
        let mut rng = StdRng::seed_from_u64(8);
        let even: Vec<f64> = (0..3000).map(|i| 0.01 * f64::from(i)).collect();
        let gaps: Vec<f64> = even.iter().copied().filter(|t| !(3.0..9.0).contains(t) && t.fract() > 0.3).collect();
        let mut random: Vec<f64> = (0..500).map(|_| 30.0 * rng.random::<f64>()).collect();
        random.sort_by(f64::total_cmp);
        let stray = vec![0.0, 0.1, 0.2, 1e6];
        for time in [even, gaps, random, stray] {
            for _ in 0..50 {
                let period = 0.05 + 12.0 * rng.random::<f64>().powi(2);
                let width = period * rng.random::<f64>();
                let start = 40.0 * rng.random::<f64>() - 5.0;
                let mut slow: Vec<(i64, usize)> = Vec::new();
                for (i, t) in time.iter().enumerate() {
                    let epoch = ((t - start) / period).floor();
                    if t - (start + epoch * period) < width {
                        slow.push((epoch as i64, i));
                    }
                }
                let fast: Vec<(i64, usize)> = Windows::new(&time, 0.01, period, start, width)
                    .flat_map(|w| w.cadences.map(move |i| (w.epoch, i)))
                    .collect();
                // Times within rounding of an edge may fall to either side; random ones do not.
                assert_eq!(fast, slow, "{period} {width} {start}");
            }
        }
    }
}
