//! Plain box least squares of many targets: the highest peak of each, and its periodogram where asked for.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::config::RunConfig;
use super::engine::{Delivery, or_on_panic, process};
use super::error::RunError;
use super::manifest::Counts;
use super::prepare::{ErrorRow, Prepared};
use super::progress::{Live, Progress};
use super::run::{Execution, Run};
use crate::io::read::{OpenFiles, TargetRead, Unit, read_targets};
use crate::io::table::{BLS, PERIODOGRAM, RowBuilder, TableError, TableWriter, bls_columns, periodogram_columns};
use crate::lightcurve::Detrended;
use crate::search::{BlsBox, PeriodGrid, SearchError, bls};

/// What the power of a periodogram is. The best box is the same: Δχ²/2 = (S/N)²/2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlsObjective {
    /// Log likelihood of the box over that of a constant flux, Δχ²/2.
    Likelihood,
    /// Depth over its error.
    Snr,
}

impl BlsObjective {
    fn name(self) -> &'static str {
        match self {
            Self::Likelihood => "likelihood",
            Self::Snr => "snr",
        }
    }
}

/// What to compute for every target.
#[derive(Clone, Debug, PartialEq)]
pub struct BlsRequest {
    pub periods: PeriodGrid,
    /// Trial durations (days).
    pub durations: Vec<f64>,
    /// Phase bins in the shortest duration.
    pub oversample: usize,
    pub objective: BlsObjective,
}

impl BlsRequest {
    /// Refuses what is wrong for any light curve.
    pub fn validate(&self) -> Result<(), SearchError> {
        // A light curve long enough for an automatic grid: whether a real one is, is its own matter.
        let baseline = 10.0 * self.durations.iter().copied().fold(1.0, f64::max);
        let bad = self.durations.iter().position(|d| !(d.is_finite() && *d > 0.0));
        if bad.is_some() || self.durations.is_empty() {
            return Err(SearchError::Grid { column: "durations", entry: bad.unwrap_or(0) });
        }
        if self.oversample == 0 {
            return Err(SearchError::Config { setting: "oversample", value: 0.0, reason: "must be at least 1" });
        }
        self.periods.periods(baseline, &self.durations).map(|_| ())
    }
}

/// Objective of a box.
pub fn power(found: &BlsBox, objective: BlsObjective) -> f64 {
    match objective {
        BlsObjective::Likelihood => log_likelihood(found),
        BlsObjective::Snr => found.statistic.snr,
    }
}

fn log_likelihood(found: &BlsBox) -> f64 {
    0.5 * found.statistic.delta_chi2
}

/// The periodogram of one target.
#[derive(Clone, Debug, PartialEq)]
pub struct BlsPeak {
    pub time_offset: Option<f64>,
    pub periods: Vec<f64>,
    /// The best box at each of `periods`; `None` where no box holds data.
    pub boxes: Vec<Option<BlsBox>>,
}

impl BlsPeak {
    /// The box of the highest S/N, which has the highest likelihood; of equals the first.
    pub fn best(&self) -> Option<&BlsBox> {
        let mut best: Option<&BlsBox> = None;
        for found in self.boxes.iter().flatten() {
            if best.is_none_or(|b| found.statistic.snr > b.statistic.snr) {
                best = Some(found);
            }
        }
        best
    }
}

/// What became of one target.
#[derive(Clone, Debug, PartialEq)]
pub struct BlsOutcome {
    pub target_id: String,
    /// Unset where the target could not be used; the last of `errors` is the reason.
    pub periodogram: Option<BlsPeak>,
    pub errors: Vec<ErrorRow>,
}

