//! The search of one star: scan, evaluate the peaks, mask the best, and again until nothing is above threshold.

use super::aliases::allowed_periods;
use super::config::SearchConfig;
use super::error::SearchError;
use super::events::{Support, is_clear, other_events, support, transit_events};
use super::grid::DurationRange;
use super::harmonics::Harmonics;
use super::mask::{extent, mask_event, mask_near, mask_transits};
use super::measure::candidate;
use super::peaks::{DetectionEfficiency, find_peaks};
use super::plan::Plan;
use super::polish::polish;
use super::refine::{BoxFit, DurationLimits, PeriodicBox, refine};
use super::relations::harmonic_of;
use super::scan::{Periodogram, Scan, Scanner, red_noise};
use super::series::Series;
use super::significance::Significance;
use super::singles::single_transits;
use super::cumulative::Cumulative;
use crate::ephemeris::{Candidate, SingleTransit, TransitEvent};
use crate::lightcurve::Detrended;
use crate::star::Measured;

/// Cadences that a search needs.
const MIN_CADENCES: usize = 20;
/// Least share of the exact S/N that the coarse pass keeps: peaks below this times the threshold are not evaluated.
const COARSE_RETENTION: f64 = 0.8;

/// What a search found.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchResult {
    /// By S/N, highest first.
    pub candidates: Vec<Candidate>,
    /// Dips that no candidate explains, strongest first.
    pub single_transits: Vec<SingleTransit>,
    /// Of the first pass, before anything was masked.
    pub periodogram: Periodogram,
    /// Mid-times of isolated dips that were set aside because no other transit agreed with them.
    pub set_aside: Vec<f64>,
    /// Passes over the data.
    pub n_passes: usize,
}

/// Searches a flattened light curve for periodic dips.
///
/// `density` is the mean density of the star in solar units, where it is known: it narrows the durations. In each pass
/// all periods and durations are scanned coarsely, the highest peaks evaluated exactly, their harmonics settled, and the
/// best one whose transits support it becomes a candidate; its transits are masked and the rest is searched again.
/// Where only isolated dips stand above the threshold, those are set aside.
pub fn search(
    detrended: &Detrended,
    config: &SearchConfig,
    density: Option<Measured>,
) -> Result<SearchResult, SearchError> {
    config.validate()?;
    if detrended.len() < MIN_CADENCES {
        return Err(SearchError::TooFewCadences { found: detrended.len(), needed: MIN_CADENCES });
    }
    let whole = Series::new(detrended);
    let durations = DurationRange::new(config, density, whole.cadence, config.period_min);
    let plan = Plan::new(config, durations, whole.baseline, whole.len())?;

    let mut masked = vec![false; whole.len()];
    let mut series = whole.clone();
    let mut scanner = Scanner::new();
    let mut pass = scanner.scan(&series, &plan);
    let mut betas = Vec::new();
    let mut result = SearchResult {
        candidates: Vec::new(),
        single_transits: Vec::new(),
        periodogram: pass.periodogram.clone(),
        set_aside: Vec::new(),
        n_passes: 1,
    };
    while result.candidates.len() < config.max_candidates {
        match evaluate(&series, &pass, &plan, config) {
            Found::Nothing => break,
            Found::Candidate(found) => {
                let found = without_own_transits(&series, found, &plan);
                let polished = polish(&series, &found.fit, found.beta);
                let (shape, half_width) = extent(&series, &found.fit, polished.as_ref());
                mask_transits(&whole, &series, &shape, half_width, found.fit.statistic.depth, &mut masked);
                betas.push(found.beta);
                result.candidates.push(candidate(&series, &found.fit, polished.as_ref(), found.beta, found.sde));
            }
            Found::Isolated(times, duration) => {
                if result.set_aside.len() >= config.max_set_aside {
                    break;
                }
                for time in times {
                    mask_event(&whole, time, duration, &mut masked);
                    result.set_aside.push(whole.origin + time);
                }
            }
        }
        series = whole.without(&masked);
        if series.len() < MIN_CADENCES {
            break;
        }
        pass = scanner.scan(&series, &plan);
        result.n_passes += 1;
    }
    let significance = Significance::new(&pass.periodogram, &plan, whole.cadence);
    if let Some(significance) = significance.filter(|_| !result.candidates.is_empty()) {
        for (candidate, beta) in result.candidates.iter_mut().zip(&betas) {
            candidate.fap = significance.ln_fap(candidate.snr_red, *beta, candidate.n_transits).exp();
        }
    }
    number(&mut result.candidates, whole.baseline);
    if !result.candidates.is_empty() {
        let sums = Cumulative::new(&whole);
        for candidate in &mut result.candidates {
            candidate.allowed_periods = allowed_periods(&sums, candidate, config.period_min, config.duty_cycle_max);
        }
    }
    result.single_transits = single_transits(&whole, &result.candidates, config, density);
    Ok(result)
}

