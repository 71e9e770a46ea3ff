//! What a run was and what it came to: `manifest.json`.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::completeness::Completeness;
use super::config::RunConfig;
use crate::vet::{Disposition, Vetted};

/// One input file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Input {
    pub path: String,
    pub bytes: u64,
    /// As in [`InputFile`](crate::io::read::InputFile).
    pub checksum: String,
}

/// Rows and targets, in and out. [`Counts::add_up`] holds at the end of every run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    pub files: usize,
    /// Files of which nothing was used; each has a row in the error table.
    pub files_refused: usize,
    pub targets: usize,
    pub targets_searched: usize,
    pub targets_failed: usize,
    pub candidates: usize,
    pub single_transits: usize,
    /// Vetted as candidates of planets.
    #[serde(default)]
    pub vetted_candidates: usize,
    #[serde(default)]
    pub vetted_false_positives: usize,
    #[serde(default)]
    pub vetted_false_alarms: usize,
    /// Candidates that could not be vetted.
    #[serde(default)]
    pub vetted_failed: usize,
    pub fits_converged: usize,
    pub fits_not_converged: usize,
    pub fits_failed: usize,
    pub fits_skipped: usize,
    pub error_rows: usize,
}

impl Counts {
    /// Adds the counts of a part of the work.
    pub fn add(&mut self, of: &Counts) {
        self.files += of.files;
        self.files_refused += of.files_refused;
        self.targets += of.targets;
        self.targets_searched += of.targets_searched;
        self.targets_failed += of.targets_failed;
        self.candidates += of.candidates;
        self.single_transits += of.single_transits;
        self.vetted_candidates += of.vetted_candidates;
        self.vetted_false_positives += of.vetted_false_positives;
        self.vetted_false_alarms += of.vetted_false_alarms;
        self.vetted_failed += of.vetted_failed;
        self.fits_converged += of.fits_converged;
        self.fits_not_converged += of.fits_not_converged;
        self.fits_failed += of.fits_failed;
        self.fits_skipped += of.fits_skipped;
        self.error_rows += of.error_rows;
    }

    /// Adds a candidate that was vetted, or could not be.
    pub fn add_verdict(&mut self, vetted: Option<&Vetted>) {
        match vetted.map(|v| v.verdict.disposition) {
            Some(Disposition::Candidate) => self.vetted_candidates += 1,
            Some(Disposition::FalsePositive) => self.vetted_false_positives += 1,
            Some(Disposition::FalseAlarm) => self.vetted_false_alarms += 1,
            None => self.vetted_failed += 1,
        }
    }

    /// Takes over what candidates were vetted as beside those of the whole run.
    pub fn set_vetted(&mut self, of_run: &Counts) {
        self.vetted_candidates = of_run.vetted_candidates;
        self.vetted_false_positives = of_run.vetted_false_positives;
        self.vetted_false_alarms = of_run.vetted_false_alarms;
        self.vetted_failed = of_run.vetted_failed;
    }

    /// Candidates with a row among the fits.
    pub fn fits(&self) -> usize {
        self.fits_converged + self.fits_not_converged + self.fits_failed + self.fits_skipped
    }

    /// Candidates with a row in the table of vetting.
    pub fn vetted(&self) -> usize {
        self.vetted_candidates + self.vetted_false_positives + self.vetted_false_alarms + self.vetted_failed
    }

    /// Whether every target is accounted for, and every candidate has its rows of vetting and fits where any
    /// has.
    pub fn add_up(&self) -> bool {
        let whole = |rows: usize| rows == 0 || rows == self.candidates;
        self.targets == self.targets_searched + self.targets_failed && whole(self.fits()) && whole(self.vetted())
    }
}

/// Wall-clock and summed step times of a run, seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Timings {
    pub wall_s: f64,
    pub scan_s: f64,
    /// Summed over threads.
    pub read_s: f64,
    /// Cleaning and detrending.
    pub prepare_s: f64,
    pub search_s: f64,
    #[serde(default)]
    pub vet_s: f64,
    pub fit_s: f64,
}

