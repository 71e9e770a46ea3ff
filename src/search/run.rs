//! The search of one star: scan, evaluate the peaks, mask the best, and again until nothing is above threshold.

use super::coarse::peaks::{DetectionEfficiency, find_peaks};
use super::coarse::plan::Plan;
use super::coarse::scan::{Periodogram, Scan, Scanner, measure_noise};
use super::config::SearchConfig;
use super::error::SearchError;
use super::exact::measure::candidate;
use super::exact::polish::polish;
use super::exact::refine::{BoxFit, DurationLimits, PeriodicBox, refine};
use super::grid::DurationRange;
use super::noise::contrast::contrast;
use super::noise::red::{EventScatter, RedNoise};
use super::noise::significance::Significance;
use super::noise::view::View;
use super::series::cumulative::Cumulative;
use super::series::dips::Series;
use super::series::left_out::SlotsLeft;
use super::singles::single_transits::single_transits;
use super::transits::aliases::allowed_periods;
use super::transits::events::{Support, is_clear, other_events, support, transit_events};
use super::transits::harmonics::Harmonics;
use super::transits::mask::{extent, mask_event, mask_transits};
use super::transits::relations::harmonic_of;
use crate::ephemeris::{Candidate, SingleTransit, TransitEvent};
use crate::lightcurve::Detrended;
use crate::star::Measured;

/// Cadences that a search needs.
const MIN_CADENCES: usize = 20;
/// Least share of the exact S/N that the coarse pass keeps: peaks below this times the threshold are not evaluated.
const COARSE_RETENTION: f64 = 0.8;
/// Width in durations of what is left out about each transit when its noise is measured.
const OWN_WIDTH: f64 = 3.0;
/// Relative change of β that is less than it is known to.
const NO_MATTER: f64 = 0.01;
/// Relative changes of β from duration to duration that choose no other box.
const SAME_BETA: f64 = 0.02;

/// S/N over red noise above which a dip that is [`CONTRAST`] times as significant as any rise of its fold is taken from the
/// flattened light curve, however red, if it is no longer than transits are: what rotation leaves is as long as boxes may be.
const CLEAR: f64 = 12.0;
const CONTRAST: f64 = 3.0;
/// Contrast below which a signal is a wave, as far up as down, and no dip. White noise leaves a transit at threshold with three.
const LEAST_CONTRAST: f64 = 1.6;

/// Time slots in the shortest duration, for the quick look.
const QUICK_OVERSAMPLING: usize = 1;
/// Least share of the exact S/N that the quick look keeps: its boxes are twice as long as the shortest transits, 0.71, and off
/// their place by up to half a slot.
const QUICK_RETENTION: f64 = 0.5;

/// A box this much longer than the longest transit stopped at a limit; or it came by a harmonic from a longer period.
const TOO_LONG: f64 = 1.2;

