//! Times when more stars of a run dip at once than chance allows: the instrument, not the stars.
//!
//! Mid-times of transits of candidates with few of them, and of dips seen once, are counted by target in bins of time. A
//! bin is crowded if its count n has Poisson probability
//!
//! ```text
//! P(≥ n | λ) < limit,    λ = mean count of the occupied bins within the neighbourhood, without this one
//! ```
//!
//! Empty bins may be gaps, so they do not count; λ is then rather too high, and the test the milder. Bins are laid twice,
//! half a width apart. After the Skye test of Thompson et al. 2018 (ApJS 235, 38, A.3.7.1).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use statrs::function::gamma::gamma_lr;

/// When a time is crowded.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CrowdConfig {
    /// Width of the bins (days).
    pub width: f64,
    /// Days to each side over which the usual count is taken.
    pub neighbourhood: f64,
    /// Probability below which a count is no chance.
    pub limit: f64,
    /// Fewest targets that are a crowd.
    pub least_targets: usize,
    /// Most observed transits of a candidate that counts: of many transits some always fall anywhere.
    pub most_transits: usize,
}

impl Default for CrowdConfig {
    fn default() -> Self {
        Self { width: 0.25, neighbourhood: 5.0, limit: 1e-6, least_targets: 5, most_transits: 5 }
    }
}

/// Stretches of time that are crowded, ascending and apart. `dips` are mid-times and an index of the target.
pub fn crowded(dips: &[(f64, u32)], config: &CrowdConfig) -> Vec<(f64, f64)> {
    let mut stretches = Vec::new();
    for offset in [0.0, 0.5] {
        let mut bins: BTreeMap<i64, Vec<u32>> = BTreeMap::new();
        for (time, target) in dips.iter().filter(|d| d.0.is_finite()) {
            bins.entry((time / config.width + offset).floor() as i64).or_default().push(*target);
        }
        let counts: BTreeMap<i64, usize> = bins
            .into_iter()
            .map(|(bin, mut targets)| {
                targets.sort_unstable();
                targets.dedup();
                (bin, targets.len())
            })
            .collect();
        let reach = (config.neighbourhood / config.width).ceil().max(1.0) as i64;
        for (bin, count) in counts.iter().filter(|c| *c.1 >= config.least_targets) {
            let others = counts.range(bin - reach..=bin + reach).filter(|(b, _)| *b != bin).map(|(_, n)| *n);
            let (total, occupied) = others.fold((0, 0), |(t, o), n| (t + n, o + 1));
            let usual = if occupied == 0 { 1.0 } else { total as f64 / f64::from(occupied) };
            // P(X ≥ n) of a Poisson variate is the regularised lower incomplete gamma function P(n, λ).
            if gamma_lr(*count as f64, usual) < config.limit {
                let start = (*bin as f64 - offset) * config.width;
                stretches.push((start, start + config.width));
            }
        }
    }
    stretches.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut merged: Vec<(f64, f64)> = Vec::new();
    for (start, end) in stretches {
        match merged.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => merged.push((start, end)),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_found_and_chance_is_not() {
        let mut dips: Vec<(f64, u32)> =
            (0..2000).map(|i| (27.0 * (f64::from(i) * 0.618_034).fract(), i as u32)).collect();
        assert!(crowded(&dips, &CrowdConfig::default()).is_empty());
        dips.extend((0..60).map(|i| (12.34 + 0.001 * f64::from(i), 5000 + i as u32)));
        let found = crowded(&dips, &CrowdConfig::default());
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].0 < 12.34 && found[0].1 > 12.40 && found[0].1 - found[0].0 < 0.6);
        // One star that dips often is no crowd.
        let one: Vec<(f64, u32)> = (0..60).map(|i| (12.34 + 0.001 * f64::from(i), 7)).collect();
        assert!(crowded(&one, &CrowdConfig::default()).is_empty());
    }
}
