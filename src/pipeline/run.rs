//! A whole run: plan the inputs, take every target through all steps, unit by unit, and put the tables together.
//!
//! ```text
//! plan       inputs -> units of a few dozen targets, in an order that depends on the inputs alone
//! compute    every unit without a part: read, process, write its part            (any order, any machine)
//! assemble   parts in the order of the units -> tables, ledger, manifest
//! ```
//!
//! The part of a unit depends on version, settings and the unit's inputs, and on nothing else, and the tables depend on the
//! rows of the parts alone. So threads, the size of units, shards, and runs that were killed or found parts of an earlier
//! run in place, all end with the same bytes.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::assemble::{Destination, assemble};
use super::completeness::Completeness;
use super::compute::Work;
use super::config::RunConfig;
use super::error::RunError;
use super::manifest::{Counts, Input, Timings, UnitCounts, run_id};
use super::output::{result_tables, singles_file};
use super::prepare::ErrorRow;
use super::previous::Previous;
use super::progress::Progress;
use super::results::Results;
use super::shard::Shard;
use super::status::{State, Status, StatusFile};
use super::store::Store;
use super::target::{Steps, TargetOutcome};
use crate::io::read::{Contents, Plan, PlanOptions, plan};
use crate::io::table::{CANDIDATES, SINGLE_TRANSITS};

/// Folder of the parts in a directory of results.
pub(super) const UNITS: &str = "units";

/// What to do with results that are in the directory already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Existing {
    /// Keep what still holds, compute the rest.
    #[default]
    Reuse,
    /// The same, but refuse a directory in which a different run was not finished.
    Resume,
    /// Compute everything.
    Discard,
}

/// How to carry out a run: nothing of this changes a byte of the tables.
#[derive(Clone, Debug, Default)]
pub struct Execution {
    /// Threads that compute; 0 for one a core.
    pub threads: usize,
    /// Only this part of the work.
    pub shard: Option<Shard>,
    pub existing: Existing,
    /// For the manifest.
    pub completeness: Option<Completeness>,
}

impl Execution {
    pub(super) fn threads(&self) -> usize {
        match self.threads {
            0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            n => n,
        }
    }
}

/// What a run came to.
#[derive(Clone, Debug)]
pub struct RunSummary {
    pub run_id: String,
    pub counts: Counts,
    pub units: UnitCounts,
    pub timings: Timings,
    /// What differs from the run that was in the directory before, one line each; empty where there was none.
    pub changes: Vec<String>,
}

/// Inputs found, and what is to be done with them.
pub struct Run<'a> {
    pub(super) config: &'a RunConfig,
    pub(super) plan: Plan,
    pub(super) inputs: Vec<Input>,
    pub(super) run_id: String,
    scan_s: f64,
}

impl<'a> Run<'a> {
    /// Finds the targets in `inputs` (files, directories, globs). Fails only where temporary files cannot be written.
    pub fn new(inputs: &[String], config: &'a RunConfig, options: &PlanOptions) -> Result<Self, RunError> {
        let start = Instant::now();
        let plan = plan(inputs, &config.read, options)
            .map_err(|source| RunError::Output { path: options.scratch.clone(), source })?;
        let inputs: Vec<Input> = plan
            .files
            .iter()
            .map(|f| Input { path: f.path.display().to_string(), bytes: f.bytes, checksum: f.checksum.clone() })
            .collect();
        let run_id = run_id(config, &inputs);
        Ok(Self { config, plan, inputs, run_id, scan_s: start.elapsed().as_secs_f64() })
    }

    /// Number of targets found.
    pub fn n_targets(&self) -> usize {
        self.plan.targets
    }

    /// Sectors and columns found.
    pub fn contents(&self) -> &Contents {
        &self.plan.contents
    }

