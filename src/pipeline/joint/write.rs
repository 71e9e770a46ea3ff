//! Writes the results of a joint fit: Parquet and CSV tables, LaTeX, the resolved configuration and a manifest.

use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

use super::latex::latex_table;
use super::{JointInput, JointRunError, LoadedJoint};
use crate::fit::joint::{JointFit, JointPosterior, JointStatus, QuantitySummary};
use crate::io::table::{Column, Kind, Table, TableWriter};

const POSTERIOR: Table = Table { name: "posterior", row: "one draw, all of equal weight", version: 1 };
const SUMMARY: Table = Table { name: "summary", row: "a fitted or derived quantity", version: 1 };
const TRANSITS: Table = Table { name: "transits", row: "a transit after the data, as predicted", version: 1 };

fn column(name: &str, kind: Kind, unit: &str, description: &str) -> Column {
    Column { name: name.into(), kind, unit: unit.into(), description: description.into() }
}

/// Writes everything into `out`.
pub(super) fn results(
    loaded: &LoadedJoint,
    posterior: &JointPosterior,
    fit: &JointFit,
    inputs: &[JointInput],
    out: &Path,
) -> Result<(), JointRunError> {
    draws(fit, out)?;
    summary(fit, out)?;
    text(out, "summary.csv", &csv(fit))?;
    text(out, "summary.tex", &latex_table(fit))?;
    transits(fit, out)?;
    text(out, "config.toml", &resolved(loaded, posterior))?;
    manifest(loaded, fit, inputs, out)
}

fn text(out: &Path, name: &str, content: &str) -> Result<(), JointRunError> {
    let path = out.join(name);
    let partial = out.join(format!("{name}.partial"));
    std::fs::write(&partial, content)
        .and_then(|()| std::fs::rename(&partial, &path))
        .map_err(|source| JointRunError::Write { path, source })
}

fn draws(fit: &JointFit, out: &Path) -> Result<(), JointRunError> {
    let mut columns = vec![
        column("chain", Kind::Integer, "", "Walker; 0 for draws that are no chain."),
        column("draw", Kind::Integer, "", "Number of the draw in its chain."),
        column("ln_posterior", Kind::Float, "", "Log posterior density over the parameters, but for a constant."),
    ];
    let summaries = fit.fitted.iter().chain(&fit.derived);
    columns.extend(summaries.map(|s| column(&s.name, Kind::Float, s.unit, s.description)));
    let mut writer = TableWriter::create(out, POSTERIOR, columns)?;
    for i in 0..fit.draws.draw.len() {
        let mut row = writer
            .row()
            .integer("chain", fit.draws.chain[i].into())
            .integer("draw", fit.draws.draw[i].into())
            .float("ln_posterior", fit.draws.ln_posterior[i]);
        for (name, values) in fit.draws.names.iter().zip(&fit.draws.columns) {
            row = row.float(name, values[i]);
        }
        row.end()?;
    }
    writer.finish()?;
    Ok(())
}

/// Number columns of the summary, with what they hold.
type SummaryColumn = (&'static str, &'static str, fn(&QuantitySummary) -> f64);
const NUMBERS: [SummaryColumn; 10] = [
    ("median", "Median of the posterior.", |s| s.median),
    ("lower_68", "Lower bound of the central 68.27 %.", |s| s.lower_68),
    ("upper_68", "Upper bound of the central 68.27 %.", |s| s.upper_68),
    ("lower_95", "Lower bound of the central 95.45 %.", |s| s.lower_95),
    ("upper_95", "Upper bound of the central 95.45 %.", |s| s.upper_95),
    ("map", "Value at the highest posterior density found.", |s| s.map),
    ("ess_bulk", "Effective sample size of the bulk.", |s| s.ess_bulk),
    ("ess_tail", "Effective sample size of the 5 % and 95 % quantiles, the smaller.", |s| s.ess_tail),
    ("r_hat", "Rank-normalised split R-hat, or that of four parts of weighted draws.", |s| s.r_hat),
    ("mcse", "Monte-Carlo standard error of the median.", |s| s.mcse),
];

fn rows(fit: &JointFit) -> impl Iterator<Item = (&'static str, &QuantitySummary)> {
    fit.fitted.iter().map(|s| ("fitted", s)).chain(fit.derived.iter().map(|s| ("derived", s)))
}

fn status(fit: &JointFit) -> String {
    match &fit.status {
        JointStatus::Converged => "ok".into(),
        JointStatus::NotConverged { reason } => format!("not converged: {reason}"),
    }
}

fn summary(fit: &JointFit, out: &Path) -> Result<(), JointRunError> {
    let mut columns = vec![
        column("name", Kind::Text, "", "Path of the parameter in the configuration, or of the derived quantity."),
        column("kind", Kind::Text, "", "`fitted` or `derived`."),
        column("unit", Kind::Text, "", "Unit; empty for a plain number."),
        column("status", Kind::Text, "", "`ok`, or why the fit has not converged."),
        column("pareto_k", Kind::Float, "", "k-hat of the importance weights; null for other samplers."),
    ];
    columns.extend(NUMBERS.iter().map(|(name, words, _)| column(name, Kind::Float, "", words)));
    let mut writer = TableWriter::create(out, SUMMARY, columns)?;
    for (kind, s) in rows(fit) {
        let mut row = writer
            .row()
            .text("name", &s.name)
            .text("kind", kind)
            .text("unit", s.unit)
            .text("status", status(fit))
            .maybe_float("pareto_k", fit.diagnostics.pareto_k);
        for (name, _, value) in NUMBERS {
            row = row.float(name, value(s));
        }
        row.end()?;
    }
    writer.finish()?;
    Ok(())
}

