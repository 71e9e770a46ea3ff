//! All steps for one target, from its files to candidates and fits.

use std::time::Instant;

use super::config::RunConfig;
use super::known::{KnownTransit, known_candidate};
use super::manifest::{Counts, Timings, target_seed};
use super::prepare::{ErrorRow, Prepared};
use super::vetting::vet_target;
use crate::ephemeris::{Candidate, SingleTransit};
use crate::fit::{FitData, TransitFit, fit_candidate};
use crate::io::read::{TargetRead, TargetRef, read_target};
use crate::lightcurve::{CleanReport, Detrended, RawTarget, median_time_step};
use crate::math::{median, point_to_point_sigma};
use crate::search::search;
use crate::vet::{VetError, Vetted};

/// What became of one candidate's fit.
#[derive(Clone, Debug)]
pub enum FitOutcome {
    Fitted(Box<TransitFit>),
    Skipped(String),
    Failed(String),
}

/// What a searched target looked like.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetSummary {
    /// Files used, in the order of their first times.
    pub sources: Vec<String>,
    pub n_segments: usize,
    pub n_cadences_read: usize,
    pub n_cadences: usize,
    pub n_outliers: usize,
    pub time_start: f64,
    pub time_end: f64,
    pub time_offset: Option<f64>,
    pub cadence: f64,
    pub scatter: f64,
    pub flux_err: f64,
    pub flux_err_origin: String,
    pub detrend_window: f64,
    pub n_periods: usize,
    pub period_min: f64,
    pub period_max: f64,
}

/// What vetting made of the candidates of a target.
#[derive(Clone, Debug, Default)]
pub struct Vetting {
    /// Name of the profile that judged.
    pub profile: String,
    /// One for each candidate; empty where none was vetted.
    pub results: Vec<Result<Vetted, VetError>>,
}

/// Everything that one target came to.
#[derive(Clone, Debug)]
pub struct TargetOutcome {
    pub target_id: String,
    /// Set when the target was searched.
    pub summary: Option<TargetSummary>,
    pub candidates: Vec<Candidate>,
    /// Dips that no candidate explains.
    pub single_transits: Vec<SingleTransit>,
    /// Each candidate beside the others of the target, but not of the run.
    pub vetting: Vetting,
    /// One for each candidate.
    pub fits: Vec<FitOutcome>,
    /// Why parts of the target, or all of it, could not be used; the last one is the reason where `summary` is unset.
    pub errors: Vec<ErrorRow>,
    pub timings: Timings,
}

impl TargetOutcome {
    /// What it adds to the counts of a run.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts {
            targets: 1,
            targets_searched: usize::from(self.summary.is_some()),
            targets_failed: usize::from(self.summary.is_none()),
            candidates: self.candidates.len(),
            single_transits: self.single_transits.len(),
            error_rows: self.errors.len(),
            ..Counts::default()
        };
        self.vetting.results.iter().for_each(|vetted| counts.add_verdict(vetted.as_ref().ok()));
        for fit in &self.fits {
            match fit {
                FitOutcome::Fitted(fit) if fit.is_converged() => counts.fits_converged += 1,
                FitOutcome::Fitted(_) => counts.fits_not_converged += 1,
                FitOutcome::Skipped(_) => counts.fits_skipped += 1,
                FitOutcome::Failed(_) => counts.fits_failed += 1,
            }
        }
        counts
    }

    fn failed(target_id: &str, errors: Vec<ErrorRow>) -> Self {
        Self {
            target_id: target_id.to_string(),
            summary: None,
            candidates: Vec::new(),
            single_transits: Vec::new(),
            vetting: Vetting::default(),
            fits: Vec::new(),
            errors,
            timings: Timings::default(),
        }
    }

    /// The outcome of a target whose processing panicked: a bug of ours, reported as one error row.
    pub fn panicked(target_id: &str, message: String) -> Self {
        let row = ErrorRow {
            target_id: Some(target_id.to_string()),
            source: target_id.to_string(),
            stage: "search",
            kind: "panic".to_string(),
            reason: format!("internal error: {message}"),
            left_out: false,
        };
        Self::failed(target_id, vec![row])
    }
}

/// How far to take a target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Steps {
    /// Stop at the candidates.
    Search,
    /// Fit them too.
    SearchAndFit,
    /// Fit a planet that is known, without a search.
    FitKnown(KnownTransit),
}

impl Steps {
    /// The subcommand that does this.
    pub fn command(&self) -> &'static str {
        match self {
            Steps::Search => "search",
            Steps::SearchAndFit => "run",
            Steps::FitKnown(_) => "fit",
        }
    }
}

/// Reads one target and takes it through all steps.
pub fn process_target(target: &TargetRef, config: &RunConfig, steps: Steps) -> TargetOutcome {
    let start = Instant::now();
    let read = read_target(target, &config.read);
    let read_s = start.elapsed().as_secs_f64();
    let mut outcome = process_read(&target.target_id, read, config, steps);
    outcome.timings.read_s = read_s;
    outcome
}

/// Takes one target through all steps but reading.
pub fn process_read(target_id: &str, read: TargetRead, config: &RunConfig, steps: Steps) -> TargetOutcome {
    let mut errors: Vec<ErrorRow> = read.errors.iter().map(ErrorRow::from).collect();
    let Some(raw) = read.target else {
        return TargetOutcome::failed(target_id, errors);
    };
    let mut outcome = match process_raw(&raw, config, steps) {
        Ok(outcome) => outcome,
        Err(rows) => {
            errors.extend(rows);
            return TargetOutcome::failed(&raw.target_id, errors);
        }
    };
    errors.append(&mut outcome.errors);
    outcome.errors = errors;
    outcome
}

