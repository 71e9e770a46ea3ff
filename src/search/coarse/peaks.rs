//! Peaks of a periodogram, and the signal detection efficiency.

use super::scan::{LEAST_SNR, Periodogram};
use crate::math::median;

/// Cells on either side that a peak overtops.
const PEAK_HALF_WIDTH: usize = 2;
/// Cells in a block of the running median.
const TREND_BLOCK: usize = 101;

/// A local maximum of a periodogram.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Peak {
    pub cell: usize,
    pub snr: f64,
}

/// The highest `limit` local maxima of at least `least_snr`, highest first; of equals the shorter period first.
pub(crate) fn find_peaks(periodogram: &Periodogram, limit: usize, least_snr: f64) -> Vec<Peak> {
    let snr = &periodogram.snr;
    let mut peaks: Vec<Peak> = (0..snr.len())
        .filter(|&i| {
            let low = i.saturating_sub(PEAK_HALF_WIDTH);
            let high = (i + PEAK_HALF_WIDTH + 1).min(snr.len());
            // a cell at the least has no box
            snr[i] > LEAST_SNR
                && f64::from(snr[i]) >= least_snr
                && snr[low..i].iter().all(|s| *s < snr[i])
                && snr[i + 1..high].iter().all(|s| *s <= snr[i])
        })
        .map(|i| Peak { cell: i, snr: f64::from(snr[i]) })
        .collect();
    peaks.sort_by(|a, b| b.snr.total_cmp(&a.snr).then(a.cell.cmp(&b.cell)));
    peaks.truncate(limit);
    peaks
}

/// Signal detection efficiency of each cell.
///
/// ```text
/// SDE = (s − mean s) / std s,     s = S/N − running median of S/N
/// ```
/// Defined by Kovács, Zucker & Mazeh 2002; detrended by a running median as Hippke & Heller 2019 (A&A 623, A39) do, here
/// the median of blocks of 101 cells, interpolated linearly. Cells without a fold do not count.
pub(crate) struct DetectionEfficiency {
    residual: Vec<f64>,
    mean: f64,
    std: f64,
}

impl DetectionEfficiency {
    pub fn new(periodogram: &Periodogram) -> Self {
        let snr: Vec<f64> = periodogram.snr.iter().map(|s| f64::from(*s)).collect();
        let blocks: Vec<f64> = snr.chunks(TREND_BLOCK).map(median).collect();
        let residual: Vec<f64> = snr.iter().enumerate().map(|(i, s)| s - trend(&blocks, i)).collect();
        let used = || residual.iter().zip(&snr).filter(|(_, s)| **s > 0.0).map(|(r, _)| *r);
        let n = used().count().max(1) as f64;
        let mean = used().sum::<f64>() / n;
        let std = (used().map(|r| (r - mean).powi(2)).sum::<f64>() / n).sqrt();
        Self { residual, mean, std }
    }

    /// SDE of one cell; 0 for a periodogram without scatter.
    pub fn at(&self, cell: usize) -> f64 {
        if self.std > 0.0 { (self.residual[cell] - self.mean) / self.std } else { 0.0 }
    }
}

fn trend(blocks: &[f64], i: usize) -> f64 {
    let position = (i as f64 / TREND_BLOCK as f64 - 0.5).max(0.0);
    let lower = (position as usize).min(blocks.len() - 1);
    let upper = (lower + 1).min(blocks.len() - 1);
    blocks[lower] + (position - lower as f64).min(1.0) * (blocks[upper] - blocks[lower])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn periodogram(snr: Vec<f32>) -> Periodogram {
        Periodogram { snr, ..Periodogram::default() }
    }

    #[test]
    fn peaks_are_local_maxima_in_order() {
        let p = periodogram(vec![1.0, 5.0, 1.0, 1.0, 1.0, 9.0, 9.0, 1.0, 2.0, 1.0]);
        let cells: Vec<usize> = find_peaks(&p, 10, 1.5).iter().map(|p| p.cell).collect();
        assert_eq!(cells, [5, 1, 8].iter().copied().filter(|c| *c != 8 || p.snr[6] <= 2.0).collect::<Vec<_>>());
        assert_eq!(find_peaks(&p, 1, 0.0).len(), 1);
    }

    #[test]
    fn a_spike_stands_out_of_a_slope() {
        let mut snr: Vec<f32> =
            (0..1000).map(|i| 3.0 + 0.002 * i as f32 + 0.2 * ((i * 37) % 11) as f32 / 11.0).collect();
        snr[400] += 5.0;
        let sde = DetectionEfficiency::new(&periodogram(snr));
        assert!(sde.at(400) > 15.0, "{}", sde.at(400));
        assert!(sde.at(990).abs() < 2.0);
    }
}
