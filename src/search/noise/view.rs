//! The light curve that is searched: flattened, or whitened by a model of the star's noise.

use super::bins::Columns;
use super::red::RedNoise;
use super::significance::NoiseView;
use super::whiten::{NoiseModel, NoiseOptions};
use crate::lightcurve::Detrended;
use crate::math::median;
use crate::search::coarse::plan::Plan;
use crate::search::config::{NoiseTreatment, SearchConfig};
use crate::search::series::dips::Series;

/// Scatter of single boxes over white noise, at the middle of the durations in ln, from which on a light curve is whitened
/// where the choice is left to it. Scatter is known to several per cent, and below this whitening gains less than that.
const RED_ENOUGH: f64 = 1.15;
/// Durations at which the information of a box is tabulated, per factor of two.
const PER_OCTAVE: usize = 3;

/// Makes the series of each pass.
pub(crate) struct View<'a> {
    detrended: &'a Detrended,
    flat: &'a Series,
    /// Shortest and longest duration of the search (days).
    durations: (f64, f64),
    treatment: NoiseTreatment,
    whitening: Option<Whitening<'a>>,
}

/// The light curve as it was before it was flattened, its level one in each segment.
struct Whitening<'a> {
    detrended: &'a Detrended,
    dip: Vec<f64>,
    weight: Vec<f64>,
    options: NoiseOptions,
    durations: Vec<f64>,
}

impl<'a> View<'a> {
    pub fn new(detrended: &'a Detrended, flat: &'a Series, plan: &Plan, config: &SearchConfig) -> Self {
        let durations = (plan.durations.shortest(plan.period_min), plan.durations.longest(plan.period_max));
        let mut view = Self { detrended, flat, durations, treatment: config.noise, whitening: None };
        if view.treatment == NoiseTreatment::Whiten {
            view.whiten();
        }
        view
    }

    /// Whether the choice is open and `noise`, which is that of the flattened light curve, is red.
    ///
    /// It should be measured without the transits of what was found: they are a part of the scatter of boxes, and a
    /// strong signal of a short period would be taken for the star's.
    pub fn wants_whitening(&self, noise: &RedNoise) -> bool {
        let middle = (self.durations.0 * self.durations.1).sqrt();
        self.treatment == NoiseTreatment::Auto && self.whitening.is_none() && noise.beta(middle) > RED_ENOUGH
    }

    /// What the series are now.
    pub fn noise(&self) -> NoiseView {
        if self.whitening.is_some() { NoiseView::Whitened } else { NoiseView::Flat }
    }

    /// Makes all series from here on whitened ones.
    pub fn whiten(&mut self) {
        self.whitening = Some(Whitening::new(self.detrended, self.durations.0, self.durations.1));
    }

    /// The series without the cadences of `masked`. A noise model is estimated without them too.
    pub fn series(&self, masked: &[bool]) -> Series {
        match &self.whitening {
            Some(whitening) => whitening.series(self.flat, masked),
            None => self.flat.without(masked),
        }
    }
}

impl<'a> Whitening<'a> {
    fn new(detrended: &'a Detrended, shortest: f64, longest: f64) -> Self {
        let (flux, err, trend) = (detrended.flux(), detrended.flux_err(), detrended.trend());
        let mut dip = Vec::with_capacity(flux.len());
        let mut weight = Vec::with_capacity(flux.len());
        for segment in detrended.segments() {
            let per_level = 1.0 / median(&trend[segment.clone()]);
            for i in segment.clone() {
                let scale = trend[i] * per_level;
                dip.push(1.0 - flux[i] * scale);
                weight.push((err[i] * scale).powi(-2));
            }
        }
        let octaves = (longest / shortest).log2().max(0.0);
        let steps = (octaves * PER_OCTAVE as f64).ceil() as usize;
        let at = |i: usize| shortest * 2f64.powf(i as f64 / PER_OCTAVE as f64);
        Self {
            detrended,
            dip,
            weight,
            options: NoiseOptions::for_durations(shortest, longest),
            durations: (0..=steps).map(at).collect(),
        }
    }

    /// A series whose Σ weight·dip over a box is the numerator of its depth, and whose Σ weight times [`Series::ratio`] of
    /// the box's duration is its denominator.
    fn series(&self, flat: &Series, masked: &[bool]) -> Series {
        let columns = Columns { time: self.detrended.time(), dip: &self.dip, weight: &self.weight };
        let model = NoiseModel::estimate(columns, masked, self.detrended.segments(), &self.options);
        let whitened = model.whiten(columns, masked);
        let reference = (self.durations[0] * self.durations[self.durations.len() - 1]).sqrt();
        let weights = whitened.weights(reference);
        let ratios = self.durations.iter().map(|d| (*d, whitened.ratio(*d, reference))).collect();
        flat.whitened(&whitened.numerator, &weights, ratios)
    }
}