fn csv(fit: &JointFit) -> String {
    let mut out = String::from("name,kind,unit");
    NUMBERS.iter().for_each(|(name, _, _)| {
        let _ = write!(out, ",{name}");
    });
    out.push('\n');
    for (kind, s) in rows(fit) {
        let _ = write!(out, "{},{kind},{}", s.name, s.unit);
        for (_, _, value) in NUMBERS {
            let value = value(s);
            if value.is_nan() {
                out.push(',');
            } else {
                let _ = write!(out, ",{value}");
            }
        }
        out.push('\n');
    }
    out
}

fn transits(fit: &JointFit, out: &Path) -> Result<(), JointRunError> {
    let columns = vec![
        column("planet", Kind::Text, "", "Name of the planet."),
        column("epoch", Kind::Integer, "", "Transits since the one of the parameter `transit_time`."),
        column("transit_time", Kind::Float, "d", "Mid-time, in the time system of the data."),
        column("transit_time_err", Kind::Float, "d", "Half the width of its central 68.27 %."),
        column("duration", Kind::Float, "d", "First to last contact at the highest posterior density."),
    ];
    let mut writer = TableWriter::create(out, TRANSITS, columns)?;
    for t in &fit.predicted {
        writer
            .row()
            .text("planet", &t.planet)
            .integer("epoch", t.epoch)
            .float("transit_time", t.transit_time)
            .float("transit_time_err", t.transit_time_err)
            .float("duration", t.duration)
            .end()?;
    }
    writer.finish()?;
    Ok(())
}

/// The configuration with assignments applied and defaults written out: fitting it again gives the same results.
fn resolved(loaded: &LoadedJoint, posterior: &JointPosterior) -> String {
    let Ok(mut document) = toml::Table::try_from(&loaded.config) else { return String::new() };
    for (name, spec) in posterior.table().specs() {
        let is_default_impact = name.ends_with(".impact_parameter");
        let Ok(value) = toml::Value::try_from(spec) else { continue };
        let Some((section, last)) = name.rsplit_once('.') else { continue };
        let mut table = Some(&mut document);
        for key in section.split('.') {
            table = table.and_then(|t| t.get_mut(key)).and_then(toml::Value::as_table_mut);
        }
        // what is not in the document is a default; that of an impact parameter depends on another parameter
        if let (Some(table), false) = (table, is_default_impact) {
            table.entry(last).or_insert(value);
        }
    }
    for section in ["instruments", "rv"] {
        let instruments = document.get_mut(section).and_then(toml::Value::as_table_mut);
        for (_, instrument) in instruments.into_iter().flat_map(|t| t.iter_mut()) {
            absolute(loaded, instrument);
        }
    }
    toml::to_string(&document).unwrap_or_default()
}

/// Files are named relative to the document, and this one lies elsewhere.
fn absolute(loaded: &LoadedJoint, instrument: &mut toml::Value) {
    let Some(file) = instrument.as_table_mut().and_then(|t| t.get_mut("file")) else { return };
    if let Some(name) = file.as_str()
        && let Ok(path) = std::path::absolute(loaded.resolve(name))
    {
        *file = toml::Value::String(path.display().to_string());
    }
}

#[derive(Serialize)]
struct Manifest<'a> {
    antumbra_version: &'static str,
    command: &'static str,
    seed: u64,
    status: String,
    method: &'static str,
    evaluations: usize,
    pareto_k: Option<f64>,
    log_evidence: Option<(f64, f64)>,
    acceptance: Option<f64>,
    ln_posterior_map: f64,
    ln_likelihood_map: f64,
    n_points: usize,
    n_parameters: usize,
    inputs: &'a [JointInput],
}

fn manifest(loaded: &LoadedJoint, fit: &JointFit, inputs: &[JointInput], out: &Path) -> Result<(), JointRunError> {
    let manifest = Manifest {
        antumbra_version: env!("CARGO_PKG_VERSION"),
        command: "fit",
        seed: loaded.config.sampler.seed,
        status: status(fit),
        method: fit.diagnostics.method,
        evaluations: fit.diagnostics.evaluations,
        pareto_k: fit.diagnostics.pareto_k,
        log_evidence: fit.diagnostics.log_evidence,
        acceptance: fit.diagnostics.acceptance,
        ln_posterior_map: fit.ln_posterior_map,
        ln_likelihood_map: fit.ln_likelihood_map,
        n_points: fit.n_points,
        n_parameters: fit.fitted.len(),
        inputs,
    };
    let json = serde_json::to_string_pretty(&manifest)
        .map_err(|e| JointRunError::Write { path: out.join("manifest.json"), source: std::io::Error::other(e) })?;
    text(out, "manifest.json", &(json + "\n"))
}
