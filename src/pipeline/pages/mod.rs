//! Pages of candidates.
//!
//! ```text
//! report    pages of a whole directory of results, its inputs read again
//! stored    what its tables say of one target after the other
//! ```

mod report;
mod stored;

use std::fs;
use std::path::{Path, PathBuf};

pub use report::{ReportSummary, report_run};

use super::config::RunConfig;
use super::prepare::Prepared;
use crate::ephemeris::Candidate;
use crate::io::table::TableError;
use crate::lightcurve::Detrended;
use crate::report::draw::pdf::pdf;
use crate::report::draw::png::png;
use crate::report::page::{IndexRow, Page, PageData, PageFit, PeriodogramData, Provenance, Vetting, index, page};
use crate::search::Periodogram;
use crate::vet::{Profile, Vetted, unrelated};

/// Pixels a point of the sheet as PNG: 150 to the inch.
const SHEET_SCALE: f64 = 150.0 / 72.0;

/// Why there are no pages.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PagesError {
    #[error("cannot read {path}")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{path} is not the manifest of a run")]
    Manifest { path: PathBuf, source: serde_json::Error },
    #[error("cannot read the tables of the run")]
    Table(#[from] TableError),
    #[error("cannot write {path}")]
    Write { path: PathBuf, source: std::io::Error },
}

/// Which files a page comes with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sheets {
    /// The summary as PNG and PDF.
    #[default]
    Write,
    LeaveOut,
}

/// One target with everything found in it.
#[derive(Clone, Copy)]
pub struct PageTarget<'a> {
    pub prepared: &'a Prepared,
    /// The transits of the candidates left out of the trend, which does not eat of their depth then.
    pub flat: &'a Detrended,
    pub candidates: &'a [Candidate],
    /// One for each candidate, or none.
    pub vetted: &'a [Option<Vetted>],
    /// One for each candidate, or none.
    pub fits: &'a [Option<PageFit>],
    pub periodogram: Option<&'a Periodogram>,
}

/// Pages of all candidates of a target.
pub fn target_pages(target: PageTarget, config: &RunConfig, provenance: &Provenance) -> Vec<Page> {
    let PageTarget { prepared, flat, candidates, vetted, fits, periodogram } = target;
    let curve = &prepared.light_curve;
    let profile = config.vet.profile.profile().map_or("", Profile::name);
    let of = |(i, candidate): (usize, &Candidate)| {
        let unrelated = unrelated(candidates, i, config.vet.siblings, flat.baseline());
        let others: Vec<Candidate> = candidates.iter().filter(|c| c.number != candidate.number).cloned().collect();
        page(&PageData {
            light_curve: curve,
            detrended: flat,
            candidate,
            others: &others,
            left_out: &unrelated,
            periodogram: periodogram.map(|p| PeriodogramData { period: &p.period, snr: &p.snr }),
            fit: fits.get(i).and_then(Option::as_ref),
            vetting: vetted.get(i).and_then(Option::as_ref).map(|v| Vetting {
                profile,
                verdict: &v.verdict,
                metrics: &v.metrics,
                score: Some(v.score),
                probability: Some(v.probability).filter(|p| p.is_finite()),
            }),
            model_shift: None,
            provenance,
        })
    };
    candidates.iter().enumerate().map(of).collect()
}

/// Writes a page, and its sheet as PNG and PDF, into `dir`.
pub fn write_page(page: &Page, dir: &Path, sheets: Sheets) -> Result<(), PagesError> {
    let put = |ending: &str, bytes: &[u8]| {
        let path = dir.join(format!("{}.{ending}", page.name));
        fs::write(&path, bytes).map_err(|source| PagesError::Write { path, source })
    };
    put("html", page.html.as_bytes())?;
    if sheets == Sheets::Write {
        put("pdf", &pdf(&page.summary))?;
        if let Some(pixels) = png(&page.summary, SHEET_SCALE) {
            put("png", &pixels)?;
        }
    }
    Ok(())
}

/// Writes `index.html` into `dir`.
pub fn write_index(rows: &[IndexRow], provenance: &Provenance, dir: &Path) -> Result<(), PagesError> {
    let path = dir.join("index.html");
    fs::write(&path, index(rows, provenance)).map_err(|source| PagesError::Write { path, source })
}
