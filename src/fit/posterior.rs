//! Log posterior density of the fit.

use std::cell::RefCell;

use super::model::flux_into;
use super::parameters::{JITTER, ParameterTable, Values};
use super::{ExposureHandling, FitData};
use crate::sample::LogDensity;

thread_local! {
    /// Model flux, and room to work it out; kept between calls, which last little longer than allocations.
    static SCRATCH: RefCell<(Vec<f64>, Vec<f64>)> = RefCell::default();
}

/// Prior times likelihood of white noise, in the coordinates of [`ParameterTable`]:
///
/// ```text
/// ln L = −½ Σ [(f − m)²/v + ln 2πv],   v = flux_err² + jitter²
/// ```
pub struct Posterior<'a> {
    data: &'a FitData,
    table: &'a ParameterTable,
    exposure: ExposureHandling,
    variance: Vec<f64>,
    /// Scale that keeps products of variances near 1.
    typical: f64,
}

impl<'a> Posterior<'a> {
    pub fn new(data: &'a FitData, table: &'a ParameterTable, exposure: ExposureHandling) -> Self {
        let variance: Vec<f64> = data.flux_err.iter().map(|e| e * e).collect();
        let typical = crate::math::median(&variance);
        Self { data, table, exposure, variance, typical }
    }

    pub fn table(&self) -> &ParameterTable {
        self.table
    }

    /// Calls `use_flux` with the model flux at `values`; `None` where they are impossible.
    pub(super) fn with_flux<T>(&self, values: &Values, use_flux: impl FnOnce(&[f64]) -> T) -> Option<T> {
        SCRATCH.with_borrow_mut(|(flux, room)| {
            flux.resize(self.data.len(), 1.0);
            flux_into(self.data, self.exposure, values, room, flux).then(|| use_flux(flux))
        })
    }

    /// Σ (f − m)²/flux_err², jitter not counted.
    pub(super) fn chi2(&self, values: &Values) -> f64 {
        let sum = |model: &[f64]| {
            let terms = self.data.flux.iter().zip(model).zip(&self.variance);
            terms.map(|((f, m), v)| (f - m) * (f - m) / v).sum()
        };
        self.with_flux(values, sum).unwrap_or(f64::INFINITY)
    }

    pub(super) fn data(&self) -> &FitData {
        self.data
    }

    fn ln_likelihood(&self, values: &Values, model: &[f64]) -> f64 {
        let jitter2 = values[JITTER] * values[JITTER];
        let unit = 1.0 / (self.typical + jitter2);
        let (mut chi2, mut ln_sum) = (0.0, 0.0);
        let mut flux = self.data.flux.chunks(16).zip(model.chunks(16)).zip(self.variance.chunks(16));
        for ((flux, model), variance) in &mut flux {
            let (mut part, mut product) = (0.0, 1.0);
            for ((f, m), v) in flux.iter().zip(model).zip(variance) {
                // in units of a typical variance, so that sixteen of them multiply within range and one logarithm does
                let v = (v + jitter2) * unit;
                part += (f - m) * (f - m) / v;
                product *= v;
            }
            chi2 += part;
            ln_sum += product.ln();
        }
        let n = flux_count(self.data);
        -0.5 * (chi2 * unit + ln_sum - n * unit.ln() + n * std::f64::consts::TAU.ln())
    }
}

fn flux_count(data: &FitData) -> f64 {
    data.flux.len() as f64
}

impl LogDensity for Posterior<'_> {
    fn dim(&self) -> usize {
        self.table.parameters().len()
    }

    fn log_density(&self, x: &[f64]) -> f64 {
        let values = self.table.values(x);
        let ln_prior = self.table.ln_prior(&values);
        if ln_prior == f64::NEG_INFINITY {
            return ln_prior;
        }
        let ln_likelihood = self.with_flux(&values, |model| self.ln_likelihood(&values, model));
        ln_prior + ln_likelihood.unwrap_or(f64::NEG_INFINITY)
    }
}
