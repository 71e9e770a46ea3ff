//! Pages of candidates: for one target that is at hand, or for a whole directory of results, its inputs read again.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use arrow::array::{Array, StringArray};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use rayon::prelude::*;
use serde::Deserialize;

use super::config::RunConfig;
use super::manifest::target_seed;
use super::prepare::Prepared;
use crate::ephemeris::Candidate;
use crate::fit::{FitData, TransitFit, fit_candidate};
use crate::io::read::{TargetRef, read_target, scan};
use crate::report::draw::pdf::pdf;
use crate::report::draw::png::png;
use crate::report::page::{IndexRow, Page, PageData, PeriodogramData, Provenance, Vetting, index, page};
use crate::search::{Periodogram, search};
use crate::vet::{Profile, SiblingConfig, VetInput, measure, score, unrelated};

/// Pixels a point of the sheet as PNG: 150 to the inch.
const SHEET_SCALE: f64 = 150.0 / 72.0;
/// Draws of the score.
const SCORE_DRAWS: usize = 1000;

/// Why there are no pages.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PagesError {
    #[error("cannot read {path}")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{path} is not the manifest of a run")]
    Manifest { path: PathBuf, source: serde_json::Error },
    #[error("cannot read the candidates in {path}: {reason}")]
    Candidates { path: PathBuf, reason: String },
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
    pub candidates: &'a [Candidate],
    /// One for each candidate.
    pub fits: &'a [Option<&'a TransitFit>],
    pub periodogram: Option<&'a Periodogram>,
}

