//! Sums over any stretch of a series by two look-ups.

use std::ops::Range;

use super::dips::Series;
use crate::search::statistic::BoxSums;

/// Sums over all cadences before each, to sum any stretch of time with two look-ups.
pub(crate) struct Cumulative<'a> {
    pub series: &'a Series,
    num: Vec<f64>,
    den: Vec<f64>,
    /// First cadence not before each multiple of the mean time step.
    first: Vec<u32>,
    per_step: f64,
}

impl<'a> Cumulative<'a> {
    pub fn new(series: &'a Series) -> Self {
        let n = series.len();
        let mut num = Vec::with_capacity(n + 1);
        let mut den = Vec::with_capacity(n + 1);
        let (mut num_sum, mut den_sum) = (0.0, 0.0);
        num.push(0.0);
        den.push(0.0);
        for (dip, w) in series.dip.iter().zip(&series.weight) {
            num_sum += w * dip;
            den_sum += w;
            num.push(num_sum);
            den.push(den_sum);
        }
        let per_step = n as f64 / series.baseline;
        let mut first = Vec::with_capacity(n + 2);
        for (i, t) in series.time.iter().enumerate() {
            let step = (t * per_step) as usize;
            while first.len() <= step {
                first.push(i as u32);
            }
        }
        first.resize(n + 2, n as u32);
        Self { series, num, den, first, per_step }
    }

    /// First cadence not before `time` (days since the origin).
    pub fn index(&self, time: f64) -> usize {
        let step = ((time * self.per_step) as usize).min(self.first.len() - 2);
        let (from, to) = (self.first[step] as usize, self.first[step + 1] as usize);
        let near = &self.series.time[from..to];
        // Of one or two cadences, as there are where sampling is even, none is worth a bisection.
        let before = if near.len() <= 4 {
            near.iter().fold(0, |before, t| before + usize::from(*t < time))
        } else {
            near.partition_point(|t| *t < time)
        };
        from + before
    }

    /// Cadences with `from` ≤ time < `to` (days since the series' origin).
    pub fn between(&self, from: f64, to: f64) -> Range<usize> {
        let start = self.index(from);
        start..self.index(to).max(start)
    }

    /// Sums over a range of cadences; those of an empty one are zero.
    pub fn sums(&self, cadences: Range<usize>) -> BoxSums {
        if cadences.is_empty() {
            return BoxSums::default();
        }
        BoxSums {
            weight: self.den[cadences.end] - self.den[cadences.start],
            weighted_dip: self.num[cadences.end] - self.num[cadences.start],
        }
    }

    /// Sums over `width` days about `time`.
    pub fn about(&self, time: f64, width: f64) -> BoxSums {
        self.sums(self.between(time - 0.5 * width, time + 0.5 * width))
    }
}

/// Weighted mean dip and its white-noise error.
pub(crate) fn mean_dip(sums: &BoxSums) -> (f64, f64) {
    (sums.weighted_dip / sums.weight, sums.weight.powf(-0.5))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_the_cadences_inside() {
        let time: Vec<f64> = (0..50).map(f64::from).collect();
        let flux: Vec<f64> = (0..50).map(|i| 1.0 + 0.01 * f64::from(i % 7)).collect();
        let series = Series::from_columns(&time, &flux, &vec![0.1; 50]);
        let sums = Cumulative::new(&series);
        assert_eq!(sums.between(3.0, 6.0), 3..6);
        assert_eq!(sums.between(60.0, 70.0), 50..50);
        let inside = sums.about(10.0, 5.0);
        let expected: f64 = (8..13).map(|i| series.weight[i] * series.dip[i]).sum();
        assert!((inside.weighted_dip - expected).abs() < 1e-9 && (inside.weight - 500.0).abs() < 1e-9);
        assert_eq!(sums.about(-10.0, 5.0), BoxSums::default());
    }
}
