//! What an earlier run has left in a directory, and what of it still holds.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use arrow::array::{ArrayRef, RecordBatch, new_null_array};
use arrow::datatypes::DataType;
use serde_json::Value;

use super::error::RunError;
use super::ledger;
use super::manifest::Input;
use super::store::Store;
use crate::io::table::{Column, Table, TableReader, TableRows};

/// Most differences that are told one by one.
const MOST_TOLD: usize = 8;

/// A finished run.
pub struct Previous {
    dir: PathBuf,
    manifest: Value,
}

impl Previous {
    /// The run whose manifest is in the directory, if there is one.
    pub fn load(dir: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(dir.join("manifest.json")).ok()?;
        let manifest = serde_json::from_str(&text).ok()?;
        Some(Self { dir: dir.to_path_buf(), manifest })
    }

    fn text(&self, key: &str) -> &str {
        self.manifest[key].as_str().unwrap_or_default()
    }

    /// Whether it is one of several shards, which has no tables: its parts are still there.
    pub fn is_shard(&self) -> bool {
        self.manifest["shard"].is_string()
    }

    /// What is not as it was, one line each.
    pub fn changes(&self, command: &str, config: &Value, inputs: &[Input]) -> Vec<String> {
        let mut out = Vec::new();
        let mut differ = |what: &str, old: &str, new: &str| {
            if old != new {
                out.push(format!("{what}: {old} -> {new}"));
            }
        };
        differ("version", self.text("antumbra_version"), env!("CARGO_PKG_VERSION"));
        differ("command", self.text("command"), command);
        let (mut old, mut new) = (BTreeMap::new(), BTreeMap::new());
        flatten("", &self.manifest["config"], &mut old);
        flatten("", config, &mut new);
        let keys: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        for key in keys {
            let of = |map: &BTreeMap<String, String>| map.get(key).cloned().unwrap_or_else(|| "unset".into());
            differ(key, &of(&old), &of(&new));
        }
        let of = |input: &Value, key: &str| input[key].as_str().unwrap_or_default().to_string();
        let before: BTreeMap<String, String> = self.manifest["inputs"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|input| (of(input, "path"), of(input, "checksum")))
            .collect();
        let now: BTreeMap<&str, &str> = inputs.iter().map(|i| (i.path.as_str(), i.checksum.as_str())).collect();
        let named = |what: &str, mut paths: Vec<&str>| {
            let n = paths.len();
            paths.truncate(MOST_TOLD);
            let more = if n > MOST_TOLD { format!(" and {} more", n - MOST_TOLD) } else { String::new() };
            (n > 0).then(|| format!("{n} {what}: {}{more}", paths.join(", ")))
        };
        let new = now.keys().copied().filter(|p| !before.contains_key(*p)).collect();
        let gone = before.keys().map(String::as_str).filter(|p| !now.contains_key(p)).collect();
        let changed = now.iter().filter(|(p, c)| before.get(**p).is_some_and(|b| b != *c)).map(|(p, _)| *p).collect();
        out.extend(named("input new", new));
        out.extend(named("input gone", gone));
        out.extend(named("input changed", changed));
        out
    }

    /// Puts those units of the earlier run that are wanted, and not there yet, into the store as parts. Returns how many.
    pub fn unpack(
        &self,
        wanted: &HashSet<String>,
        store: &Store,
        tables: Vec<(Table, Vec<Column>)>,
    ) -> Result<usize, RunError> {
        let mut readers: Vec<(TableReader, TableRows)> = Vec::new();
        for (table, columns) in tables {
            let path = self.dir.join(format!("{}.parquet", table.name));
            readers.push((TableReader::open(&path, None)?, TableRows::new(table, columns)));
        }
        let mut left: Vec<usize> = readers.iter().map(|(reader, _)| reader.rows()).collect();
        for entry in ledger::read(&self.dir)? {
            let entry = entry?;
            for (left, (_, rows)) in left.iter_mut().zip(&readers) {
                let n = entry.rows.get(rows.table().name).copied().unwrap_or(0);
                *left =
                    left.checked_sub(n).ok_or_else(|| self.refuse("its tables are shorter than units.jsonl says"))?;
            }
        }
        if left.iter().any(|n| *n > 0) {
            return Err(self.refuse("its tables are longer than units.jsonl says"));
        }
        let mut unpacked = 0;
        for entry in ledger::read(&self.dir)? {
            let entry = entry?;
            // What could not be read may be readable now.
            let take = wanted.contains(&entry.key) && !entry.summary.again && store.summary(&entry.key).is_none();
            let mut part = if take { Some(store.write(&entry.key)?) } else { None };
            for (reader, rows) in &mut readers {
                let table = rows.table().name;
                let n = entry.rows.get(table).copied().unwrap_or(0);
                let schema = rows.schema().clone();
                reader.take(n, |batch| {
                    let Some(part) = &mut part else { return Ok(()) };
                    let nulls: ArrayRef = new_null_array(&DataType::Utf8, batch.num_rows());
                    let columns = std::iter::once(nulls).chain(batch.columns().iter().skip(1).cloned()).collect();
                    let batch = RecordBatch::try_new(schema.clone(), columns)
                        .map_err(|source| RunError::Part { path: self.dir.clone(), source })?;
                    part.add(table, &batch)
                })?;
            }
            if let Some(part) = part {
                part.finish(entry.summary)?;
                unpacked += 1;
            }
        }
        Ok(unpacked)
    }

    fn refuse(&self, reason: &str) -> RunError {
        RunError::NotAResult { path: self.dir.clone(), reason: reason.into() }
    }
}

/// Every setting by its dotted name.
fn flatten(name: &str, value: &Value, out: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let name = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
                flatten(&name, value, out);
            }
        }
        Value::Null => {}
        value => {
            out.insert(name.to_string(), value.to_string());
        }
    }
}
