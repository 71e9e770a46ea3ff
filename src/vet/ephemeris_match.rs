//! Targets of a run whose candidates share an ephemeris: light of one falls on the other.
//!
//! Two candidates match if, over the shorter of the two periods, the ratio of the periods and the difference of the epochs
//! are nearly whole numbers, both with √2 erfc⁻¹|x − round x| above a threshold (Coughlin et al. 2014, AJ 147, 119, eqs. 1
//! to 3), which for chance coincidences has the distribution of |Gaussian| deviates. The more candidates a run has, the more
//! meet by chance; a match must also be one that is not expected so:
//!
//! ```text
//! t      = (x / 0.1) (2 y)          x, y: distances of the ratio of periods and of the epochs, in periods, from whole numbers
//! chance = M K t (1 − ln t)
//! ```
//!
//! with K candidates within 10 % of the period, M ratios that are tried, and the probability t (1 − ln t) that the product
//! of two uniform numbers is as small as t.

use super::profile::closeness;
use crate::ephemeris::Ephemeris;

/// A candidate of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunCandidate {
    pub target_id: String,
    pub number: u32,
    pub ephemeris: Ephemeris,
    pub depth: f64,
}

/// Two candidates (indices into the run) of different targets with one ephemeris.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EphemerisMatch {
    /// The shallower: more likely the one that is contaminated.
    pub child: usize,
    /// The deeper.
    pub parent: usize,
    /// Longer period over shorter, a whole number.
    pub period_ratio: u32,
    pub period_match: f64,
    pub epoch_match: f64,
    /// Expected number of candidates of the run that match one candidate as well by chance.
    pub chance: f64,
}

/// When two ephemerides match.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EphemerisMatchConfig {
    pub period_match: f64,
    pub epoch_match: f64,
    /// Largest ratio of periods.
    pub largest_ratio: u32,
    /// Largest number of chance matches expected.
    pub largest_chance: f64,
}

impl Default for EphemerisMatchConfig {
    fn default() -> Self {
        Self { period_match: 3.5, epoch_match: 2.0, largest_ratio: 2, largest_chance: 0.01 }
    }
}

/// Relative difference of periods within which the run's candidates are counted.
const NEIGHBOURHOOD: f64 = 0.1;

/// Distance from the nearest whole number.
fn off_whole(x: f64) -> f64 {
    (x - x.round()).abs()
}

/// Probability that the product of two numbers, uniform from 0 to 1, is at most `t`.
fn as_small_a_product(t: f64) -> f64 {
    if t > 0.0 { t.min(1.0) * (1.0 - t.min(1.0).ln()) } else { 0.0 }
}

/// All matches, ordered by child and parent.
pub fn ephemeris_matches(run: &[RunCandidate], config: EphemerisMatchConfig) -> Vec<EphemerisMatch> {
    let mut order: Vec<usize> = (0..run.len())
        .filter(|i| run[*i].ephemeris.period > 0.0 && run[*i].ephemeris.transit_time.is_finite())
        .collect();
    order.sort_by(|a, b| run[*a].ephemeris.period.total_cmp(&run[*b].ephemeris.period));
    let periods: Vec<f64> = order.iter().map(|i| run[*i].ephemeris.period).collect();
    // |x − round x| that still passes.
    let tolerance = statrs::function::erf::erfc(config.period_match / std::f64::consts::SQRT_2);
    // One candidate is tried at every ratio as the shorter period and as the longer.
    let ratios = 2.0 * f64::from(config.largest_ratio) - 1.0;
    let mut matches = Vec::new();
    for (place, &i) in order.iter().enumerate() {
        let a = &run[i];
        for ratio in 1..=config.largest_ratio {
            let target = f64::from(ratio) * a.ephemeris.period;
            let slack = tolerance * a.ephemeris.period;
            let within = |p: f64| periods.partition_point(|q| *q < p * target);
            let neighbours = (within(1.0 + NEIGHBOURHOOD) - within(1.0 - NEIGHBOURHOOD)) as f64;
            let first = periods.partition_point(|p| *p < target - slack).max(place + 1);
            for &j in order[first.min(order.len())..].iter().take_while(|j| run[**j].ephemeris.period <= target + slack)
            {
                let b = &run[j];
                if a.target_id == b.target_id {
                    continue;
                }
                let period_match = closeness(b.ephemeris.period / a.ephemeris.period);
                let apart = b.ephemeris.transit_time - a.ephemeris.transit_time;
                let epoch_match = closeness(apart / a.ephemeris.period);
                let product = (off_whole(b.ephemeris.period / a.ephemeris.period) / NEIGHBOURHOOD)
                    * (2.0 * off_whole(apart / a.ephemeris.period));
                let chance = ratios * neighbours * as_small_a_product(product);
                if period_match > config.period_match
                    && epoch_match > config.epoch_match
                    && chance < config.largest_chance
                {
                    let (child, parent) = if a.depth <= b.depth { (i, j) } else { (j, i) };
                    let found =
                        EphemerisMatch { child, parent, period_ratio: ratio, period_match, epoch_match, chance };
                    matches.push(found);
                }
            }
        }
    }
    matches.sort_by_key(|m| (m.child, m.parent));
    matches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(target: &str, period: f64, transit_time: f64, depth: f64) -> RunCandidate {
        RunCandidate { target_id: target.into(), number: 1, ephemeris: Ephemeris { period, transit_time }, depth }
    }

    #[test]
    fn contaminated_neighbours_are_found_and_strangers_are_not() {
        let run = [
            candidate("eb", 3.21457, 101.200, 0.2),
            candidate("near", 3.21459, 101.2005, 0.001),
            candidate("double", 6.42915, 104.415, 0.002),
            candidate("stranger", 3.21457, 102.100, 0.01),
            candidate("eb", 3.21457, 101.200, 0.01),
        ];
        let found = ephemeris_matches(&run, EphemerisMatchConfig::default());
        let has = |child, parent| found.iter().any(|m| m.child == child && m.parent == parent);
        assert!(has(1, 0) && has(2, 0) && has(1, 4));
        assert!(!found.iter().any(|m| m.child == 3 || m.parent == 3));
        assert!(!has(4, 0));
    }

    #[test]
    fn chance_matches_are_rare() {
        let run: Vec<RunCandidate> = (0..2000)
            .map(|i| {
                let x = f64::from(i);
                candidate(
                    &i.to_string(),
                    1.0 + (x * 0.618_034).fract() * 20.0,
                    100.0 + (x * 0.414_214).fract() * 20.0,
                    0.01,
                )
            })
            .collect();
        let pairs = 2000.0 * 1999.0 / 2.0;
        let found = ephemeris_matches(&run, EphemerisMatchConfig::default()).len() as f64;
        // One candidate in a hundred has one, and each match is one of two.
        assert!(found < 0.01 * 2000.0, "{found} of {pairs} pairs");
    }
}
