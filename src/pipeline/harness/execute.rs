//! Trials of all targets, unit by unit, and the tables and figures that come of them.

use std::io::Write as _;
use std::path::Path;

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::baseline::{Baseline, Job};
use super::figures::write_figures;
use super::rows::{metrics, write_completeness, write_features, write_reliability, write_trial};
use super::totals::{CompletenessRow, ReliabilityRow, Totals};
use super::trial::{NotSearched, Trial, TrialKind};
use crate::inject::InjectConfig;
use crate::io::read::{OpenFiles, TargetRead, Unit, read_targets};
use crate::io::table::{
    COMPLETENESS, ERRORS, FEATURES, RELIABILITY, TRIALS, TableError, TableWriter, completeness_columns, errors_columns,
    features_columns, metric_columns, reliability_columns, trials_columns,
};
use crate::pipeline::engine::or_on_panic;
use crate::pipeline::error::RunError;
use crate::pipeline::manifest::{Counts, hex, write_whole};
use crate::pipeline::prepare::ErrorRow;
use crate::pipeline::progress::{Live, Progress};
use crate::pipeline::run::Run;
use crate::vet::Calibration;

/// What the trials of a collection came to.
#[derive(Clone, Debug, Default)]
pub struct InjectSummary {
    pub run_id: String,
    pub targets: usize,
    pub targets_failed: usize,
    /// Light curves that were to be searched, as they are or changed.
    pub trials: usize,
    pub trials_skipped: usize,
    pub trials_failed: usize,
    pub candidates: usize,
    pub error_rows: usize,
    pub completeness: Vec<CompletenessRow>,
    pub reliability: Vec<ReliabilityRow>,
    /// None where there were too few planets or false alarms to tell.
    pub calibration: Option<Calibration>,
}

impl InjectSummary {
    fn count(&mut self, trial: &Trial) {
        self.trials += 1;
        match &trial.outcome {
            Ok(examined) => self.candidates += examined.candidates.len(),
            Err(NotSearched::Skipped(_)) => self.trials_skipped += 1,
            Err(NotSearched::Failed(_)) => self.trials_failed += 1,
        }
    }
}

/// The tables that grow with every target.
struct Tables {
    trials: TableWriter,
    features: TableWriter,
    errors: TableWriter,
}

impl Tables {
    fn create(out: &Path) -> Result<Self, TableError> {
        Ok(Self {
            trials: TableWriter::create(out, TRIALS, trials_columns())?,
            features: TableWriter::create(out, FEATURES, features_columns(metric_columns(&metrics())))?,
            errors: TableWriter::create(out, ERRORS, errors_columns())?,
        })
    }

    fn write(&mut self, run_id: &str, trial: &Trial) -> Result<(), TableError> {
        write_trial(&mut self.trials, run_id, trial)?;
        write_features(&mut self.features, run_id, trial)
    }

    fn write_error(&mut self, run_id: &str, row: &ErrorRow) -> Result<(), TableError> {
        let mut out = self.errors.row().text("run_id", run_id);
        if let Some(target_id) = &row.target_id {
            out = out.text("target_id", target_id);
        }
        out.text("status", if row.left_out { "left_out" } else { "error" })
            .text("source", &row.source)
            .text("stage", row.stage)
            .text("kind", &row.kind)
            .text("reason", &row.reason)
            .end()
    }

    fn finish(self) -> Result<(), TableError> {
        self.trials.finish()?;
        self.features.finish()?;
        self.errors.finish()?;
        Ok(())
    }
}

/// A target that was searched as it is, or the id of one that could not be; with rows for the error table.
type Begun<'a> = (Result<Baseline<'a>, String>, Vec<ErrorRow>);

