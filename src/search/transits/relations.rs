//! Which candidates are harmonics, eclipses or remains of stronger ones.

use crate::ephemeris::{Candidate, Harmonic};

/// Ratios of periods that a signal leaks into.
const RATIOS: [(u32, u32); 13] =
    [(1, 1), (1, 2), (2, 1), (1, 3), (3, 1), (2, 3), (3, 2), (1, 4), (4, 1), (3, 4), (4, 3), (1, 5), (5, 1)];

/// The stronger candidate, if any, whose transits the `weaker` candidate's coincide with at a ratio of small integers.
///
/// With P_weak / P_strong ≈ a/b, the two coincide when after a whole number of their common periods over the baseline
/// they still do: |b P_weak − a P_strong| times the number of common periods is below half of the longer duration, and
/// the transit times are that close at some epochs.
///
/// Two planets never share a period, so a candidate of the same period is named with the ratio (1, 1) at any phase: the
/// secondary eclipse, or what the mask left of the stronger signal. At half and at twice the period, where planets may be,
/// remains next to the stronger one's transits are: within the sum of both durations.
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
            let near = match (a, b) {
                (1, 1) => f64::INFINITY,
                (1, 2) | (2, 1) => weaker.duration + strong.duration,
                _ => tolerance + 0.5 * drift,
            };
            if phase.abs() <= near {
                return Some(Harmonic { candidate: strong.number, ratio: (a, b) });
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ephemeris::Ephemeris;

    fn candidate(period: f64, transit_time: f64) -> Candidate {
        Candidate::known(Ephemeris { period, transit_time }, 0.1, 1e-3)
    }

    #[test]
    fn one_period_is_one_system_of_eclipses() {
        let strong = [candidate(3.0, 1.0)];
        let ratio = |p, t| harmonic_of(&candidate(p, t), &strong, 27.0).map(|h| h.ratio);
        assert_eq!(ratio(3.0, 2.3), Some((1, 1)));
        assert_eq!(ratio(3.001, 1.0), Some((1, 1)));
        assert_eq!(ratio(1.5, 1.15), Some((1, 2)));
        assert_eq!(ratio(1.5, 1.75), None);
        assert_eq!(ratio(4.5, 1.0), Some((3, 2)));
        assert_eq!(ratio(3.2, 1.0), None);
    }
}