impl Run<'_> {
    /// Plain box least squares of every target: one row a target into `file`, and whole periodograms as
    /// `periodograms/TARGET.parquet`. `each` sees every outcome in the order of the targets.
    pub fn bls_to(
        &self,
        file: &Path,
        request: &BlsRequest,
        periodograms: Option<&Path>,
        execution: &Execution,
        progress: &dyn Progress,
        mut each: impl FnMut(&BlsOutcome),
    ) -> Result<(), RunError> {
        if let Some(dir) = periodograms {
            std::fs::create_dir_all(dir).map_err(|source| RunError::Output { path: dir.to_path_buf(), source })?;
        }
        let mut table = TableWriter::create_file(file.to_path_buf(), BLS, bls_columns())?;
        let mut names = BTreeSet::new();
        let live = Live::new(self.n_targets());
        live.add(&Counts { error_rows: self.plan.errors.len(), ..Counts::default() });
        let open = OpenFiles::default();
        let read = |unit: &Unit| -> Result<Vec<(String, TargetRead)>, RunError> {
            let targets = self.plan.targets_of(unit).map_err(RunError::Scratch)?;
            let read = read_targets(&targets, &self.config.read, &open);
            Ok(targets.into_iter().map(|t| t.target_id).zip(read).collect())
        };
        let work = |_: &Unit, read: Result<Vec<(String, TargetRead)>, RunError>| -> Result<Vec<BlsOutcome>, RunError> {
            let one = |(target_id, read): (String, TargetRead)| {
                or_on_panic(|| periodogram(&target_id, read, self.config, request), |m| panicked(&target_id, m))
            };
            Ok(read?.into_iter().map(one).collect())
        };
        let units = &self.plan.units;
        process(
            execution.threads(),
            units,
            Delivery::InOrder,
            read,
            work,
            |outcomes| outcomes,
            |outcomes| {
                for outcome in outcomes.transpose()?.into_iter().flatten() {
                    write_peak(&mut table, &self.run_id, request.objective, &outcome)?;
                    if let (Some(dir), Some(found)) = (periodograms, &outcome.periodogram) {
                        let path = file_of(dir, &outcome.target_id, &mut names);
                        write_periodogram(path, &self.run_id, request.objective, &outcome.target_id, found)?;
                    }
                    live.add(&Counts { targets: 1, error_rows: outcome.errors.len(), ..Counts::default() });
                    each(&outcome);
                }
                progress.update(&live.tally());
                Ok::<(), RunError>(())
            },
        )?;
        progress.finished(&live.tally());
        table.finish()?;
        Ok(())
    }
}

fn periodogram(target_id: &str, read: TargetRead, config: &RunConfig, request: &BlsRequest) -> BlsOutcome {
    let mut errors: Vec<ErrorRow> = read.errors.iter().map(ErrorRow::from).collect();
    let Some(raw) = read.target else {
        return BlsOutcome { target_id: target_id.to_string(), periodogram: None, errors };
    };
    let target_id = raw.target_id.clone();
    // The window of the detrending must leave the durations asked for alone.
    let longest = request.durations.iter().copied().fold(0.0, f64::max);
    let prepared = Prepared::new(&raw, config, &mut errors).and_then(|(prepared, report)| {
        let least = config.detrend.window_durations * longest;
        if config.detrend.window.is_some() || prepared.window >= least {
            return Ok((prepared, report));
        }
        let mut wider = config.clone();
        wider.detrend.window = Some(least);
        Prepared::new(&raw, &wider, &mut Vec::new())
    });
    let flat = match prepared {
        Ok((prepared, _)) => prepared.detrended,
        Err(row) => {
            errors.push(row);
            return BlsOutcome { target_id, periodogram: None, errors };
        }
    };
    let periodogram = match boxes(&flat, request) {
        Ok(found) => Some(found),
        Err(e) => {
            errors.push(ErrorRow {
                target_id: Some(target_id.clone()),
                source: raw.segments.first().map(|s| s.source.clone()).unwrap_or_default(),
                stage: "search",
                kind: "search".to_string(),
                reason: e.to_string(),
                left_out: false,
            });
            None
        }
    };
    BlsOutcome { target_id, periodogram, errors }
}

