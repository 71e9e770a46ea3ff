//! Tukey's biweight location in a window that slides in time.

use std::ops::Range;

use super::power_sums::{PowerSums, PsiSum};
use super::slider::{WindowLocation, slide};
use super::{Detrend, DetrendError, by_pieces};
use crate::lightcurve::{CadenceMask, LightCurve};
use crate::math::{RankWindow, median};

/// The iteration ends when the location moves by less than this share of the median absolute deviation.
const TOLERANCE: f64 = 1e-7;
/// The same for Newton's steps, whose error after a step is of the order of its square.
const NEWTON_TOLERANCE: f64 = 1e-4;
const MAX_ITERATIONS: usize = 1000;
/// Rounds of finding the root and the values in reach of it that are tried before the plain way.
const MAX_ROUNDS: usize = 6;
/// Largest second derivative of ψ over the cube of the reach, which bounds how fast the slope of Σψ can change.
const LARGEST_CURVATURE: f64 = 8.0;
/// The sums are moved when the location is farther from their reference than this share of the reach.
const FAR: f64 = 0.04;
/// A root that is farther away, or less exact, in units of the reach, is sought again from there.
const TOO_FAR: f64 = 0.1;
const ROOT_TOLERANCE: f64 = 1e-7;

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
        let mut window = PlainBiweight { series: Vec::new(), inside: 0..0, cval: self.cval };
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
    series: Vec<f64>,
    inside: Range<usize>,
    cval: f64,
}

impl WindowLocation for PlainBiweight {
    fn begin(&mut self, series: &[f64]) {
        self.series = series.to_vec();
        self.clear();
    }
    fn clear(&mut self) {
        self.inside = 0..0;
    }
    fn insert(&mut self, index: usize) {
        if self.inside.is_empty() {
            self.inside = index..index;
        }
        self.inside.end = index + 1;
    }
    fn remove(&mut self, index: usize) {
        self.inside.start = index + 1;
    }
    fn location(&mut self) -> f64 {
        biweight_location(&self.series[self.inside.clone()], self.cval)
    }
}

/// The same location from sums that are updated as values enter and leave.
///
/// Inside its range Tukey's ψ is a polynomial, so the root of Σψ follows from power sums over the values in reach. Those
/// lie side by side in rank; when the location moves, the ends of that range are walked, and no other value is touched.
/// The root is sought where that of the window before was. It has then to be shown that the plain iteration, which starts
/// at the median, ends in the same one.
struct SlidingBiweight {
    window: RankWindow,
    cval: f64,
    /// The window's values between `low` and `high`, those at places `start..end`, are in `sums`.
    low: f64,
    high: f64,
    start: usize,
    end: usize,
    sums: PowerSums,
    /// Updates since the sums were last computed afresh, and the largest reach since then.
    updates: usize,
    widest: f64,
}

/// Updates after which the sums are computed afresh, so that rounding errors cannot pile up.
const REFRESH: usize = 4096;
/// The same once the reach is this share of what it was: its fifth power comes near the rounding errors of the sums.
const SHRUNK: f64 = 0.1;

impl SlidingBiweight {
    fn new(cval: f64) -> Self {
        let (window, sums) = (RankWindow::new(), PowerSums::default());
        Self {
            window,
            cval,
            low: f64::INFINITY,
            high: f64::NEG_INFINITY,
            start: 1,
            end: 1,
            sums,
            updates: 0,
            widest: 0.0,
        }
    }

    #[inline]
    fn add(&mut self, place: usize) {
        self.sums.add(self.window.value(place));
        self.updates += 1;
    }

    #[inline]
    fn subtract(&mut self, place: usize) {
        self.sums.subtract(self.window.value(place));
        self.updates += 1;
    }

    #[inline]
    fn entered(&mut self, place: usize) {
        let value = self.window.value(place);
        if self.low < value && value < self.high {
            self.add(place);
            self.start = self.start.min(place);
            self.end = self.end.max(place + 1);
        }
    }

    /// Makes the sums those of the values within `reach` of `centre`; whether they were not.
    #[inline(always)]
    fn select(&mut self, centre: f64, reach: f64) -> bool {
        let (low, high) = (centre - reach, centre + reach);
        if reach < SHRUNK * self.widest {
            self.refresh(centre, reach);
            return true;
        }
        if reach > self.widest {
            self.widest = reach;
        }
        (self.low, self.high) = (low, high);
        let none_outside = self.sums.count() == self.window.len();
        if none_outside && self.window.value(self.start) > low && self.window.value(self.end - 1) < high {
            return false;
        }
        self.walk_ends()
    }

    /// [`SlidingBiweight::select`] for a range that has to be walked.
    fn walk_ends(&mut self) -> bool {
        let (low, high) = (self.low, self.high);
        if self.sums.count() == 0 || self.updates > REFRESH {
            self.refresh(0.5 * (low + high), 0.5 * (high - low));
            return true;
        }
        let mut changed = false;
        if self.sums.count() < self.window.len() {
            let mut place = self.window.previous(self.start);
            while self.window.value(place) > low {
                changed = true;
                self.start = place;
                self.add(place);
                place = self.window.previous(place);
            }
            let mut place = self.window.next(self.end);
            while self.window.value(place) < high {
                changed = true;
                self.end = place + 1;
                self.add(place);
                place = self.window.next(place + 1);
            }
        }
        self.start = self.window.next(self.start);
        while self.start < self.end && self.window.value(self.start) <= low {
            changed = true;
            self.subtract(self.start);
            self.start = self.window.next(self.start + 1);
        }
        let mut last = self.window.previous(self.end);
        while last >= self.start && self.window.value(last) >= high {
            changed = true;
            self.subtract(last);
            last = self.window.previous(last);
        }
        self.end = last + 1;
        if self.sums.count() == 0 {
            // Nothing of the old range is left: the walk cannot know where the new one is.
            self.refresh(0.5 * (low + high), 0.5 * (high - low));
        }
        changed
    }

