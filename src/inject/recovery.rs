//! Whether what was found is what was put in.

use serde::{Deserialize, Serialize};

use crate::ephemeris::{Candidate, Ephemeris, SingleTransit};

/// When a candidate is an injected planet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MatchConfig {
    /// Period found over period injected, as numerator and denominator, that count as recovered.
    pub ratios: Vec<[u32; 2]>,
    /// Durations by which the transits found may be early or late, at either end of the data.
    pub durations: f64,
}

impl Default for MatchConfig {
    fn default() -> Self {
        Self { ratios: vec![[1, 1], [1, 2], [2, 1], [1, 3], [3, 1]], durations: 1.0 }
    }
}

/// The candidate that is the injected planet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// Index among the candidates.
    pub index: usize,
    /// Period found over period injected.
    pub ratio: [u32; 2],
}

impl Recovered {
    /// Whether the period is the one injected, and no multiple or part of it.
    pub fn is_exact(&self) -> bool {
        self.ratio[0] == self.ratio[1]
    }
}

/// Why an injected planet was not recovered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missed {
    /// Fewer transits have data than a candidate needs.
    TooFewTransits,
    /// A transit was found, but only one.
    SingleTransit,
    /// A candidate has the period, but not the times.
    Epoch,
    /// There are candidates, none of them with the period.
    Period,
    /// There is no candidate.
    NoCandidate,
}

impl Missed {
    /// As written in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::TooFewTransits => "too_few_transits",
            Self::SingleTransit => "single_transit",
            Self::Epoch => "epoch",
            Self::Period => "period",
            Self::NoCandidate => "no_candidate",
        }
    }
}

/// A planet as it is looked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wanted {
    pub ephemeris: Ephemeris,
    /// First to last contact, or the exposure where that is longer (days).
    pub duration: f64,
    /// First and last time of the data.
    pub span: [f64; 2],
    /// Whether as many transits have data as a candidate needs.
    pub is_searchable: bool,
}

/// Looks for an injected planet among what was found.
///
/// The period of a candidate matches P·a/b if over the whole of the data the two drift apart by no more than the allowed
/// durations, and its transits are where they should be at both ends. The period itself goes before its
/// multiples, then the stronger candidate before the weaker.
pub fn find(
    wanted: &Wanted,
    candidates: &[Candidate],
    singles: &[SingleTransit],
    config: &MatchConfig,
) -> Result<Recovered, Missed> {
    let allowed = config.durations * wanted.duration;
    let mut exact_first = config.ratios.clone();
    exact_first.sort_by_key(|r| r[0] != r[1]);
    let mut epoch_off = false;
    for ratio in exact_first {
        for (index, candidate) in candidates.iter().enumerate() {
            if !has_period(wanted, candidate.ephemeris.period, ratio, allowed) {
                continue;
            }
            let ends = wanted.span.map(|time| apart(wanted.ephemeris, candidate.ephemeris, ratio, time));
            if ends.into_iter().all(|d| d <= allowed) {
                return Ok(Recovered { index, ratio });
            }
            epoch_off = true;
        }
    }
    let seen_once = || singles.iter().any(|s| wanted.ephemeris.in_transit(s.transit_time, allowed));
    Err(if !wanted.is_searchable {
        Missed::TooFewTransits
    } else if epoch_off {
        Missed::Epoch
    } else if seen_once() {
        Missed::SingleTransit
    } else if candidates.is_empty() {
        Missed::NoCandidate
    } else {
        Missed::Period
    })
}

fn has_period(wanted: &Wanted, period: f64, [a, b]: [u32; 2], allowed: f64) -> bool {
    let expected = wanted.ephemeris.period * f64::from(a) / f64::from(b);
    let cycles = ((wanted.span[1] - wanted.span[0]) / expected).max(1.0);
    (period - expected).abs() * cycles <= allowed
}

/// Days between a transit found near `time` and one injected: of `b` transits found in a row, the one that is nearest.
fn apart(truth: Ephemeris, found: Ephemeris, [_, b]: [u32; 2], time: f64) -> f64 {
    let first = found.epoch(time);
    (0..i64::from(b)).map(|k| truth.time_from_transit(found.time_of(first + k)).abs()).fold(f64::INFINITY, f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRUTH: Ephemeris = Ephemeris { period: 3.0, transit_time: 101.0 };

    fn wanted() -> Wanted {
        Wanted { ephemeris: TRUTH, duration: 0.1, span: [100.0, 127.0], is_searchable: true }
    }

    fn candidate(number: u32, period: f64, transit_time: f64) -> Candidate {
        Candidate { number, ..Candidate::known(Ephemeris { period, transit_time }, 0.1, 1e-3) }
    }

    fn found(candidates: &[Candidate]) -> Result<(usize, [u32; 2]), Missed> {
        find(&wanted(), candidates, &[], &MatchConfig::default()).map(|r| (r.index, r.ratio))
    }

    #[test]
    fn period_and_times_have_to_agree() {
        assert_eq!(found(&[candidate(1, 3.001, 101.01)]), Ok((0, [1, 1])));
        // 9 cycles of 0.02 d are more than a duration
        assert_eq!(found(&[candidate(1, 3.02, 101.0)]), Err(Missed::Period));
        assert_eq!(found(&[candidate(1, 3.0, 101.3)]), Err(Missed::Epoch));
        assert_eq!(found(&[]), Err(Missed::NoCandidate));
        // the same planet, its transit time stated 5 cycles later
        assert_eq!(found(&[candidate(1, 3.0, 116.02)]), Ok((0, [1, 1])));
    }

    #[test]
    fn multiples_of_the_period_count_and_come_after_it() {
        assert_eq!(found(&[candidate(1, 6.0, 104.0)]), Ok((0, [2, 1])));
        assert_eq!(found(&[candidate(1, 1.5, 102.5)]), Ok((0, [1, 2])));
        assert_eq!(found(&[candidate(1, 6.0, 102.5)]), Err(Missed::Epoch));
        assert_eq!(found(&[candidate(1, 6.0, 104.0), candidate(2, 3.0, 101.0)]), Ok((1, [1, 1])));
        assert_eq!(found(&[candidate(1, 12.0, 101.0)]), Err(Missed::Period));
        let strict = MatchConfig { ratios: vec![[1, 1]], ..MatchConfig::default() };
        assert_eq!(find(&wanted(), &[candidate(1, 6.0, 104.0)], &[], &strict), Err(Missed::Period));
    }

    #[test]
    fn too_few_transits_are_the_reason_before_any_other() {
        let wanted = Wanted { is_searchable: false, ..wanted() };
        assert_eq!(find(&wanted, &[], &[], &MatchConfig::default()), Err(Missed::TooFewTransits));
    }
}
