//! The single transits of a periodic box, and whether enough of them show it.

use crate::ephemeris::TransitEvent;
use crate::search::exact::refine::PeriodicBox;
use crate::search::series::dips::Series;
use crate::search::statistic::BoxSums;

/// Depth of every transit with data. Times of the events are days since the series' origin.
///
/// The level outside is that of all cadences out of transit: depth = mean_out − mean_in(event), with variance
/// 1/W_in + 1/W_out.
pub(crate) fn transit_events(series: &Series, shape: &PeriodicBox) -> Vec<TransitEvent> {
    let start = shape.transit_time - 0.5 * shape.duration;
    let mut inside: Vec<(i64, BoxSums, usize)> = Vec::new();
    let mut all = BoxSums::default();
    for window in series.windows(shape.period, start, shape.duration) {
        let sums = series.sums(window.cadences.clone());
        all += sums;
        inside.push((window.epoch, sums, window.cadences.len()));
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

/// The events with at least a third of the median weight.
pub(crate) fn observed(events: &[TransitEvent]) -> Vec<&TransitEvent> {
    let mut weights: Vec<f64> = events.iter().map(|e| e.depth_err.powi(-2)).collect();
    let least = crate::math::median_in_place(&mut weights) / 3.0;
    events.iter().filter(|e| e.depth_err.powi(-2) >= least).collect()
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

/// Events away from the transits of a candidate that are as large as its own.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct OtherEvents {
    pub dips: usize,
    pub brightenings: usize,
}

/// Dips and brightenings of at least `snr` in boxes as long as those of `shape`, none overlapping another of its sign or
/// near a transit: how often this light curve makes events of that size by itself. S/N of one box is
/// |Σ w·dip| / √Σ w.
pub(crate) fn other_events(series: &Series, shape: &PeriodicBox, snr: f64) -> OtherEvents {
    let mut sides = [(1.0, 0, f64::NEG_INFINITY), (-1.0, 0, f64::NEG_INFINITY)];
    let (mut weight, mut sum, mut first) = (0.0, 0.0, 0);
    let least = snr.max(0.0).powi(2);
    for (i, &t) in series.time.iter().enumerate() {
        weight += series.weight[i];
        sum += series.weight[i] * series.dip[i];
        while t - series.time[first] >= shape.duration {
            weight -= series.weight[first];
            sum -= series.weight[first] * series.dip[first];
            first += 1;
        }
        if sum * sum < least * weight {
            continue;
        }
        let cycles = (t - shape.transit_time) / shape.period;
        if (cycles - cycles.round()).abs() * shape.period <= 2.0 * shape.duration {
            continue;
        }
        for (sign, count, free_from) in &mut sides {
            if series.time[first] >= *free_from && *sign * sum > 0.0 {
                *count += 1;
                *free_from = t + shape.duration;
            }
        }
    }
    OtherEvents { dips: sides[0].1, brightenings: sides[1].1 }
}

/// Whether the light curve has cadences within one duration of the box about `time` on both of its sides; if not, it is at
/// the edge of a gap, where scattered light, thermal ramps and the ends of a detrending make dips.
pub(crate) fn is_clear(series: &Series, time: f64, duration: f64) -> bool {
    let has = |from: f64, to: f64| {
        let first = series.time.partition_point(|t| *t < from);
        series.time.get(first).is_some_and(|t| *t <= to)
    };
    has(time - 1.5 * duration, time - 0.75 * duration) && has(time + 0.75 * duration, time + 1.5 * duration)
}

/// What the single transits say of a periodic signal.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Support {
    /// Enough transits show the dip.
    Periodic,
    /// Fewer transits with data than asked for.
    TooFew,
    /// Two or three transits no larger than many other events.
    NoiseLike,
    /// One or a few events make the signal and the other transits contradict it; epochs of those events.
    Isolated(Vec<i64>),
}

/// Transits up to which each must stand out of the noise by itself.
const FEW: usize = 3;
/// In-transit cadences that so few transits must have on average: a dip of one is an outlier as likely as a transit.
const MIN_CADENCES: usize = 2;

/// Whether the signal is in its transits, and not in one or two of them.
///
/// 1. Transits with at least a third of the median weight count; `min_transits` of them are needed.
/// 2. Without its strongest event the signal must keep half of its depth.
/// 3. Of the transits in which the depth would show at 4 sigma, no more than a quarter may lack it: have less than 0.35 of
///    the depth, 3 sigma below it. A dip twice as deep in half of the transits (a wrong period or unrelated dips)
///    fails here.
///
/// 4. If there are only two or three transits, n, they must have two cadences each on average, at least half of them must
///    be away from gaps (`is_clear`), and the light curve must not have n − 1 brightenings or more than 2 n other dips of
///    the S/N of the weakest (`others` counts those of at least a given S/N). What noise does downwards it does upwards
///    too, and any two dips make a period; a third must fall in with the other two, but there are many to choose from.
///    Other planets may dip as often as the rule allows: those with more transits of that size are stronger, were found
///    before, and are masked.
///
/// Errors of single depths are scaled by `beta`.
pub(crate) fn support(
    events: &[TransitEvent],
    depth: f64,
    beta: f64,
    min_transits: usize,
    others: impl Fn(f64) -> OtherEvents,
    is_clear: impl Fn(&TransitEvent) -> bool,
) -> Support {
    let observed = observed(events);
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
    if observed.len() <= FEW {
        let n = observed.len();
        let cadences: usize = observed.iter().map(|e| e.n_cadences).sum();
        let clear = observed.iter().filter(|e| is_clear(e)).count();
        if cadences < MIN_CADENCES * n || 2 * clear < n {
            return Support::NoiseLike;
        }
        let weakest = observed.iter().map(|e| e.snr).fold(f64::INFINITY, f64::min);
        let others = others(weakest);
        if others.brightenings + 1 >= n || others.dips > 2 * n {
            return Support::NoiseLike;
        }
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

    fn none(_: f64) -> OtherEvents {
        OtherEvents::default()
    }

    #[test]
    fn two_dips_among_many_events_are_noise() {
        let e = events(&[1.0, 1.1], 0.1);
        let with = |dips, brightenings| support(&e, 1.05, 1.0, 2, |_| OtherEvents { dips, brightenings }, |_| true);
        assert_eq!(with(4, 0), Support::Periodic);
        assert_eq!(with(5, 0), Support::NoiseLike);
        assert_eq!(with(0, 1), Support::NoiseLike);
    }

    #[test]
    fn few_dips_of_few_cadences_or_at_gaps_are_noise() {
        let mut e = events(&[1.0, 1.1], 0.1);
        assert_eq!(support(&e, 1.05, 1.0, 2, none, |e| e.epoch == 1), Support::Periodic);
        assert_eq!(support(&e, 1.05, 1.0, 2, none, |_| false), Support::NoiseLike);
        e.iter_mut().for_each(|e| e.n_cadences = 1);
        assert_eq!(support(&e, 1.05, 1.0, 2, none, |_| true), Support::NoiseLike);
    }

    #[test]
    fn edges_of_gaps_are_not_clear() {
        let time: Vec<f64> = (0..1000).filter(|i| !(400..500).contains(i)).map(|i| 0.01 * f64::from(i)).collect();
        let series = Series::from_columns(&time, &vec![1.0; 900], &vec![1e-3; 900]);
        let clear = |t| is_clear(&series, t, 0.1);
        assert!(
            clear(1.0) && clear(3.85) && !clear(3.95) && !clear(5.05) && clear(5.2) && !clear(0.03) && !clear(9.98)
        );
    }

    #[test]
    fn brightenings_are_counted_once_each_and_away_from_transits() {
        let time: Vec<f64> = (0..1000).map(|i| 0.01 * f64::from(i)).collect();
        let bump = |t: f64| (t - 1.0).abs() < 0.05 || (t - 6.0).abs() < 0.05 || (t - 4.2).abs() < 0.05;
        let flux: Vec<f64> = time.iter().map(|t| if bump(*t) { 1.01 } else { 1.0 }).collect();
        let series = Series::from_columns(&time, &flux, &vec![1e-3; 1000]);
        let shape = PeriodicBox { period: 4.0, transit_time: 0.3, duration: 0.1 };
        // the bump at 4.2 is within two durations of the transit at 4.3
        assert_eq!(other_events(&series, &shape, 20.0), OtherEvents { dips: 0, brightenings: 2 });
        assert_eq!(other_events(&series, &shape, 60.0), OtherEvents::default());
    }

    #[test]
    fn one_glitch_is_not_periodic() {
        let e = events(&[0.0, 10.0, 0.2, -0.1, 0.1], 0.3);
        assert_eq!(support(&e, 2.04, 1.0, 2, none, |_| true), Support::Isolated(vec![1]));
        let two = events(&[5.0, 0.1, 5.2, 0.0], 0.3);
        assert_eq!(support(&two, 2.575, 1.0, 2, none, |_| true), Support::Isolated(vec![0, 2]));
    }

    #[test]
    fn weak_and_deep_planets_are() {
        assert_eq!(support(&events(&[1.0, 1.1, 0.9, 0.95], 0.01), 1.0, 1.0, 2, none, |_| true), Support::Periodic);
        assert_eq!(
            support(&events(&[2.0, 0.1, 1.4, -0.1, 1.5, 1.0], 1.0), 1.0, 1.0, 2, none, |_| true),
            Support::Periodic
        );
        assert_eq!(support(&events(&[1.0], 0.1), 1.0, 1.0, 2, none, |_| true), Support::TooFew);
    }
}
