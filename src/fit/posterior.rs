//! Log posterior density of the fit.

use std::cell::RefCell;

use super::gathered::Multiplicity;
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
    /// Whether all variances are the same, but for rounding.
    is_even: bool,
}

impl<'a> Posterior<'a> {
    pub fn new(data: &'a FitData, table: &'a ParameterTable, exposure: ExposureHandling) -> Self {
        let variance: Vec<f64> = data.flux_err.iter().map(|e| e * e).collect();
        let typical = crate::math::median(&variance);
        let is_even = variance.iter().all(|v| (v / typical - 1.0).abs() < 1e-9);
        Self { data, table, exposure, variance, typical, is_even }
    }

    /// The same of other data.
    pub(super) fn with_data(&self, data: &'a FitData) -> Self {
        Self::new(data, self.table, self.exposure)
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
        if let Some(multiplicity) = &self.data.multiplicity {
            return self.ln_likelihood_of_many(multiplicity, jitter2, model);
        }
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

    /// Of points that stand for several.
    fn ln_likelihood_of_many(&self, many: &Multiplicity, jitter2: f64, model: &[f64]) -> f64 {
        let points = || self.data.flux.iter().zip(model).zip(many.count.iter().zip(&many.scatter));
        let square = |((f, m), (n, scatter)): ((&f64, &f64), (&f64, &f64))| n * (f - m) * (f - m) + scatter;
        let tau = std::f64::consts::TAU;
        if self.is_even {
            let v = self.typical + jitter2;
            let n: f64 = many.count.iter().sum();
            return -0.5 * (points().map(square).sum::<f64>() / v + n * (v * tau).ln() + many.ln_variance);
        }
        let terms = points().zip(&self.variance).map(|(point, v)| {
            let v = v + jitter2;
            square(point) / v + point.1.0 * (v * tau).ln()
        });
        -0.5 * (terms.sum::<f64>() + many.ln_variance)
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
