//! Sums over any stretch of a series by two look-ups in prefix sums.

use std::ops::Range;

use super::series::Series;
use super::statistic::BoxSums;

/// A series with prefix sums of its weights and weighted dips.
pub(crate) struct Windows<'a> {
    pub series: &'a Series,
    weight: Vec<f64>,
    weighted_dip: Vec<f64>,
}

impl<'a> Windows<'a> {
    pub fn new(series: &'a Series) -> Self {
        let prefix = |values: &mut dyn Iterator<Item = f64>| {
            let mut sum = 0.0;
            std::iter::once(0.0)
                .chain(values.map(|v| {
                    sum += v;
                    sum
                }))
                .collect()
        };
        Self {
            series,
            weight: prefix(&mut series.weight.iter().copied()),
            weighted_dip: prefix(&mut series.weight.iter().zip(&series.dip).map(|(w, d)| w * d)),
        }
    }

    /// Cadences with `from` ≤ time < `to` (days since the series' origin).
    pub fn between(&self, from: f64, to: f64) -> Range<usize> {
        let start = self.series.time.partition_point(|t| *t < from);
        start..start + self.series.time[start..].partition_point(|t| *t < to)
    }

    pub fn sums(&self, cadences: Range<usize>) -> BoxSums {
        BoxSums {
            weight: self.weight[cadences.end] - self.weight[cadences.start],
            weighted_dip: self.weighted_dip[cadences.end] - self.weighted_dip[cadences.start],
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
        let windows = Windows::new(&series);
        assert_eq!(windows.between(3.0, 6.0), 3..6);
        assert_eq!(windows.between(60.0, 70.0), 50..50);
        let sums = windows.about(10.0, 5.0);
        let expected: f64 = (8..13).map(|i| series.weight[i] * series.dip[i]).sum();
        assert!((sums.weighted_dip - expected).abs() < 1e-9 && (sums.weight - 500.0).abs() < 1e-9);
        assert_eq!(windows.about(-10.0, 5.0), BoxSums::default());
    }
}
