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

/// Fits `folded`'s model to it, leaves outliers out, and shifts the model through all phases; `None` where no point is in
/// transit.
pub(super) fn find_events(mut folded: Folded, window: Window) -> Option<Events> {
    if !folded.model.iter().any(|m| m.abs() > 1e-10) {
        return None;
    }
    let mut middle = index_of_middle(&folded.phase)?;
    rescale(&mut folded);
    let residual: Vec<f64> = folded.flux.iter().zip(&folded.model).map(|(f, m)| f - m).collect();
    let keep = inliers(&folded.phase, &residual);
    middle = keep[..middle].iter().filter(|k| **k).count();
    folded.retain(&keep);
    rescale(&mut folded);

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
    // The sum of squares at a shift is a constant less twice the overlap there.
    let shifted: Vec<(f64, f64)> =
        (0..n).map(|i| (folded.phase[(i + middle) % n], overlap[i])).collect();
    let located = Located::find(&shifted, window);

    let residuals: Vec<f64> = (0..n).map(|i| folded.flux[(i + middle) % n] - folded.model[(i + middle) % n]).collect();
    let quiet = quiet_shifts(&shifted, &located, window);
    let level = median_in_place(&mut quiet.iter().map(|i| shifted[*i].1).collect::<Vec<_>>());
    let per_overlap = primary_depth / (located.primary.1 - level);
    let depth = |overlap: f64| (overlap - level) * per_overlap;

    let count = quiet.len() as f64;
    let white = (quiet.iter().map(|i| residuals[*i] * residuals[*i]).sum::<f64>() / count).sqrt();
    let mean = quiet.iter().map(|i| depth(shifted[*i].1)).sum::<f64>() / count;
    let scatter = (quiet.iter().map(|i| (depth(shifted[*i].1) - mean).powi(2)).sum::<f64>() / count).sqrt();
    let per_transit = (in_transit as f64).sqrt();

    let event = |found: (f64, f64)| Event { phase: found.0, depth: depth(found.1) };
    let series: Vec<(f64, f64)> = shifted.iter().map(|(p, q)| (*p, depth(*q))).collect();
    Some(Events {
        primary: event(located.primary),
        secondary: located.secondary.map(event),
        tertiary: located.tertiary.map(event),
        positive: located.positive.map(event).map(|e| Event { depth: -e.depth, ..e }),
        depth_err: white / per_transit,
        f_red: per_transit * scatter / white,
        deepest: series.iter().map(|s| s.1).fold(f64::NEG_INFINITY, f64::max),
        shallowest: series.iter().map(|s| s.1).fold(f64::INFINITY, f64::min),
        series,
    })
}

fn rescale(folded: &mut Folded) {
    let factor = best_scale(&folded.flux, &folded.model);
    folded.model.iter_mut().for_each(|m| *m *= factor);
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
    fn find(shifted: &[(f64, f64)], window: Window) -> Self {
        let best = |keep: &dyn Fn(f64) -> bool, sign: f64| {
            shifted.iter().filter(|s| keep(s.0)).copied().max_by(|a, b| (sign * a.1).total_cmp(&(sign * b.1)))
        };
        let outside = |phase: f64| window.excludes(phase, 0.0, 4.0);
        let primary = best(&|p| !outside(p), 1.0).unwrap_or((0.0, 0.0));
        let secondary = best(&outside, 1.0)
            .or_else(|| best(&|p| p > 0.4 * window.period && p < 0.6 * window.period, 1.0));
        let clear = |phase: f64, factor: f64| {
            window.excludes(phase, primary.0, factor)
                && secondary.is_none_or(|s| window.excludes(phase, s.0, factor))
        };
        Self {
            primary,
            secondary,
            tertiary: best(&|p| clear(p, 4.0), 1.0),
            positive: best(&|p| clear(p, 6.0), -1.0),
        }
    }
}

/// Shifts away from primary and secondary: two windows away, or less where that leaves under a tenth of all.
fn quiet_shifts(shifted: &[(f64, f64)], located: &Located, window: Window) -> Vec<usize> {
    let mut factor = 2.0;
    loop {
        let quiet: Vec<usize> = (0..shifted.len())
            .filter(|i| {
                window.excludes(shifted[*i].0, located.primary.0, factor)
                    && located.secondary.is_none_or(|s| window.excludes(shifted[*i].0, s.0, factor))
            })
            .collect();
        if quiet.len() as f64 >= 0.1 * shifted.len() as f64 {
            return quiet;
        }
        factor -= 0.01;
    }
}
