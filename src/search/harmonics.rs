//! Which multiple of a period is the period, and which candidates are harmonics of stronger ones.

use super::events::{mean_depth, transit_events};
use super::refine::{BoxFit, DurationLimits, PeriodicBox, refine};
use super::series::Series;
use super::slots::RedNoise;
use crate::ephemeris::{Candidate, Harmonic, TransitEvent};

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
        let mut best = fit;
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
            best = winner;
        }
        self.split_eclipses(best, drift, limits)
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

/// Ratios of periods that a signal leaks into.
const RATIOS: [(u32, u32); 13] =
    [(1, 1), (1, 2), (2, 1), (1, 3), (3, 1), (2, 3), (3, 2), (1, 4), (4, 1), (3, 4), (4, 3), (1, 5), (5, 1)];

/// The stronger candidate, if any, whose transits the `weaker` candidate's coincide with at a ratio of small integers.
///
/// With P_weak / P_strong ≈ a/b, the two coincide when after a whole number of their common periods over the baseline
/// they still do: |b P_weak − a P_strong| times the number of common periods is below half of the longer duration, and
/// the transit times are that close at some epochs.
pub(crate) fn harmonic_of(weaker: &Candidate, stronger: &[Candidate], baseline: f64) -> Option<Harmonic> {
    for strong in stronger {
        for (a, b) in RATIOS {
            let common = f64::from(a) * strong.ephemeris.period;
            let tolerance = 0.5 * weaker.duration.max(strong.duration);
            let drift = (f64::from(b) * weaker.ephemeris.period - common).abs() * (baseline / common).max(1.0);
            if drift > tolerance {
                continue;
            }
            // The closest approach of any two transits: fold their separation at the greatest common divisor.
            let grid = strong.ephemeris.period / f64::from(b);
            let apart = weaker.ephemeris.transit_time - strong.ephemeris.transit_time;
            let phase = apart - (apart / grid).round() * grid;
            if phase.abs() <= tolerance + 0.5 * drift {
                return Some(Harmonic { candidate: strong.number, ratio: (a, b) });
            }
        }
    }
    None
}