/// Takes every target of `run` through its trials on so many threads (0 for one a core), and writes tables, figures and
/// manifest into `out`. The files depend on inputs, settings and seed alone. In memory are the light curves of one unit of work at a
/// time, and some 60 bytes an injection.
pub fn run_injections(
    run: &Run,
    inject: &InjectConfig,
    out: &Path,
    threads: usize,
    progress: &dyn Progress,
) -> Result<InjectSummary, RunError> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().map_err(RunError::Threads)?;
    std::fs::create_dir_all(out).map_err(|source| RunError::Output { path: out.to_path_buf(), source })?;
    let mut summary = InjectSummary { run_id: run_id(run, inject), ..InjectSummary::default() };
    let run_id = summary.run_id.clone();
    let mut tables = Tables::create(out)?;
    let mut totals = Totals::default();
    for row in run.refused() {
        tables.write_error(&run_id, &row)?;
        summary.error_rows += 1;
    }
    let live = Live::new(run.n_targets());
    let open = OpenFiles::default();
    for unit in &run.plan.units {
        let read = read(run, unit, &open)?;
        let begun: Vec<Begun> =
            pool.install(|| read.into_par_iter().map(|(id, read)| begin(&id, read, run, inject)).collect());
        let jobs: Vec<(usize, &Baseline, Job)> = begun
            .iter()
            .enumerate()
            .filter_map(|(i, (baseline, _))| Some((i, baseline.as_ref().ok()?)))
            .flat_map(|(i, baseline)| baseline.jobs().into_iter().map(move |job| (i, baseline, job)))
            .collect();
        let carry_out = |(i, baseline, job): &(usize, &Baseline, Job)| {
            (*i, or_on_panic(|| baseline.run(job), |message| baseline.lost(job, message)))
        };
        let trials: Vec<(usize, Trial)> = pool.install(|| jobs.par_iter().map(carry_out).collect());
        let mut trials = trials.into_iter().peekable();
        for (i, (baseline, errors)) in begun.iter().enumerate() {
            let mut counts = Counts { targets: 1, error_rows: errors.len(), ..Counts::default() };
            for row in errors {
                tables.write_error(&run_id, row)?;
            }
            let mut keep = |trial: &Trial| -> Result<(), TableError> {
                summary.count(trial);
                totals.add(trial);
                counts.candidates += trial.outcome.as_ref().map_or(0, |e| e.candidates.len());
                tables.write(&run_id, trial)
            };
            match baseline {
                Ok(baseline) => keep(&baseline.observed)?,
                Err(target_id) => {
                    let reason = errors.last().map_or_else(|| "unknown".into(), |row| row.reason.clone());
                    let failed = Err(NotSearched::Failed(reason));
                    keep(&Trial::new(target_id, TrialKind::Observed, 1, failed))?;
                }
            }
            while let Some((_, trial)) = trials.next_if(|t| t.0 == i) {
                keep(&trial)?;
            }
            counts.targets_failed = usize::from(baseline.is_err());
            summary.targets += 1;
            summary.targets_failed += counts.targets_failed;
            summary.error_rows += errors.len();
            live.add(&counts);
        }
        progress.update(&live.tally());
    }
    progress.finished(&live.tally());
    tables.finish()?;
    summary.completeness = totals.completeness(inject);
    summary.reliability = totals.reliability(inject);
    summary.calibration = totals.calibration(inject);
    write_cells(&summary, out)?;
    write_calibration(&summary, out)?;
    write_figures(&totals, &summary, inject, out)?;
    write_manifest(run, inject, &summary, out)?;
    Ok(summary)
}

fn read(run: &Run, unit: &Unit, open: &OpenFiles) -> Result<Vec<(String, TargetRead)>, RunError> {
    let targets = run.plan.targets_of(unit).map_err(RunError::Scratch)?;
    let read = read_targets(&targets, &run.config.read, open);
    Ok(targets.into_iter().map(|t| t.target_id).zip(read).collect())
}

