//! What differs between the candidates of two runs.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use arrow::array::Array;

use crate::io::table::{DIFF, DIFF_VALUES, TableError, TableReader, TableWriter, diff_columns, float_at};

/// Periods of one signal agree to this relative difference.
const PERIOD_TOLERANCE: f64 = 1e-3;

/// What became of a candidate from the first run to the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Only in the second.
    New,
    /// Only in the first.
    Lost,
    /// In both, but not with the same values.
    Changed,
}

impl Change {
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Lost => "lost",
            Self::Changed => "changed",
        }
    }
}

/// A candidate as far as runs are compared by it.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    pub candidate: i64,
    /// In the order of [`DIFF_VALUES`]; `period` first.
    pub values: [Option<f64>; DIFF_VALUES.len()],
}

impl Compared {
    fn period(&self) -> f64 {
        self.values[0].unwrap_or(f64::NAN)
    }
}

/// A candidate that is not as it was.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    pub target_id: String,
    pub change: Change,
    pub before: Option<Compared>,
    pub after: Option<Compared>,
}

/// All that differs, and how many candidates are the same to the last bit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Differences {
    /// New and changed ones in the order of the second run, then the lost in the order of the first.
    pub rows: Vec<Difference>,
    pub same: usize,
}

/// The candidates of a directory of results, or of a file of candidates.
fn candidates_file(path: &Path) -> PathBuf {
    if path.is_dir() { path.join("candidates.parquet") } else { path.to_path_buf() }
}

fn read(path: &Path, mut sink: impl FnMut(String, Compared)) -> Result<(), TableError> {
    let names: Vec<&str> = ["target_id", "candidate"].into_iter().chain(DIFF_VALUES).collect();
    let mut table = TableReader::open(&candidates_file(path), Some(&names))?;
    while let Some(batch) = table.batch()? {
        let (ids, numbers) = (table.text(&batch, "target_id")?, table.integers(&batch, "candidate")?);
        let mut columns = Vec::new();
        for name in DIFF_VALUES {
            columns.push(table.floats(&batch, name)?);
        }
        for row in 0..ids.len() {
            let values = std::array::from_fn(|i| float_at(columns[i], row));
            sink(ids.value(row).to_string(), Compared { candidate: numbers.value(row), values });
        }
    }
    Ok(())
}

/// Compares the candidates of two runs. In each target, candidates are taken for the same signal where their periods agree
/// to one part in a thousand, the closest first come first served. Memory: that of the candidates of the first run.
pub fn diff(before: &Path, after: &Path) -> Result<Differences, TableError> {
    let mut known: HashMap<String, Vec<Compared>> = HashMap::new();
    let mut order: Vec<String> = Vec::new();
    read(before, |target_id, candidate| {
        let of_target = known.entry(target_id.clone()).or_default();
        if of_target.is_empty() {
            order.push(target_id);
        }
        of_target.push(candidate);
    })?;
    let mut found = Differences::default();
    read(after, |target_id, after| {
        let off = |c: &Compared| (c.period() / after.period() - 1.0).abs();
        let of_target = known.get_mut(&target_id);
        let closest = of_target.and_then(|of_target| {
            let closest = (0..of_target.len()).min_by(|a, b| off(&of_target[*a]).total_cmp(&off(&of_target[*b])))?;
            (off(&of_target[closest]) < PERIOD_TOLERANCE).then(|| of_target.remove(closest))
        });
        match closest {
            Some(before) if before.values == after.values => found.same += 1,
            before => {
                let change = if before.is_some() { Change::Changed } else { Change::New };
                found.rows.push(Difference { target_id, change, before, after: Some(after) });
            }
        }
    })?;
    for target_id in order {
        for before in known.remove(&target_id).into_iter().flatten() {
            let target_id = target_id.clone();
            found.rows.push(Difference { target_id, change: Change::Lost, before: Some(before), after: None });
        }
    }
    Ok(found)
}

impl Differences {
    /// How many there are of a kind.
    pub fn count(&self, change: Change) -> usize {
        self.rows.iter().filter(|row| row.change == change).count()
    }

    /// Writes them as a table.
    pub fn write(&self, path: &Path) -> Result<(), TableError> {
        let mut table = TableWriter::create_file(path.to_path_buf(), DIFF, diff_columns())?;
        for difference in &self.rows {
            let mut row = table.row().text("target_id", &difference.target_id).text("change", difference.change.name());
            for (suffix, side) in [("before", &difference.before), ("after", &difference.after)] {
                let Some(side) = side else { continue };
                row = row.integer(&format!("candidate_{suffix}"), side.candidate);
                for (name, value) in DIFF_VALUES.iter().zip(side.values) {
                    row = row.maybe_float(&format!("{name}_{suffix}"), value);
                }
            }
            row.end()?;
        }
        table.finish()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::table::{CANDIDATES, candidates_columns};

    fn table(path: &Path, rows: &[(&str, i64, f64, f64)]) {
        let mut table = TableWriter::create_file(path.to_path_buf(), CANDIDATES, candidates_columns()).unwrap();
        for (target, number, period, snr) in rows {
            let row = table.row().text("target_id", target).integer("candidate", *number);
            row.float("period", *period).float("snr", *snr).end().unwrap();
        }
        table.finish().unwrap();
    }

    #[test]
    fn new_lost_and_changed_candidates_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = (dir.path().join("a.parquet"), dir.path().join("b.parquet"));
        table(&a, &[("x", 1, 2.0, 10.0), ("x", 2, 3.0, 8.0), ("y", 1, 5.0, 9.0), ("z", 1, 7.0, 9.0)]);
        table(&b, &[("x", 1, 3.001, 12.0), ("x", 2, 2.0, 10.0), ("y", 1, 5.1, 9.0), ("w", 1, 7.0, 9.0)]);
        let found = diff(&a, &b).unwrap();
        let told: Vec<(&str, &str)> = found.rows.iter().map(|r| (r.target_id.as_str(), r.change.name())).collect();
        assert_eq!(told, [("x", "changed"), ("y", "new"), ("w", "new"), ("y", "lost"), ("z", "lost")]);
        assert_eq!((found.same, found.count(Change::Lost)), (1, 2));
        assert_eq!(diff(&a, &a).unwrap(), Differences { rows: vec![], same: 4 });
        let out = dir.path().join("diff.parquet");
        found.write(&out).unwrap();
        let mut written = TableReader::open(&out, None).unwrap();
        let batch = written.batch().unwrap().unwrap();
        let before = written.floats(&batch, "snr_before").unwrap();
        assert_eq!((float_at(before, 0), float_at(before, 1), before.len()), (Some(8.0), None, 5));
    }
}
