//! Multiple-event statistic: the mean depth of all transits over its error, under white and under red noise.
//!
//! ```text
//! mes_white = δ √(Σ w)                        w = 1/σ², the stated errors scaled to the scatter from point to point
//! mes_red   = δ / √(1/Σw + σ_r²/N)            N transits, σ_r the red noise of a mean over one duration
//! ```
//!
//! Depths are against the level of the whole curve, or against the two durations to each side of a transit where means out of
//! transit scatter less so: variability that a detrending has left is slow against a transit. After Pont, Zucker & Queloz
//! 2006 (MNRAS 373, 231).

use super::curve::Curve;
use crate::vet::Metrics;

/// Mean depth, its statistic under white and red noise, and the number of transits, over some of them.
pub(super) struct Statistic {
    pub depth: f64,
    pub white: f64,
    pub red: f64,
    pub transits: usize,
}

pub(super) fn statistic<'a>(curve: &Curve, events: impl Iterator<Item = &'a super::curve::Event>) -> Statistic {
    let (mut sum, mut weights, mut transits) = (0.0, 0.0, 0);
    for event in events {
        let w = event.white_err.powi(-2);
        sum += w * event.depth;
        weights += w;
        transits += 1;
    }
    if transits == 0 {
        return Statistic { depth: 0.0, white: 0.0, red: 0.0, transits };
    }
    let depth = sum / weights;
    let variance = 1.0 / weights + curve.red * curve.red / transits as f64;
    Statistic { depth, white: depth * weights.sqrt(), red: depth / variance.sqrt(), transits }
}

pub(super) fn measure(curve: &Curve, metrics: &mut Metrics) {
    let all = statistic(curve, curve.observed());
    metrics.set_with_err("depth", all.depth, all.depth / all.red);
    metrics.set_with_err("mes_white", all.white, 1.0);
    metrics.set_with_err("mes_red", all.red, 1.0);
    metrics.set("n_transits", all.transits as f64);
    metrics.set("red_noise", curve.red);
    metrics.set("period", curve.ephemeris.period);
    metrics.set("duration", curve.duration);
    metrics.set("duration_share", curve.duration / curve.ephemeris.period);
}
