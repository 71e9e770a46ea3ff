//! Transits one by one: coverage, single-event statistic, χ² of the model, and whether similar dips are near.
//!
//! ```text
//! coverage = cadences within 2 durations of mid-transit over those expected there       (Rubble)
//! ses      = depth / √(σ_w² + σ_r²)
//! chi2     = reduced χ² of the fitted transit within 2 durations
//! chases   = days to the nearest stretch of one duration, 1.5 durations to P/10 away, with |ses| above 0.7 of the
//!            transit's, over P/10; 1 where there is none                                (Chases)
//! ```
//!
//! A transit is bad if its coverage is at most 0.6, its depth negative, its χ² above 5 by more than 5 of its standard
//! deviations (and the misfit more than 0.2 of the depth), or, of at most five transits, if its chases is under 0.01. What
//! is left of the statistic without bad transits is `mes_good`. After Thompson et al. 2018 (ApJS 235, 38, A.3) and Kunimoto
//! et al. 2025 (AJ 170, 280).

use super::curve::{Curve, Event};
use super::significance::statistic;
use super::trapezoid::Trapezoid;
use crate::math::median_in_place;
use crate::vet::{Metrics, Missing};

/// Share of the transit's statistic that makes another dip similar.
const SIMILAR: f64 = 0.7;
const LEAST_COVERAGE: f64 = 0.6;
const LARGEST_CHI2: f64 = 5.0;
const LARGEST_MISFIT: f64 = 0.2;
const LEAST_CHASES: f64 = 0.01;
/// Most transits of which each is compared with its neighbourhood.
const FEW_TRANSITS: usize = 5;

/// Returns which of the observed transits are not bad.
pub(super) fn measure(curve: &Curve, trapezoid: Option<&Trapezoid>, metrics: &mut Metrics) -> Vec<bool> {
    let events: Vec<&Event> = curve.observed().collect();
    let ses: Vec<f64> = events.iter().map(|e| e.depth / curve.depth_err(e)).collect();
    let coverage: Vec<f64> = events.iter().map(|e| coverage(curve, e)).collect();
    let chases: Vec<f64> = if events.len() <= 4 * FEW_TRANSITS {
        events.iter().zip(&ses).map(|(e, s)| chases(curve, e, *s)).collect()
    } else {
        Vec::new()
    };
    let chi2: Vec<(f64, f64, f64)> = match trapezoid {
        Some(model) => events.iter().map(|e| chi2(curve, e, model)).collect(),
        None => vec![(f64::NAN, 0.0, 0.0); events.len()],
    };
    let bad = |i: usize| {
        let (chi2, noise, misfit) = chi2[i];
        coverage[i] <= LEAST_COVERAGE
            || ses[i] < 0.0
            || (chi2 > LARGEST_CHI2 && chi2 > LARGEST_CHI2 + 5.0 * noise && misfit > LARGEST_MISFIT)
            || (events.len() <= FEW_TRANSITS && chases.get(i).is_some_and(|c| *c < LEAST_CHASES))
    };
    let good = statistic(curve, (0..events.len()).filter(|i| !bad(*i)).map(|i| events[i]));
    metrics.set("n_transits_good", good.transits as f64);
    metrics.set("mes_good", good.red);
    metrics.set("coverage_median", median_in_place(&mut coverage.clone()));
    metrics.set("share_transits_good", good.transits as f64 / events.len() as f64);
    let mut known = chases.clone();
    metrics.set_or(
        "chases_median",
        if known.is_empty() { Err(Missing::NotMeasured) } else { Ok(median_in_place(&mut known)) },
    );
    let mut known: Vec<f64> = chi2.iter().map(|c| c.0).filter(|c| c.is_finite()).collect();
    metrics.set_or(
        "chi2_transit_median",
        if known.is_empty() { Err(Missing::NoFit) } else { Ok(median_in_place(&mut known)) },
    );
    (0..events.len()).map(|i| !bad(i)).collect()
}

fn coverage(curve: &Curve, event: &Event) -> f64 {
    let reach = (2.0 * curve.duration).min(0.5 * curve.ephemeris.period);
    let step = curve.detrended.exposure_time().get(event.segment).copied().unwrap_or(curve.exposure);
    // Cadences may be further apart than they are long: count time, not cadences, with steps up to twice the exposure.
    let time = &curve.time[event.near.clone()];
    let covered: f64 =
        time.windows(2).map(|w| w[1] - w[0]).filter(|d| *d <= (2.5 * step).max(0.3 * curve.duration)).sum();
    ((covered + step) / (2.0 * reach)).min(1.0)
}

fn chases(curve: &Curve, event: &Event, ses: f64) -> f64 {
    let reach = 0.1 * curve.ephemeris.period;
    let nearest = 1.5 * curve.duration;
    if reach <= nearest {
        return 1.0;
    }
    let time = curve.time;
    let first = time.partition_point(|t| *t < event.time - reach);
    let last = time.partition_point(|t| *t < event.time + reach);
    let (mut lo, mut hi) = (first, first);
    let (mut sum, mut weights) = (0.0, 0.0);
    let mut found = reach;
    for i in first..last {
        while hi < time.len() && time[hi] < time[i] + 0.5 * curve.duration {
            sum += curve.weight[hi] * curve.dip[hi];
            weights += curve.weight[hi];
            hi += 1;
        }
        while time[lo] < time[i] - 0.5 * curve.duration {
            sum -= curve.weight[lo] * curve.dip[lo];
            weights -= curve.weight[lo];
            lo += 1;
        }
        let away = (time[i] - event.time).abs();
        // A box that is mostly in a gap is no event.
        if away > nearest && away < found && weights > 0.3 * event.white_err.powi(-2) {
            let here = sum / weights / (1.0 / weights + curve.red * curve.red).sqrt();
            if here.abs() > SIMILAR * ses.abs() {
                found = away;
            }
        }
    }
    found / reach
}

/// Reduced χ² of the model, its standard deviation, and the rms misfit beyond white noise over the depth.
fn chi2(curve: &Curve, event: &Event, model: &Trapezoid) -> (f64, f64, f64) {
    let (mut n, mut chi2, mut square, mut white) = (0.0f64, 0.0, 0.0, 0.0);
    for i in event.near.clone().filter(|i| curve.weight[*i] > 0.0) {
        let r = curve.dip[i] - model.level - model.at(curve.from_transit[i]);
        n += 1.0;
        chi2 += curve.weight[i] * r * r;
        square += r * r;
        white += 1.0 / curve.weight[i];
    }
    if n < 3.0 {
        return (f64::NAN, 0.0, 0.0);
    }
    let misfit = ((square - white).max(0.0) / n).sqrt() / model.depth.abs();
    (chi2 / n, (2.0f64 / n).sqrt(), misfit)
}
