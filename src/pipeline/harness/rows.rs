//! Trials, candidates and cells as rows of tables.

use super::totals::{CompletenessRow, ReliabilityRow};
use super::trial::{Injected, NotSearched, Trial};
use crate::inject::reliability::{Dispositions, Estimate};
use crate::inject::{Proportion, SIGMAS};
use crate::io::table::{MetricColumn, RowBuilder, TableError, TableWriter};
use crate::pipeline::vetting::{RUN_METRICS, metric_list};

/// Metrics of a candidate; those that only a whole run can tell do not exist here.
pub fn metrics() -> Vec<MetricColumn> {
    metric_list().into_iter().filter(|m| !RUN_METRICS.contains(&m.name)).collect()
}

/// One light curve.
pub fn write_trial(table: &mut TableWriter, run_id: &str, trial: &Trial) -> Result<(), TableError> {
    let mut row = table
        .row()
        .text("run_id", run_id)
        .text("target_id", &trial.target_id)
        .text("kind", trial.kind.name())
        .integer("trial", i64::from(trial.number))
        .maybe_float("time_offset", trial.time_offset);
    row = match &trial.outcome {
        Ok(examined) => {
            let passed: usize = examined.independent().map(|(_, _, d)| d.passed).sum();
            row.text("status", "ok")
                .integer("n_candidates", examined.candidates.len() as i64)
                .integer("n_passed", passed as i64)
        }
        Err(NotSearched::Skipped(reason)) => row.text("status", "skipped").text("reason", reason),
        Err(NotSearched::Failed(reason)) => row.text("status", "error").text("reason", reason),
    };
    if let Some(injected) = &trial.injected {
        row = fill_planet(row, injected);
        row = match injected.found {
            Err(missed) => {
                row.boolean("recovered", false).boolean("passed", false).text("missed_because", missed.name())
            }
            Ok(found) => {
                let mut row = row.boolean("recovered", true);
                row = row.float("period_ratio", f64::from(found.ratio[0]) / f64::from(found.ratio[1]));
                if let Ok(examined) = &trial.outcome {
                    row = row.boolean("passed", examined.is_passed(found.index));
                    row = row.integer("candidate", i64::from(examined.candidates[found.index].number));
                    if let Some(disposition) = examined.disposition(found.index) {
                        row = row.text("disposition", disposition.name());
                    }
                }
                row
            }
        };
    }
    if !trial.order.is_empty() {
        row = row.integers("order", trial.order.iter().map(|i| *i as i64));
    }
    row.end()
}

fn fill_planet<'a>(row: RowBuilder<'a>, injected: &Injected) -> RowBuilder<'a> {
    let planet = &injected.planet;
    let e = planet.elements();
    row.float("period", e.period)
        .float("transit_time", e.transit_time)
        .float("duration", planet.shape.duration())
        .float("depth", planet.shape.depth())
        .float("rp_rs", planet.shape.rp_rs())
        .float("radius_rearth", planet.radius_rearth)
        .float("impact_parameter", e.impact_parameter)
        .float("a_rs", e.a_rs)
        .float("rho_star", planet.rho_star)
        .float("q1", planet.q1)
        .float("q2", planet.q2)
        .float("snr_white", planet.snr_white)
        .float("snr_expected", planet.snr_expected)
        .integer("n_transits", planet.n_transits as i64)
        .boolean("searchable", injected.is_searchable)
}

/// All candidates of a light curve.
pub fn write_features(table: &mut TableWriter, run_id: &str, trial: &Trial) -> Result<(), TableError> {
    let Ok(examined) = &trial.outcome else { return Ok(()) };
    let metrics = metrics();
    for (i, candidate) in examined.candidates.iter().enumerate() {
        let mut row = table
            .row()
            .text("run_id", run_id)
            .text("target_id", &trial.target_id)
            .text("kind", trial.kind.name())
            .integer("trial", i64::from(trial.number))
            .integer("candidate", i64::from(candidate.number))
            .text("label", trial.label(i))
            .float("search_period", candidate.ephemeris.period)
            .float("search_transit_time", candidate.ephemeris.transit_time)
            .float("search_duration", candidate.duration)
            .float("search_depth", candidate.depth)
            .float("search_snr", candidate.snr)
            .float("search_snr_red", candidate.snr_red)
            .float("search_sde", candidate.sde)
            .float("search_fap", candidate.fap)
            .integer("search_n_transits", candidate.n_transits as i64);
        if let Some(harmonic) = candidate.harmonic_of {
            row = row.integer("harmonic_of", i64::from(harmonic.candidate));
        }
        if let (Some(injected), Some(found)) = (&trial.injected, trial.recovered())
            && found.index == i
        {
            row = row.float("snr_expected", injected.planet.snr_expected);
        }
        if let Some(Some(vetted)) = examined.vetted.get(i) {
            row = row.text("disposition", vetted.verdict.disposition.name()).float("score", vetted.score);
            for metric in &metrics {
                let Ok(value) = vetted.metrics.get(metric.name) else { continue };
                // Models of machine learning take numbers or nulls alone.
                row = row.float(metric.name, finite(value.value));
                if metric.has_err {
                    row = row.float(&format!("{}_err", metric.name), finite(0.5 * (value.err_up + value.err_down)));
                }
            }
        }
        row.end()?;
    }
    Ok(())
}

