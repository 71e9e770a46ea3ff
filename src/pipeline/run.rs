//! A whole run: scan the inputs, take every target through all steps, write the tables and the manifest.

use std::path::Path;
use std::time::Instant;

use super::config::RunConfig;
use super::engine::process_in_order;
use super::error::RunError;
use super::manifest::{Counts, Input, Manifest, Timings, run_id};
use super::output::{Output, SearchTables, singles_file};
use super::prepare::ErrorRow;
use super::target::{FitOutcome, Steps, TargetOutcome, process_target};
use crate::io::read::{Scan, scan};

/// Running totals, for whoever shows progress.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    pub targets: usize,
    pub candidates: usize,
    pub fits: usize,
    pub errors: usize,
}

/// Told after each target, in the order of the targets.
pub trait Progress {
    fn target_done(&self, tally: &Tally);
    fn finished(&self, tally: &Tally);
}

/// Shows nothing.
pub struct NoProgress;

impl Progress for NoProgress {
    fn target_done(&self, _: &Tally) {}
    fn finished(&self, _: &Tally) {}
}

/// What a run came to.
#[derive(Clone, Debug)]
pub struct RunSummary {
    pub run_id: String,
    pub counts: Counts,
    pub timings: Timings,
}

/// Inputs found, and what is to be done with them.
pub struct Run<'a> {
    pub(super) config: &'a RunConfig,
    pub(super) scan: Scan,
    inputs: Vec<Input>,
    pub(super) run_id: String,
    scan_s: f64,
}

impl<'a> Run<'a> {
    /// Finds the targets in `inputs` (files, directories, globs).
    pub fn new(inputs: &[String], config: &'a RunConfig) -> Self {
        let start = Instant::now();
        let scan = scan(inputs, &config.read);
        let inputs: Vec<Input> = scan
            .files
            .iter()
            .map(|f| Input { path: f.path.display().to_string(), bytes: f.bytes, sha256: f.sha256.clone() })
            .collect();
        let run_id = run_id(config, &inputs);
        Self { config, scan, inputs, run_id, scan_s: start.elapsed().as_secs_f64() }
    }

    /// Number of targets found.
    pub fn n_targets(&self) -> usize {
        self.scan.targets.len()
    }

    /// Inputs that were refused before any target was read.
    pub fn refused(&self) -> impl Iterator<Item = ErrorRow> + '_ {
        self.scan.errors.iter().map(ErrorRow::from)
    }

    /// The main job: `steps` for every target, all tables into the directory `out`. `each` sees every outcome in the order
    /// of the targets.
    pub fn execute(
        &self,
        steps: Steps,
        out: &Path,
        pool: &rayon::ThreadPool,
        progress: &dyn Progress,
        mut each: impl FnMut(&TargetOutcome),
    ) -> Result<RunSummary, RunError> {
        let start = Instant::now();
        let mut output = Output::create(out, &self.run_id)?;
        let mut counts = Counts { files: self.inputs.len(), targets: self.n_targets(), ..Counts::default() };
        let mut timings = Timings { scan_s: self.scan_s, ..Timings::default() };
        for row in self.refused() {
            counts.files_refused += usize::from(!row.left_out);
            counts.error_rows += 1;
            output.write_error(&row)?;
        }
        self.process(pool, steps, progress, |outcome| {
            count(&mut counts, outcome);
            timings.add_steps(&outcome.timings);
            output.write(outcome)?;
            each(outcome);
            Ok(())
        })?;
        output.finish()?;
        if !counts.add_up() {
            return Err(RunError::Counts { counts: Box::new(counts) });
        }
        timings.wall_s = self.scan_s + start.elapsed().as_secs_f64();
        let manifest = Manifest {
            antumbra_version: env!("CARGO_PKG_VERSION"),
            command: match steps {
                Steps::Search => "search",
                Steps::SearchAndFit => "run",
                Steps::FitKnown(_) => "fit",
            },
            run_id: &self.run_id,
            seed: self.config.seed,
            threads: pool.current_num_threads(),
            config: self.config,
            inputs: &self.inputs,
            counts,
            timings,
        };
        manifest.write(out).map_err(|source| RunError::Output { path: out.join("manifest.json"), source })?;
        Ok(RunSummary { run_id: self.run_id.clone(), counts, timings })
    }

    /// Search alone, the candidates into one Parquet file and the single transits into `NAME_single.parquet` beside it. Error rows go to `each`.
    pub fn search_to(
        &self,
        file: &Path,
        pool: &rayon::ThreadPool,
        progress: &dyn Progress,
        mut each: impl FnMut(&TargetOutcome),
    ) -> Result<Counts, RunError> {
        let mut tables = SearchTables::create(file, &singles_file(file), &self.run_id)?;
        let mut counts = Counts { files: self.inputs.len(), targets: self.n_targets(), ..Counts::default() };
        counts.error_rows = self.scan.errors.len();
        self.process(pool, Steps::Search, progress, |outcome| {
            count(&mut counts, outcome);
            tables.write(outcome)?;
            each(outcome);
            Ok(())
        })?;
        tables.finish()?;
        Ok(counts)
    }

    fn process(
        &self,
        pool: &rayon::ThreadPool,
        steps: Steps,
        progress: &dyn Progress,
        mut sink: impl FnMut(&TargetOutcome) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        let mut tally = Tally { errors: self.scan.errors.len(), ..Tally::default() };
        let work = |target: &_| process_target(target, self.config, steps);
        process_in_order(pool, &self.scan.targets, work, TargetOutcome::panicked, |outcome| {
            tally.targets += 1;
            tally.candidates += outcome.candidates.len();
            tally.fits += outcome.fits.iter().filter(|f| matches!(f, FitOutcome::Fitted(_))).count();
            tally.errors += outcome.errors.len();
            sink(&outcome)?;
            progress.target_done(&tally);
            Ok::<(), RunError>(())
        })?;
        progress.finished(&tally);
        Ok(())
    }
}

fn count(counts: &mut Counts, outcome: &TargetOutcome) {
    match outcome.summary {
        Some(_) => counts.targets_searched += 1,
        None => counts.targets_failed += 1,
    }
    counts.candidates += outcome.candidates.len();
    counts.single_transits += outcome.single_transits.len();
    counts.error_rows += outcome.errors.len();
    for fit in &outcome.fits {
        match fit {
            FitOutcome::Fitted(fit) if fit.is_converged() => counts.fits_converged += 1,
            FitOutcome::Fitted(_) => counts.fits_not_converged += 1,
            FitOutcome::Skipped(_) => counts.fits_skipped += 1,
            FitOutcome::Failed(_) => counts.fits_failed += 1,
        }
    }
}
