//! The density of a joint fit: priors times the likelihood of every series.

use std::cell::RefCell;

use super::JointError;
use super::build;
use super::config::JointConfig;
use super::coordinates::{Coordinates, Limits};
use super::data::JointData;
use super::likelihood::{coefficients, ln_likelihood};
use super::model::{Model, Points};
use super::table::JointTable;
use crate::sample::nested::PriorTransform;
use crate::sample::{Bounds, LogDensity};

thread_local! {
    // One vector a thread: allocations of this size would go to the system and back for every call.
    static SCRATCH: RefCell<(Vec<f64>, Vec<f64>)> = RefCell::default();
}

/// Prior times likelihood of a joint fit, over its sampling coordinates.
pub struct JointPosterior {
    table: JointTable,
    pub(super) model: Model,
    pub(super) photometry: Vec<Points>,
    pub(super) velocities: Vec<Points>,
    pub(super) coordinates: Coordinates,
    /// For samplers that follow gradients.
    pub(super) smooth: Coordinates,
}

/// A value for each parameter to count from: as given, else the median of its prior.
fn starts(table: &JointTable) -> Vec<f64> {
    let mut values = vec![0.0; table.parameters().len()];
    for (i, parameter) in table.parameters().iter().enumerate() {
        values[i] = match parameter.start {
            Some(start) => start,
            None if parameter.reaches_limb_of.is_some() => 0.4,
            None => parameter.quantile(0.5, &values),
        };
    }
    values
}

impl JointPosterior {
    /// Resolves `config` for `data`; refuses what does not fit together.
    pub fn new(config: &JointConfig, data: &JointData) -> Result<Self, JointError> {
        let table = build::table(config, data)?;
        let model = build::model(config, data, &table);
        let points = |series: Option<&super::data::Series>, name: &str| {
            series.map(|s| Points::new(s, model.reference)).ok_or_else(|| JointError::NoData { name: name.into() })
        };
        let photometry = model
            .instruments
            .iter()
            .map(|i| points(data.photometry.get(&i.name), &i.name))
            .collect::<Result<Vec<_>, _>>()?;
        let velocities = model
            .velocities
            .iter()
            .map(|v| points(data.velocities.get(&v.name), &v.name))
            .collect::<Result<Vec<_>, _>>()?;
        let middle = if photometry.is_empty() { &velocities } else { &photometry };
        let (n, sum) = middle.iter().flat_map(|p| &p.time).fold((0.0, 0.0), |(n, sum), t| (n + 1.0, sum + t));
        let middle = model.reference + sum / f64::max(n, 1.0);
        let choose = |limits| Coordinates::choose(&model, &table, middle, &starts(&table), limits);
        let (coordinates, smooth) = (choose(Limits::Shared), choose(Limits::Own));
        Ok(Self { table, model, photometry, velocities, coordinates, smooth })
    }

    pub fn table(&self) -> &JointTable {
        &self.table
    }

    /// Values of the free parameters to start from.
    pub fn starts(&self) -> Vec<f64> {
        starts(&self.table)
    }

    /// Values of the free parameters at `x`; `None` where there are none.
    pub fn values(&self, x: &[f64]) -> Option<Vec<f64>> {
        let mut values = Vec::new();
        self.coordinates.to_values(&self.model, x, &mut values).map(|_| values)
    }

    /// Coordinates of these values; `None` at the edge of what is possible.
    pub fn coordinates_of(&self, values: &[f64]) -> Option<Vec<f64>> {
        self.coordinates.of_values(&self.model, values)
    }

    /// Log prior density over the parameters, normalised but for cuts by what is possible.
    pub fn ln_prior(&self, values: &[f64]) -> f64 {
        self.table.parameters().iter().enumerate().map(|(i, p)| p.ln_prior(i, values)).sum()
    }

