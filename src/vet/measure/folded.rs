//! The folded curve in fine bins of phase, on which templates are fitted and shifted at little cost.

use super::curve::Curve;

/// Bins in one duration.
const BINS_IN_DURATION: f64 = 24.0;

/// Most bins in an orbit.
const MOST_BINS: f64 = 32_768.0;

/// Weighted sums of the dip in bins of equal width from −P/2 to P/2.
#[derive(Clone, Debug)]
pub(crate) struct FoldedCurve {
    pub period: f64,
    /// Days.
    pub width: f64,
    pub weight: Vec<f64>,
    pub dip: Vec<f64>,
    /// Σ w y² of all cadences.
    pub square: Vec<f64>,
    pub count: Vec<u32>,
}

impl FoldedCurve {
    pub fn new(curve: &Curve) -> Self {
        let period = curve.ephemeris.period;
        let bins = (period / curve.duration * BINS_IN_DURATION).ceil().clamp(64.0, MOST_BINS) as usize;
        let width = period / bins as f64;
        let mut folded = Self {
            period,
            width,
            weight: vec![0.0; bins],
            dip: vec![0.0; bins],
            square: vec![0.0; bins],
            count: vec![0; bins],
        };
        let per_day = 1.0 / width;
        for ((dt, w), y) in curve.from_transit.iter().zip(&curve.weight).zip(&curve.dip) {
            let bin = (((dt + 0.5 * period) * per_day) as usize).min(bins - 1);
            folded.weight[bin] += w;
            folded.dip[bin] += w * y;
            folded.square[bin] += w * y * y;
            folded.count[bin] += u32::from(*w > 0.0);
        }
        folded
    }

    pub fn len(&self) -> usize {
        self.weight.len()
    }

    /// Days from mid-transit of the middle of a bin.
    pub fn phase(&self, bin: usize) -> f64 {
        (bin as f64 + 0.5) * self.width - 0.5 * self.period
    }

    /// Bins whose middle lies within `reach` days of mid-transit.
    pub fn within(&self, reach: f64) -> std::ops::Range<usize> {
        let bin = |t: f64| (((t + 0.5 * self.period) / self.width).round().max(0.0) as usize).min(self.len());
        bin(-reach)..bin(reach)
    }
}
