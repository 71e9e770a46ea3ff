//! Upward outliers: flares, cosmic rays and glitches that rise above both the local level and what stands beside them.

use super::CleanConfig;
use crate::lightcurve::split_at_gaps;
use crate::math::{MAD_TO_SIGMA, median, median_in_place};

/// Cadences next to an outlier are taken with it while they stand this many sigma above the level: the tails of a flare.
const TAIL_SIGMA: f64 = 2.0;
/// Cadences on each side that an outlier must stand above.
const FLANK: usize = 10;
/// A side with fewer cadences than this, next to a gap, cannot be judged.
const MIN_FLANK: usize = 3;
/// Outliers next to a gap, which only one side vouches for, are at most this long.
const MAX_EDGE_RUN: usize = 2;
/// Fewest cadences in a stretch whose median is used.
const MIN_BIN: usize = 5;

/// Which cadences are upward outliers.
///
/// The level is a line through the medians of stretches of `outlier_window` days; the scale is 1.4826 times the median
/// absolute distance from it within the segment, so that a star whose variability the level cannot follow is masked
/// less, not more. A run of cadences with one above `outlier_sigma` and all above [`TAIL_SIGMA`] is masked if its median
/// also stands above the median of the cadences on each side. That last condition keeps the cadences beside a deep
/// eclipse, which has pulled the level down, and anything in an eclipse; next to a gap only one side can be asked, and
/// only single or paired cadences are masked.
pub(super) fn upward(time: &[f64], flux: &[f64], config: &CleanConfig) -> Vec<bool> {
    let n = time.len();
    let mut outlier = vec![false; n];
    if config.outlier_sigma <= 0.0 || n < MIN_BIN {
        return outlier;
    }
    let pieces = split_at_gaps(time, config.outlier_window);
    let mut excess = Vec::with_capacity(n);
    for piece in &pieces {
        let level = local_level(&time[piece.clone()], &flux[piece.clone()], config.outlier_window);
        excess.extend(flux[piece.clone()].iter().zip(&level).map(|(f, l)| f - l));
    }
    let sigma = MAD_TO_SIGMA * median_in_place(&mut excess.iter().map(|e| e.abs()).collect::<Vec<_>>());
    if sigma.is_nan() || sigma <= 0.0 {
        return outlier;
    }
    for piece in pieces {
        let mut i = piece.start;
        while i < piece.end {
            let start = i;
            let mut highest = f64::NEG_INFINITY;
            while i < piece.end && excess[i] > TAIL_SIGMA * sigma {
                highest = highest.max(excess[i]);
                i += 1;
            }
            let end = i;
            i = i.max(start + 1);
            if highest <= config.outlier_sigma * sigma || time[end - 1] - time[start] > config.outlier_window {
                continue;
            }
            let before = &flux[piece.start.max(start.saturating_sub(FLANK))..start];
            let after = &flux[end..piece.end.min(end + FLANK)];
            let own = median(&flux[start..end]);
            let stands_above = |side: &[f64]| own > median(side) + TAIL_SIGMA * sigma;
            let sides = [before, after].into_iter().filter(|side| side.len() >= MIN_FLANK);
            let judged = sides.clone().count();
            let enough = judged == 2 || (judged == 1 && end - start <= MAX_EDGE_RUN);
            if enough && sides.clone().all(stands_above) {
                outlier[start..end].fill(true);
            }
        }
    }
    outlier
}

/// Line through the medians of stretches `width` days long; beyond the middle of the first and last stretch, the higher
/// of that line and the stretch's median, so that neither a slope nor a dip at the edge makes its neighbours look high.
fn local_level(time: &[f64], flux: &[f64], width: f64) -> Vec<f64> {
    let start = time[0];
    let span = time[time.len() - 1] - start;
    let count = (span / width).ceil().max(1.0);
    let width = if span > 0.0 { span / count } else { width };
    let bin_of = |t: f64| ((t - start) / width).min(count - 1.0).floor();
    let mut nodes: Vec<(f64, f64)> = Vec::with_capacity(count as usize);
    let mut from = 0;
    while from < time.len() {
        let bin = bin_of(time[from]);
        let to = from + time[from..].partition_point(|t| bin_of(*t) <= bin);
        if to - from >= MIN_BIN {
            let middle = time[from..to].iter().map(|t| t - start).sum::<f64>() / (to - from) as f64;
            nodes.push((middle, median(&flux[from..to])));
        }
        from = to;
    }
    if nodes.len() < 2 {
        let level = nodes.first().map_or_else(|| median(flux), |node| node.1);
        return vec![level; time.len()];
    }
    let mut right = 1;
    time.iter()
        .map(|t| {
            let t = t - start;
            while right + 1 < nodes.len() && nodes[right].0 < t {
                right += 1;
            }
            let (a, b) = (nodes[right - 1], nodes[right]);
            let line = a.1 + (b.1 - a.1) * (t - a.0) / (b.0 - a.0);
            if t < a.0 {
                line.max(a.1)
            } else if t > b.0 {
                line.max(b.1)
            } else {
                line
            }
        })
        .collect()
}