    /// Log likelihood of all data at these values; −∞ where they are impossible.
    pub fn ln_likelihood(&self, values: &[f64]) -> f64 {
        SCRATCH.with_borrow_mut(|(room, _)| {
            let mut sum = 0.0;
            for (i, points) in self.photometry.iter().enumerate() {
                if !self.photometry_residuals(i, values, room) {
                    return f64::NEG_INFINITY;
                }
                sum += ln_likelihood(&self.model.instruments[i].noise, values, points, room);
            }
            for (i, points) in self.velocities.iter().enumerate() {
                if !self.velocity_residuals(i, values, room) {
                    return f64::NEG_INFINITY;
                }
                sum += ln_likelihood(&self.model.velocities[i].noise, values, points, room);
            }
            if sum.is_nan() { f64::NEG_INFINITY } else { sum }
        })
    }

    /// Writes data less model of the `i`-th light curve to `out`; false where `values` are impossible.
    pub(super) fn photometry_residuals(&self, i: usize, values: &[f64], out: &mut Vec<f64>) -> bool {
        let (instrument, points) = (&self.model.instruments[i], &self.photometry[i]);
        out.resize(points.time.len(), 0.0);
        let possible = instrument.flux_into(&self.model.planets, values, self.model.reference, &points.time, out);
        out.iter_mut().zip(&points.value).for_each(|(m, v)| *m = v - *m);
        possible
    }

    /// Writes data less model of the `i`-th series of velocities to `out`; false where `values` are impossible.
    pub(super) fn velocity_residuals(&self, i: usize, values: &[f64], out: &mut Vec<f64>) -> bool {
        let (model, points) = (&self.model.velocities[i], &self.velocities[i]);
        out.resize(points.time.len(), 0.0);
        let middle = (self.model.reference, self.model.velocity_middle);
        let possible = model.velocity_into(&self.model.planets, values, middle, &points.time, out);
        out.iter_mut().zip(&points.value).for_each(|(m, v)| *m = v - *m);
        possible
    }

    /// Best coefficients of the linear model of the light curve `name` at these values.
    pub fn coefficients(&self, name: &str, values: &[f64]) -> Option<Vec<f64>> {
        let i = self.model.instruments.iter().position(|i| i.name == name)?;
        let mut residuals = Vec::new();
        self.photometry_residuals(i, values, &mut residuals)
            .then(|| coefficients(&self.model.instruments[i].noise, values, &self.photometry[i], &residuals))?
    }

    /// Log posterior density over the parameters, but for a constant.
    pub fn ln_posterior(&self, values: &[f64]) -> f64 {
        let ln_prior = self.ln_prior(values);
        if ln_prior.is_finite() { ln_prior + self.ln_likelihood(values) } else { f64::NEG_INFINITY }
    }
}

impl LogDensity for JointPosterior {
    fn dim(&self) -> usize {
        self.table.parameters().len()
    }

    fn log_density(&self, x: &[f64]) -> f64 {
        // taken out, as the likelihood borrows its own room
        let mut values = SCRATCH.with_borrow_mut(|(_, values)| std::mem::take(values));
        let density = match self.coordinates.to_values(&self.model, x, &mut values) {
            Some(ln_jacobian) => self.ln_posterior(&values) + ln_jacobian,
            None => f64::NEG_INFINITY,
        };
        SCRATCH.with_borrow_mut(|(_, room)| *room = values);
        density
    }

    fn bounds(&self, coordinate: usize) -> Bounds {
        self.coordinates.bounds(&self.table, coordinate)
    }
}

/// The same likelihood over the unit cube, for nested sampling and for searches inside the prior. Positions are values of
/// the parameters.
pub(super) struct Cube<'a>(pub &'a JointPosterior);

impl PriorTransform for Cube<'_> {
    fn dim(&self) -> usize {
        self.0.table.parameters().len()
    }

    fn place(&self, cube: &[f64], x: &mut [f64]) {
        for (i, parameter) in self.0.table.parameters().iter().enumerate() {
            // the ends of an infinite prior are no numbers
            x[i] = parameter.quantile(cube[i].clamp(1e-15, 1.0 - 1e-15), x);
        }
    }

    fn log_likelihood(&self, x: &[f64]) -> f64 {
        let possible = self.0.table.parameters().iter().enumerate().all(|(i, p)| p.ln_prior(i, x).is_finite());
        if possible { self.0.ln_likelihood(x) } else { f64::NEG_INFINITY }
    }
}