/// Sorts by S/N, numbers, and names harmonics.
fn number(candidates: &mut [Candidate], baseline: f64) {
    candidates.sort_by(|a, b| b.snr.total_cmp(&a.snr));
    for i in 0..candidates.len() {
        candidates[i].number = i as u32 + 1;
        let (stronger, rest) = candidates.split_at_mut(i);
        rest[0].harmonic_of = harmonic_of(&rest[0], stronger, baseline);
    }
}

struct FoundBox {
    fit: BoxFit,
    beta: f64,
    sde: f64,
}

enum Found {
    Nothing,
    Candidate(FoundBox),
    /// Mid-times (days since the series' origin) of dips without company, and their duration.
    Isolated(Vec<f64>, f64),
}

/// Evaluates the peaks of a pass exactly, highest first.
fn evaluate(series: &Series, pass: &Scan, plan: &Plan, config: &SearchConfig) -> Found {
    let floor = COARSE_RETENTION * config.snr_threshold;
    let peaks = find_peaks(&pass.periodogram, 4 * config.max_peaks, floor);
    let harmonics = Harmonics {
        series,
        noise: &pass.noise,
        period_min: plan.period_min,
        period_max: plan.period_max,
        min_transits: config.min_transits,
    };
    let mut best: Option<(f64, FoundBox)> = None;
    let mut isolated: Option<(f64, Vec<f64>, f64)> = None;
    let mut efficiency = None;
    let mut evaluated = 0;
    for peak in peaks {
        if evaluated == config.max_peaks {
            break;
        }
        evaluated += 1;
        // The exact S/N of a lower peak cannot be so much higher than its coarse one.
        if best.as_ref().is_some_and(|b| peak.snr < COARSE_RETENTION * b.0) {
            break;
        }
        let start = pass.periodogram.start_of(peak.cell);
        let limits = limits_at(plan, &start);
        let slot_width = plan.slot_width(start.period);
        let drift = 1.5 * slot_width;
        let Some(fit) = refine(series, start, drift, limits, &pass.noise) else { continue };
        let fit = harmonics.settle(fit, slot_width, limits);
        let beta = pass.noise.beta(fit.shape.duration);
        let snr_red = fit.snr() / beta;
        if snr_red < config.snr_threshold {
            continue;
        }
        let events = transit_events(series, &fit.shape);
        let others = |snr| other_events(series, &fit.shape, snr);
        let clear = |event: &TransitEvent| is_clear(series, event.time, fit.shape.duration);
        match support(&events, fit.statistic.depth, beta, config.min_transits, others, clear) {
            Support::Periodic => {
                if best.as_ref().is_none_or(|b| snr_red > b.0) {
                    let efficiency = efficiency.get_or_insert_with(|| DetectionEfficiency::new(&pass.periodogram));
                    best = Some((snr_red, FoundBox { fit, beta, sde: efficiency.at(peak.cell) }));
                }
            }
            Support::Isolated(epochs) => {
                if isolated.as_ref().is_none_or(|i| snr_red > i.0) {
                    let time = |epoch: &i64| fit.shape.transit_time + *epoch as f64 * fit.shape.period;
                    isolated = Some((snr_red, epochs.iter().map(time).collect(), fit.shape.duration));
                }
            }
            // A variable star has any number of these; they must not use up the peaks that are looked at.
            Support::NoiseLike => evaluated -= 1,
            Support::TooFew => {}
        }
    }
    match (best, isolated) {
        (Some((_, found)), _) => Found::Candidate(found),
        (None, Some((_, times, duration))) if !times.is_empty() => Found::Isolated(times, duration),
        _ => Found::Nothing,
    }
}

/// The box fitted again, and its β, with the noise measured outside of its own transits.
///
/// Deep transits are a part of the scatter of single boxes, the more so the longer the box, and would favour boxes that
/// are too short. Three durations are left out about each transit.
fn without_own_transits(series: &Series, found: FoundBox, plan: &Plan) -> FoundBox {
    let shape = found.fit.shape;
    let mut own = vec![false; series.len()];
    mask_near(series, &shape, 1.5 * shape.duration, &mut own);
    let quiet = series.without(&own);
    if quiet.len() < MIN_CADENCES {
        return found;
    }
    let noise = red_noise(&quiet, plan);
    let fit = refine(series, shape, 0.25 * shape.duration, limits_at(plan, &shape), &noise).unwrap_or(found.fit);
    FoundBox { fit, beta: noise.beta(fit.shape.duration), ..found }
}

/// A little beyond the plan's durations at this period, for boxes between its steps.
fn limits_at(plan: &Plan, start: &PeriodicBox) -> DurationLimits {
    let shortest = (0.8 * plan.durations.shortest(start.period)).min(start.duration);
    let longest = (1.25 * plan.durations.longest(start.period)).max(start.duration).min(0.5 * start.period);
    DurationLimits { shortest, longest }
}
