//! One pass of Model-Shift: the model fitted at every phase, and the deepest events of what comes out.

use super::correlate::correlate;
use super::outliers::inliers;
use super::scale::best_scale;
use crate::math::median_in_place;

/// Points in order of phase; flux and model relative to the level out of transit.
#[derive(Clone, Debug, Default)]
pub(super) struct Folded {
    /// Days from mid-transit, −P/4 to 3P/4.
    pub phase: Vec<f64>,
    pub flux: Vec<f64>,
    pub model: Vec<f64>,
}

impl Folded {
    pub fn len(&self) -> usize {
        self.phase.len()
    }

    pub fn push(&mut self, phase: f64, flux: f64, model: f64) {
        self.phase.push(phase);
        self.flux.push(flux);
        self.model.push(model);
    }

    fn scale_by(&mut self, factor: f64) {
        self.model.iter_mut().for_each(|m| *m *= factor);
    }

    fn retain(&mut self, keep: &[bool]) {
        for column in [&mut self.phase, &mut self.flux, &mut self.model] {
            let mut kept = keep.iter();
            column.retain(|_| *kept.next().unwrap_or(&false));
        }
    }
}

/// The window of the transit in the folded curve.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub period: f64,
    /// First and last phase (days) at which the model is in transit.
    pub start: f64,
    pub end: f64,
}

impl Window {
    /// Whether `phase` is outside of `factor` times the window about `centre`, on the circle.
    fn excludes(&self, phase: f64, centre: f64, factor: f64) -> bool {
        let mut d = phase - centre;
        if d > 0.5 * self.period {
            d -= self.period;
        } else if d < -0.5 * self.period {
            d += self.period;
        }
        d < factor * self.start || d > factor * self.end
    }
}

/// Phase (days) and depth of an event, in the significances of white noise.
#[derive(Clone, Copy, Debug)]
pub(super) struct Event {
    pub phase: f64,
    pub depth: f64,
}

/// What one pass measures. Depths are positive for a dip.
#[derive(Clone, Debug)]
pub(super) struct Events {
    pub primary: Event,
    pub secondary: Option<Event>,
    pub tertiary: Option<Event>,
    /// Its depth is the height of a brightening.
    pub positive: Option<Event>,
    /// White-noise error of a depth.
    pub depth_err: f64,
    pub f_red: f64,
    /// Deepest and shallowest depth of the model at any phase.
    pub deepest: f64,
    pub shallowest: f64,
    /// Phase (days) and depth at every shift.
    pub series: Vec<(f64, f64)>,
}

/// The model fitted to the points and shifted through all phases.
struct Shifted {
    folded: Folded,
    /// Point nearest to mid-transit: shift i moves the transit to point i + middle.
    middle: usize,
    primary_depth: f64,
    in_transit: usize,
    /// Phase to which a shift moves the transit, and the overlap of model and data there. The sum of squares at a shift is a
    /// constant less twice the overlap.
    shifts: Vec<(f64, f64)>,
}

impl Shifted {
    /// `None` where no point is in transit.
    fn new(mut folded: Folded, window: Window) -> Option<Self> {
        if !folded.model.iter().any(|m| m.abs() > 1e-10) {
            return None;
        }
        let middle = index_of_middle(&folded.phase)?;
        folded.scale_by(best_scale(&folded.flux, &folded.model));
        let residual: Vec<f64> = folded.flux.iter().zip(&folded.model).map(|(f, m)| f - m).collect();
        let keep = inliers(&folded.phase, residual);
        let middle = keep[..middle].iter().filter(|k| **k).count();
        folded.retain(&keep);
        folded.scale_by(best_scale(&folded.flux, &folded.model));

        let n = folded.len();
        let primary_depth = folded.model.get(middle)?.abs();
        let in_transit = folded.phase.iter().filter(|p| **p > window.start && **p < window.end).count();
        if in_transit == 0 || primary_depth == 0.0 {
            return None;
        }
        let half = 0.5 * (window.end - window.start);
        let first_inside = folded.phase.iter().position(|p| *p > -half)?;
        let start = first_inside.saturating_sub(1);
        let end = (first_inside..n).find(|j| folded.phase[*j].abs() > half).unwrap_or(n);
        let doubled: Vec<f64> = folded.flux.iter().chain(&folded.flux).copied().collect();
        let mut overlap = vec![0.0; n];
        correlate(&folded.model[start..end], &doubled[start..], &mut overlap);
        let phases = folded.phase[middle..].iter().chain(&folded.phase[..middle]);
        let shifts = phases.copied().zip(overlap).collect();
        Some(Self { folded, middle, primary_depth, in_transit, shifts })
    }

    /// White-noise standard deviation of a point, over the shifts `quiet`.
    fn white(&self, quiet: &[usize]) -> f64 {
        let n = self.shifts.len();
        let square = |i: &usize| {
            let at = if i + self.middle < n { i + self.middle } else { i + self.middle - n };
            (self.folded.flux[at] - self.folded.model[at]).powi(2)
        };
        (quiet.iter().map(square).sum::<f64>() / quiet.len() as f64).sqrt()
    }
}