fn boxes(flat: &Detrended, request: &BlsRequest) -> Result<BlsPeak, SearchError> {
    let periods = request.periods.periods(flat.baseline(), &request.durations)?;
    let boxes = bls(flat.time(), flat.flux(), flat.flux_err(), &periods, &request.durations, request.oversample)?;
    Ok(BlsPeak { time_offset: flat.time_system().offset(), periods, boxes })
}

fn panicked(target_id: &str, message: String) -> BlsOutcome {
    let row = ErrorRow {
        target_id: Some(target_id.to_string()),
        source: target_id.to_string(),
        stage: "search",
        kind: "panic".to_string(),
        reason: format!("internal error: {message}"),
        left_out: false,
    };
    BlsOutcome { target_id: target_id.to_string(), periodogram: None, errors: vec![row] }
}

fn write_peak(
    table: &mut TableWriter,
    run_id: &str,
    objective: BlsObjective,
    outcome: &BlsOutcome,
) -> Result<(), TableError> {
    let row = table.row().text("run_id", run_id).text("target_id", &outcome.target_id);
    let Some(found) = &outcome.periodogram else {
        let reason = outcome.errors.last().map_or("unknown", |e| e.reason.as_str());
        return row.text("status", "error").text("reason", reason).end();
    };
    let row = row.text("objective", objective.name()).integer("n_periods", found.periods.len() as i64);
    match found.best() {
        Some(best) => write_box(row.text("status", "ok"), best, found.time_offset, objective).end(),
        None => row.text("status", "no_box").text("reason", "no box holds data at any trial period").end(),
    }
}

fn write_periodogram(
    path: PathBuf,
    run_id: &str,
    objective: BlsObjective,
    target_id: &str,
    found: &BlsPeak,
) -> Result<(), TableError> {
    let mut table = TableWriter::create_file(path, PERIODOGRAM, periodogram_columns())?;
    for (period, best) in found.periods.iter().zip(&found.boxes) {
        let row = table.row().text("run_id", run_id).text("target_id", target_id);
        match best {
            Some(b) => write_box(row.text("status", "ok"), b, found.time_offset, objective).end()?,
            None => row.text("status", "no_box").float("period", *period).end()?,
        }
    }
    table.finish()?;
    Ok(())
}

fn write_box<'a>(
    row: RowBuilder<'a>,
    found: &BlsBox,
    time_offset: Option<f64>,
    objective: BlsObjective,
) -> RowBuilder<'a> {
    row.float("period", found.period)
        .float("power", power(found, objective))
        .float("depth", found.statistic.depth)
        .float("depth_err", found.statistic.depth_err)
        .float("snr", found.statistic.snr)
        .float("duration", found.duration)
        .float("transit_time", found.transit_time)
        .maybe_float("time_offset", time_offset)
        .float("log_likelihood", log_likelihood(found))
}

/// A file for a target in `dir`: letters, digits, dots and dashes of its id, numbered where two targets would share it.
fn file_of(dir: &Path, target_id: &str, taken: &mut BTreeSet<String>) -> PathBuf {
    let allowed = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '.') { c } else { '_' };
    let name: String = target_id.chars().map(allowed).collect();
    let name = if name.trim_matches('.').is_empty() { "target".to_string() } else { name };
    let mut unique = name.clone();
    let mut number = 2;
    // Not all file systems tell capitals apart.
    while !taken.insert(unique.to_lowercase()) {
        unique = format!("{name}_{number}");
        number += 1;
    }
    dir.join(format!("{unique}.parquet"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_names_of_their_own() {
        let mut taken = BTreeSet::new();
        let mut name = |id: &str| file_of(Path::new("d"), id, &mut taken).display().to_string();
        assert_eq!(name("TIC 1"), "d/TIC_1.parquet");
        assert_eq!(name("TIC/1"), "d/TIC_1_2.parquet");
        assert_eq!(name("tic_1"), "d/tic_1_3.parquet");
        assert_eq!(name(".."), "d/target.parquet");
    }
}
