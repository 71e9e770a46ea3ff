//! A fitted box and shape as a candidate: errors of its parameters, single transits, odd and even depths.

use super::polish::Polished;
use super::refine::BoxFit;
use crate::ephemeris::{Candidate, Ephemeris, TransitEvent};
use crate::search::series::dips::Series;
use crate::search::transits::events::{mean_depth, transit_events};

/// The candidate of a box, with absolute times. `number`, `fap`, `allowed_periods` and `harmonic_of` are left to the caller.
///
/// Period, transit time, duration and depth and their errors are those of the `polished` shape; S/N, and its square Δχ², is
/// the highest of box, transit-shaped template, and box from first to last contact of the polished shape: the shape's own would
/// have a parameter more to fit noise with. S/N over red noise is that of the box or a dip of its length, whose β is known.
/// Single transits are boxes as long as the one found, at the polished times. Without a polished shape the box says
/// all, with errors after Carter et al. 2008 (ApJ 689, 499), with ingress time τ, duration T and S/N Q:
///
/// ```text
/// σ(t_c) = T/Q √(τ/2T),    σ(T) = T/Q √(2τ/T)
/// ```
/// τ/T is that of a planet of the depth on a central orbit, √depth, smeared by the cadence. The period follows from a
/// straight line through the transit times of the single events, each with its share of the weight.
pub(crate) fn candidate(series: &Series, fit: &BoxFit, polished: Option<&Polished>, beta: f64, sde: f64) -> Candidate {
    let mut shape = fit.shape;
    if let Some(p) = polished {
        (shape.period, shape.transit_time) = (p.period, p.transit_time);
    }
    // Transit 0 is the first whose end is not before the first time stamp.
    let earlier = ((shape.transit_time + 0.5 * shape.duration) / shape.period).floor();
    shape.transit_time -= earlier * shape.period;
    let mut transits = transit_events(series, &shape);
    let (odd, odd_err) = mean_depth(transits.iter().filter(|e| e.epoch.rem_euclid(2) == 1));
    let (even, even_err) = mean_depth(transits.iter().filter(|e| e.epoch.rem_euclid(2) == 0));
    let estimates = match polished {
        Some(p) => Estimates {
            period_err: p.period_err,
            transit_time_err: p.time_err(-earlier),
            duration: p.duration,
            duration_err: p.duration_err,
            depth: p.depth,
            depth_err: p.depth_err,
        },
        None => of_box(series, fit, beta, &transits),
    };
    // Under a noise model boxes have the variance that the model gives them.
    let ratio = series.ratio(fit.shape.duration);
    let polished_box = polished.and_then(|p| series.box_statistic(p.period, p.transit_time, p.duration));
    let snr = fit.snr().max(polished_box.map_or(0.0, |b| b.snr)) / ratio.sqrt();
    for event in &mut transits {
        event.time += series.origin;
    }
    Candidate {
        number: 0,
        ephemeris: Ephemeris { period: shape.period, transit_time: series.origin + shape.transit_time },
        period_err: estimates.period_err,
        transit_time_err: estimates.transit_time_err,
        duration: estimates.duration,
        duration_err: estimates.duration_err,
        depth: estimates.depth,
        depth_err: estimates.depth_err,
        snr,
        snr_red: fit.snr() / beta,
        delta_chi2: snr * snr,
        sde,
        fap: f64::NAN,
        n_transits: transits.len(),
        depth_odd: odd,
        depth_odd_err: odd_err,
        depth_even: even,
        depth_even_err: even_err,
        transits,
        allowed_periods: Vec::new(),
        harmonic_of: None,
    }
}

struct Estimates {
    period_err: f64,
    transit_time_err: f64,
    duration: f64,
    duration_err: f64,
    depth: f64,
    depth_err: f64,
}

fn of_box(series: &Series, fit: &BoxFit, beta: f64, transits: &[TransitEvent]) -> Estimates {
    let (s, duration) = (&fit.statistic, fit.shape.duration);
    let ingress = (s.depth.abs().sqrt() + series.cadence / duration).clamp(0.01, 1.0);
    let single = duration / s.snr * beta;
    let (middle, spread) = epoch_moments(transits);
    let time_err = single * (0.5 * ingress).sqrt();
    let period_err = if spread > 0.0 { time_err / spread } else { f64::NAN };
    Estimates {
        period_err,
        transit_time_err: if spread > 0.0 { time_err.hypot(middle * period_err) } else { time_err },
        duration,
        duration_err: single * (2.0 * ingress).sqrt(),
        depth: s.depth,
        depth_err: s.depth_err * beta,
    }
}

/// Weighted mean and standard deviation of the epochs of the events.
fn epoch_moments(events: &[TransitEvent]) -> (f64, f64) {
    let (mut weight, mut first, mut second) = (0.0, 0.0, 0.0);
    for e in events {
        let (w, n) = (e.depth_err.powi(-2), e.epoch as f64);
        weight += w;
        first += w * n;
        second += w * n * n;
    }
    if weight <= 0.0 {
        return (0.0, 0.0);
    }
    let mean = first / weight;
    (mean, (second / weight - mean * mean).max(0.0).sqrt())
}
