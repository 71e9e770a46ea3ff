//! Shards of one run put together: the same bytes as of a run that was not split.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Deserialize;
use serde_json::Value;

use super::error::RunError;
use super::ledger::{self, Entry};
use super::manifest::{Input, UnitCounts};
use super::results::Results;
use super::run::{RunSummary, UNITS};
use super::shard::Shard;
use super::store::{Store, part_path};

/// Units that are missing and are named one by one.
const MOST_NAMED: usize = 8;

/// What a merge needs of the manifest of a shard.
#[derive(Deserialize)]
struct ShardManifest {
    antumbra_version: String,
    run_id: String,
    command: String,
    seed: u64,
    shard: Option<String>,
    threads: usize,
    config: Value,
    inputs: Vec<Input>,
    units: UnitCounts,
}

impl ShardManifest {
    fn load(dir: &Path) -> Result<Self, RunError> {
        let path = dir.join("manifest.json");
        let text = std::fs::read(&path).map_err(|source| RunError::Input { path: path.clone(), source })?;
        let refuse = |reason: String| RunError::NotAResult { path: dir.to_path_buf(), reason };
        let manifest: Self = serde_json::from_slice(&text).map_err(|e| refuse(e.to_string()))?;
        match (&manifest.shard, manifest.antumbra_version == env!("CARGO_PKG_VERSION")) {
            (None, _) => Err(refuse("it is a whole run, not a shard".into())),
            (_, false) => Err(refuse(format!("it was made by version {}", manifest.antumbra_version))),
            (Some(_), true) => Ok(manifest),
        }
    }
}

/// Merges finished shards into `out`. A shard may be given twice; every unit of the run must be in one of them.
pub fn merge(shards: &[PathBuf], out: &Path) -> Result<RunSummary, RunError> {
    let start = Instant::now();
    let refuse = |reason: String| RunError::Merge { reason };
    let mut first: Option<(&PathBuf, ShardManifest)> = None;
    let mut units: BTreeMap<usize, (PathBuf, Entry)> = BTreeMap::new();
    let mut missing_shards: Option<BTreeSet<String>> = None;
    for dir in shards {
        let manifest = ShardManifest::load(dir)?;
        if let Some((other, found)) = first.as_ref().filter(|(_, m)| m.run_id != manifest.run_id) {
            let (other, dir) = (other.display(), dir.display());
            return Err(refuse(format!("{other} is of run {}, {dir} of run {}", found.run_id, manifest.run_id)));
        }
        let name = manifest.shard.clone().unwrap_or_default();
        if let Ok(shard) = name.parse::<Shard>() {
            missing_shards.get_or_insert_with(|| shard.all().map(|s| s.to_string()).collect()).remove(&name);
        }
        for entry in ledger::read(dir)? {
            let entry = entry?;
            let part = part_path(&dir.join(UNITS), &entry.key);
            match units.get(&entry.unit) {
                Some((other, known)) if known.key != entry.key => {
                    let (other, dir) = (other.display(), dir.display());
                    let reason =
                        format!("unit {} of {dir} is not that of {other}: were its inputs the same?", entry.unit);
                    return Err(refuse(reason));
                }
                _ => units.entry(entry.unit).or_insert((part, entry)),
            };
        }
        first.get_or_insert((dir, manifest));
    }
    let Some((_, manifest)) = first else { return Err(refuse("no shards".into())) };
    let total = manifest.units.total;
    let missing: Vec<usize> = (0..=total).filter(|unit| !units.contains_key(unit)).collect();
    if !missing.is_empty() {
        let named: Vec<String> = missing.iter().take(MOST_NAMED).map(usize::to_string).collect();
        let shards: Vec<String> = missing_shards.unwrap_or_default().into_iter().collect();
        return Err(refuse(format!(
            "{} of {} units are in none of the shards ({}{}); shards not given: {}",
            missing.len(),
            total + 1,
            named.join(", "),
            if missing.len() > MOST_NAMED { ", …" } else { "" },
            shards.join(", ")
        )));
    }
    std::fs::create_dir_all(out).map_err(|source| RunError::Output { path: out.to_path_buf(), source })?;
    let lock = Store::open(&out.join(UNITS))?;
    let counts = UnitCounts { total, computed: 0, kept: total };
    let results = Results {
        out,
        run_id: &manifest.run_id,
        command: &manifest.command,
        shard: None,
        threads: manifest.threads,
        seed: manifest.seed,
        config: &manifest.config,
        inputs: &manifest.inputs,
        units: counts,
        completeness: None,
        targets: units.values().map(|(_, entry)| entry.summary.counts.targets).sum(),
    };
    let parts: Vec<PathBuf> = units.values().map(|(part, _)| part.clone()).collect();
    let entries = || Box::new(units.values().map(|(_, entry)| Ok(entry.clone()))) as Box<dyn Iterator<Item = _>>;
    let (totals, timings) = results.write(&parts, &entries, &|| (0.0, start.elapsed().as_secs_f64()))?;
    lock.remove()?;
    Ok(RunSummary { run_id: manifest.run_id.clone(), counts: totals, units: counts, timings, changes: vec![] })
}
