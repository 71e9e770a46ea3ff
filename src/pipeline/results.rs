//! The directory of a run: tables, ledger and manifest, made of the parts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::assemble::{Destination, assemble, sync_folder};
use super::completeness::Completeness;
use super::config::RunConfig;
use super::error::RunError;
use super::ledger::{self, Entry};
use super::manifest::{Counts, Input, Manifest, Timings, UnitCounts};
use super::output::result_tables;
use super::progress::memory;
use crate::io::table::{CANDIDATES, ERRORS, FITS, FinishedTable, SINGLE_TRANSITS, TARGETS, Table, VETTING};

/// What a directory of results says of its run.
pub(super) struct Results<'a> {
    pub out: &'a Path,
    pub run_id: &'a str,
    pub command: &'a str,
    /// The shard that it is; it then gets no tables.
    pub shard: Option<String>,
    pub threads: usize,
    pub seed: u64,
    pub config: &'a Value,
    pub inputs: &'a [Input],
    pub units: UnitCounts,
    pub completeness: Option<&'a Completeness>,
    /// Targets that must have come out.
    pub targets: usize,
}

/// The units of a run, as often as they are asked for.
pub(super) type Entries<'a> = dyn Fn() -> Box<dyn Iterator<Item = Result<Entry, RunError>> + 'a> + 'a;

impl Results<'_> {
    /// Puts the parts together, checks that no row was lost, and puts everything in place. `seconds` tells the time taken
    /// by the scan and by everything.
    pub fn write(
        &self,
        parts: &[PathBuf],
        entries: &Entries,
        seconds: &dyn Fn() -> (f64, f64),
    ) -> Result<(Counts, Timings), RunError> {
        let (mut counts, mut timings) = (Counts::default(), Timings::default());
        let mut segments = BTreeMap::new();
        for entry in entries() {
            let summary = entry?.summary;
            counts.add(&summary.counts);
            timings.add_steps(&summary.timings);
            for (label, n) in summary.segments {
                *segments.entry(label).or_default() += n;
            }
        }
        let (finished, vetted) = match self.shard {
            Some(_) => (vec![], None),
            None => {
                let destination = |(table, columns): (Table, _)| {
                    let path = self.out.join(format!("{}.parquet", table.name));
                    Destination { table, columns, path }
                };
                let refuse =
                    |e: serde_json::Error| RunError::NotAResult { path: self.out.to_path_buf(), reason: e.to_string() };
                let config: RunConfig = serde_json::from_value(self.config.clone()).map_err(refuse)?;
                let destinations = result_tables().into_iter().map(destination).collect();
                assemble(parts, destinations, self.run_id, Some(&config))?
            }
        };
        if let Some(of_run) = vetted {
            counts.set_vetted(&of_run);
        }
        self.check(&counts, &finished)?;
        // The manifest of an earlier run must not stand beside tables of this one.
        let manifest = self.out.join("manifest.json");
        match std::fs::remove_file(&manifest) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                return Err(RunError::Output { path: manifest, source });
            }
            _ => sync_folder(self.out),
        }
        finished.into_iter().try_for_each(|table| table.put_in_place().map(|_| ()))?;
        ledger::write(self.out, entries())?;
        sync_folder(self.out);
        (timings.scan_s, timings.wall_s) = seconds();
        let written = Manifest {
            antumbra_version: env!("CARGO_PKG_VERSION"),
            command: self.command,
            run_id: self.run_id,
            seed: self.seed,
            shard: self.shard.clone(),
            threads: self.threads,
            config: self.config,
            inputs: self.inputs,
            completeness: self.completeness,
            counts,
            segments,
            units: self.units,
            timings,
            peak_memory_bytes: memory().map(|m| m.1),
        };
        written.write(self.out).map_err(|source| RunError::Output { path: manifest, source })?;
        sync_folder(self.out);
        Ok((counts, timings))
    }

    /// Every target has its row, and every candidate, single transit, fit and error, by what the tables hold.
    fn check(&self, counts: &Counts, finished: &[FinishedTable]) -> Result<(), RunError> {
        let expected = [
            (TARGETS, self.targets),
            (CANDIDATES, counts.candidates),
            (SINGLE_TRANSITS, counts.single_transits),
            (VETTING, counts.vetted()),
            (FITS, counts.fits()),
            (ERRORS, counts.error_rows),
        ];
        let wrong: Vec<String> = expected
            .iter()
            .filter_map(|(table, n)| {
                let rows = finished.iter().find(|t| t.table() == *table)?.rows();
                (rows != *n).then(|| format!("{} has {rows} rows where {n} are expected", table.name))
            })
            .collect();
        match counts.add_up() && counts.targets == self.targets && wrong.is_empty() {
            true => Ok(()),
            false => Err(RunError::Counts { counts: Box::new(*counts), tables: wrong.join(", ") }),
        }
    }
}
