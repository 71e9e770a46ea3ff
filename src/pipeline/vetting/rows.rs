//! Rows of the table of vetting, written and read back.

use arrow::array::{Array, Float64Array, Int64Array, RecordBatch, StringArray};

use crate::io::table::{MetricColumn, RowBuilder, TableError, TableRows};
use crate::vet::{METRICS, MetricInfo, Metrics, Missing, Outcome, RELATIONS, TestResult, Value, Vetted};

/// Between entries of a list in a text column.
const SEPARATOR: &str = "; ";

fn infos() -> impl Iterator<Item = &'static MetricInfo> {
    METRICS.iter().chain(RELATIONS)
}

/// Every metric as a column.
pub fn metric_list() -> Vec<MetricColumn> {
    let of =
        |m: &MetricInfo| MetricColumn { name: m.name, unit: m.unit, description: m.description, has_err: m.has_err };
    infos().map(of).collect()
}

/// The row of a candidate; `parent` is the target of the run with the same ephemeris and a deeper signal.
pub fn write_vetting(
    table: &mut TableRows,
    target_id: &str,
    candidate: u32,
    profile: &str,
    vetted: Result<&Vetted, String>,
    parent: Option<&str>,
) -> Result<(), TableError> {
    let mut row =
        table.row().text("target_id", target_id).integer("candidate", i64::from(candidate)).text("profile", profile);
    if let Some(parent) = parent {
        row = row.text("ephemeris_match_of", parent);
    }
    match vetted {
        Ok(vetted) => fill(row, vetted).end(),
        Err(reason) => row.text("status", "error").text("reason", reason).end(),
    }
}

fn fill<'a>(row: RowBuilder<'a>, vetted: &Vetted) -> RowBuilder<'a> {
    let Vetted { metrics, verdict, score, probability } = vetted;
    let named = |t: &TestResult| t.name().to_string();
    let list = |keep: &dyn Fn(&TestResult) -> Option<String>| {
        let entries: Vec<String> = verdict.tests.iter().filter_map(keep).collect();
        (!entries.is_empty()).then(|| entries.join(SEPARATOR))
    };
    let texts = [
        ("failed", list(&|t| t.counts().then(|| named(t)))),
        ("failed_because", list(&|t| t.reason.clone().filter(|_| t.counts()))),
        ("notes", list(&|t| (t.outcome == Outcome::Fail && !t.counts()).then(|| named(t)))),
        ("passed", list(&|t| (t.outcome == Outcome::Pass).then(|| named(t)))),
        (
            "not_computable",
            list(&|t| match t.outcome {
                Outcome::NotComputable(missing) => Some(format!("{}: {missing}", named(t))),
                Outcome::Pass | Outcome::Fail => None,
            }),
        ),
        ("missing", {
            let missing = |m: &MetricInfo| match metrics.get(m.name) {
                Err(why) if why != Missing::NotMeasured => Some(format!("{}={}", m.name, why.name())),
                _ => None,
            };
            let entries: Vec<String> = infos().filter_map(missing).collect();
            (!entries.is_empty()).then(|| entries.join(SEPARATOR))
        }),
    ];
    let mut row = row.text("status", "ok").text("disposition", verdict.disposition.name()).float("score", *score);
    if probability.is_finite() {
        row = row.float("probability", *probability);
    }
    for (column, text) in texts {
        if let Some(text) = text {
            row = row.text(column, text);
        }
    }
    for info in infos() {
        if let Ok(value) = metrics.get(info.name) {
            row = row.float(info.name, value.value);
            if info.has_err {
                row = row.float(&format!("{}_err", info.name), value.err_up);
            }
        }
    }
    row
}

/// A batch of the table of vetting.
pub struct VettingRows<'a> {
    target_id: &'a StringArray,
    candidate: &'a Int64Array,
    status: &'a StringArray,
    missing: &'a StringArray,
    score: &'a Float64Array,
    reason: &'a StringArray,
    metrics: Vec<(&'static str, &'a Float64Array, Option<&'a Float64Array>)>,
}

impl<'a> VettingRows<'a> {
    /// `Err` names a column that is not there.
    pub fn new(batch: &'a RecordBatch) -> Result<Self, String> {
        fn of<'a, T: Array + 'static>(batch: &'a RecordBatch, name: &str) -> Result<&'a T, String> {
            let column = batch.column_by_name(name).and_then(|c| c.as_any().downcast_ref::<T>());
            column.ok_or_else(|| name.to_string())
        }
        let metric = |m: &MetricInfo| {
            let err = if m.has_err { Some(of(batch, &format!("{}_err", m.name))?) } else { None };
            Ok((m.name, of(batch, m.name)?, err))
        };
        Ok(Self {
            target_id: of(batch, "target_id")?,
            candidate: of(batch, "candidate")?,
            status: of(batch, "status")?,
            missing: of(batch, "missing")?,
            score: of(batch, "score")?,
            reason: of(batch, "reason")?,
            metrics: infos().map(metric).collect::<Result<_, String>>()?,
        })
    }

    pub fn target_id(&self, row: usize) -> &'a str {
        self.target_id.value(row)
    }

    pub fn candidate(&self, row: usize) -> u32 {
        u32::try_from(self.candidate.value(row)).unwrap_or(0)
    }

    pub fn is_ok(&self, row: usize) -> bool {
        self.status.is_valid(row) && self.status.value(row) == "ok"
    }

    pub fn score(&self, row: usize) -> f64 {
        if self.score.is_valid(row) { self.score.value(row) } else { f64::NAN }
    }

    pub fn reason(&self, row: usize) -> &'a str {
        if self.reason.is_valid(row) { self.reason.value(row) } else { "unknown" }
    }

    /// The metrics of a row, as they were when it was written.
    pub fn metrics(&self, row: usize) -> Metrics {
        let mut metrics = Metrics::default();
        for (name, values, errs) in &self.metrics {
            if values.is_valid(row) {
                let err = errs.filter(|e| e.is_valid(row)).map_or(0.0, |e| e.value(row));
                let value = Value { value: values.value(row), err_up: err, err_down: err };
                metrics.insert(*name, Ok(value));
            }
        }
        if self.missing.is_valid(row) {
            for entry in self.missing.value(row).split(SEPARATOR) {
                if let Some((name, why)) = entry.split_once('=')
                    && let Some(missing) = Missing::from_name(why)
                {
                    metrics.set_missing(name, missing);
                }
            }
        }
        metrics
    }
}
