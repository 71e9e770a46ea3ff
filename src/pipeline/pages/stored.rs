//! What the tables of a run say of its targets, one after the other in the order of the rows.

use std::path::Path;

use arrow::array::{Array, RecordBatch};

use crate::fit::{QuantitySummary, quantities};
use crate::io::table::{CANDIDATES, FITS, POSTERIORS, Table, TableError, TableReader, VETTING, float_at};
use crate::pipeline::vetting::VettingRows;
use crate::report::page::{CORNER, PageFit};
use crate::vet::{Metrics, Profile, VetConfig, Vetted};

/// One target's rows.
pub(super) struct StoredTarget {
    pub target_id: String,
    pub candidates: usize,
    /// Metrics and score of each candidate that was vetted; empty where none was.
    pub vetting: Vec<Option<(Metrics, f64)>>,
    /// Of each candidate that was fitted; empty where none was.
    pub fits: Vec<Option<PageFit>>,
}

impl StoredTarget {
    /// What `profile`, which the run used, makes of what was measured.
    pub fn vetted(&self, profile: &Profile, config: &VetConfig) -> Vec<Option<Vetted>> {
        let judge = |stored: &Option<(Metrics, f64)>| {
            let (metrics, score) = stored.clone()?;
            let verdict = profile.judge(&metrics);
            Some(Vetted::new(metrics, verdict, score, config))
        };
        self.vetting.iter().map(judge).collect()
    }
}

/// The tables, read row by row.
pub(super) struct StoredRun {
    candidates: TableReader,
    vetting: TableReader,
    fits: TableReader,
    posteriors: TableReader,
    /// Target of the next row of candidates, and rows left in its batch.
    held: Option<(RecordBatch, usize)>,
}

impl StoredRun {
    pub fn open(dir: &Path) -> Result<Self, TableError> {
        let open = |table: Table, columns: Option<&[&str]>| {
            TableReader::open(&dir.join(format!("{}.parquet", table.name)), columns)
        };
        Ok(Self {
            candidates: open(CANDIDATES, Some(&["target_id"]))?,
            vetting: open(VETTING, None)?,
            fits: open(FITS, None)?,
            posteriors: open(POSTERIORS, Some(&CORNER))?,
            held: None,
        })
    }

    /// The next row's target; `None` at the end.
    fn next_row(&mut self) -> Result<Option<String>, TableError> {
        loop {
            if let Some((batch, at)) = &mut self.held
                && *at < batch.num_rows()
            {
                *at += 1;
                return Ok(Some(self.candidates.text(batch, "target_id")?.value(*at - 1).to_string()));
            }
            match self.candidates.batch()? {
                Some(batch) => self.held = Some((batch, 0)),
                None => return Ok(None),
            }
        }
    }

    /// Steps back by one row.
    fn put_back(&mut self) {
        if let Some((_, at)) = &mut self.held {
            *at -= 1;
        }
    }

    /// The next target that has candidates.
    pub fn target(&mut self) -> Result<Option<StoredTarget>, TableError> {
        let Some(target_id) = self.next_row()? else { return Ok(None) };
        let mut candidates = 1;
        while let Some(next) = self.next_row()? {
            if next != target_id {
                self.put_back();
                break;
            }
            candidates += 1;
        }
        let mut vetting = Vec::new();
        if self.vetting.rows() > 0 {
            self.vetting.take(candidates, |batch| {
                let missing = |column| TableError::NoColumn { path: VETTING.name.into(), column };
                let rows = VettingRows::new(&batch).map_err(missing)?;
                let stored = |i| rows.is_ok(i).then(|| (rows.metrics(i), rows.score(i)));
                vetting.extend((0..batch.num_rows()).map(stored));
                Ok::<(), TableError>(())
            })?;
        }
        let mut fits = Vec::new();
        if self.fits.rows() > 0 {
            let mut batches = Vec::new();
            self.fits.take(candidates, |batch| {
                batches.push(batch);
                Ok::<(), TableError>(())
            })?;
            for batch in &batches {
                for row in 0..batch.num_rows() {
                    fits.push(self.fit(batch, row)?);
                }
            }
        }
        Ok(Some(StoredTarget { target_id, candidates, vetting, fits }))
    }

    /// The fit of a row, and its draws, which are the next ones; `None` where there was none.
    fn fit(&mut self, batch: &RecordBatch, row: usize) -> Result<Option<PageFit>, TableError> {
        let n_draws = self.fits.integers(batch, "n_draws")?;
        if n_draws.is_null(row) {
            return Ok(None);
        }
        let mut quantities_read = Vec::new();
        for q in quantities() {
            let get = |suffix: &str| {
                let column = self.fits.floats(batch, &format!("{}{suffix}", q.name))?;
                Ok::<f64, TableError>(float_at(column, row).unwrap_or(f64::NAN))
            };
            quantities_read.push(QuantitySummary {
                name: q.name.to_string(),
                unit: q.unit,
                description: q.description,
                median: get("")?,
                lower_68: get("_lower_68")?,
                upper_68: get("_upper_68")?,
                lower_95: get("_lower_95")?,
                upper_95: get("_upper_95")?,
                map: get("_map")?,
                ess_bulk: f64::NAN,
                ess_tail: f64::NAN,
                r_hat: f64::NAN,
                mcse: f64::NAN,
            });
        }
        let mut columns: Vec<Vec<f64>> = vec![Vec::new(); CORNER.len()];
        let mut batches = Vec::new();
        self.posteriors.take(usize::try_from(n_draws.value(row)).unwrap_or(0), |batch| {
            batches.push(batch);
            Ok::<(), TableError>(())
        })?;
        for batch in &batches {
            for (name, column) in CORNER.iter().zip(&mut columns) {
                column.extend(self.posteriors.floats(batch, name)?.iter().map(|v| v.unwrap_or(f64::NAN)));
            }
        }
        let names = CORNER.iter().map(|n| n.to_string()).collect();
        Ok(Some(PageFit { quantities: quantities_read, names, columns }))
    }
}
