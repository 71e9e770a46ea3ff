//! Whether all transits are equally deep: over single transits, and over segments.
//!
//! ```text
//! depth_chi2_sigma     = (χ² − ν) / √(2ν),   χ² of the depths about their mean, errors of white and red noise
//! depth_scatter        = scatter of the depths (from their median absolute deviation) beyond their errors, over the mean
//! depth_mean_to_median = mean of the depths over their median
//! segment_depth_sigma, segment_depth_fraction: largest deviation of a segment's mean depth from that of the others
//! ```
//!
//! After the χ² and depth mean-to-median tests of Coughlin 2017 (KSCI-19105-002) and the seasonal depth test of Thompson et
//! al. 2018 (ApJS 235, 38).

use super::curve::{Curve, Event};
use crate::math::{MAD_TO_SIGMA, median_in_place};
use crate::vet::{Metrics, Missing};

/// `good` says which of the observed transits have no fault of their own.
pub(super) fn measure(curve: &Curve, good: &[bool], metrics: &mut Metrics) {
    // A transit of which a corner was seen says little, and its depth is biased; one that is bad is another test's matter.
    let full: Vec<&Event> = {
        let mut counts: Vec<f64> = curve.observed().map(|e| e.inside.len() as f64).collect();
        let typical = median_in_place(&mut counts);
        let whole = curve.observed().zip(good).filter(|(e, good)| **good && e.inside.len() as f64 >= 0.7 * typical);
        whole.map(|(e, _)| e).collect()
    };
    if full.len() < 3 {
        for name in ["depth_chi2_sigma", "depth_scatter", "depth_mean_to_median"] {
            metrics.set_missing(name, Missing::TooFewTransits);
        }
    } else {
        let mean = weighted_mean(curve, &full).0;
        let nu = full.len() as f64 - 1.0;
        let chi2: f64 = full.iter().map(|e| ((e.depth - mean) / curve.depth_err(e)).powi(2)).sum();
        // From the median absolute deviation, so that one odd transit among many does not speak for all.
        let centre = median_in_place(&mut full.iter().map(|e| e.depth).collect::<Vec<_>>());
        let mad = median_in_place(&mut full.iter().map(|e| (e.depth - centre).abs()).collect::<Vec<_>>());
        let err = median_in_place(&mut full.iter().map(|e| curve.depth_err(e)).collect::<Vec<_>>());
        let variance = (MAD_TO_SIGMA * mad).powi(2) - err * err;
        metrics.set_with_err("depth_chi2_sigma", (chi2 - nu) / (2.0 * nu).sqrt(), 1.0);
        metrics.set("depth_scatter", variance.max(0.0).sqrt() / mean.abs());
        let plain = full.iter().map(|e| e.depth).sum::<f64>() / full.len() as f64;
        let median = median_in_place(&mut full.iter().map(|e| e.depth).collect::<Vec<_>>());
        let err = full.iter().map(|e| curve.depth_err(e)).sum::<f64>() / full.len() as f64 / (full.len() as f64).sqrt();
        metrics.set_with_err("depth_mean_to_median", plain / median, err / median.abs());
    }

    let segments = curve.detrended.segments().len();
    let mut by_segment: Vec<Vec<&Event>> = vec![Vec::new(); segments];
    for event in &full {
        by_segment[event.segment].push(event);
    }
    let depths: Vec<(f64, f64)> =
        by_segment.iter().filter(|s| !s.is_empty()).map(|s| weighted_mean(curve, s)).collect();
    if depths.len() < 2 {
        metrics.set_missing("segment_depth_sigma", Missing::OneSegment);
        metrics.set_missing("segment_depth_fraction", Missing::OneSegment);
        return;
    }
    let all: f64 = depths.iter().map(|d| d.1.powi(-2)).sum();
    let sum: f64 = depths.iter().map(|d| d.0 * d.1.powi(-2)).sum();
    let largest = depths
        .iter()
        .map(|(depth, err)| {
            let w = err.powi(-2);
            let (others, others_err) = ((sum - w * depth) / (all - w), (all - w).powf(-0.5));
            let difference = (depth - others).abs();
            (difference / err.hypot(others_err), difference / others.abs())
        })
        .max_by(|a, b| a.0.total_cmp(&b.0));
    if let Some((sigma, fraction)) = largest {
        metrics.set_with_err("segment_depth_sigma", sigma, 1.0);
        metrics.set("segment_depth_fraction", fraction);
    }
}

fn weighted_mean(curve: &Curve, events: &[&Event]) -> (f64, f64) {
    let (mut sum, mut weights) = (0.0, 0.0);
    for event in events {
        let w = curve.depth_err(event).powi(-2);
        sum += w * event.depth;
        weights += w;
    }
    (sum / weights, 1.0 / weights.sqrt())
}