fn finite(value: f64) -> f64 {
    if value.is_finite() { value } else { f64::NAN }
}

/// One cell of completeness.
pub fn write_completeness(table: &mut TableWriter, run_id: &str, cell: &CompletenessRow) -> Result<(), TableError> {
    let tally = &cell.tally;
    let mut row = table.row().text("run_id", run_id).text("cells", cell.cells.name());
    if let Some((quantity, _)) = cell.size {
        row = row.text("size", quantity.name());
    }
    row = range(row, "period", cell.period);
    row = range(row, "size", cell.size.map(|s| s.1));
    row = range(row, "snr", cell.snr);
    row = row
        .integer("n_injected", tally.injected as i64)
        .integer("n_searchable", tally.searchable as i64)
        .integer("n_recovered", tally.recovered as i64)
        .integer("n_passed", tally.passed as i64);
    row = share(row, "completeness", tally.found());
    row = share(row, "completeness_vetted", tally.kept());
    share(row, "vetting_completeness", tally.vetted()).end()
}

/// One range of reliability.
pub fn write_reliability(table: &mut TableWriter, run_id: &str, cell: &ReliabilityRow) -> Result<(), TableError> {
    let counts = &cell.counts;
    let mut row = table.row().text("run_id", run_id).text("cells", cell.cells.name());
    row = range(row, "snr", cell.snr);
    let kinds = [("observed", counts.observed), ("inverted", counts.inverted), ("scrambled", counts.scrambled)];
    for ((name, dispositions), n) in kinds.into_iter().zip(cell.light_curves) {
        row = count(row.integer(&format!("n_{name}"), n as i64), name, dispositions);
    }
    row = share(row, "effectiveness", counts.effectiveness());
    row = row.float("expected_false_alarms", counts.expected_false_alarms());
    row = estimate(row, "reliability", counts.by_effectiveness());
    estimate(row, "reliability_counted", counts.by_count()).end()
}

fn count<'a>(row: RowBuilder<'a>, kind: &str, d: Dispositions) -> RowBuilder<'a> {
    row.integer(&format!("n_{kind}_passed"), d.passed as i64)
        .integer(&format!("n_{kind}_false_alarms"), d.false_alarms as i64)
        .integer(&format!("n_{kind}_false_positives"), d.false_positives as i64)
}

fn range<'a>(row: RowBuilder<'a>, name: &str, range: Option<[f64; 2]>) -> RowBuilder<'a> {
    let [low, high] = range.unwrap_or([f64::NAN; 2]);
    row.float(&format!("{name}_min"), finite(low)).float(&format!("{name}_max"), finite(high))
}

/// Null without trials: an interval from 0 to 1 says nothing.
fn share<'a>(row: RowBuilder<'a>, name: &str, share: Proportion) -> RowBuilder<'a> {
    let of = |z: f64| {
        let (low, high) = share.interval(z);
        if share.trials == 0 { [f64::NAN; 2] } else { [low, high] }
    };
    estimate(row, name, Estimate { value: share.share(), intervals: SIGMAS.map(of) })
}

fn estimate<'a>(row: RowBuilder<'a>, name: &str, estimate: Estimate) -> RowBuilder<'a> {
    let [[lower_68, upper_68], [lower_95, upper_95]] = estimate.intervals;
    row.float(name, estimate.value)
        .float(&format!("{name}_lower_68"), lower_68)
        .float(&format!("{name}_upper_68"), upper_68)
        .float(&format!("{name}_lower_95"), lower_95)
        .float(&format!("{name}_upper_95"), upper_95)
}
