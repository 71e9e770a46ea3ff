//! A light curve in even time slots, some of its cadences left out.

use std::ops::Range;

use super::dips::Series;
use super::slots::Slots;
use crate::search::statistic::BoxSums;

/// Slots from which cadences can be taken, at their cost alone.
pub(crate) struct SlotsLeft<'a> {
    series: &'a Series,
    slots: Slots,
    per_slot: f64,
    gone: BoxSums,
    /// Cadences that are left.
    pub cadences: usize,
}

impl<'a> SlotsLeft<'a> {
    /// All cadences, in slots of `width` days.
    pub fn new(series: &'a Series, width: f64) -> Self {
        let n = (series.baseline / width) as usize + 1;
        let mut slots = Slots { width, num: vec![0.0; n], den: vec![0.0; n] };
        let per_slot = 1.0 / width;
        let mut slot = 0;
        let mut sums = BoxSums::default();
        for ((t, dip), w) in series.time.iter().zip(&series.dip).zip(&series.weight) {
            let next = ((t * per_slot) as usize).min(n - 1);
            if next != slot {
                (slots.num[slot], slots.den[slot]) = (sums.weighted_dip, sums.weight);
                (slot, sums) = (next, BoxSums::default());
            }
            sums.weight += w;
            sums.weighted_dip += w * dip;
        }
        (slots.num[slot], slots.den[slot]) = (sums.weighted_dip, sums.weight);
        Self { series, slots, per_slot, gone: BoxSums::default(), cadences: series.len() }
    }

    /// Takes cadences out; none twice.
    pub fn leave_out(&mut self, cadences: Range<usize>) {
        self.cadences -= cadences.len();
        for i in cadences {
            let slot = ((self.series.time[i] * self.per_slot) as usize).min(self.slots.len() - 1);
            let weight = self.series.weight[i];
            let sums = BoxSums { weight, weighted_dip: weight * self.series.dip[i] };
            self.slots.num[slot] -= sums.weighted_dip;
            self.slots.den[slot] -= sums.weight;
            self.gone += sums;
        }
    }

    /// The slots, dips being from the mean of the cadences that are left.
    pub fn slots(mut self) -> Slots {
        let mean = -self.gone.weighted_dip / (self.series.total_weight - self.gone.weight);
        // what is left where all was taken is rounding
        let negligible = 1e-9 * self.series.total_weight / self.slots.len() as f64;
        for (num, den) in self.slots.num.iter_mut().zip(&mut self.slots.den) {
            *num -= mean * *den;
            if *den < negligible {
                (*num, *den) = (0.0, 0.0);
            }
        }
        self.slots
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::series::cumulative::Cumulative;

    #[test]
    fn slots_are_those_of_a_series_without_the_cadences() {
        let time: Vec<f64> = (0..500).filter(|i| !(200..260).contains(i)).map(|i| 0.0113 * f64::from(i)).collect();
        let flux: Vec<f64> = (0..440).map(|i| 1.0 + 1e-3 * f64::from(i % 17)).collect();
        let err: Vec<f64> = (0..440).map(|i| 1e-3 * (1.0 + f64::from(i % 5))).collect();
        let series = Series::from_columns(&time, &flux, &err);
        let mut left = SlotsLeft::new(&series, 0.07);
        let mut masked = vec![false; 440];
        for range in [10..33, 400..440] {
            left.leave_out(range.clone());
            masked[range].fill(true);
        }
        let rest = series.without(&masked);
        assert_eq!(left.cadences, rest.len());
        let (fast, slow) = (left.slots(), Slots::new(&Cumulative::new(&rest), 0.07));
        assert_eq!(fast.len(), slow.len());
        for i in 0..slow.len() {
            // rounding of sums over all cadences
            assert!((fast.num[i] - slow.num[i]).abs() < 1e-11 * rest.total_weight);
            assert!((fast.den[i] - slow.den[i]).abs() < 1e-11 * rest.total_weight);
        }
    }
}