fn begin<'a>(target_id: &str, read: TargetRead, run: &'a Run, inject: &'a InjectConfig) -> Begun<'a> {
    let mut errors: Vec<ErrorRow> = read.errors.iter().map(ErrorRow::from).collect();
    let Some(raw) = read.target else { return (Err(target_id.to_string()), errors) };
    let source = raw.segments.first().map(|s| s.source.clone()).unwrap_or_default();
    let panicked = |message: String| {
        let row = ErrorRow {
            target_id: Some(target_id.to_string()),
            source,
            stage: "search",
            kind: "panic".into(),
            reason: format!("internal error: {message}"),
            left_out: false,
        };
        (Err(row), Vec::new())
    };
    let work = || {
        let mut left_out = Vec::new();
        (Baseline::new(raw, run.config, inject, &mut left_out), left_out)
    };
    let (baseline, left_out) = or_on_panic(work, panicked);
    errors.extend(left_out);
    match baseline {
        Ok(baseline) => (Ok(baseline), errors),
        Err(row) => {
            errors.push(row);
            (Err(target_id.to_string()), errors)
        }
    }
}

/// As [`manifest::run_id`](crate::pipeline::manifest::run_id), of the settings of the trials too.
fn run_id(run: &Run, inject: &InjectConfig) -> String {
    let mut hash = Sha256::new();
    hash.update(&run.run_id);
    hash.update(format!("{inject:?}"));
    hex(&hash.finalize()[..6])
}

fn write_cells(summary: &InjectSummary, out: &Path) -> Result<(), TableError> {
    let mut table = TableWriter::create(out, COMPLETENESS, completeness_columns())?;
    for row in &summary.completeness {
        write_completeness(&mut table, &summary.run_id, row)?;
    }
    table.finish()?;
    let mut table = TableWriter::create(out, RELIABILITY, reliability_columns())?;
    for row in &summary.reliability {
        write_reliability(&mut table, &summary.run_id, row)?;
    }
    table.finish().map(|_| ())
}

/// A configuration for `antumbra run` that holds the calibration; takes away that of an earlier run if there is none now.
fn write_calibration(summary: &InjectSummary, out: &Path) -> Result<(), RunError> {
    let path = out.join("calibration.toml");
    let failed = |source| RunError::Output { path: path.clone(), source };
    let Some(Calibration { intercept, score, ln_snr }) = summary.calibration else {
        return match std::fs::remove_file(&path) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(failed(e)),
            _ => Ok(()),
        };
    };
    let write = |file: &mut std::io::BufWriter<std::fs::File>| {
        writeln!(
            file,
            "# Probability that a candidate is no false alarm, by `antumbra inject`, run {}:\n\
             # ln p / (1 - p) = intercept + score * (score) + ln_snr * ln(mes_red)\n\
             [vet.calibration]\nintercept = {intercept:?}\nscore = {score:?}\nln_snr = {ln_snr:?}",
            summary.run_id
        )
    };
    write_whole(&path, write).map_err(failed)
}

fn write_manifest(run: &Run, inject: &InjectConfig, summary: &InjectSummary, out: &Path) -> Result<(), RunError> {
    let manifest = serde_json::json!({
        "antumbra_version": env!("CARGO_PKG_VERSION"),
        "command": "inject",
        "run_id": summary.run_id,
        "seed": run.config.seed,
        "config": run.config,
        "inject": inject,
        "inputs": run.inputs,
        "counts": {
            "targets": summary.targets,
            "targets_failed": summary.targets_failed,
            "trials": summary.trials,
            "trials_skipped": summary.trials_skipped,
            "trials_failed": summary.trials_failed,
            "candidates": summary.candidates,
            "error_rows": summary.error_rows,
        },
    });
    let path = out.join("manifest.json");
    let write = |file: &mut std::io::BufWriter<std::fs::File>| {
        serde_json::to_writer_pretty(&mut *file, &manifest)?;
        file.write_all(b"\n")
    };
    write_whole(&path, write).map_err(|source| RunError::Output { path, source })
}
