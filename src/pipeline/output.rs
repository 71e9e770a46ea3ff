//! Outcomes of targets as rows of the result tables.

use std::path::{Path, PathBuf};

use super::error::RunError;
use super::prepare::ErrorRow;
use super::store::{PartSummary, PartWriter};
use super::target::{FitOutcome, TargetOutcome};
use super::vetting::{metric_list, write_vetting};
use crate::ephemeris::{Candidate, SingleTransit};
use crate::fit::{FitStatus, Sampled, TransitFit, quantities};
use crate::io::table::{
    CANDIDATES, Column, ERRORS, FITS, FittedQuantity, POSTERIORS, RowBuilder, SINGLE_TRANSITS, TARGETS, Table,
    TableError, TableRows, VETTING, candidates_columns, errors_columns, fits_columns, posteriors_columns,
    single_transits_columns, targets_columns, vetting_columns,
};

/// Every table of a run with its columns, in the order in which they are written.
///
/// Single transits have a table of their own because they have no period: in the table of candidates every reader of
/// `period` would meet nulls, and every count of candidates would change.
pub fn result_tables() -> Vec<(Table, Vec<Column>)> {
    let fitted: Vec<FittedQuantity> = quantities()
        .iter()
        .map(|q| FittedQuantity { name: q.name, unit: q.unit, description: q.description })
        .collect();
    vec![
        (CANDIDATES, candidates_columns()),
        (SINGLE_TRANSITS, single_transits_columns()),
        (TARGETS, targets_columns()),
        (VETTING, vetting_columns(&metric_list())),
        (FITS, fits_columns(&fitted)),
        (POSTERIORS, posteriors_columns(&fitted)),
        (ERRORS, errors_columns()),
    ]
}

/// Single transits go beside the candidates of a search: `NAME_single.parquet`.
pub fn singles_file(candidates: &Path) -> PathBuf {
    let stem = candidates.file_stem().map_or_else(|| "candidates".into(), |s| s.to_string_lossy().into_owned());
    candidates.with_file_name(format!("{stem}_single.parquet"))
}

/// Rows held before they go to the part; draws are by far the most.
const ROWS_HELD: usize = 8192;

/// The rows of one unit, on their way into its part. `run_id` stays null there: the same part may serve several runs.
pub struct Output {
    part: PartWriter,
    candidates: TableRows,
    singles: TableRows,
    targets: TableRows,
    vetting: TableRows,
    fits: TableRows,
    posteriors: TableRows,
    errors: TableRows,
}

impl Output {
    pub fn new(part: PartWriter) -> Self {
        let mut tables = result_tables().into_iter().map(|(table, columns)| TableRows::new(table, columns));
        let mut rows = |wanted: Table| {
            let rows = tables.next().filter(|rows| rows.table() == wanted);
            rows.unwrap_or_else(|| TableRows::new(wanted, Vec::new()))
        };
        Self {
            part,
            candidates: rows(CANDIDATES),
            singles: rows(SINGLE_TRANSITS),
            targets: rows(TARGETS),
            vetting: rows(VETTING),
            fits: rows(FITS),
            posteriors: rows(POSTERIORS),
            errors: rows(ERRORS),
        }
    }

    /// Hands the rows of every table that has at least so many to the part.
    fn flush(&mut self, at_least: usize) -> Result<(), RunError> {
        for rows in [
            &mut self.candidates,
            &mut self.singles,
            &mut self.targets,
            &mut self.vetting,
            &mut self.fits,
            &mut self.posteriors,
            &mut self.errors,
        ] {
            if rows.pending() < at_least {
                continue;
            }
            let name = rows.table().name;
            let batch = rows.take().map_err(|source| RunError::Part { path: name.into(), source })?;
            if let Some(batch) = batch {
                self.part.add(name, &batch)?;
            }
        }
        Ok(())
    }

    /// Writes what is left and puts the part in place.
    pub fn finish(mut self, summary: PartSummary) -> Result<(), RunError> {
        self.flush(1)?;
        self.part.finish(summary)
    }

