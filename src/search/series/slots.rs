//! The light curve in even time slots.

use super::cumulative::Cumulative;

/// Sums per time slot; empty slots are zero.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slots {
    /// Days.
    pub width: f64,
    /// Σ w·dip
    pub num: Vec<f64>,
    /// Σ w
    pub den: Vec<f64>,
}

impl Slots {
    /// The slots of a series, counted from its origin.
    pub fn new(sums: &Cumulative, width: f64) -> Self {
        let n = (sums.series.baseline / width).floor() as usize + 1;
        let mut slots = Self { width, num: Vec::with_capacity(n), den: Vec::with_capacity(n) };
        let mut start = 0;
        for slot in 1..=n {
            let end = if slot == n { sums.series.len() } else { sums.index(slot as f64 * width) };
            let inside = sums.sums(start..end);
            slots.num.push(inside.weighted_dip);
            slots.den.push(inside.weight);
            start = end;
        }
        slots
    }

    pub fn len(&self) -> usize {
        self.num.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::series::dips::Series;

    #[test]
    fn slots_keep_the_sums() {
        let time: Vec<f64> = (0..500).map(|i| 100.0 + 0.0113 * f64::from(i)).collect();
        let flux: Vec<f64> = (0..500).map(|i| 1.0 + 1e-3 * f64::from(i % 17)).collect();
        let series = Series::from_columns(&time, &flux, &vec![1e-3; 500]);
        let slots = Slots::new(&Cumulative::new(&series), 0.03);
        assert!((slots.den.iter().sum::<f64>() / series.total_weight - 1.0).abs() < 1e-12);
        assert!(slots.num.iter().sum::<f64>().abs() < 1e-6);
    }
}
