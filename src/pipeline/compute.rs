//! Every unit of a run that is not there yet: read, processed, written as a part.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use sha2::{Digest, Sha256};

use super::engine::{Delivery, or_on_panic, process};
use super::error::RunError;
use super::ledger::Entry;
use super::manifest::{Counts, UnitCounts, hex};
use super::output::{Output, result_tables};
use super::progress::{Live, Progress, Tally};
use super::run::Run;
use super::shard::Shard;
use super::store::{PartSummary, Store};
use super::target::{Steps, TargetOutcome, process_read};
use crate::io::read::{InputError, OpenFiles, TargetRead, Unit, read_targets};

/// The units that are to be done, under the keys of their parts.
pub(super) struct Work<'a> {
    run: &'a Run<'a>,
    steps: Steps,
    /// Of version, settings and steps: what a result depends on beside the inputs.
    fingerprint: [u8; 32],
    /// Units of the shard.
    range: Range<usize>,
    /// Key of the part with what was refused before any target was read; in the first shard alone.
    refused: Option<String>,
}

/// A target as it was read, or not.
type Read = (String, TargetRead);

impl<'a> Work<'a> {
    pub fn new(run: &'a Run<'a>, steps: Steps, shard: Option<Shard>) -> Self {
        let mut hash = Sha256::new();
        hash.update(env!("CARGO_PKG_VERSION"));
        hash.update(format!("{:?} {steps:?}", run.config));
        let fingerprint = hash.finalize().into();
        let units = &run.plan.units;
        let mut work = Self { run, steps, fingerprint, range: 0..units.len(), refused: None };
        if let Some(shard) = shard {
            work.range = shard.units(units);
        }
        if shard.is_none_or(Shard::is_first) {
            let mut hash = Sha256::new();
            hash.update(run.plan.files.len().to_le_bytes());
            for row in run.refused() {
                hash.update(format!("{row:?}"));
            }
            work.refused = Some(work.key(&hash.finalize()));
        }
        work
    }

    fn key(&self, digest: &[u8]) -> String {
        let mut hash = Sha256::new();
        hash.update(self.fingerprint);
        hash.update(digest);
        hex(&hash.finalize()[..16])
    }