    /// What was found.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Inputs that were refused before any target was read.
    pub fn refused(&self) -> impl Iterator<Item = ErrorRow> + '_ {
        self.plan.errors.iter().map(ErrorRow::from)
    }

    /// The main job: `steps` for every target, all tables into the directory `out`. `each` sees every outcome that is
    /// computed, one at a time, in any order.
    pub fn execute(
        &self,
        steps: Steps,
        out: &Path,
        execution: &Execution,
        progress: &dyn Progress,
        each: impl FnMut(&TargetOutcome) + Send,
    ) -> Result<RunSummary, RunError> {
        std::fs::create_dir_all(out).map_err(|source| RunError::Output { path: out.to_path_buf(), source })?;
        let store = Store::open(&out.join(UNITS))?;
        if execution.existing == Existing::Resume {
            self.check_resume(out)?;
        }
        let shard = execution.shard.map(|s| s.to_string());
        let mut status = StatusFile::start(out, &self.run_id, shard, execution.threads())?;
        let done = self.execute_with(steps, out, store, execution, progress, each, &mut status);
        match &done {
            Ok(_) => status.set(State::Done)?,
            Err(error) => status.failed(error),
        }
        done
    }

    fn check_resume(&self, out: &Path) -> Result<(), RunError> {
        match Status::load(out) {
            Ok(status) if status.state != State::Done && status.run_id != self.run_id => {
                let what = format!("it is run {}, this is run {}", status.run_id, self.run_id);
                Err(RunError::NotThisRun { path: out.to_path_buf(), what })
            }
            _ => Ok(()),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the inside of `execute`, split from it for the status of a failure")]
    fn execute_with(
        &self,
        steps: Steps,
        out: &Path,
        store: Store,
        execution: &Execution,
        progress: &dyn Progress,
        each: impl FnMut(&TargetOutcome) + Send,
        status: &mut StatusFile,
    ) -> Result<RunSummary, RunError> {
        let start = Instant::now();
        let work = Work::new(self, steps, execution.shard);
        let config = serde_json::to_value(self.config).unwrap_or_default();
        let mut changes = Vec::new();
        match execution.existing {
            Existing::Discard => store.keep_only(&HashSet::new()),
            Existing::Reuse | Existing::Resume => {
                if let Some(previous) = Previous::load(out) {
                    changes = previous.changes(steps.command(), &config, &self.inputs);
                    let wanted: HashSet<String> = work.keys().collect();
                    // Results that cannot be read are no reason to fail, only to compute them again.
                    if !previous.is_shard()
                        && let Err(error) = previous.unpack(&wanted, &store, result_tables())
                    {
                        tracing::warn!("{error}; everything is computed again");
                    }
                }
            }
        }
        let threads = execution.threads();
        let units = work.compute(&store, threads, progress, each, &mut |tally| status.update(tally))?;
        status.set(State::Assembling)?;
        let results = Results {
            out,
            run_id: &self.run_id,
            command: steps.command(),
            shard: execution.shard.map(|s| s.to_string()),
            threads: execution.threads(),
            seed: self.config.seed,
            config: &config,
            inputs: &self.inputs,
            units,
            completeness: execution.completeness.as_ref(),
            targets: work.targets(),
        };
        let seconds = || (self.scan_s, self.scan_s + start.elapsed().as_secs_f64());
        let paths: Vec<PathBuf> = work.keys().map(|key| store.path(&key)).collect();
        let (counts, timings) = results.write(&paths, &|| Box::new(work.entries(&store)), &seconds)?;
        match execution.shard {
            // The parts are what `antumbra merge` takes.
            Some(_) => store.keep_only(&work.keys().collect()),
            None => store.remove()?,
        }
        Ok(RunSummary { run_id: self.run_id.clone(), counts, units, timings, changes })
    }

    /// Search alone, the candidates into one Parquet file and the single transits into `NAME_single.parquet` beside it.
    /// Parts are kept in `NAME.parquet.units` until both are there.
    pub fn search_to(
        &self,
        file: &Path,
        execution: &Execution,
        progress: &dyn Progress,
        each: impl FnMut(&TargetOutcome) + Send,
    ) -> Result<Counts, RunError> {
        let mut folder = file.as_os_str().to_owned();
        folder.push(".units");
        let store = Store::open(Path::new(&folder))?;
        let work = Work::new(self, Steps::Search, None);
        work.compute(&store, execution.threads(), progress, each, &mut |_| Ok(()))?;
        let mut counts = Counts::default();
        for entry in work.entries(&store) {
            counts.add(&entry?.summary.counts);
        }
        let destinations = result_tables()
            .into_iter()
            .filter_map(|(table, columns)| {
                let path = match table {
                    CANDIDATES => file.to_path_buf(),
                    SINGLE_TRANSITS => singles_file(file),
                    _ => return None,
                };
                Some(Destination { table, columns, path })
            })
            .collect();
        let paths: Vec<PathBuf> = work.keys().map(|key| store.path(&key)).collect();
        let (finished, _) = assemble(&paths, destinations, &self.run_id, None)?;
        finished.into_iter().try_for_each(|table| table.put_in_place().map(|_| ()))?;
        store.remove()?;
        Ok(counts)
    }
}
