//! Candidates of one star judged together: secondaries of one another, residuals, repeats.
//!
//! Two periods match if their ratio, and two epochs if their difference in periods, is nearly a whole number:
//! σ = √2 erfc⁻¹ |x − round x| (Coughlin et al. 2014, AJ 147, 119). Events that match in period and lie apart by more than
//! a few durations at the beginning and the end of the data are primary and secondary; those that overlap are the same
//! signal. After the Robovetter (Thompson et al. 2018, ApJS 235, 38, A.3 and A.4).

use super::profile::closeness;
use super::{Metrics, Profile, Verdict};
use crate::ephemeris::{Candidate, Ephemeris};

/// A candidate among others of its star.
#[derive(Clone, Debug, PartialEq)]
pub struct Sibling {
    pub target_id: String,
    /// 1, 2, … in the order of detection.
    pub number: u32,
    pub ephemeris: Ephemeris,
    /// Days.
    pub duration: f64,
    pub metrics: Metrics,
}

/// When two candidates of a star are related.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SiblingConfig {
    /// σ above which two periods match.
    pub period_match: f64,
    /// Durations between two events that are told apart.
    pub durations_apart: f64,
}

impl Default for SiblingConfig {
    fn default() -> Self {
        Self { period_match: 3.5, durations_apart: 2.5 }
    }
}

/// How two ephemerides compare.
struct Comparison {
    period_match: f64,
    /// Longer period over shorter.
    ratio: f64,
    /// Days from an event of one to the nearest of the other, at the beginning and at the end.
    apart: f64,
    apart_at_end: f64,
}

impl Comparison {
    fn new(a: Ephemeris, b: Ephemeris, span: f64) -> Self {
        let (short, long) = if a.period < b.period { (a, b) } else { (b, a) };
        let ratio = long.period / short.period;
        let mut apart = short.transit_time - long.transit_time;
        apart -= short.period * (apart / short.period).round();
        let drift = (span / long.period).trunc() * (ratio.round() * short.period - long.period);
        Self { period_match: closeness(1.0 - ratio), ratio, apart, apart_at_end: apart + drift }
    }

    /// Whether the two are distinct events: never nearer than `width`, without passing each other, or of another period.
    fn distinct(&self, width: f64, ratio: f64) -> bool {
        let multiple = ratio.round() >= 2.0;
        let clear = |apart: f64| apart.abs() > width || (apart.abs() < width && multiple);
        clear(self.apart) && clear(self.apart_at_end) && (self.apart * self.apart_at_end > 0.0 || multiple)
    }

    /// Whether the two overlap at some time.
    fn overlap(&self, width: f64) -> bool {
        self.apart.abs() < width || self.apart_at_end.abs() < width || self.apart * self.apart_at_end < 0.0
    }
}

/// Candidates of the star whose transits are to be left out when `candidates[index]` is vetted: those of another period.
/// Secondaries, harmonics and repeats share its period, and are evidence. A small difference of periods adds up over `span`
/// days, the length of the data.
pub fn unrelated(candidates: &[Candidate], index: usize, config: SiblingConfig, span: f64) -> Vec<Candidate> {
    let Some(this) = candidates.get(index) else { return Vec::new() };
    candidates
        .iter()
        .enumerate()
        .filter(|(i, other)| {
            let matches = Comparison::new(this.ephemeris, other.ephemeris, span).period_match;
            *i != index && this.harmonic_of.is_none() && other.harmonic_of.is_none() && matches <= config.period_match
        })
        .map(|(_, other)| other.clone())
        .collect()
}

