//! The light curve in even bins, piece by piece between long gaps, for the noise model.

use std::ops::Range;

use crate::lightcurve::{median_time_step, split_at_gaps};
use crate::math::median_in_place;

/// A light curve: times (days, ascending), dips (level − flux) and weights (flux_err⁻², positive), of equal length.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Columns<'a> {
    pub time: &'a [f64],
    pub dip: &'a [f64],
    pub weight: &'a [f64],
}

/// Cadences without a long gap, and their bins.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Piece {
    pub range: Range<usize>,
    /// Days; a whole number of cadences.
    pub bin_width: f64,
    /// Median dip, the zero of the noise model.
    pub level: f64,
    /// Start of the first bin, half a cadence before the first time.
    start: f64,
    n_bins: usize,
}

/// Stretches of `segments` between gaps longer than `gap` days, in bins of at most `target` days or of one cadence.
/// The level is that of the cadences without `masked` set.
pub(crate) fn pieces(
    columns: Columns<'_>,
    masked: &[bool],
    segments: &[Range<usize>],
    target: f64,
    gap: f64,
) -> Vec<Piece> {
    let mut result = Vec::new();
    for segment in segments {
        let time = &columns.time[segment.clone()];
        if time.is_empty() {
            continue;
        }
        let cadence = if time.len() > 1 { median_time_step(time) } else { target };
        // Half a per cent: cadences of a mission are even to less than that.
        let bin_width = cadence * (target / cadence * 1.005).floor().max(1.0);
        for piece in split_at_gaps(time, gap.max(1.5 * cadence)) {
            let range = segment.start + piece.start..segment.start + piece.end;
            let start = columns.time[range.start] - 0.5 * cadence;
            let last = columns.time[range.end - 1];
            let mut dips: Vec<f64> = range.clone().filter(|i| !masked[*i]).map(|i| columns.dip[i]).collect();
            let level = if dips.is_empty() { 0.0 } else { median_in_place(&mut dips) };
            let n_bins = ((last - start) / bin_width) as usize + 1;
            result.push(Piece { range, bin_width, level, start, n_bins });
        }
    }
    result
}

impl Piece {
    /// Number of bins.
    pub fn len(&self) -> usize {
        self.n_bins
    }

    pub fn bin(&self, time: f64) -> usize {
        (((time - self.start) / self.bin_width) as usize).min(self.n_bins - 1)
    }

    /// Weighted means of the cadences that `keep` takes, by their number and their bin.
    pub fn binned(&self, columns: Columns<'_>, keep: impl Fn(usize, usize) -> bool) -> Bins {
        let mut value = vec![0.0; self.n_bins];
        let mut weight = vec![0.0; self.n_bins];
        for i in self.range.clone() {
            let bin = self.bin(columns.time[i]);
            if keep(i, bin) {
                weight[bin] += columns.weight[i];
                value[bin] += columns.weight[i] * (columns.dip[i] - self.level);
            }
        }
        let mut filled: Vec<f64> = weight.iter().copied().filter(|w| *w > 0.0).collect();
        let reference = if filled.is_empty() { 1.0 } else { median_in_place(&mut filled) };
        for (v, w) in value.iter_mut().zip(&weight).filter(|(_, w)| **w > 0.0) {
            *v /= w;
        }
        Bins { value, weight, reference }
    }
}

/// Mean dips of one piece's bins.
#[derive(Clone, Debug)]
pub(crate) struct Bins {
    /// Dip less the level of the piece; 0 in empty bins.
    pub value: Vec<f64>,
    pub weight: Vec<f64>,
    /// Weight of a typical bin, the one whose white noise is in the noise model.
    pub reference: f64,
}

impl Bins {
    /// Bins that are noisier than the typical one by more than a quarter, and the inverse of the variance that they have
    /// in excess: 0 for empty ones.
    pub fn excess(&self) -> Vec<(usize, f64)> {
        let short = |w: f64| w < 0.8 * self.reference;
        let inverse = |w: f64| w * self.reference / (self.reference - w);
        self.weight.iter().enumerate().filter(|(_, w)| short(**w)).map(|(bin, w)| (bin, inverse(*w))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_and_bins_keep_the_cadences() {
        // 2-min cadences with a long and a short gap; bins of five cadences.
        let cadence = 2.0 / 1440.0;
        let time: Vec<f64> = (0..4000)
            .filter(|i| !(1000..1600).contains(i) && !(2000..2012).contains(i))
            .map(|i| 7.0 + cadence * f64::from(i))
            .collect();
        let dip: Vec<f64> = (0..time.len()).map(|i| (i % 7) as f64).collect();
        let weight = vec![2.0; time.len()];
        let columns = Columns { time: &time, dip: &dip, weight: &weight };
        let found = pieces(columns, &vec![false; time.len()], std::slice::from_ref(&(0..time.len())), 0.0071, 0.5);
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].range.clone(), found[1].range.clone()), (0..1000, 1000..time.len()));
        assert_eq!(found[0].len(), 200);
        assert!((found[0].bin_width / cadence - 5.0).abs() < 1e-6);
        let bins = found[1].binned(columns, |_, _| true);
        assert_eq!(bins.weight.iter().sum::<f64>(), 2.0 * (time.len() - 1000) as f64);
        assert_eq!(bins.reference, 10.0);
        // 12 missing cadences: two empty bins, and two that have lost one cadence each keep 0.8 of their weight
        assert_eq!(bins.excess(), vec![(80, 0.0), (81, 0.0), (82, 6.0 * 10.0 / 4.0)]);
        let sum: f64 = bins.value.iter().zip(&bins.weight).map(|(v, w)| v * w).sum();
        let expected: f64 = dip[1000..].iter().map(|d| 2.0 * (d - found[1].level)).sum();
        assert!((sum - expected).abs() < 1e-9);
    }

    #[test]
    fn a_slow_cadence_is_its_own_bin() {
        let time: Vec<f64> = (0..50).map(|i| 0.02 * f64::from(i)).collect();
        let columns = Columns { time: &time, dip: &[0.0; 50], weight: &[1.0; 50] };
        let found = pieces(columns, &[false; 50], std::slice::from_ref(&(0..50)), 0.007, 0.3);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].len(), 50);
        assert!(found[0].binned(columns, |_, _| true).excess().is_empty());
    }
}
