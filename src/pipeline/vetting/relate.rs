//! Candidates of all targets of a run beside each other: who shares an ephemeris, and when too many stars dip at once.
//!
//! Neither can be known when one target is processed, and both change when a run gets more targets. So they are found when
//! the parts of a run are put together, from the candidates of all parts, and every row of vetting is judged again with
//! them. Memory: some 100 bytes a candidate.

use std::path::PathBuf;

use arrow::array::{Array, AsArray, Float64Array, Int64Array, ListArray, RecordBatch, StringArray};
use arrow::datatypes::Float64Type;

use super::rows::{VettingRows, metric_list, write_vetting};
use crate::ephemeris::Ephemeris;
use crate::io::table::{CANDIDATES, SINGLE_TRANSITS, TableRows, VETTING, vetting_columns};
use crate::pipeline::config::RunConfig;
use crate::pipeline::error::RunError;
use crate::pipeline::manifest::{Counts, target_seed};
use crate::pipeline::store::Part;
use crate::vet::{Metrics, Profile, RunCandidate, VetConfig, Vetted, crowded, ephemeris_matches, score};

/// Metrics that only the whole run can tell.
pub const RUN_METRICS: [&str; 2] = ["ephemeris_match", "share_at_crowds"];

/// What the run adds to its candidates, in the order of their rows.
pub struct Relations<'a> {
    config: &'a RunConfig,
    profile: &'a Profile,
    /// Target with the same ephemeris and a deeper signal, and how much deeper.
    parents: Vec<Option<Parent>>,
    /// Share of the transits at crowded times.
    shares: Vec<f64>,
    /// Rows of vetting that have been seen.
    seen: usize,
    /// What these came to.
    counts: Counts,
}

impl<'a> Relations<'a> {
    /// From the candidates and single transits in `parts`; `None` where nothing was vetted.
    pub fn gather(parts: &[PathBuf], config: &'a RunConfig) -> Result<Option<Self>, RunError> {
        let Some(profile) = config.vet.profile.profile() else { return Ok(None) };
        let mut any = false;
        for path in parts {
            any |= Part::open(path)?.rows(VETTING.name) > 0;
        }
        if !any {
            return Ok(None);
        }
        let crowds = &config.vet.crowds;
        let mut candidates: Vec<RunCandidate> = Vec::new();
        let mut dips: Vec<(f64, u32)> = Vec::new();
        // Only whether two dips are of the same target matters.
        let mut targets = Targets::default();
        for path in parts {
            let mut part = Part::open(path)?;
            part.read(CANDIDATES.name, |batch| {
                let rows = Rows::new(&batch).ok_or_else(|| RunError::DamagedPart { path: path.clone() })?;
                for i in 0..batch.num_rows() {
                    let candidate = rows.candidate(i);
                    let times = rows.transit_times(i);
                    if times.len() <= crowds.most_transits {
                        let target = targets.number(&candidate.target_id);
                        dips.extend(times.iter().map(|t| (*t, target)));
                    }
                    candidates.push(candidate);
                }
                Ok(())
            })?;
            part.read(SINGLE_TRANSITS.name, |batch| {
                let text = batch.column_by_name("target_id").and_then(|c| c.as_string_opt::<i32>());
                let (Some(ids), Some(time)) = (text, floats(&batch, "transit_time")) else {
                    return Err(RunError::DamagedPart { path: path.clone() });
                };
                let offset = floats(&batch, "time_offset");
                for i in 0..batch.num_rows() {
                    let offset = offset.filter(|o| o.is_valid(i)).map_or(0.0, |o| o.value(i));
                    dips.push((time.value(i) + offset, targets.number(ids.value(i))));
                }
                Ok(())
            })?;
        }
        let parents = Parent::of_all(&candidates, config);
        let stretches = crowded(&dips, crowds);
        let mut shares = vec![0.0; candidates.len()];
        if !stretches.is_empty() {
            let mut at = 0;
            for path in parts {
                Part::open(path)?.read(CANDIDATES.name, |batch| {
                    let rows = Rows::new(&batch).ok_or_else(|| RunError::DamagedPart { path: path.clone() })?;
                    for i in 0..batch.num_rows() {
                        shares[at] = share_within(&rows.transit_times(i), &stretches);
                        at += 1;
                    }
                    Ok(())
                })?;
            }
        }
        Ok(Some(Self { config, profile, parents, shares, seen: 0, counts: Counts::default() }))
    }

    /// The next rows of vetting, judged again with what the run adds. They come in the order of the candidates.
    pub fn apply(&mut self, batch: &RecordBatch) -> Result<RecordBatch, String> {
        let rows = VettingRows::new(batch).map_err(|column| format!("no column {column}"))?;
        let mut out = TableRows::new(VETTING, vetting_columns(&metric_list()));
        for row in 0..batch.num_rows() {
            let at = self.seen;
            self.seen += 1;
            let (Some(parent), Some(share)) = (self.parents.get(at), self.shares.get(at)) else {
                return Err("more rows of vetting than candidates".into());
            };
            let (target_id, number) = (rows.target_id(row), rows.candidate(row));
            let written = if rows.is_ok(row) {
                let vetted = self.judge(&rows, row, parent.as_ref(), *share);
                self.counts.add_verdict(Some(&vetted));
                let parent = parent.as_ref().map(|p| p.target_id.as_str());
                write_vetting(&mut out, target_id, number, self.profile.name(), Ok(&vetted), parent)
            } else {
                self.counts.add_verdict(None);
                let reason = rows.reason(row).to_string();
                write_vetting(&mut out, target_id, number, self.profile.name(), Err(reason), None)
            };
            written.map_err(|e| e.to_string())?;
        }
        out.take().map_err(|e| e.to_string())?.ok_or_else(|| "no rows".into())
    }