    fn refresh(&mut self, centre: f64, reach: f64) {
        self.sums = PowerSums::about(centre);
        (self.low, self.high) = (centre - reach, centre + reach);
        self.start = self.window.next(self.window.first_above(self.low));
        self.end = self.start;
        let mut place = self.start;
        while self.window.value(place) < self.high {
            self.add(place);
            self.end = place + 1;
            place = self.window.next(place + 1);
        }
        self.updates = 0;
        self.widest = reach;
    }

    /// The root of Σψ near the reference of the sums, if it is surely the one in which the plain iteration from `median`
    /// ends.
    #[inline]
    fn root_nearby(&mut self, median: f64, reach: f64) -> Option<f64> {
        if self.sums.count() == 0 {
            self.refresh(median, reach);
        }
        for _ in 0..MAX_ROUNDS {
            let psi = self.sums.psi(reach);
            let root = psi.root();
            if root.delta.is_nan() || root.delta.abs() > reach {
                return None;
            }
            let location = self.sums.reference() + root.delta;
            // A value that comes into reach or falls out of it on the way has a part in the sums there.
            let changed = self.select(location, reach);
            let settled = !changed && root.error <= ROOT_TOLERANCE * reach && root.delta.abs() <= TOO_FAR * reach;
            if !settled {
                self.sums.move_to(location);
                continue;
            }
            if root.delta.abs() > FAR * reach {
                // As far ahead, since a location that drifts will come there.
                self.sums.move_to(location + FAR * reach.copysign(root.delta));
            }
            let distance = (median - location).abs();
            let bound = self.window.len() as f64 * LARGEST_CURVATURE * reach * reach * reach * distance;
            let falls = 0.99 * root.slope > bound || self.falls_between(&psi, root.delta, distance, reach);
            return falls.then_some(location);
        }
        None
    }

    /// The longer test for whether Σψ surely falls all the way from a root to the median, which is `distance` from it.
    ///
    /// The plain iteration goes from the median the way that Σψ points, and never past a root; so it then ends in this
    /// one. On the way the slope changes by no more than
    ///
    /// ```text
    /// distance · |Σψ₂|  +  distance²/2 · n · max|ψ₃|  +  2 distance · max|ψ₂| · (values that may cross an end of ψ)
    /// ```
    ///
    /// with ψ₂, ψ₃ the derivatives of those orders, at most 8 reach³ and 48 reach². Values in reach that may cross are
    /// farther than 2^(-1/4) of it from the reference.
    fn falls_between(&self, psi: &PsiSum, root: f64, distance: f64, reach: f64) -> bool {
        let (n, outside) = (self.window.len() as f64, (self.window.len() - self.sums.count()) as f64);
        let r = reach * reach;
        let may_cross = 16.0 * (r * reach * outside + 2.0 * psi.fourth_powers / reach);
        let change = distance * (psi.curvature(root).abs() + 24.0 * r * n * distance + may_cross);
        distance + root.abs() < 0.159 * reach && psi.slope(root) > change
    }

    /// The plain iteration, with longer steps where there is one root only.
    fn iterate(&mut self, median: f64, deviation: f64, reach: f64) -> f64 {
        let mut location = median;
        for _ in 0..MAX_ITERATIONS {
            self.select(location, reach);
            self.sums.move_to(location);
            let psi = self.sums.psi(reach);
            let step = psi.value() / psi.weight;
            // Newton's step goes the same way to the same root. Where it would be more than twice as long, the sample has
            // more than one mode, and plain steps are taken so as to end in that of the plain iteration.
            let newton = psi.weight / psi.slope(0.0);
            let accelerated = (1.0..=2.0).contains(&newton);
            location += if accelerated { newton * step } else { step };
            let tolerance = if accelerated { NEWTON_TOLERANCE } else { TOLERANCE };
            if step.abs() <= tolerance * deviation {
                break;
            }
        }
        if !location.is_finite() {
            // With a reach below the deviation there may be no value in it: nothing of this window serves the next.
            self.forget();
        }
        location
    }

    /// Starts the sums anew, with no value in them.
    fn forget(&mut self) {
        (self.start, self.end, self.sums) = (1, 1, PowerSums::default());
        (self.low, self.high) = (f64::INFINITY, f64::NEG_INFINITY);
    }
}

impl WindowLocation for SlidingBiweight {
    fn begin(&mut self, series: &[f64]) {
        self.window.rank(series);
        self.clear();
    }

    fn clear(&mut self) {
        self.window.clear();
        self.forget();
    }

    fn insert(&mut self, index: usize) {
        let place = self.window.insert(index);
        self.entered(place);
    }

    fn remove(&mut self, index: usize) {
        let place = self.window.remove(index);
        if self.start <= place && place < self.end {
            self.subtract(place);
        }
    }

    fn replace(&mut self, old: usize, new: usize) {
        let (from, to) = (self.window.remove(old), self.window.insert(new));
        if self.start <= from.min(to) && from.max(to) < self.end {
            self.sums.replace(self.window.value(from), self.window.value(to));
            self.updates += 2;
            return;
        }
        if self.start <= from && from < self.end {
            self.subtract(from);
        }
        self.entered(to);
    }

    fn location(&mut self) -> f64 {
        let median = self.window.median();
        let deviation = self.window.absolute_deviation(median);
        if deviation.is_nan() || deviation <= 0.0 {
            return median;
        }
        let reach = self.cval * deviation;
        self.root_nearby(median, reach).unwrap_or_else(|| self.iterate(median, deviation, reach))
    }
}