    fn units(&self) -> &'a [Unit] {
        &self.run.plan.units[self.range.clone()]
    }

    fn unit_keys(&self) -> impl Iterator<Item = String> + '_ {
        self.units().iter().map(|unit| self.key(&unit.digest))
    }

    /// Targets in all units.
    pub fn targets(&self) -> usize {
        self.units().iter().map(|unit| unit.targets).sum()
    }

    /// Keys of all parts, in the order of their rows.
    pub fn keys(&self) -> impl Iterator<Item = String> + '_ {
        self.refused.iter().cloned().chain(self.unit_keys())
    }

    /// What all parts came to, in the order of their rows.
    pub fn entries<'b>(&'b self, store: &'b Store) -> impl Iterator<Item = Result<Entry, RunError>> + 'b {
        let tables: Vec<&str> = result_tables().iter().map(|(table, _)| table.name).collect();
        let refused = self.refused.iter().map(|key| (0, key.clone()));
        let units = self.unit_keys().enumerate().map(|(i, key)| (self.range.start + i + 1, key));
        refused.chain(units).map(move |(unit, key)| {
            let path = store.path(&key);
            Entry::of(unit, key, &path, &tables)
        })
    }

    /// Computes every unit whose part is not there.
    pub fn compute(
        &self,
        store: &Store,
        threads: usize,
        progress: &dyn Progress,
        each: impl FnMut(&TargetOutcome) + Send,
        status: &mut dyn FnMut(&Tally) -> Result<(), RunError>,
    ) -> Result<UnitCounts, RunError> {
        let live = Live::new(self.targets());
        self.write_refused(store, &live)?;
        let mut units = UnitCounts { total: self.run.plan.units.len(), ..UnitCounts::default() };
        let mut todo = Vec::new();
        for (unit, key) in self.units().iter().zip(self.unit_keys()) {
            match store.summary(&key).filter(|summary| !summary.again) {
                Some(summary) => {
                    live.keep(&summary.counts);
                    units.kept += 1;
                }
                None => todo.push((unit, key)),
            }
        }
        units.computed = todo.len();
        let open = OpenFiles::default();
        let each = Mutex::new(each);
        let read = |(unit, _): &(&Unit, String)| self.read(unit, &open);
        let work = |(_, key): &(&Unit, String), read: Result<(Vec<Read>, f64), RunError>| {
            let (targets, read_s) = read?;
            let mut output = Output::new(store.write(key)?);
            let mut summary = PartSummary::default();
            summary.timings.read_s = read_s;
            for (target_id, read) in targets {
                count_segments(&read, &mut summary.segments);
                summary.again |= read.errors.iter().any(InputError::may_pass);
                let outcome = self.process(&target_id, read);
                let counts = outcome.counts();
                summary.counts.add(&counts);
                summary.timings.add_steps(&outcome.timings);
                output.write(&outcome)?;
                (*each.lock().unwrap_or_else(PoisonError::into_inner))(&outcome);
                live.add(&counts);
            }
            Ok((output, summary))
        };
        let keep = |worked: Result<(Output, PartSummary), RunError>| {
            let (output, summary) = worked?;
            output.finish(summary)
        };
        process(threads, &todo, Delivery::AsDone, read, work, keep, |done: Option<Result<(), RunError>>| {
            done.transpose()?;
            let tally = live.tally();
            progress.update(&tally);
            status(&tally)
        })?;
        let tally = live.tally();
        progress.finished(&tally);
        status(&tally)?;
        Ok(units)
    }

    fn read(&self, unit: &Unit, open: &OpenFiles) -> Result<(Vec<Read>, f64), RunError> {
        let start = Instant::now();
        let targets = self.run.plan.targets_of(unit).map_err(RunError::Scratch)?;
        let read = read_targets(&targets, &self.run.config.read, open);
        let read = targets.into_iter().map(|t| t.target_id).zip(read).collect();
        Ok((read, start.elapsed().as_secs_f64()))
    }

    fn process(&self, target_id: &str, read: TargetRead) -> TargetOutcome {
        let _span = tracing::info_span!("target", id = target_id).entered();
        let outcome = or_on_panic(
            || process_read(target_id, read, self.run.config, self.steps),
            |message| TargetOutcome::panicked(target_id, message),
        );
        for row in &outcome.errors {
            tracing::info!(stage = row.stage, source = row.source, "{}", row.reason);
        }
        tracing::debug!(candidates = outcome.candidates.len(), searched = outcome.summary.is_some(), "done");
        outcome
    }

    /// The part with what was refused before any target was read.
    fn write_refused(&self, store: &Store, live: &Live) -> Result<(), RunError> {
        let Some(key) = &self.refused else { return Ok(()) };
        let mut summary = PartSummary::default();
        summary.counts.files = self.run.plan.files.len();
        for row in self.run.refused() {
            summary.counts.files_refused += usize::from(!row.left_out);
            summary.counts.error_rows += 1;
        }
        live.add(&Counts { error_rows: summary.counts.error_rows, ..Counts::default() });
        if store.summary(key).is_some() {
            return Ok(());
        }
        let mut output = Output::new(store.write(key)?);
        for row in self.run.refused() {
            output.write_error(&row)?;
        }
        output.finish(summary)
    }
}

/// Adds one target to the sectors, quarters and campaigns that it has data of.
fn count_segments(read: &TargetRead, segments: &mut BTreeMap<String, usize>) {
    let is_numbered = |label: &&str| {
        let mut letters = label.chars();
        letters.next().is_some_and(|c| matches!(c, 'S' | 'Q' | 'C'))
            && label.len() > 1
            && letters.all(|c| c.is_ascii_digit())
    };
    // A segment of one of several bands has the band behind its sector.
    let label = |label: &'_ str| label.split(' ').next().unwrap_or_default().to_string();
    let labels: BTreeSet<String> = read
        .target
        .iter()
        .flat_map(|t| &t.segments)
        .map(|s| label(&s.label))
        .filter(|l| is_numbered(&l.as_str()))
        .collect();
    for label in labels {
        *segments.entry(label).or_default() += 1;
    }
}