/// Judges candidates in order, those of a star one after the other by number, each with what is known of the earlier ones.
///
/// Sets the metrics `is_secondary_tce`, `same_period_as_not_transit_like_tce`, `residual_of_tce` and `has_secondary_tce`
/// (1 or 0) of each, which the profile may use. The profile's groups `not_transit_like` and `stellar_eclipse`, and its
/// tests that clear the latter, tell which earlier candidate is what. `span` is the length of the data in days.
pub fn judge_siblings(profile: &Profile, siblings: &mut [Sibling], config: SiblingConfig, span: f64) -> Vec<Verdict> {
    let mut verdicts: Vec<Verdict> = Vec::with_capacity(siblings.len());
    let mut secondary_found = false;
    for n in 0..siblings.len() {
        let this = &siblings[n];
        let first = siblings[..n].iter().rposition(|s| s.target_id != this.target_id).map_or(0, |i| i + 1);
        if first == n || !verdicts[n - 1].failed("not_transit_like") {
            secondary_found = false;
        }
        let compare = |other: &Sibling| {
            let comparison = Comparison::new(this.ephemeris, other.ephemeris, span);
            (comparison.period_match > config.period_match).then_some(comparison)
        };
        let earlier = |i: usize| compare(&siblings[i]).map(|c| (i, c));

        let is_secondary = !secondary_found
            && (first..n).filter_map(earlier).any(|(i, c)| {
                let ratio = siblings[i].ephemeris.period / this.ephemeris.period;
                !verdicts[i].failed("not_transit_like")
                    && (verdicts[i].failed("stellar_eclipse") || verdicts[i].cleared())
                    && c.distinct(config.durations_apart * siblings[i].duration, ratio)
            });
        secondary_found |= is_secondary;
        let (mut same, mut residual) = (false, false);
        for (i, c) in (first..n).filter_map(earlier) {
            same = verdicts[i].failed("not_transit_like");
            residual = !same && c.overlap(config.durations_apart * siblings[i].duration);
            if same || residual {
                break;
            }
        }
        let has_secondary = siblings[n + 1..]
            .iter()
            .take_while(|s| s.target_id == this.target_id)
            .any(|later| compare(later).is_some_and(|c| c.distinct(config.durations_apart * this.duration, c.ratio)));

        let metrics = &mut siblings[n].metrics;
        metrics.set("is_secondary_tce", f64::from(is_secondary));
        metrics.set("same_period_as_not_transit_like_tce", f64::from(same));
        metrics.set("residual_of_tce", f64::from(residual));
        metrics.set("has_secondary_tce", f64::from(has_secondary));
        verdicts.push(profile.judge(metrics));
    }
    verdicts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sibling(number: u32, period: f64, transit_time: f64) -> Sibling {
        Sibling {
            target_id: "star".into(),
            number,
            ephemeris: Ephemeris { period, transit_time },
            duration: 0.1,
            metrics: Metrics::default(),
        }
    }

    const PROFILE: &str = "name='x'\n[[group]]\nname='secondary_tce'\nalso_fails=['not_transit_like','stellar_eclipse']\n\
        [[group]]\nname='not_transit_like'\nonly_if_clear=['secondary_tce']\ndisposition='false_alarm'\n\
        [[group]]\nname='stellar_eclipse'\nonly_if_clear=['not_transit_like']\ndisposition='false_positive'\n\
        [[test]]\ngroup='secondary_tce'\nflag='IS'\nfail='is_secondary_tce == 1'\n\
        [[test]]\ngroup='not_transit_like'\nflag='RESIDUAL'\nfail='residual_of_tce == 1'\n\
        [[test]]\ngroup='not_transit_like'\nflag='SAME'\nfail='same_period_as_not_transit_like_tce == 1'\n\
        [[test]]\ngroup='stellar_eclipse'\nflag='HAS'\nfail='has_secondary_tce == 1'";

    #[test]
    fn primary_secondary_residual_and_stranger_are_told_apart() {
        let profile = Profile::from_toml(PROFILE).unwrap();
        let config = SiblingConfig::default();
        let mut all =
            [sibling(1, 5.0, 100.0), sibling(2, 5.0, 102.5), sibling(3, 5.00001, 100.1), sibling(4, 7.3, 101.0)];
        let flags: Vec<Vec<String>> = judge_siblings(&profile, &mut all, config, 1600.0)
            .iter()
            .map(|v| v.flags().iter().map(|f| f.to_string()).collect())
            .collect();
        assert_eq!(flags[0], ["HAS"]);
        assert_eq!(flags[1], ["IS"]);
        assert_eq!(flags[2], ["RESIDUAL"]);
        assert!(flags[3].is_empty());
    }

    #[test]
    fn only_other_periods_are_left_out() {
        let make = |period, transit_time| Candidate::known(Ephemeris { period, transit_time }, 0.1, 1e-3);
        let all = [make(5.0, 100.0), make(5.0, 102.5), make(7.3, 101.0), make(10.0, 101.0)];
        let left_out = unrelated(&all, 0, SiblingConfig::default(), 1600.0);
        assert_eq!(left_out.len(), 1);
        assert_eq!(left_out[0].ephemeris.period, 7.3);
    }
}
