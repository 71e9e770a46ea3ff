//! A run split over machines that know nothing of each other.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use crate::io::read::Unit;

/// What a target costs beside its bytes, in bytes.
const TARGET_BYTES: u64 = 1 << 16;

/// One of several shards, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    number: usize,
    of: usize,
}

/// Why a text is no shard.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not i/n with 1 <= i <= n")]
pub struct ShardError(String);

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let parsed = text.split_once('/').and_then(|(i, n)| Some((i.trim().parse().ok()?, n.trim().parse().ok()?)));
        match parsed {
            Some((number, of)) if 1 <= number && number <= of => Ok(Self { number, of }),
            _ => Err(ShardError(text.to_string())),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl Shard {
    /// Units of the shard: those whose middle lies in its share of all bytes. Every unit is in one shard, units of a shard
    /// follow each other, and shards differ by no more than a unit at either end.
    pub fn units(self, units: &[Unit]) -> Range<usize> {
        let cost = |unit: &Unit| u128::from(unit.weight) + u128::from(TARGET_BYTES) * unit.targets as u128;
        let total: u128 = units.iter().map(cost).sum::<u128>().max(1);
        let mut before = 0;
        let (mut start, mut end) = (0, 0);
        for unit in units {
            let shard = (2 * before + cost(unit)) * self.of as u128 / (2 * total);
            before += cost(unit);
            start += usize::from(shard + 1 < self.number as u128);
            end += usize::from(shard < self.number as u128);
        }
        start..end
    }

    /// This one and all others.
    pub fn all(self) -> impl Iterator<Item = Shard> {
        (1..=self.of).map(move |number| Shard { number, of: self.of })
    }

    /// Whether it is the first, which has what was refused before any target was read.
    pub fn is_first(self) -> bool {
        self.number == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::dataset::DatasetWriter;
    use crate::io::read::{PlanOptions, ReadConfig, plan};
    use crate::lightcurve::{RawSegment, RawTarget, TimeSystem};

    #[test]
    fn only_sensible_shards_parse() {
        assert_eq!("2/4".parse::<Shard>().unwrap().to_string(), "2/4");
        for bad in ["0/4", "5/4", "2", "a/b", "1/0", "-1/2"] {
            assert!(bad.parse::<Shard>().is_err(), "{bad}");
        }
    }

    #[test]
    fn every_unit_is_in_one_shard_and_shards_are_of_equal_size() {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = DatasetWriter::create(dir.path().join("a.parquet")).unwrap();
        for i in 0..300_usize {
            let n = 10 + (i * 7919) % 500;
            let segment = RawSegment {
                label: "S1".into(),
                source: "s".into(),
                time: (0..n).map(|i| i as f64).collect(),
                flux: vec![1.0; n],
                time_system: TimeSystem::BTJD,
                preference: 1,
                ..RawSegment::default()
            };
            let target_id = format!("TIC {i}");
            writer.write(&RawTarget { target_id, segments: vec![segment], star: Default::default() }).unwrap();
        }
        writer.finish().unwrap();
        let options = PlanOptions { unit_targets: Some(3), ..PlanOptions::default() };
        let plan = plan(&[dir.path().display().to_string()], &ReadConfig::default(), &options).unwrap();
        for n in [1, 2, 3, 7, 400] {
            let shards: Vec<Range<usize>> = (1..=n).map(|i| Shard { number: i, of: n }.units(&plan.units)).collect();
            assert_eq!(
                shards.iter().flat_map(Clone::clone).collect::<Vec<_>>(),
                (0..plan.units.len()).collect::<Vec<_>>()
            );
            let targets = |r: &Range<usize>| plan.units[r.clone()].iter().map(|u| u.targets).sum::<usize>();
            if n < 10 {
                assert!(shards.iter().all(|r| targets(r).abs_diff(300 / n) < 20), "{shards:?}");
            }
        }
    }
}
