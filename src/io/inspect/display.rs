//! Reports as text for people.

use std::fmt;

use super::FileReport;
use super::column::{ColumnContent, ColumnReport};
use super::curve::{CurveReport, ErrorColumn};

impl fmt::Display for FileReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}  ({})", self.path.display(), self.format)?;
        for table in &self.tables {
            let name = if table.name.is_empty() { "table" } else { &table.name };
            writeln!(f, "  {name}: {} rows, {} columns", table.rows, table.columns.len())?;
            let width = |of: fn(&ColumnReport) -> &str, least: usize| {
                table.columns.iter().map(|c| of(c).chars().count()).max().unwrap_or(0).clamp(least, 28)
            };
            let (name, unit) = (width(|c| &c.name, 6), width(|c| &c.unit, 4));
            writeln!(
                f,
                "    {:name$}  {:unit$}  {:>8}  {:>8}  {:>14}  {:>14}  {:>14}",
                "column", "unit", "count", "missing", "min", "median", "max"
            )?;
            for column in &table.columns {
                write!(f, "    {:name$}  {:unit$}  {:>8}  ", short(&column.name), short(&column.unit), column.count)?;
                match &column.content {
                    ColumnContent::Numbers { missing, min, median, max, .. } => writeln!(
                        f,
                        "{missing:>8}  {:>14}  {:>14}  {:>14}  {}",
                        number(*min),
                        number(*median),
                        number(*max),
                        column.remark()
                    )?,
                    ColumnContent::Other(kind) => writeln!(f, "{kind}")?,
                }
            }
        }
        for curve in &self.curves {
            write!(f, "{curve}")?;
        }
        if self.targets_total > self.curves.len() {
            writeln!(f, "  … {} targets in all", self.targets_total)?;
        }
        for error in &self.errors {
            writeln!(f, "  not read: {}: {}", error.kind(), error.reason())?;
        }
        Ok(())
    }
}

impl fmt::Display for CurveReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let band = self.band.as_ref().map(|b| format!(", {b}")).unwrap_or_default();
        writeln!(f, "  {} {}{band}", self.target_id, self.label)?;
        writeln!(
            f,
            "    time     {} to {} ({}), cadence {}, {} gaps, longest step {:.3} d",
            number(self.start),
            number(self.end),
            self.time_system,
            cadence(self.cadence),
            self.gaps,
            self.longest_gap
        )?;
        write!(f, "    flux     {} of {} cadences", self.usable, self.cadences)?;
        if let Some(flagged) = self.flagged {
            write!(f, ", {:.1} % flagged", 100.0 * flagged as f64 / self.cadences.max(1) as f64)?;
        }
        writeln!(f, ", median {}, scatter {:.0} ppm", number(self.median_flux), self.scatter_ppm)?;
        if let ErrorColumn::Measured { ratio } = self.errors {
            writeln!(f, "    errors   {ratio:.2} of the scatter")?;
        }
        for warning in &self.warnings {
            writeln!(f, "    warning  {warning}")?;
        }
        Ok(())
    }
}

fn short(text: &str) -> String {
    match text.chars().count() {
        0..=28 => text.to_string(),
        _ => text.chars().take(27).chain(['…']).collect(),
    }
}

/// Enough digits to tell times and fluxes apart.
fn number(value: f64) -> String {
    match value.abs() {
        v if v.is_nan() => "-".into(),
        v if v == 0.0 || (1e-2..1e9).contains(&v) => {
            let text = format!("{value:.6}");
            text.trim_end_matches('0').trim_end_matches('.').to_string()
        }
        _ => format!("{value:.5e}"),
    }
}

fn cadence(days: f64) -> String {
    let minutes = days * 1440.0;
    match minutes {
        m if m.is_nan() => "unknown".into(),
        m if m < 1.0 => format!("{:.1} s", m * 60.0),
        m if m < 120.0 => format!("{m:.2} min"),
        m => format!("{:.2} h", m / 60.0),
    }
}
