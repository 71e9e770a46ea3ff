//! Pages of all candidates of a run, from its tables and its inputs.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::Deserialize;

use super::stored::{StoredRun, StoredTarget};
use super::{PageTarget, PagesError, Sheets, target_pages, write_index, write_page};
use crate::io::read::{TargetRef, read_target, scan};
use crate::pipeline::config::RunConfig;
use crate::pipeline::prepare::Prepared;
use crate::pipeline::vetting::{RUN_METRICS, vet_target};
use crate::report::page::{IndexRow, Page, Provenance};
use crate::search::search;
use crate::vet::{ProfileChoice, Vetted};

/// Targets whose pages are made at a time.
const TARGETS_AT_ONCE: usize = 64;

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

/// Rows of a target's pages, or the target and why there are none.
type Made = Result<Vec<IndexRow>, (String, String)>;

/// Pages of all candidates of the run in `dir`, into `dir/report`.
///
/// The manifest says what was read and how; fits and vetting are in the tables. Targets with candidates are read and
/// searched again, which gives the periodogram that no table holds, and with the same configuration the same candidates.
/// They are vetted anew where `profile` is given.
pub fn report_run(dir: &Path, profile: Option<ProfileChoice>, sheets: Sheets) -> Result<ReportSummary, PagesError> {
    let path = dir.join("manifest.json");
    let text = fs::read_to_string(&path).map_err(|source| PagesError::Read { path: path.clone(), source })?;
    let mut manifest: StoredManifest =
        serde_json::from_str(&text).map_err(|source| PagesError::Manifest { path, source })?;
    let vet_again = profile.is_some();
    if let Some(profile) = profile {
        manifest.config.vet.profile = profile;
    }
    let mut stored = StoredRun::open(dir)?;
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
    let targets: BTreeMap<&str, &TargetRef> = found.targets.iter().map(|t| (t.target_id.as_str(), t)).collect();
    let again = Again { config: &manifest.config, vet_again, provenance: &provenance };
    let mut summary = ReportSummary { changed, index: out.join("index.html"), ..ReportSummary::default() };
    let mut rows = Vec::new();
    loop {
        let mut some = Vec::new();
        while some.len() < TARGETS_AT_ONCE
            && let Some(target) = stored.target()?
        {
            some.push(target);
        }
        if some.is_empty() {
            break;
        }
        let made: Vec<Result<Made, PagesError>> = some
            .par_iter()
            .map(|of| {
                let id = of.target_id.as_str();
                let there = targets.get(id).ok_or_else(|| "its light curve is not where it was".to_string());
                match there.and_then(|target| again.pages(target, of)) {
                    Ok(pages) => {
                        pages.iter().try_for_each(|p| write_page(p, &out, sheets))?;
                        Ok(Ok(pages.into_iter().map(|p| p.row).collect()))
                    }
                    Err(reason) => Ok(Err((id.to_string(), reason))),
                }
            })
            .collect();
        for result in made {
            match result? {
                Ok(of_target) => {
                    summary.targets += 1;
                    rows.extend(of_target);
                }
                Err(reason) => summary.failed.push(reason),
            }
        }
    }
    // the strongest first
    rows.sort_by(|a, b| b.snr.total_cmp(&a.snr).then_with(|| a.page.cmp(&b.page)));
    write_index(&rows, &provenance, &out)?;
    summary.pages = rows.len();
    Ok(summary)
}

/// How targets are taken through the run's steps once more.
struct Again<'a> {
    config: &'a RunConfig,
    vet_again: bool,
    provenance: &'a Provenance,
}

impl Again<'_> {
    /// Reads and searches one target as the run did, and makes its pages.
    fn pages(&self, target: &TargetRef, stored: &StoredTarget) -> Result<Vec<Page>, String> {
        let config = self.config;
        let raw = read_target(target, &config.read).target.ok_or("it cannot be read any more")?;
        let (prepared, _) = Prepared::new(&raw, config, &mut Vec::new()).map_err(|row| row.reason)?;
        let density = prepared.light_curve.star().density();
        let found = search(&prepared.detrended, &config.search, density).map_err(|e| e.to_string())?;
        if found.candidates.len() != stored.candidates {
            let (now, then) = (found.candidates.len(), stored.candidates);
            return Err(format!("a search gives {now} candidates now and gave {then} then: its data have changed"));
        }
        let again = prepared.without_transits(&found.candidates, config).ok();
        let flat = again.as_ref().unwrap_or(&prepared.detrended);
        let vetted = match config.vet.profile.profile() {
            None => Vec::new(),
            Some(profile) if !self.vet_again => stored.vetted(profile, &config.vet),
            Some(profile) => {
                let mut vetted: Vec<Option<Vetted>> =
                    vet_target(&prepared, flat, &found.candidates, config).into_iter().map(Result::ok).collect();
                // What only the whole run can tell.
                for (vetted, known) in vetted.iter_mut().zip(&stored.vetting) {
                    if let (Some(vetted), Some((metrics, _))) = (vetted, known) {
                        RUN_METRICS.iter().for_each(|name| vetted.metrics.insert(*name, metrics.get(name)));
                        vetted.verdict = profile.judge(&vetted.metrics);
                    }
                }
                vetted
            }
        };
        let (candidates, periodogram) = (&found.candidates, Some(&found.periodogram));
        let target =
            PageTarget { prepared: &prepared, flat, candidates, vetted: &vetted, fits: &stored.fits, periodogram };
        Ok(target_pages(target, config, self.provenance))
    }
}
