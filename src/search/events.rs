//! The single transits of a periodic box, and whether enough of them show it.

use super::refine::PeriodicBox;
use super::series::Series;
use super::statistic::BoxSums;
use crate::ephemeris::TransitEvent;

/// Depth of every transit with data. Times of the events are days since the series' origin.
///
/// The level outside is that of all cadences out of transit: depth = mean_out − mean_in(event), with variance
/// 1/W_in + 1/W_out.
pub(crate) fn transit_events(series: &Series, shape: &PeriodicBox) -> Vec<TransitEvent> {
    let start = shape.transit_time - 0.5 * shape.duration;
    let mut inside: Vec<(i64, BoxSums, usize)> = Vec::new();
    let mut all = BoxSums::default();
    for ((t, dip), w) in series.time.iter().zip(&series.dip).zip(&series.weight) {
        // the same membership test as Series::box_sums
        if (t - start).rem_euclid(shape.period) >= shape.duration {
            continue;
        }
        let epoch = ((t - shape.transit_time) / shape.period).round() as i64;
        all.weight += w;
        all.weighted_dip += w * dip;
        match inside.last_mut() {
            Some((last, sums, n)) if *last == epoch => {
                sums.weight += w;
                sums.weighted_dip += w * dip;
                *n += 1;
            }
            _ => inside.push((epoch, BoxSums { weight: *w, weighted_dip: w * dip }, 1)),
        }
    }
    let weight_out = series.total_weight - all.weight;
    if weight_out <= 0.0 {
        return Vec::new();
    }
    // All dips sum to zero, so what is outside sums to minus what is inside.
    let level_out = -all.weighted_dip / weight_out;
    inside
        .into_iter()
        .map(|(epoch, sums, n_cadences)| {
            let depth = sums.weighted_dip / sums.weight - level_out;
            let depth_err = (1.0 / sums.weight + 1.0 / weight_out).sqrt();
            let time = shape.transit_time + epoch as f64 * shape.period;
            TransitEvent { epoch, time, depth, depth_err, snr: depth / depth_err, n_cadences }
        })
        .collect()
}

/// Weighted mean depth of some events and its error; NaN for none.
pub(crate) fn mean_depth<'a>(events: impl Iterator<Item = &'a TransitEvent>) -> (f64, f64) {
    let (mut weight, mut sum) = (0.0, 0.0);
    for e in events {
        let w = e.depth_err.powi(-2);
        weight += w;
        sum += w * e.depth;
    }
    if weight > 0.0 { (sum / weight, weight.powf(-0.5)) } else { (f64::NAN, f64::NAN) }
}

/// What the single transits say of a periodic signal.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Support {
    /// Enough transits show the dip.
    Periodic,
    /// Fewer transits with data than asked for.
    TooFew,
    /// One or a few events make the signal and the other transits contradict it; epochs of those events.
    Isolated(Vec<i64>),
}

/// Whether the signal is in its transits, and not in one or two of them.
///
/// 1. Transits with at least a third of the median weight count; `min_transits` of them are needed.
/// 2. Without its strongest event the signal must keep half of its depth.
/// 3. Of the transits in which the depth would show at 4 sigma, no more than a quarter may lack it: have less than 0.35 of
///    the depth, 3 sigma below it. A dip twice as deep in half of the transits (a wrong period or unrelated dips)
///    fails here.
///
/// Errors of single depths are scaled by `beta`.
pub(crate) fn support(events: &[TransitEvent], depth: f64, beta: f64, min_transits: usize) -> Support {
    let mut weights: Vec<f64> = events.iter().map(|e| e.depth_err.powi(-2)).collect();
    let least = crate::math::median_in_place(&mut weights) / 3.0;
    let observed: Vec<&TransitEvent> = events.iter().filter(|e| e.depth_err.powi(-2) >= least).collect();
    if observed.len() < min_transits {
        return Support::TooFew;
    }
    let Some(strongest) = observed.iter().max_by(|a, b| a.snr.total_cmp(&b.snr)) else {
        return Support::TooFew;
    };
    let (rest, _) = mean_depth(observed.iter().copied().filter(|e| e.epoch != strongest.epoch));
    if rest < 0.5 * depth {
        return Support::Isolated(vec![strongest.epoch]);
    }
    let telling = observed.iter().filter(|e| depth >= 4.0 * beta * e.depth_err);
    let lacking =
        telling.clone().filter(|e| e.depth < 0.35 * depth && depth - e.depth > 3.0 * beta * e.depth_err).count();
    if 4 * lacking > telling.count() {
        let strong = observed.iter().filter(|e| e.depth > depth && e.snr > 4.0 * beta).map(|e| e.epoch);
        return Support::Isolated(strong.collect());
    }
    Support::Periodic
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(depths: &[f64], err: f64) -> Vec<TransitEvent> {
        let event = |(i, d): (usize, &f64)| TransitEvent {
            epoch: i as i64,
            time: i as f64,
            depth: *d,
            depth_err: err,
            snr: d / err,
            n_cadences: 5,
        };
        depths.iter().enumerate().map(event).collect()
    }

    #[test]
    fn one_glitch_is_not_periodic() {
        let e = events(&[0.0, 10.0, 0.2, -0.1, 0.1], 0.3);
        assert_eq!(support(&e, 2.04, 1.0, 2), Support::Isolated(vec![1]));
        let two = events(&[5.0, 0.1, 5.2, 0.0], 0.3);
        assert_eq!(support(&two, 2.575, 1.0, 2), Support::Isolated(vec![0, 2]));
    }

    #[test]
    fn weak_and_deep_planets_are() {
        assert_eq!(support(&events(&[1.0, 1.1, 0.9, 0.95], 0.01), 1.0, 1.0, 2), Support::Periodic);
        assert_eq!(support(&events(&[2.0, 0.1, 1.4, -0.1, 1.5, 1.0], 1.0), 1.0, 1.0, 2), Support::Periodic);
        assert_eq!(support(&events(&[1.0], 0.1), 1.0, 1.0, 2), Support::TooFew);
    }
}
