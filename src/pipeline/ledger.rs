//! `units.jsonl`: which rows of the tables came from which unit of work, one line a unit in the order of the rows.
//!
//! It is what a later run over the same directory goes by. Without it everything is computed again.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::RunError;
use super::manifest::write_whole;
use super::store::{Part, PartSummary};

/// File name.
pub const LEDGER: &str = "units.jsonl";

/// One unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its place among all units of the run: 0 for what was refused before any target was read.
    pub unit: usize,
    pub key: String,
    /// Rows in each table; none where the table is not named.
    pub rows: BTreeMap<String, usize>,
    pub summary: PartSummary,
}

impl Entry {
    /// Of a part that is there.
    pub fn of(unit: usize, key: String, path: &Path, tables: &[&str]) -> Result<Self, RunError> {
        let part = Part::open(path)?;
        let rows = tables.iter().map(|t| (t.to_string(), part.rows(t))).filter(|(_, n)| *n > 0).collect();
        Ok(Self { unit, key, rows, summary: part.summary().clone() })
    }
}

/// Writes the entries of all units.
pub fn write(dir: &Path, entries: impl Iterator<Item = Result<Entry, RunError>>) -> Result<(), RunError> {
    let path = dir.join(LEDGER);
    let mut failed = None;
    let written = write_whole(&path, |file| {
        for entry in entries {
            match entry {
                Ok(entry) => {
                    serde_json::to_writer(&mut *file, &entry)?;
                    file.write_all(b"\n")?;
                }
                Err(error) => {
                    failed = Some(error);
                    return Err(std::io::Error::other("a part cannot be read"));
                }
            }
        }
        Ok(())
    });
    match failed {
        Some(error) => Err(error),
        None => written.map_err(|source| RunError::Output { path, source }),
    }
}

/// Reads the entries one by one.
pub fn read(dir: &Path) -> Result<impl Iterator<Item = Result<Entry, RunError>> + use<>, RunError> {
    let path = dir.join(LEDGER);
    let file = File::open(&path).map_err(|source| RunError::Input { path: path.clone(), source })?;
    Ok(BufReader::new(file).lines().map(move |line| {
        let failed = |source| RunError::Input { path: path.clone(), source };
        serde_json::from_str(&line.map_err(failed)?).map_err(|e| failed(e.into()))
    }))
}
