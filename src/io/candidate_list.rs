//! A list of candidates from elsewhere: Parquet (such as `candidates.parquet` of a run) or CSV with a header.
//!
//! Columns `target_id`, `period` (days), `transit_time` (days) and `duration` (days) must be there; `candidate` (else 1, 2, …
//! in each target), `time_offset` (to be added to `transit_time` for BJD_TDB) and `depth`
//! may be. A number that is none is refused with its row.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Float64Type, Int64Type};

use super::table::{TableError, TableReader};

/// A candidate of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedCandidate {
    pub target_id: String,
    pub number: u32,
    /// Days.
    pub period: f64,
    /// Days, less `time_offset`, or in the times of the light curve where there is none.
    pub transit_time: f64,
    pub time_offset: Option<f64>,
    /// First to last contact, days.
    pub duration: f64,
    /// NaN where the list has none.
    pub depth: f64,
}

/// Why a list was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListError {
    #[error("cannot read {path}")]
    Read { path: PathBuf, source: std::io::Error },
    #[error(transparent)]
    Table(#[from] TableError),
    #[error("{path} has no column {column}; needed are target_id, period, transit_time and duration, times in days")]
    NoColumn { path: PathBuf, column: String },
    #[error("{path}, row {row}: {reason}")]
    Row { path: PathBuf, row: usize, reason: String },
}

const COLUMNS: [&str; 7] = ["target_id", "candidate", "period", "transit_time", "time_offset", "duration", "depth"];

/// One row as text, by column; empty for nothing.
type Cells = [String; COLUMNS.len()];

/// Reads a list. Rows are counted from 1, the header not counted.
pub fn read_candidate_list(path: &Path) -> Result<Vec<ListedCandidate>, ListError> {
    let is_parquet = path.extension().is_some_and(|e| e == "parquet" || e == "pq");
    let rows = if is_parquet { parquet_rows(path)? } else { text_rows(path)? };
    let mut numbers: HashMap<String, u32> = HashMap::new();
    rows.into_iter().enumerate().map(|(i, cells)| candidate(path, i + 1, &cells, &mut numbers)).collect()
}

fn candidate(
    path: &Path,
    row: usize,
    cells: &Cells,
    numbers: &mut HashMap<String, u32>,
) -> Result<ListedCandidate, ListError> {
    let refuse = |reason: String| ListError::Row { path: path.to_path_buf(), row, reason };
    let [target_id, number, period, transit_time, time_offset, duration, depth] = cells;
    let maybe = |name: &str, text: &str| match text {
        "" => Ok(None),
        text => text.parse::<f64>().map(Some).map_err(|_| refuse(format!("{name} is `{text}`, not a number"))),
    };
    let needed = |name: &str, text: &str| {
        maybe(name, text)?.filter(|v| v.is_finite()).ok_or_else(|| refuse(format!("{name} is missing")))
    };
    let positive = |name: &str, text: &str| {
        let value = needed(name, text)?;
        if value > 0.0 { Ok(value) } else { Err(refuse(format!("{name} is {value}, and must be positive"))) }
    };
    if target_id.is_empty() {
        return Err(refuse("target_id is missing".into()));
    }
    let last = numbers.entry(target_id.clone()).or_insert(0);
    let number = match number.as_str() {
        "" => *last + 1,
        text => text.parse().map_err(|_| refuse(format!("candidate is `{text}`, not a whole number")))?,
    };
    *last = number;
    Ok(ListedCandidate {
        target_id: target_id.clone(),
        number,
        period: positive("period", period)?,
        transit_time: needed("transit_time", transit_time)?,
        time_offset: maybe("time_offset", time_offset)?,
        duration: positive("duration", duration)?,
        depth: maybe("depth", depth)?.unwrap_or(f64::NAN),
    })
}

fn missing(path: &Path, has: impl Fn(&str) -> bool) -> Result<(), ListError> {
    match ["target_id", "period", "transit_time", "duration"].into_iter().find(|c| !has(c)) {
        Some(column) => Err(ListError::NoColumn { path: path.to_path_buf(), column: column.into() }),
        None => Ok(()),
    }
}

fn parquet_rows(path: &Path) -> Result<Vec<Cells>, ListError> {
    let mut table = TableReader::open(path, None)?;
    let mut rows = Vec::new();
    while let Some(batch) = table.batch()? {
        missing(path, |column| batch.column_by_name(column).is_some())?;
        for row in 0..batch.num_rows() {
            rows.push(COLUMNS.map(|column| cell(&batch, column, row)));
        }
    }
    Ok(rows)
}

/// A value as text that reads back to the same number.
fn cell(batch: &RecordBatch, column: &str, row: usize) -> String {
    let Some(array) = batch.column_by_name(column).filter(|a| a.is_valid(row)) else { return String::new() };
    if let Some(text) = array.as_string_opt::<i32>() {
        text.value(row).to_string()
    } else if let Some(numbers) = array.as_primitive_opt::<Float64Type>() {
        numbers.value(row).to_string()
    } else if let Some(numbers) = array.as_primitive_opt::<Int64Type>() {
        numbers.value(row).to_string()
    } else {
        format!("of type {}", array.data_type())
    }
}

fn text_rows(path: &Path) -> Result<Vec<Cells>, ListError> {
    let text = std::fs::read_to_string(path).map_err(|source| ListError::Read { path: path.to_path_buf(), source })?;
    let mut lines = text.lines().filter(|l| !l.trim().is_empty() && !l.starts_with('#'));
    let split =
        |line: &str| -> Vec<String> { line.split(',').map(|c| c.trim().trim_matches('"').to_string()).collect() };
    let header = split(lines.next().unwrap_or_default());
    missing(path, |column| header.iter().any(|h| h == column))?;
    let places = COLUMNS.map(|column| header.iter().position(|h| h == column));
    lines
        .enumerate()
        .map(|(i, line)| {
            let cells = split(line);
            if cells.len() != header.len() {
                let reason = format!("{} cells where the header has {}", cells.len(), header.len());
                return Err(ListError::Row { path: path.to_path_buf(), row: i + 1, reason });
            }
            Ok(places.map(|place| place.map_or_else(String::new, |p| cells[p].clone())))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_and_mistakes_are_named_by_row() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("list.csv");
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            read_candidate_list(&path)
        };
        let list =
            read("target_id,period,transit_time,duration\nTIC 1,2.5,1001.25,0.1\nTIC 1,7,1002,0.2\nTIC 2,3,1,0.1\n");
        let list = list.unwrap();
        assert_eq!(list.iter().map(|c| c.number).collect::<Vec<_>>(), [1, 2, 1]);
        assert_eq!((list[0].period, list[0].transit_time, list[0].time_offset), (2.5, 1001.25, None));
        let said = |text: &str| read(text).unwrap_err().to_string();
        assert!(said("target_id,period,duration\n").contains("transit_time"));
        assert!(
            said("target_id,period,transit_time,duration\na,1,2,0.1\nb,-1,2,0.1\n").contains("row 2: period is -1")
        );
        assert!(said("target_id,period,transit_time,duration\na,one,2,0.1\n").contains("`one`"));
        assert!(said("target_id,period,transit_time,duration\na,1,2\n").contains("3 cells"));
    }
}
