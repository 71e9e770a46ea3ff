//! Tukey's biweight location in a window that slides in time.

use super::slider::{WindowLocation, slide};
use super::{Detrend, DetrendError, by_pieces};
use crate::lightcurve::{CadenceMask, LightCurve};
use crate::math::{SortedWindow, median};

/// The iteration ends when the location moves by less than this share of the median absolute deviation.
const TOLERANCE: f64 = 1e-7;
/// The same for Newton's steps, whose error after a step is of the order of its square.
const NEWTON_TOLERANCE: f64 = 1e-4;
const MAX_ITERATIONS: usize = 1000;

/// Time-windowed slider with Tukey's biweight (Mosteller & Tukey 1977; for transits Hippke et al. 2019, AJ 158, 143).
///
/// ```text
/// location  c = Σ w x / Σ w,   w = (1 - u²)²  for |u| < 1, else 0,   u = (x - c) / (cval · MAD)
/// MAD       median |x - median x|, of the window, fixed during the iteration, which starts at the median
/// window    t - window/2 <= time < t + window/2
/// ```
///
/// Iterated until c moves by less than 1e-7 MAD. Near the ends of a piece see the notes in the `edges` part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Biweight {
    /// Window length in days.
    pub window: f64,
    /// A gap longer than this (days) starts a new piece.
    pub gap: f64,
    /// Distance in median absolute deviations at which a cadence has no weight.
    pub cval: f64,
}

impl Detrend for Biweight {
    fn trend(&self, light_curve: &LightCurve, fit_to: &CadenceMask) -> Result<Vec<f64>, DetrendError> {
        let mut window = SlidingBiweight::new(self.cval);
        by_pieces(light_curve, fit_to, self.gap, |piece, trend| slide(piece, self.window, &mut window, trend))
    }
}

impl Biweight {
    /// The same trend with every window computed afresh: slow, obvious, and what the fast one is tested against.
    pub fn plain_trend(&self, light_curve: &LightCurve, fit_to: &CadenceMask) -> Result<Vec<f64>, DetrendError> {
        let mut window = PlainBiweight { values: Vec::new(), cval: self.cval };
        by_pieces(light_curve, fit_to, self.gap, |piece, trend| slide(piece, self.window, &mut window, trend))
    }
}

/// Tukey's biweight location of a sample by plain iteration from the median; NaN if it is empty.
pub fn biweight_location(values: &[f64], cval: f64) -> f64 {
    let centre = median(values);
    let deviation = median(&values.iter().map(|v| (v - centre).abs()).collect::<Vec<_>>());
    if values.is_empty() || deviation == 0.0 {
        return centre;
    }
    let mut location = centre;
    for _ in 0..MAX_ITERATIONS {
        let (mut sum, mut total) = (0.0, 0.0);
        for v in values {
            let u = (v - location) / (cval * deviation);
            if u.abs() < 1.0 {
                let weight = (1.0 - u * u).powi(2);
                sum += weight * (v - location);
                total += weight;
            }
        }
        let step = sum / total;
        location += step;
        if step.abs() <= TOLERANCE * deviation {
            break;
        }
    }
    location
}

struct PlainBiweight {
    values: Vec<f64>,
    cval: f64,
}

impl WindowLocation for PlainBiweight {
    fn reset(&mut self, values: &[f64]) {
        self.values = values.to_vec();
    }
    fn insert(&mut self, value: f64) {
        self.values.push(value);
    }
    fn remove(&mut self, _oldest: f64) {
        self.values.remove(0);
    }
    fn location(&mut self) -> f64 {
        biweight_location(&self.values, self.cval)
    }
}

/// The same location from sums that are updated as values enter and leave.
///
/// Inside its range the weight is a polynomial in x, so Σw and Σw(x - c) for any c follow from the power sums Σ(x - m)ᵏ,
/// k = 0..=5, over the values with weight. Those lie side by side in the sorted window; when c moves, the ends of that
/// range are walked, and no other value is touched.
struct SlidingBiweight {
    window: SortedWindow,
    cval: f64,
    /// Places `start..end` of the window whose values are in `sums`.
    start: usize,
    end: usize,
    reference: f64,
    sums: [f64; 6],
    /// Updates since the sums were last computed afresh.
    updates: usize,
}

/// Updates after which the sums are computed afresh, so that rounding errors cannot pile up.
const REFRESH: usize = 4096;

impl SlidingBiweight {
    fn new(cval: f64) -> Self {
        Self { window: SortedWindow::new(), cval, start: 0, end: 0, reference: 0.0, sums: [0.0; 6], updates: 0 }
    }

    fn add(&mut self, value: f64, sign: f64) {
        let y = value - self.reference;
        let mut power = sign;
        for sum in &mut self.sums {
            *sum += power;
            power *= y;
        }
        self.updates += 1;
    }