/// What a search found.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchResult {
    /// By S/N, highest first.
    pub candidates: Vec<Candidate>,
    /// Dips that no candidate explains, strongest first.
    pub single_transits: Vec<SingleTransit>,
    /// Of the first pass that counted: before anything was masked, of the light curve whitened if it was.
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
    let quick = SearchConfig { oversampling: QUICK_OVERSAMPLING, ..config.clone() };
    let quick = Plan::new(&quick, durations, whole.baseline, whole.len())?;

    let mut masked = vec![false; whole.len()];
    let mut scanner = Scanner::new();
    let mut view = View::new(detrended, &whole, &plan, config);
    let mut betas = Vec::new();
    // What is left when all candidates are masked.
    let mut rest = Periodogram::default();
    let mut result = SearchResult {
        candidates: Vec::new(),
        single_transits: Vec::new(),
        periodogram: Periodogram::default(),
        set_aside: Vec::new(),
        n_passes: 0,
    };
    while result.candidates.len() < config.max_candidates {
        let series = view.series(&masked);
        if series.len() < MIN_CADENCES {
            break;
        }
        let sums = Cumulative::new(&series);
        let noise = measure_noise(&sums, &plan);
        if view.wants_whitening(&noise) && !may_stand_out(&mut scanner, &sums, &noise, &quick) {
            view.whiten();
            continue;
        }
        let pass = Scan { periodogram: scanner.scan(&sums, &noise, &plan), noise };
        result.n_passes += 1;
        let found = match evaluate(&series, &pass, &plan, config) {
            Found::Candidate(found) => Found::Candidate(without_own_transits(&series, found, &pass.noise, &plan)),
            other => other,
        };
        let noise = match &found {
            Found::Candidate(found) => found.quiet.as_ref().unwrap_or(&pass.noise),
            _ => &pass.noise,
        };
        let strong = matches!(&found, Found::Candidate(f) if stands_out(f, &plan));
        if !strong && view.wants_whitening(noise) {
            view.whiten();
            continue;
        }
        if result.periodogram.is_empty() {
            result.periodogram = pass.periodogram.clone();
        }
        rest = pass.periodogram;
        match found {
            Found::Nothing => break,
            Found::Candidate(found) => {
                let polished = if series.is_whitened() {
                    None
                } else {
                    polish(&series, &found.fit, found.beta).filter(|p| p.is_like(&found.fit))
                };
                let (shape, half_width) = extent(&series, &found.fit, polished.as_ref());
                mask_transits(&whole, &series, &shape, half_width, found.fit.statistic.depth, &mut masked);
                betas.push(found.beta / series.ratio(found.fit.shape.duration).sqrt());
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
    }
    let significance = Significance::new(&rest, &plan, whole.cadence, view.noise());
    if let Some(significance) = significance.filter(|_| !result.candidates.is_empty()) {
        for (candidate, beta) in result.candidates.iter_mut().zip(&betas) {
            candidate.fap = significance.ln_fap(candidate.snr_red, *beta, candidate.n_transits).exp();
        }
    }
    result.candidates.retain(|c| c.fap.is_nan() || c.fap <= config.max_fap);
    number(&mut result.candidates, whole.baseline);
    for candidate in &mut result.candidates {
        candidate.allowed_periods = allowed_periods(&whole, candidate, config.period_min, config.duty_cycle_max);
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
    contrast: f64,
    /// The noise without its transits, where that was measured.
    quiet: Option<RedNoise>,
}

enum Found {
    Nothing,
    Candidate(FoundBox),
    /// Mid-times (days since the series' origin) of dips without company, and their duration.
    Isolated(Vec<f64>, f64),
}

/// Whether a quick look at a flattened light curve shows anything that may stand out (see [`stands_out`]).
///
/// Where its noise is red and nothing stands out, a pass over it is thrown away and the light curve whitened. Half as many
/// slots and a quarter of the additions tell most of these light curves beforehand.
fn may_stand_out(scanner: &mut Scanner, series: &Cumulative, noise: &RedNoise, quick: &Plan) -> bool {
    let least = (QUICK_RETENTION * CLEAR) as f32;
    scanner.scan(series, noise, quick).snr.iter().any(|snr| *snr >= least)
}

/// Whether a signal in the flattened light curve is none that the star's own variability leaves there.
fn stands_out(found: &FoundBox, plan: &Plan) -> bool {
    let shape = found.fit.shape;
    let bounded = shape.duration < plan.durations.longest(shape.period);
    bounded && found.fit.snr() > CLEAR * found.beta && found.contrast > CONTRAST
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
    let mut refined: Vec<PeriodicBox> = Vec::new();
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
        if refined.iter().any(|r| covers(r, &start, drift, series.baseline)) {
            evaluated -= 1;
            continue;
        }
        refined.push(start);
        let Some(fit) = refine(series, start, drift, limits, &pass.noise) else { continue };
        let fit = harmonics.settle(fit, slot_width, limits);
        let beta = pass.noise.beta(fit.shape.duration);
        let snr_red = fit.snr() / beta;
        if snr_red < config.snr_threshold {
            continue;
        }
        let events = transit_events(series, &fit.shape);
        let others = |snr| other_events(series, &fit.shape, snr);
        let contrast = contrast(series, &fit, &pass.noise);
        let too_long = fit.shape.duration > TOO_LONG * plan.durations.longest(fit.shape.period);
        if too_long || contrast < LEAST_CONTRAST {
            // A variable star has as many of these as of the noise-like pairs below.
            evaluated -= 1;
            continue;
        }
        let clear = |event: &TransitEvent| is_clear(series, event.time, fit.shape.duration);
        match support(&events, fit.statistic.depth, beta, config.min_transits, others, clear) {
            Support::Periodic => {
                if best.as_ref().is_none_or(|b| snr_red > b.0) {
                    let efficiency = efficiency.get_or_insert_with(|| DetectionEfficiency::new(&pass.periodogram));
                    best =
                        Some((snr_red, FoundBox { fit, beta, sde: efficiency.at(peak.cell), contrast, quiet: None }));
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

/// Whether the refinement of `refined` looked at `peak`: one signal has many neighbouring cells.
fn covers(refined: &PeriodicBox, peak: &PeriodicBox, drift: f64, baseline: f64) -> bool {
    let epochs = 0.5 * baseline / refined.period;
    let middle = |b: &PeriodicBox| b.transit_time + ((0.5 * baseline - b.transit_time) / b.period).round() * b.period;
    let apart = (middle(refined) - middle(peak)).abs();
    (refined.period - peak.period).abs() * epochs <= drift
        && apart.min((refined.period - apart).abs()) <= refined.duration
        && (0.6..1.8).contains(&(peak.duration / refined.duration))
}

/// The box fitted again, and its β, with the noise measured outside of its own transits.
///
/// Deep transits are a part of the scatter of single boxes, the more so the longer the box, and would favour boxes that
/// are too short. Three durations are left out about each transit. Where these are too few or too shallow to matter, `old` is
/// what it would be.
fn without_own_transits(series: &Series, found: FoundBox, old: &RedNoise, plan: &Plan) -> FoundBox {
    let shape = found.fit.shape;
    let events = transit_events(series, &shape);
    let limits = limits_at(plan, &shape);
    let touched = events.len() as f64 * (OWN_WIDTH + 1.0) * shape.duration;
    let with_data = (series.len() as f64 * series.cadence).min(series.baseline);
    let shift = 0.5 * found.fit.snr().powi(2) / events.len().max(1) as f64;
    if touched * shift.min(2.0) < NO_MATTER * with_data {
        return found;
    }
    let noise = own_noise(series, &shape, plan);
    if noise.events.is_empty() {
        return found;
    }
    // Where β changes by the same factor for all durations, the same box is the best.
    let beta = (old.beta(shape.duration), noise.beta(shape.duration));
    let alike = |e: &EventScatter| (e.beta / old.beta(e.duration) * beta.0 / beta.1 - 1.0).abs() < SAME_BETA;
    let fit = match noise.events.iter().all(alike) {
        true => found.fit,
        false => refine(series, shape, 0.25 * shape.duration, limits, &noise).unwrap_or(found.fit),
    };
    FoundBox { fit, beta: noise.beta(fit.shape.duration), quiet: Some(noise), ..found }
}

/// β of boxes from half to twice the duration of `shape`, without the cadences within one and a half of it of a transit; of
/// none where too few are left.
fn own_noise(series: &Series, shape: &PeriodicBox, plan: &Plan) -> RedNoise {
    let width = plan.finest_slot().max(0.25 * shape.duration);
    let mut left = SlotsLeft::new(series, width);
    let own_width = (OWN_WIDTH * shape.duration).min(shape.period);
    for window in series.windows(shape.period, shape.transit_time - 0.5 * own_width, own_width) {
        left.leave_out(window.cadences);
    }
    if left.cadences < MIN_CADENCES {
        return RedNoise::default();
    }
    let slots = left.slots();
    RedNoise::measure(&slots, 2.0 * shape.duration / 1.5, |duration| series.ratio(duration))
}

/// A little beyond the plan's durations at this period, for boxes between its steps.
fn limits_at(plan: &Plan, start: &PeriodicBox) -> DurationLimits {
    let shortest = (0.8 * plan.durations.shortest(start.period)).min(start.duration);
    let longest = (1.25 * plan.durations.longest(start.period)).max(start.duration).min(0.5 * start.period);
    DurationLimits { shortest, longest }
}
