//! Transits at the edges of gaps, and at times when something else happened.
//!
//! ```text
//! share_at_gaps  = transits within 2 durations of a gap or an end of the data, over all
//! share_at_times = transits within 1 duration of one of the given times (momentum dumps, dips of many stars), over all
//! ```
//!
//! Each with what chance gives: the share of all cadences that lie there, `…_expected`, and the binomial probability of as
//! many transits there or more, `…_log10_chance`. A gap is a pause of half a duration
//! or five cadences, the longer. After the data-gap test of Kunimoto et al. 2025 (AJ 170, 280) and the Skye test of
//! Thompson et al. 2018 (ApJS 235, 38).

use super::curve::Curve;
use crate::lightcurve::split_at_gaps;
use crate::vet::{Metrics, Missing};

pub(super) fn measure(curve: &Curve, flagged_times: &[f64], metrics: &mut Metrics) {
    let pause = (0.5 * curve.duration).max(5.0 * curve.exposure);
    let mut edges = Vec::new();
    for piece in split_at_gaps(curve.time, pause) {
        edges.extend([curve.time[piece.start], curve.time[piece.end - 1]]);
    }
    shares(curve, &edges, 2.0 * curve.duration, "share_at_gaps", metrics);
    if flagged_times.is_empty() {
        for name in ["share_at_times", "share_at_times_expected", "share_at_times_log10_chance"] {
            metrics.set_missing(name, Missing::NoTimes);
        }
        return;
    }
    let mut times: Vec<f64> = flagged_times.iter().copied().filter(|t| t.is_finite()).collect();
    times.sort_unstable_by(f64::total_cmp);
    shares(curve, &times, curve.duration, "share_at_times", metrics);
}

fn shares(curve: &Curve, sorted: &[f64], reach: f64, name: &str, metrics: &mut Metrics) {
    let near = |time: f64| {
        let next = sorted.partition_point(|t| *t < time - reach);
        sorted.get(next).is_some_and(|t| *t <= time + reach)
    };
    let total = curve.observed().count() as f64;
    let hits = curve.observed().filter(|e| near(e.time)).count() as f64;
    // Every eighth cadence tells the share as well as all.
    let looked = curve.time.iter().step_by(8);
    let expected = looked.clone().filter(|t| near(**t)).count() as f64 / looked.count() as f64;
    metrics.set(name, hits / total);
    metrics.set(format!("{name}_expected"), expected);
    let p = expected.clamp(1e-6, 1.0 - 1e-6);
    let chance = if hits == 0.0 {
        1.0
    } else {
        // P(at least h of n) is the regularised incomplete beta function I_p(h, n − h + 1).
        statrs::function::beta::beta_reg(hits, total - hits + 1.0, p)
    };
    metrics.set(format!("{name}_log10_chance"), chance.max(1e-300).log10());
}