    pub fn write(&mut self, outcome: &TargetOutcome) -> Result<(), RunError> {
        let offset = outcome.summary.as_ref().and_then(|s| s.time_offset);
        for candidate in &outcome.candidates {
            write_candidate(&mut self.candidates, &outcome.target_id, offset, candidate)?;
        }
        for single in &outcome.single_transits {
            write_single(&mut self.singles, &outcome.target_id, offset, single)?;
        }
        self.write_target(outcome)?;
        for (candidate, vetted) in outcome.candidates.iter().zip(&outcome.vetting.results) {
            let vetted = vetted.as_ref().map_err(ToString::to_string);
            let profile = &outcome.vetting.profile;
            write_vetting(&mut self.vetting, &outcome.target_id, candidate.number, profile, vetted, None)?;
        }
        for (candidate, fit) in outcome.candidates.iter().zip(&outcome.fits) {
            self.write_fit(outcome, candidate, fit)?;
            self.flush(ROWS_HELD)?;
        }
        outcome.errors.iter().try_for_each(|row| self.write_error(row))?;
        self.flush(ROWS_HELD)
    }

    pub fn write_error(&mut self, row: &ErrorRow) -> Result<(), TableError> {
        let mut out = self.errors.row();
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

    fn write_target(&mut self, outcome: &TargetOutcome) -> Result<(), TableError> {
        let row = self.targets.row().text("target_id", &outcome.target_id);
        let Some(s) = &outcome.summary else {
            let reason = outcome.errors.last().map_or("unknown", |e| e.reason.as_str());
            return row.text("status", "error").text("reason", reason).end();
        };
        let fitted = outcome.fits.iter().filter(|f| matches!(f, FitOutcome::Fitted(_))).count();
        row.text("status", "ok")
            .text("sources", s.sources.join("; "))
            .integer("n_segments", s.n_segments as i64)
            .integer("n_cadences_read", s.n_cadences_read as i64)
            .integer("n_cadences", s.n_cadences as i64)
            .integer("n_outliers", s.n_outliers as i64)
            .float("time_start", s.time_start)
            .float("time_end", s.time_end)
            .maybe_float("time_offset", s.time_offset)
            .float("cadence", s.cadence)
            .float("scatter", s.scatter)
            .float("flux_err", s.flux_err)
            .text("flux_err_origin", &s.flux_err_origin)
            .float("detrend_window", s.detrend_window)
            .integer("n_periods", s.n_periods as i64)
            .float("period_min", s.period_min)
            .float("period_max", s.period_max)
            .integer("n_candidates", outcome.candidates.len() as i64)
            .integer("n_single_transits", outcome.single_transits.len() as i64)
            .integer("n_fits", fitted as i64)
            .end()
    }

    fn write_fit(
        &mut self,
        outcome: &TargetOutcome,
        candidate: &Candidate,
        fit: &FitOutcome,
    ) -> Result<(), TableError> {
        let offset = outcome.summary.as_ref().and_then(|s| s.time_offset);
        let row = self
            .fits
            .row()
            .text("target_id", &outcome.target_id)
            .integer("candidate", i64::from(candidate.number))
            .maybe_float("time_offset", offset);
        match fit {
            FitOutcome::Skipped(reason) => row.text("status", "skipped").text("reason", reason).end(),
            FitOutcome::Failed(reason) => row.text("status", "failed").text("reason", reason).end(),
            FitOutcome::Fitted(fit) => {
                write_summary(row, candidate, fit)?;
                self.write_draws(outcome, candidate, fit)
            }
        }
    }
}

impl Output {
    fn write_draws(
        &mut self,
        outcome: &TargetOutcome,
        candidate: &Candidate,
        fit: &TransitFit,
    ) -> Result<(), TableError> {
        let draws = &fit.draws;
        for i in 0..draws.draw.len() {
            let mut row = self
                .posteriors
                .row()
                .text("target_id", &outcome.target_id)
                .integer("candidate", i64::from(candidate.number))
                .integer("chain", i64::from(draws.chain[i]))
                .integer("draw", i64::from(draws.draw[i]))
                .float("log_posterior", draws.ln_posterior[i]);
            for (name, column) in draws.names.iter().zip(&draws.columns) {
                row = row.float(name, column[i]);
            }
            row.end()?;
        }
        Ok(())
    }
}

fn write_summary(row: RowBuilder, candidate: &Candidate, fit: &TransitFit) -> Result<(), TableError> {
    let (status, reason) = match &fit.status {
        FitStatus::Converged => ("converged", None),
        FitStatus::NotConverged { reason, .. } => ("not_converged", Some(reason)),
    };
    let d = &fit.diagnostics;
    let least = |values: &[f64]| values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = |values: &[f64]| values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut row = row
        .text("status", status)
        .integer("n_points", fit.n_points as i64)
        .integer("n_transits", candidate.n_transits as i64)
        .float("chi2", fit.chi2)
        .text("sampler", fit.sampler.name())
        .integer("n_steps", (d.steps - d.burn_in) as i64)
        .integer("n_draws", fit.draws.draw.len() as i64)
        .float("acceptance", d.acceptance)
        .float("autocorrelation_time", most(&d.tau))
        .float("ess_bulk", least(&d.ess_bulk))
        .float("ess_tail", least(&d.ess_tail))
        .float("r_hat", most(&d.r_hat));
    if let Some(reason) = reason {
        row = row.text("reason", reason);
    }
    if let Sampled::Importance { pareto_k, ln_evidence, ln_evidence_err } = fit.sampler {
        row =
            row.float("pareto_k", pareto_k).float("ln_evidence", ln_evidence).float("ln_evidence_err", ln_evidence_err);
    }
    for s in fit.sampled.iter().chain(&fit.derived) {
        let at = |suffix: &str| format!("{}{suffix}", s.name);
        row = row
            .float(&s.name, s.median)
            .float(&at("_lower_68"), s.lower_68)
            .float(&at("_upper_68"), s.upper_68)
            .float(&at("_lower_95"), s.lower_95)
            .float(&at("_upper_95"), s.upper_95)
            .float(&at("_map"), s.map);
    }
    row.end()
}

fn write_candidate(
    table: &mut TableRows,
    target_id: &str,
    time_offset: Option<f64>,
    c: &Candidate,
) -> Result<(), TableError> {
    let mut row = table
        .row()
        .text("target_id", target_id)
        .integer("candidate", i64::from(c.number))
        .text("status", "ok")
        .float("period", c.ephemeris.period)
        .float("period_err", c.period_err)
        .float("transit_time", c.ephemeris.transit_time)
        .float("transit_time_err", c.transit_time_err)
        .maybe_float("time_offset", time_offset)
        .float("duration", c.duration)
        .float("duration_err", c.duration_err)
        .float("depth", c.depth)
        .float("depth_err", c.depth_err)
        .float("snr", c.snr)
        .float("snr_red", c.snr_red)
        .float("delta_chi2", c.delta_chi2)
        .float("sde", c.sde)
        .float("fap", c.fap)
        .integer("n_transits", c.n_transits as i64)
        .float("depth_odd", c.depth_odd)
        .float("depth_odd_err", c.depth_odd_err)
        .float("depth_even", c.depth_even)
        .float("depth_even_err", c.depth_even_err)
        .floats("allowed_periods", c.allowed_periods.iter().copied())
        .integers("transit_epochs", c.transits.iter().map(|t| t.epoch))
        .floats("transit_times", c.transits.iter().map(|t| t.time))
        .floats("transit_depths", c.transits.iter().map(|t| t.depth))
        .floats("transit_depth_errs", c.transits.iter().map(|t| t.depth_err))
        .floats("transit_snrs", c.transits.iter().map(|t| t.snr));
    if let Some(h) = c.harmonic_of {
        row = row
            .integer("harmonic_of", i64::from(h.candidate))
            .float("harmonic_ratio", f64::from(h.ratio.0) / f64::from(h.ratio.1));
    }
    row.end()
}

fn write_single(
    table: &mut TableRows,
    target_id: &str,
    time_offset: Option<f64>,
    s: &SingleTransit,
) -> Result<(), TableError> {
    table
        .row()
        .text("target_id", target_id)
        .integer("single_transit", i64::from(s.number))
        .text("status", "ok")
        .float("transit_time", s.transit_time)
        .float("transit_time_err", s.transit_time_err)
        .maybe_float("time_offset", time_offset)
        .float("duration", s.duration)
        .float("duration_err", s.duration_err)
        .float("depth", s.depth)
        .float("depth_err", s.depth_err)
        .float("snr", s.snr)
        .float("snr_red", s.snr_red)
        .integer("n_cadences", s.n_cadences as i64)
        .float("period_min", s.period_min)
        .float("period_central", s.period_central)
        .float("period_central_err", s.period_central_err)
        .end()
}