impl Timings {
    /// Adds the steps of one target.
    pub fn add_steps(&mut self, of: &Timings) {
        self.read_s += of.read_s;
        self.prepare_s += of.prepare_s;
        self.search_s += of.search_s;
        self.vet_s += of.vet_s;
        self.fit_s += of.fit_s;
    }
}

/// Units of work of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UnitCounts {
    /// In the whole run, all shards together.
    pub total: usize,
    /// Computed now.
    pub computed: usize,
    /// Taken over from before.
    pub kept: usize,
}

/// The manifest of a run. Of two runs with the same `run_id` only `units`, `threads`, `shard`, `timings`,
/// `peak_memory_bytes`, `completeness` and the paths of `inputs` may differ.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Manifest<'a> {
    pub antumbra_version: &'a str,
    pub command: &'a str,
    pub run_id: &'a str,
    pub seed: u64,
    /// `2/4` for the second of four; unset for a whole run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shard: Option<String>,
    pub threads: usize,
    pub config: &'a serde_json::Value,
    pub inputs: &'a [Input],
    /// What there is of a list of targets, where one was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completeness: Option<&'a Completeness>,
    pub counts: Counts,
    /// Targets with data of each sector, quarter or campaign.
    pub segments: BTreeMap<String, usize>,
    pub units: UnitCounts,
    pub timings: Timings,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak_memory_bytes: Option<u64>,
}

impl Manifest<'_> {
    /// Writes `manifest.json` into `dir` in one step.
    pub fn write(&self, dir: &Path) -> std::io::Result<()> {
        write_whole(&dir.join("manifest.json"), |file| {
            serde_json::to_writer_pretty(&mut *file, self)?;
            file.write_all(b"\n")
        })
    }
}

/// Writes a file aside, syncs it and gives it its name.
pub fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    let mut file = BufWriter::new(File::create(&partial)?);
    write(&mut file)?;
    file.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
    fs::rename(partial, path)
}

/// Name of a run: the same for the same version, configuration, seed and input contents, whatever the order of the
/// inputs, the number of threads or the time of day.
pub fn run_id(config: &RunConfig, inputs: &[Input]) -> String {
    let mut hash = Sha256::new();
    hash.update(env!("CARGO_PKG_VERSION"));
    // Debug output of the whole configuration: any setting that differs gives another id.
    hash.update(format!("{config:?}"));
    let mut sums: Vec<&str> = inputs.iter().map(|i| i.checksum.as_str()).collect();
    sums.sort_unstable();
    for sum in sums {
        hash.update(sum);
    }
    hex(&hash.finalize()[..6])
}

/// Seed of one target's random stream, from the run's seed and the target's id.
pub fn target_seed(seed: u64, target_id: &str) -> u64 {
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    hash.update(target_id);
    let digest = hash.finalize();
    digest[..8].iter().fold(0, |acc, &byte| (acc << 8) | u64::from(byte))
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_run_id_ignores_the_order_of_inputs() {
        let input = |sum: &str| Input { path: sum.into(), bytes: 1, checksum: sum.into() };
        let config = RunConfig::default();
        let ab = run_id(&config, &[input("a"), input("b")]);
        assert_eq!(ab, run_id(&config, &[input("b"), input("a")]));
        assert_ne!(ab, run_id(&config, &[input("a")]));
        assert_ne!(ab, run_id(&RunConfig { seed: 1, ..RunConfig::default() }, &[input("a"), input("b")]));
    }

    #[test]
    fn counts_that_lose_a_target_do_not_add_up() {
        let counts = Counts { targets: 3, targets_searched: 2, targets_failed: 1, ..Counts::default() };
        assert!(counts.add_up());
        assert!(!Counts { targets_failed: 0, ..counts }.add_up());
    }
}
