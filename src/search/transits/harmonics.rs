//! Which multiple of a period is the period.

use super::events::{mean_depth, observed, transit_events};
use crate::ephemeris::TransitEvent;
use crate::search::exact::refine::{BoxFit, DurationLimits, PeriodicBox, refine};
use crate::search::noise::red::RedNoise;
use crate::search::series::dips::Series;

/// Exact refits at simple multiples of a period.
pub(crate) struct Harmonics<'a> {
    pub series: &'a Series,
    pub noise: &'a RedNoise,
    pub period_min: f64,
    pub period_max: f64,
    pub min_transits: usize,
}

impl Harmonics<'_> {
    /// The best of the fits at P/3, P/2, P, 2P and 3P, repeated until P stays.
    ///
    /// A box at half the true period has half of its transits empty, one at twice the true period leaves half of the
    /// transits out: either halves Δχ². So the multiple with the highest Δχ² (over β²) wins, and it must win by more
    /// than `GAIN`, except that a longer period needs no gain: where all the transits between fell into gaps, the
    /// longest period that has all of the observed ones is taken. Last, where odd and even transits differ, the
    /// period is doubled: they are the two eclipses of a binary.
    pub fn settle(&self, fit: BoxFit, drift: f64, limits: DurationLimits) -> BoxFit {
        let mut best = self.lengthen(fit, drift, limits);
        for _ in 0..4 {
            let mut winner = best;
            for divisor in [2.0, 3.0] {
                let shorter = PeriodicBox { period: best.shape.period / divisor, ..best.shape };
                self.challenge(&mut winner, shorter, drift, limits, GAIN);
            }
            for multiple in [2, 3] {
                for j in 0..multiple {
                    let longer = PeriodicBox {
                        period: best.shape.period * f64::from(multiple),
                        transit_time: best.shape.transit_time + f64::from(j) * best.shape.period,
                        ..best.shape
                    };
                    self.challenge(&mut winner, longer, drift, limits, 0.0);
                }
            }
            if winner == best {
                break;
            }
            best = self.lengthen(winner, drift, limits);
        }
        self.split_eclipses(best, drift, limits)
    }

    /// The longest period that the transits with data allow.
    ///
    /// Where all of them have epochs that are multiples of g (counted from one of them), those between were never observed
    /// and the data know no period shorter than g times this one. It, or the longest divisor of it within the search, is
    /// taken where it keeps `KEPT` of Δχ².
    fn lengthen(&self, fit: BoxFit, drift: f64, limits: DurationLimits) -> BoxFit {
        let events = transit_events(self.series, &fit.shape);
        let observed = observed(&events);
        let Some(first) = observed.first() else { return fit };
        let step = observed.iter().fold(0, |g, e| gcd(g, e.epoch - first.epoch));
        let factor = (2..=step).rev().find(|f| step % f == 0 && *f as f64 * fit.shape.period <= self.period_max);
        let Some(factor) = factor else { return fit };
        let shape = PeriodicBox {
            period: factor as f64 * fit.shape.period,
            transit_time: fit.shape.transit_time + first.epoch as f64 * fit.shape.period,
            ..fit.shape
        };
        let Some(statistic) = self.series.box_statistic(shape.period, shape.transit_time, shape.duration) else {
            return fit;
        };
        let longer = BoxFit::of_box(shape, statistic);
        if self.strength(&longer) < KEPT * self.strength(&fit) {
            return fit;
        }
        match refine(self.series, shape, drift, limits, self.noise) {
            Some(refined) if self.strength(&refined) > self.strength(&longer) => refined,
            _ => longer,
        }
    }

    fn challenge(&self, winner: &mut BoxFit, shape: PeriodicBox, drift: f64, limits: DurationLimits, gain: f64) {
        if shape.period < self.period_min || shape.period > self.period_max {
            return;
        }
        let longest = limits.longest.min(0.5 * shape.period);
        let limits = DurationLimits { longest, ..limits };
        if limits.longest < limits.shortest {
            return;
        }
        // The transits of the true period are at its multiples too, so that their boxes need little refinement.
        let Some(statistic) = self.series.box_statistic(shape.period, shape.transit_time, shape.duration) else {
            return;
        };
        let within_reach = WITHIN_REACH * (self.strength(winner) + gain);
        if statistic.depth <= 0.0 || self.strength(&BoxFit::of_box(shape, statistic)) < within_reach {
            return;
        }
        let Some(fit) = refine(self.series, shape, drift, limits, self.noise) else { return };
        if self.strength(&fit) > self.strength(winner) + gain
            && transit_events(self.series, &fit.shape).len() >= self.min_transits
        {
            *winner = fit;
        }
    }

    /// Δχ² over β².
    fn strength(&self, fit: &BoxFit) -> f64 {
        fit.statistic.delta_chi2 / self.noise.beta(fit.shape.duration).powi(2)
    }

    /// Doubles the period where odd and even transits differ in depth by more than five sigma and five per cent.
    fn split_eclipses(&self, fit: BoxFit, drift: f64, limits: DurationLimits) -> BoxFit {
        let period = 2.0 * fit.shape.period;
        let events = transit_events(self.series, &fit.shape);
        if period > self.period_max || events.len() < 2 * self.min_transits {
            return fit;
        }
        let beta = self.noise.beta(fit.shape.duration);
        let (odd, odd_err) = parity_depth(&events, 1, beta);
        let (even, even_err) = parity_depth(&events, 0, beta);
        let difference = odd - even;
        let significant = difference.abs() > 5.0 * odd_err.hypot(even_err);
        if !significant || difference.abs() < 0.05 * odd.max(even) {
            return fit;
        }
        let later = if odd > even { fit.shape.period } else { 0.0 };
        let shape = PeriodicBox { period, transit_time: fit.shape.transit_time + later, ..fit.shape };
        refine(self.series, shape, drift, limits, self.noise).unwrap_or(fit)
    }
}

/// Δχ² by which a shorter period must win: it has a multiple of the transit times to choose from.
const GAIN: f64 = 6.0;

/// Share of the Δχ² to beat that a multiple must have before it is refined. Half of it is what the multiples of the true period
/// have, and twice it what the true period has.
const WITHIN_REACH: f64 = 0.65;

/// Share of Δχ² that the longest period must keep; the rest may be in transits that were hardly observed.
const KEPT: f64 = 0.9;

pub(crate) fn gcd(a: i64, b: i64) -> i64 {
    let (mut a, mut b) = (a.abs(), b.abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Mean depth of the transits of one parity, its error scaled by β or by their own scatter, whichever is larger.
fn parity_depth(events: &[TransitEvent], parity: i64, beta: f64) -> (f64, f64) {
    let of_parity = || events.iter().filter(|e| e.epoch.rem_euclid(2) == parity);
    let (depth, err) = mean_depth(of_parity());
    let n = of_parity().count();
    if n < 2 {
        return (depth, err * beta);
    }
    let chi2: f64 = of_parity().map(|e| ((e.depth - depth) / e.depth_err).powi(2)).sum();
    (depth, err * beta.max((chi2 / (n - 1) as f64).sqrt()))
}