    fn left(&mut self, place: usize, value: f64) {
        if place < self.start {
            self.start -= 1;
            self.end -= 1;
        } else if place < self.end {
            self.add(value, -1.0);
            self.end -= 1;
        }
    }

    fn entered(&mut self, place: usize, value: f64) {
        if place < self.start {
            self.start += 1;
            self.end += 1;
        } else if place <= self.end {
            // At the very ends it may be out of range; `select` settles that.
            self.add(value, 1.0);
            self.end += 1;
        }
    }

    /// Makes the sums those of the values within `reach` of `centre`.
    fn select(&mut self, centre: f64, reach: f64) {
        let (low, high) = (centre - reach, centre + reach);
        let stale = self.updates > REFRESH || (centre - self.reference).abs() > reach;
        if stale || self.start == self.end {
            let values = self.window.values();
            self.start = values.partition_point(|v| *v <= low);
            self.end = values.partition_point(|v| *v < high).max(self.start);
            self.reference = centre;
            self.sums = [0.0; 6];
            for place in self.start..self.end {
                self.add(self.window.values()[place], 1.0);
            }
            self.updates = 0;
            return;
        }
        while self.start > 0 && self.window.values()[self.start - 1] > low {
            self.start -= 1;
            self.add(self.window.values()[self.start], 1.0);
        }
        while self.start < self.end && self.window.values()[self.start] <= low {
            self.add(self.window.values()[self.start], -1.0);
            self.start += 1;
        }
        while self.end < self.window.values().len() && self.window.values()[self.end] < high {
            self.add(self.window.values()[self.end], 1.0);
            self.end += 1;
        }
        while self.end > self.start && self.window.values()[self.end - 1] >= high {
            self.end -= 1;
            self.add(self.window.values()[self.end], -1.0);
        }
        if self.start == self.end {
            // Nothing of the old range is left: the walk cannot know where the new one is.
            self.updates = REFRESH + 1;
            self.select(centre, reach);
        }
    }

    /// How far the weighted mean of the values lies from `centre` (Σψ / Σw, with ψ = w (x - centre)), and by what
    /// factor Newton's step for Σψ = 0 is longer (Σw / Σψ').
    fn step(&self, centre: f64, reach: f64) -> (f64, f64) {
        let a = centre - self.reference;
        let [s0, s1, s2, s3, s4, s5] = self.sums;
        // Sums of (x - centre)ᵏ from those of (x - reference)ᵏ, by Horner's scheme in a.
        let t1 = s1 - a * s0;
        let t2 = s2 - a * (2.0 * s1 - a * s0);
        let t3 = s3 - a * (3.0 * s2 - a * (3.0 * s1 - a * s0));
        let t4 = s4 - a * (4.0 * s3 - a * (6.0 * s2 - a * (4.0 * s1 - a * s0)));
        let t5 = s5 - a * (5.0 * s4 - a * (10.0 * s3 - a * (10.0 * s2 - a * (5.0 * s1 - a * s0))));
        let q = 1.0 / (reach * reach);
        let weight = s0 - q * (2.0 * t2 - q * t4);
        let slope = s0 - q * (6.0 * t2 - 5.0 * q * t4);
        ((t1 - q * (2.0 * t3 - q * t5)) / weight, weight / slope)
    }
}

impl WindowLocation for SlidingBiweight {
    fn reset(&mut self, values: &[f64]) {
        self.window.reset(values.iter().copied());
        (self.start, self.end, self.sums) = (0, 0, [0.0; 6]);
    }

    fn insert(&mut self, value: f64) {
        let place = self.window.insert(value);
        self.entered(place, value);
    }

    fn remove(&mut self, value: f64) {
        if let Some(place) = self.window.remove(value) {
            self.left(place, value);
        }
    }

    fn replace(&mut self, old: f64, new: f64) {
        if let Some((from, to)) = self.window.replace(old, new) {
            self.left(from, old);
            self.entered(to, new);
        }
    }

    fn location(&mut self) -> f64 {
        let centre = self.window.median();
        let deviation = self.window.absolute_deviation(centre);
        if deviation.is_nan() || deviation <= 0.0 {
            return centre;
        }
        let reach = self.cval * deviation;
        let mut location = centre;
        for _ in 0..MAX_ITERATIONS {
            self.select(location, reach);
            let (step, newton) = self.step(location, reach);
            // Newton's step goes the same way to the same root. Where it would be more than twice as long, the sample has
            // more than one mode, and plain steps are taken so as to end in that of the plain iteration.
            let accelerated = (1.0..=2.0).contains(&newton);
            location += if accelerated { newton * step } else { step };
            let tolerance = if accelerated { NEWTON_TOLERANCE } else { TOLERANCE };
            if step.abs() <= tolerance * deviation {
                break;
            }
        }
        location
    }
}