fn process_raw(raw: &RawTarget, config: &RunConfig, steps: Steps) -> Result<TargetOutcome, Vec<ErrorRow>> {
    let mut errors = Vec::new();
    let mut timings = Timings::default();
    let start = Instant::now();
    let (prepared, report) = match Prepared::new(raw, config, &mut errors) {
        Ok(prepared) => prepared,
        Err(row) => {
            errors.push(row);
            return Err(errors);
        }
    };
    timings.prepare_s = start.elapsed().as_secs_f64();

    let start = Instant::now();
    let refused = |e: &dyn std::error::Error| ErrorRow {
        target_id: Some(raw.target_id.clone()),
        source: raw.segments.first().map(|s| s.source.clone()).unwrap_or_default(),
        stage: "search",
        kind: "search".to_string(),
        reason: e.to_string(),
        left_out: false,
    };
    let found = match steps {
        Steps::FitKnown(known) => known_candidate(&prepared, &known, config)
            .map(|candidate| (vec![candidate], Vec::new(), 0))
            .map_err(|e| refused(&e)),
        Steps::Search | Steps::SearchAndFit => {
            search(&prepared.detrended, &config.search, prepared.light_curve.star().density())
                .map(|found| (found.candidates, found.single_transits, found.periodogram.n_periods))
                .map_err(|e| refused(&e))
        }
    };
    let (candidates, single_transits, n_periods) = match found {
        Ok(found) => found,
        Err(row) => {
            errors.push(row);
            return Err(errors);
        }
    };
    timings.search_s = start.elapsed().as_secs_f64();

    let flat = match steps {
        Steps::SearchAndFit | Steps::FitKnown(_) if !candidates.is_empty() => {
            Some(prepared.without_transits(&candidates, config))
        }
        _ => None,
    };
    let start = Instant::now();
    let mut vetting = Vetting::default();
    if let (Steps::SearchAndFit, Some(Ok(flat)), Some(profile)) = (steps, &flat, config.vet.profile.profile()) {
        vetting.profile = profile.name().to_string();
        vetting.results = vet_target(&prepared, flat, &candidates, config);
    }
    timings.vet_s = start.elapsed().as_secs_f64();

    let start = Instant::now();
    let fits = match flat {
        None => Vec::new(),
        Some(Err(e)) => candidates.iter().map(|_| FitOutcome::Failed(e.to_string())).collect(),
        Some(Ok(flat)) => fit_candidates(&prepared, &flat, &candidates, &vetting, config),
    };
    timings.fit_s = start.elapsed().as_secs_f64();
    let summary = summarise(raw, &prepared, &report, n_periods, config);
    Ok(TargetOutcome {
        target_id: raw.target_id.clone(),
        summary: Some(summary),
        candidates,
        single_transits,
        vetting,
        fits,
        errors,
        timings,
    })
}

/// Fits the strongest candidates that are not harmonics of others; says of the rest why they were not fitted.
fn fit_candidates(
    prepared: &Prepared,
    flat: &Detrended,
    candidates: &[Candidate],
    vetting: &Vetting,
    config: &RunConfig,
) -> Vec<FitOutcome> {
    let seed = target_seed(config.seed, prepared.light_curve.target_id());
    let most = config.fit_selection.max_per_target;
    let mut fitted = 0;
    candidates
        .iter()
        .enumerate()
        .map(|(i, candidate)| {
            if let Some(harmonic) = candidate.harmonic_of {
                return FitOutcome::Skipped(format!("harmonic of candidate {}", harmonic.candidate));
            }
            if let Some(Ok(vetted)) = vetting.results.get(i)
                && !config.fit_selection.dispositions.include(vetted.verdict.disposition)
            {
                return FitOutcome::Skipped(format!("vetted as {}", vetted.verdict.disposition.name()));
            }
            if fitted == most {
                return FitOutcome::Skipped(format!("fit_selection.max_per_target is {most}"));
            }
            fitted += 1;
            // A harmonic or remainder of this candidate shares its transits; leaving them out would leave nothing to fit.
            let other = |c: &&Candidate| c.number != candidate.number && c.harmonic_of.is_none();
            let others: Vec<Candidate> = candidates.iter().filter(other).cloned().collect();
            let seed = seed.wrapping_add(u64::from(candidate.number));
            FitData::from_detrended(flat, candidate, &others, &config.fit)
                .and_then(|data| fit_candidate(&data, candidate, prepared.light_curve.star(), &config.fit, seed))
                .map_or_else(|e| FitOutcome::Failed(e.to_string()), |fit| FitOutcome::Fitted(Box::new(fit)))
        })
        .collect()
}

fn summarise(
    raw: &RawTarget,
    prepared: &Prepared,
    report: &CleanReport,
    n_periods: usize,
    config: &RunConfig,
) -> TargetSummary {
    let flat = &prepared.detrended;
    let mut origins: Vec<String> = report.segments.iter().map(|s| s.errors.name().to_string()).collect();
    origins.dedup();
    let mut sources: Vec<String> = report.segments.iter().map(|s| s.source.clone()).collect();
    sources.dedup();
    let time = flat.time();
    TargetSummary {
        sources,
        n_segments: report.segments.len(),
        n_cadences_read: raw.segments.iter().map(|s| s.time.len()).sum(),
        n_cadences: flat.len(),
        n_outliers: report.segments.iter().map(|s| s.upward_outliers).sum(),
        time_start: time[0],
        time_end: time[time.len() - 1],
        time_offset: flat.time_system().offset(),
        cadence: median_time_step(time),
        scatter: point_to_point_sigma(flat.flux()),
        flux_err: median(flat.flux_err()),
        flux_err_origin: origins.join(","),
        detrend_window: prepared.window,
        n_periods,
        period_min: config.search.period_min,
        period_max: config.search.longest_period(flat.baseline()),
    }
}