    /// How many of the rows seen are what.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    fn judge(&self, rows: &VettingRows, row: usize, parent: Option<&Parent>, share: f64) -> Vetted {
        let seed = target_seed(self.config.seed, rows.target_id(row)).wrapping_add(u64::from(rows.candidate(row)));
        let of_run = OfRun { parent, share_at_crowds: Some(share) };
        of_run.judge(rows.metrics(row), rows.score(row), self.profile, &self.config.vet, seed)
    }
}

/// A candidate of another target with the same ephemeris and a deeper signal.
#[derive(Clone, Debug, PartialEq)]
pub struct Parent {
    pub target_id: String,
    /// Its depth over that of the child.
    pub depth_ratio: f64,
}

impl Parent {
    /// The deepest parent of each candidate that has any.
    pub fn of_all(candidates: &[RunCandidate], config: &RunConfig) -> Vec<Option<Self>> {
        let mut parents: Vec<Option<Self>> = vec![None; candidates.len()];
        for found in ephemeris_matches(candidates, config.vet.ephemeris_match) {
            let (child, parent) = (&candidates[found.child], &candidates[found.parent]);
            let depth_ratio = parent.depth / child.depth;
            if parents[found.child].as_ref().is_none_or(|p| p.depth_ratio < depth_ratio) {
                parents[found.child] = Some(Self { target_id: parent.target_id.clone(), depth_ratio });
            }
        }
        parents
    }
}

/// What a run adds to a candidate.
pub struct OfRun<'a> {
    pub parent: Option<&'a Parent>,
    pub share_at_crowds: Option<f64>,
}

impl OfRun<'_> {
    /// A candidate whose score is known without what a run adds, judged with it.
    pub fn judge(
        self,
        mut metrics: Metrics,
        score_alone: f64,
        profile: &Profile,
        config: &VetConfig,
        seed: u64,
    ) -> Vetted {
        // What an earlier run added, whose targets may have been others.
        let was_added = RUN_METRICS.iter().any(|name| metrics.value(name) > 0.0);
        let of = |metrics: &Metrics| score(profile, metrics, config.score_draws, seed);
        RUN_METRICS.iter().for_each(|name| metrics.remove(name));
        let before = profile.judge(&metrics).disposition;
        let alone = if was_added { of(&metrics) } else { score_alone };
        metrics.set("ephemeris_match", self.parent.map_or(0.0, |p| p.depth_ratio));
        if let Some(share) = self.share_at_crowds {
            metrics.set("share_at_crowds", share);
        }
        let verdict = profile.judge(&metrics);
        let score = if verdict.disposition == before { alone } else { of(&metrics) };
        Vetted::new(metrics, verdict, score, config)
    }
}

/// Numbers of targets, which come one after the other.
#[derive(Default)]
struct Targets {
    last: String,
    count: u32,
}

impl Targets {
    fn number(&mut self, target_id: &str) -> u32 {
        if self.last != target_id {
            self.last = target_id.to_string();
            self.count += 1;
        }
        self.count
    }
}

/// Share of `times` in stretches that ascend and lie apart; 0 of no times.
fn share_within(times: &[f64], stretches: &[(f64, f64)]) -> f64 {
    let is_in = |t: f64| {
        let after = stretches.partition_point(|s| s.0 <= t);
        after > 0 && t <= stretches[after - 1].1
    };
    times.iter().filter(|t| is_in(**t)).count() as f64 / times.len().max(1) as f64
}

fn floats<'a>(batch: &'a RecordBatch, name: &str) -> Option<&'a Float64Array> {
    batch.column_by_name(name).and_then(|c| c.as_primitive_opt::<Float64Type>())
}

/// The columns of candidates that relations need.
struct Rows<'a> {
    target_id: &'a StringArray,
    number: &'a Int64Array,
    period: &'a Float64Array,
    transit_time: &'a Float64Array,
    time_offset: &'a Float64Array,
    depth: &'a Float64Array,
    transit_times: &'a ListArray,
}

impl<'a> Rows<'a> {
    fn new(batch: &'a RecordBatch) -> Option<Self> {
        Some(Self {
            target_id: batch.column_by_name("target_id")?.as_string_opt()?,
            number: batch.column_by_name("candidate")?.as_primitive_opt()?,
            period: floats(batch, "period")?,
            transit_time: floats(batch, "transit_time")?,
            time_offset: floats(batch, "time_offset")?,
            depth: floats(batch, "depth")?,
            transit_times: batch.column_by_name("transit_times")?.as_list_opt()?,
        })
    }

    fn offset(&self, row: usize) -> f64 {
        if self.time_offset.is_valid(row) { self.time_offset.value(row) } else { 0.0 }
    }

    fn candidate(&self, row: usize) -> RunCandidate {
        RunCandidate {
            target_id: self.target_id.value(row).to_string(),
            number: u32::try_from(self.number.value(row)).unwrap_or(0),
            ephemeris: Ephemeris {
                period: self.period.value(row),
                transit_time: self.transit_time.value(row) + self.offset(row),
            },
            depth: self.depth.value(row),
        }
    }

    fn transit_times(&self, row: usize) -> Vec<f64> {
        let list = self.transit_times.value(row);
        let offset = self.offset(row);
        list.as_primitive_opt::<Float64Type>()
            .map_or_else(Vec::new, |times| times.values().iter().map(|t| t + offset).collect())
    }
}