/// Pages of all candidates of a target, vetted by `profile` if there is one.
pub fn target_pages(
    target: PageTarget,
    config: &RunConfig,
    profile: Option<(&str, &Profile)>,
    provenance: &Provenance,
) -> Vec<Page> {
    let PageTarget { prepared, candidates, fits, periodogram } = target;
    let curve = &prepared.light_curve;
    // the trend that runs on under the transits does not eat of their depth
    let again = prepared.without_transits(candidates, config).ok();
    let flat = again.as_ref().unwrap_or(&prepared.detrended);
    let of = |(i, candidate): (usize, &Candidate)| {
        let seed = target_seed(config.seed, curve.target_id()).wrapping_add(u64::from(candidate.number));
        let unrelated = unrelated(candidates, i, SiblingConfig::default());
        let vetted = profile.and_then(|(name, profile)| {
            let input = VetInput {
                light_curve: curve,
                detrended: flat,
                candidate,
                others: &unrelated,
                star: Some(curve.star()),
                flagged_times: &[],
                seed,
            };
            let metrics = measure(&input).ok()?;
            Some((name, profile.judge(&metrics), score(profile, &metrics, SCORE_DRAWS, seed), metrics))
        });
        let others: Vec<Candidate> = candidates.iter().filter(|c| c.number != candidate.number).cloned().collect();
        page(&PageData {
            light_curve: curve,
            detrended: flat,
            candidate,
            others: &others,
            left_out: &unrelated,
            periodogram: periodogram.map(|p| PeriodogramData { period: &p.period, snr: &p.snr }),
            fit: fits.get(i).copied().flatten(),
            vetting: vetted.as_ref().map(|(profile, verdict, score, metrics)| Vetting {
                profile,
                verdict,
                metrics,
                score: Some(*score),
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

/// Rows of a target's pages, or the target and why there are none.
type Made = Result<Vec<IndexRow>, (String, String)>;

/// What a report of a directory of results came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReportSummary {
    pub pages: usize,
    pub targets: usize,
    /// Targets with candidates of which no page could be made, and why.
    pub failed: Vec<(String, String)>,
    /// Inputs whose content is not what the run saw.
    pub changed: Vec<String>,
    pub index: PathBuf,
}

#[derive(Deserialize)]
struct StoredManifest {
    antumbra_version: String,
    run_id: String,
    seed: u64,
    config: RunConfig,
    inputs: Vec<StoredInput>,
}

#[derive(Deserialize)]
struct StoredInput {
    path: String,
    checksum: String,
}

/// Pages of all candidates of the run in `dir`, into `dir/report`.
///
/// The manifest says what was read and how; targets with candidates are read and searched again, which gives the
/// periodogram that no table holds, and with the same configuration and seed the same candidates and fits.
pub fn report_run(dir: &Path, profile: Option<(&str, &Profile)>, sheets: Sheets) -> Result<ReportSummary, PagesError> {
    let path = dir.join("manifest.json");
    let text = fs::read_to_string(&path).map_err(|source| PagesError::Read { path: path.clone(), source })?;
    let manifest: StoredManifest =
        serde_json::from_str(&text).map_err(|source| PagesError::Manifest { path, source })?;
    let wanted = targets_with_candidates(&dir.join("candidates.parquet"))?;
    let inputs: Vec<String> = manifest.inputs.iter().map(|i| i.path.clone()).collect();
    let found = scan(&inputs, &manifest.config.read);
    let sums: BTreeMap<&str, &str> = manifest.inputs.iter().map(|i| (i.path.as_str(), i.checksum.as_str())).collect();
    let is_changed = |path: &str, sum: &str| sums.get(path).is_some_and(|s| *s != sum);
    let files = found.files.iter().map(|f| (f.path.display().to_string(), f.checksum.clone()));
    let changed = files.filter(|(p, sum)| is_changed(p, sum)).map(|(p, _)| p).collect();
    let provenance = Provenance {
        run_id: manifest.run_id,
        version: manifest.antumbra_version,
        seed: manifest.seed,
        config: toml::to_string(&manifest.config).unwrap_or_default(),
    };
    let out = dir.join("report");
    fs::create_dir_all(&out).map_err(|source| PagesError::Write { path: out.clone(), source })?;
    let targets: Vec<&TargetRef> = found.targets.iter().filter(|t| wanted.contains(&t.target_id)).collect();
    let known: BTreeSet<&str> = targets.iter().map(|t| t.target_id.as_str()).collect();
    let mut failed: Vec<(String, String)> = wanted
        .iter()
        .filter(|id| !known.contains(id.as_str()))
        .map(|id| (id.clone(), "its light curve is not where it was".to_string()))
        .collect();
    let results: Vec<Result<Made, PagesError>> = targets
        .par_iter()
        .map(|target| match again(target, &manifest.config, profile, &provenance) {
            Ok(pages) => {
                pages.iter().try_for_each(|p| write_page(p, &out, sheets))?;
                Ok(Ok(pages.into_iter().map(|p| p.row).collect()))
            }
            Err(reason) => Ok(Err((target.target_id.clone(), reason))),
        })
        .collect();
    let mut rows = Vec::new();
    for result in results {
        match result? {
            Ok(of_target) => rows.extend(of_target),
            Err(reason) => failed.push(reason),
        }
    }
    // the strongest first
    rows.sort_by(|a, b| b.snr.total_cmp(&a.snr).then_with(|| a.page.cmp(&b.page)));
    write_index(&rows, &provenance, &out)?;
    Ok(ReportSummary { pages: rows.len(), targets: known.len(), failed, changed, index: out.join("index.html") })
}

/// Reads, searches and fits one target as the run did, and makes its pages.
fn again(
    target: &TargetRef,
    config: &RunConfig,
    profile: Option<(&str, &Profile)>,
    provenance: &Provenance,
) -> Result<Vec<Page>, String> {
    let raw = read_target(target, &config.read).target.ok_or("it cannot be read any more")?;
    let (prepared, _) = Prepared::new(&raw, config, &mut Vec::new()).map_err(|row| row.reason)?;
    let star = *prepared.light_curve.star();
    let found = search(&prepared.detrended, &config.search, star.density()).map_err(|e| e.to_string())?;
    let flat = prepared.without_transits(&found.candidates, config).ok();
    let seed = target_seed(config.seed, &raw.target_id);
    let mut left = config.fit_selection.max_per_target;
    let fits: Vec<Option<TransitFit>> = found
        .candidates
        .iter()
        .map(|candidate| {
            if candidate.harmonic_of.is_some() || left == 0 {
                return None;
            }
            left -= 1;
            let other = |c: &&Candidate| c.number != candidate.number && c.harmonic_of.is_none();
            let others: Vec<Candidate> = found.candidates.iter().filter(other).cloned().collect();
            let data = FitData::from_detrended(flat.as_ref()?, candidate, &others, &config.fit).ok()?;
            fit_candidate(&data, candidate, &star, &config.fit, seed.wrapping_add(u64::from(candidate.number))).ok()
        })
        .collect();
    let fits: Vec<Option<&TransitFit>> = fits.iter().map(Option::as_ref).collect();
    let (candidates, periodogram) = (&found.candidates, Some(&found.periodogram));
    let target = PageTarget { prepared: &prepared, candidates, fits: &fits, periodogram };
    Ok(target_pages(target, config, profile, provenance))
}

/// Ids of the targets in a table of candidates.
fn targets_with_candidates(path: &Path) -> Result<BTreeSet<String>, PagesError> {
    let refuse = |reason: String| PagesError::Candidates { path: path.to_path_buf(), reason };
    let file = File::open(path).map_err(|source| PagesError::Read { path: path.to_path_buf(), source })?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| refuse(e.to_string()))?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), ["target_id"]);
    let reader = builder.with_projection(mask).build().map_err(|e| refuse(e.to_string()))?;
    let mut out = BTreeSet::new();
    for batch in reader {
        let batch = batch.map_err(|e| refuse(e.to_string()))?;
        let column = batch.column_by_name("target_id").and_then(|c| c.as_any().downcast_ref::<StringArray>());
        let ids = column.ok_or_else(|| refuse("there is no column `target_id` of text".into()))?;
        out.extend((0..ids.len()).filter(|i| ids.is_valid(*i)).map(|i| ids.value(i).to_string()));
    }
    Ok(out)
}