/// Depth of the primary and its white-noise error.
pub(super) fn primary_depth(folded: Folded, window: Window) -> Option<(f64, f64)> {
    let shifted = Shifted::new(folded, window)?;
    let located = Located::of_eclipses(&shifted.shifts, window);
    let white = shifted.white(&quiet_shifts(&shifted.shifts, &located, window));
    Some((shifted.primary_depth, white / (shifted.in_transit as f64).sqrt()))
}

/// All events of the folded curve.
pub(super) fn find_events(folded: Folded, window: Window) -> Option<Events> {
    let shifted = Shifted::new(folded, window)?;
    let located = Located::of_eclipses(&shifted.shifts, window).and_others(&shifted.shifts, window);
    let quiet = quiet_shifts(&shifted.shifts, &located, window);
    let mut at_quiet: Vec<f64> = quiet.iter().map(|i| shifted.shifts[*i].1).collect();
    let count = at_quiet.len() as f64;
    let level = median_in_place(&mut at_quiet);
    let per_overlap = shifted.primary_depth / (located.primary.1 - level);
    let depth = |overlap: f64| (overlap - level) * per_overlap;

    let white = shifted.white(&quiet);
    let mean = at_quiet.iter().sum::<f64>() / count;
    let variance = at_quiet.iter().map(|q| (q - mean).powi(2)).sum::<f64>() / count;
    let per_transit = (shifted.in_transit as f64).sqrt();

    let event = |found: (f64, f64)| Event { phase: found.0, depth: depth(found.1) };
    let series: Vec<(f64, f64)> = shifted.shifts.iter().map(|(p, q)| (*p, depth(*q))).collect();
    Some(Events {
        primary: event(located.primary),
        secondary: located.secondary.map(event),
        tertiary: located.tertiary.map(event),
        positive: located.positive.map(event).map(|e| Event { depth: -e.depth, ..e }),
        depth_err: white / per_transit,
        f_red: per_transit * variance.sqrt() * per_overlap.abs() / white,
        deepest: series.iter().map(|s| s.1).fold(f64::NEG_INFINITY, f64::max),
        shallowest: series.iter().map(|s| s.1).fold(f64::INFINITY, f64::min),
        series,
    })
}

fn index_of_middle(phase: &[f64]) -> Option<usize> {
    (0..phase.len()).min_by(|a, b| phase[*a].abs().total_cmp(&phase[*b].abs()))
}

/// Where the events are: (phase, overlap).
struct Located {
    primary: (f64, f64),
    secondary: Option<(f64, f64)>,
    tertiary: Option<(f64, f64)>,
    positive: Option<(f64, f64)>,
}

impl Located {
    fn of_eclipses(shifts: &[(f64, f64)], window: Window) -> Self {
        let outside = |phase: f64| window.excludes(phase, 0.0, 4.0);
        let primary = best(shifts, |p| !outside(p), 1.0).unwrap_or((0.0, 0.0));
        let secondary = best(shifts, outside, 1.0)
            .or_else(|| best(shifts, |p| p > 0.4 * window.period && p < 0.6 * window.period, 1.0));
        Self { primary, secondary, tertiary: None, positive: None }
    }

    fn and_others(mut self, shifts: &[(f64, f64)], window: Window) -> Self {
        self.tertiary = best(shifts, |p| self.clear(p, 4.0, window), 1.0);
        self.positive = best(shifts, |p| self.clear(p, 6.0, window), -1.0);
        self
    }

    /// Whether a phase is away from primary and secondary by `factor` windows.
    fn clear(&self, phase: f64, factor: f64, window: Window) -> bool {
        window.excludes(phase, self.primary.0, factor)
            && self.secondary.is_none_or(|s| window.excludes(phase, s.0, factor))
    }
}

/// The shift of most (`sign` 1) or least (−1) overlap at the phases that `keep` takes.
fn best(shifts: &[(f64, f64)], keep: impl Fn(f64) -> bool, sign: f64) -> Option<(f64, f64)> {
    let mut found: Option<(f64, f64)> = None;
    for shift in shifts {
        if found.is_none_or(|f| sign * shift.1 > sign * f.1) && keep(shift.0) {
            found = Some(*shift);
        }
    }
    found
}

/// Shifts away from primary and secondary: two windows away, or less where that leaves under a tenth of all.
fn quiet_shifts(shifts: &[(f64, f64)], located: &Located, window: Window) -> Vec<usize> {
    let mut factor = 2.0;
    loop {
        let quiet: Vec<usize> = (0..shifts.len()).filter(|i| located.clear(shifts[*i].0, factor, window)).collect();
        if quiet.len() as f64 >= 0.1 * shifts.len() as f64 {
            return quiet;
        }
        factor -= 0.01;
    }
}
