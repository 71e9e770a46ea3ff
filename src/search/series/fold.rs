//! A fold at one period into phase bins, with circular prefix sums: every box of whole bins from two look-ups.

use super::dips::Series;
use crate::search::statistic::BoxSums;

/// A box of whole phase bins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct BinnedBox {
    pub start: usize,
    pub width: usize,
    pub sums: BoxSums,
    /// S/N over β.
    pub snr: f64,
}

/// Prefix sums of a fold; buffers are kept between periods.
#[derive(Clone, Debug, Default)]
pub(crate) struct PhaseFold {
    bins: usize,
    /// `prefix[i]` sums bins 0..i of the fold repeated twice, so that a box may run over the end.
    weight: Vec<f64>,
    weighted_dip: Vec<f64>,
}

impl PhaseFold {
    /// Folds `series` at `period` into `bins` bins, bin 0 starting at `phase_zero` (days since the series' origin).
    pub fn fold(&mut self, series: &Series, period: f64, bins: usize, phase_zero: f64) {
        self.bins = bins;
        for column in [&mut self.weight, &mut self.weighted_dip] {
            column.clear();
            column.resize(2 * bins + 1, 0.0);
        }
        let per_period = 1.0 / period;
        for ((t, dip), w) in series.time.iter().zip(&series.dip).zip(&series.weight) {
            let cycles = (t - phase_zero) * per_period;
            let phase = cycles - cycles.floor();
            // phase may round to 1
            let bin = ((phase * bins as f64) as usize).min(bins - 1);
            self.weight[bin + 1] += w;
            self.weighted_dip[bin + 1] += w * dip;
        }
        for column in [&mut self.weight, &mut self.weighted_dip] {
            let (once, twice) = column.split_at_mut(bins + 1);
            twice.copy_from_slice(&once[1..]);
            let mut sum = 0.0;
            for value in column.iter_mut() {
                sum += *value;
                *value = sum;
            }
        }
    }

    pub fn sums(&self, start: usize, width: usize) -> BoxSums {
        BoxSums {
            weight: self.weight[start + width] - self.weight[start],
            weighted_dip: self.weighted_dip[start + width] - self.weighted_dip[start],
        }
    }

    /// The box of `width` bins with the highest S/N, the first of equals; `None` where no box has a statistic.
    pub fn best(&self, width: usize, total_weight: f64, beta: f64) -> Option<BinnedBox> {
        let mut best: Option<BinnedBox> = None;
        for start in 0..self.bins {
            let sums = self.sums(start, width);
            // A bin without cadences has, after subtraction, a weight of zero to rounding only.
            if sums.weight <= 1e-12 * total_weight {
                continue;
            }
            let Some(statistic) = sums.statistic(total_weight) else { continue };
            let snr = statistic.snr / beta;
            if best.is_none_or(|b| snr > b.snr) {
                best = Some(BinnedBox { start, width, sums, snr });
            }
        }
        best
    }
}
