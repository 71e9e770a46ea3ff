//! The Model-Shift events of the folded curve in bins: primary, secondary, tertiary, positive, and red noise.
//!
//! At every phase φ the fitted trapezoid T is scaled to the data, with each bin's weight:
//!
//! ```text
//! depth(φ) = Σ w T y / Σ w T²,   significance = depth √(Σ w T²),   F = σ(significance away from primary and secondary)
//! ```
//!
//! This is [`crate::vet::model_shift`] with unequal errors and gaps taken into account, at a cost that does not grow with
//! the number of cadences; on evenly sampled data both agree. Neighbourhoods that are left out are those of Model-Shift: 4
//! half-windows for the secondary and tertiary, 6 for the positive event, 2 for the noise, in units of half the duration.

use statrs::function::erf::erfc_inv;

use super::folded::FoldedCurve;
use super::trapezoid::Trapezoid;
use crate::math::{MAD_TO_SIGMA, median_in_place};
use crate::vet::{Metrics, Missing};

/// Light curves among which one false alarm is allowed.
const TRIALS: f64 = 20_000.0;

#[derive(Clone, Copy, Debug)]
pub(super) struct PhaseEvent {
    /// Days from mid-transit.
    pub phase: f64,
    pub depth: f64,
    pub significance: f64,
}

pub(super) struct Uniqueness {
    pub primary: PhaseEvent,
    pub secondary: Option<PhaseEvent>,
    pub tertiary: Option<PhaseEvent>,
    pub positive: Option<PhaseEvent>,
    pub f_red: f64,
    /// Range of brightenings over that of all depths: 0 if there are only dips, ½ if both are alike.
    pub shape_share: f64,
    /// Dip at phase one half.
    pub half: Option<PhaseEvent>,
}

pub(super) fn find(folded: &FoldedCurve, model: &Trapezoid) -> Option<Uniqueness> {
    let n = folded.len();
    let duration = model.duration;
    let reach = ((0.5 * (duration + model.exposure) / folded.width).ceil() as usize).min(n / 2 - 1);
    let template: Vec<f64> = (0..=2 * reach)
        .map(|j| {
            super::trapezoid::shape((j as f64 - reach as f64) * folded.width, duration, model.ingress, model.exposure)
        })
        .collect();
    let full: f64 = template.iter().map(|t| t * t).sum();
    let typical = folded.weight.iter().sum::<f64>() / n as f64;
    let mut at = Vec::with_capacity(n);
    // Written out on both sides, so that shifts wrap without a division.
    let wrapped = |values: &[f64]| -> Vec<f64> {
        values[n - reach..].iter().chain(values).chain(&values[..reach]).copied().collect()
    };
    let (weight, dip) = (wrapped(&folded.weight), wrapped(&folded.dip));
    for bin in 0..n {
        let (mut norm, mut sum) = (0.0, 0.0);
        for ((t, w), y) in template.iter().zip(&weight[bin..]).zip(&dip[bin..]) {
            norm += w * t * t;
            sum += t * (y - w * model.level);
        }
        // A phase where most of the transit would fall in gaps says nothing.
        if norm > 0.2 * typical * full {
            let depth = sum / norm;
            at.push(PhaseEvent { phase: folded.phase(bin), depth, significance: depth * norm.sqrt() });
        }
    }
    let period = folded.period;
    let away = |phase: f64, centre: f64| {
        let d = (phase - centre).abs();
        d.min(period - d)
    };
    let half = 0.5 * (duration + model.exposure);
    let best = |keep: &dyn Fn(f64) -> bool, sign: f64| {
        at.iter()
            .filter(|e| keep(e.phase))
            .max_by(|a, b| (sign * a.significance).total_cmp(&(sign * b.significance)))
            .copied()
    };
    let primary = best(&|p| away(p, 0.0) <= 2.0 * half, 1.0)?;
    let secondary = best(&|p| away(p, 0.0) > 4.0 * half, 1.0);
    let clear = |phase: f64, factor: f64| {
        away(phase, primary.phase) > factor * half && secondary.is_none_or(|s| away(phase, s.phase) > factor * half)
    };
    let mut quiet: Vec<f64> = at.iter().filter(|e| clear(e.phase, 2.0)).map(|e| e.significance).collect();
    if quiet.len() * 10 < at.len() {
        quiet = at.iter().filter(|e| away(e.phase, 0.0) > 2.0 * half).map(|e| e.significance).collect();
    }
    let centre = median_in_place(&mut quiet);
    let scatter = MAD_TO_SIGMA * median_in_place(&mut quiet.iter().map(|q| (q - centre).abs()).collect::<Vec<_>>());
    Some(Uniqueness {
        primary,
        secondary,
        tertiary: best(&|p| clear(p, 4.0), 1.0),
        positive: best(&|p| clear(p, 6.0), -1.0),
        f_red: scatter,
        shape_share: {
            let (low, high) = at.iter().fold((0.0f64, 0.0f64), |(l, h), e| (l.min(e.depth), h.max(e.depth)));
            -low / (high - low)
        },
        half: best(&|p| away(p, 0.5 * period) < half, 1.0).filter(|_| 0.5 * period > 4.0 * half),
    })
}

pub(super) fn measure(found: Option<&Uniqueness>, duration: f64, period: f64, metrics: &mut Metrics) {
    let share = (duration / period).min(1.0);
    metrics.set("fa1", std::f64::consts::SQRT_2 * erfc_inv(share / TRIALS));
    metrics.set("fa2", std::f64::consts::SQRT_2 * erfc_inv(share));
    let Some(found) = found else {
        for name in ["sig_primary", "sig_secondary", "sig_tertiary", "sig_positive", "f_red", "shape_share"] {
            metrics.set_missing(name, Missing::NoFit);
        }
        return;
    };
    // Where noise is white, its measure scatters below 1.
    let f_red = found.f_red.max(1.0);
    metrics.set("f_red", if found.f_red.is_nan() { 1.0 } else { f_red });
    metrics.set("shape_share", found.shape_share);
    metrics.set_with_err("sig_primary", found.primary.significance, f_red);
    for (name, event, sign) in
        [("secondary", found.secondary, 1.0), ("tertiary", found.tertiary, 1.0), ("positive", found.positive, -1.0)]
    {
        match event {
            Some(event) => metrics.set_with_err(format!("sig_{name}"), sign * event.significance, f_red),
            None => metrics.set_missing(format!("sig_{name}"), Missing::NoRoom),
        }
    }
}
