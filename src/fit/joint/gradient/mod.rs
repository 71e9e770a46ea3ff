//! The gradient of a joint posterior, for samplers and climbs that follow it.
//!
//! ```text
//! noise      of ln L by every residual and by the parameters of the noise              (noise)
//! light      of the model's flux, weighted by those, by its parameters                 (light)
//! velocity   of the model's velocity, likewise                                         (velocity)
//! Smooth     over the coordinates without walls, with their Jacobian                    (this file)
//! ```

mod light;
mod noise;
mod velocity;

use std::cell::RefCell;

use super::coordinates::Coordinates;
use super::model::Eccentricity;
use super::posterior::JointPosterior;
use super::table::Slot;
use crate::sample::nuts::GradientLogDensity;
use crate::sample::{Bounds, LogDensity};
use crate::transit::FoldedGradient;

/// Adds a derivative to that of a parameter, if it is free.
fn add(out: &mut [f64], slot: Slot, derivative: f64) {
    if let Slot::Free(i) = slot {
        out[i] += derivative;
    }
}

/// Adds derivatives by e and ω to those of the parameters that give them.
fn add_eccentricity(out: &mut [f64], eccentricity: Eccentricity, (by_ecc, by_omega): (f64, f64), values: &[f64]) {
    match eccentricity {
        Eccentricity::Circular => {}
        Eccentricity::Direct { ecc, omega } => {
            add(out, ecc, by_ecc);
            add(out, omega, by_omega);
        }
        Eccentricity::Roots { cos, sin } => {
            let (c, s) = (cos.get(values), sin.get(values));
            let ecc = c * c + s * s;
            // that by ω vanishes with e
            let per_e = if ecc > 0.0 { by_omega / ecc } else { 0.0 };
            add(out, cos, 2.0 * c * by_ecc - s * per_e);
            add(out, sin, 2.0 * s * by_ecc + c * per_e);
        }
    }
}

/// Vectors of the length of a series, kept from call to call: allocations of this size would go to the system and back.
#[derive(Default)]
struct Room {
    residuals: Vec<f64>,
    by_residual: Vec<f64>,
    flux: Vec<f64>,
    weights: Vec<f64>,
    dips: FoldedGradient,
}

thread_local! {
    static ROOM: RefCell<Room> = RefCell::default();
}

impl JointPosterior {
    /// [`ln_posterior`](Self::ln_posterior), and its derivatives by the values of the parameters into `out`, which are not
    /// to be read where the density is −∞.
    pub fn ln_posterior_gradient(&self, values: &[f64], out: &mut [f64]) -> f64 {
        out.fill(0.0);
        let ln_prior = self.ln_prior(values);
        if !ln_prior.is_finite() {
            return f64::NEG_INFINITY;
        }
        for (i, parameter) in self.table().parameters().iter().enumerate() {
            parameter.add_ln_prior_slope(i, values, out);
        }
        let ln_likelihood = ROOM.with_borrow_mut(|room| self.add_ln_likelihood_gradient(values, room, out));
        let sum = ln_prior + ln_likelihood;
        if sum.is_finite() && out.iter().all(|d| d.is_finite()) { sum } else { f64::NEG_INFINITY }
    }

    fn add_ln_likelihood_gradient(&self, values: &[f64], room: &mut Room, out: &mut [f64]) -> f64 {
        let Room { residuals, by_residual, .. } = room;
        let mut sum = 0.0;
        for (i, points) in self.velocities.iter().enumerate() {
            if !self.velocity_residuals(i, values, residuals) {
                return f64::NEG_INFINITY;
            }
            let model = &self.model.velocities[i];
            sum += noise::ln_likelihood_gradient(&model.noise, values, points, residuals, by_residual, out);
            if !sum.is_finite() {
                return f64::NEG_INFINITY;
            }
            // a residual falls as the model rises
            by_residual.iter_mut().for_each(|d| *d = -*d);
            velocity::add_velocity_gradient(&self.model, model, values, points, by_residual, out);
        }
        for (i, points) in self.photometry.iter().enumerate() {
            if !self.photometry_residuals(i, values, &mut room.residuals) {
                return f64::NEG_INFINITY;
            }
            let instrument = &self.model.instruments[i];
            let Room { residuals, by_residual, flux, .. } = room;
            sum += noise::ln_likelihood_gradient(&instrument.noise, values, points, residuals, by_residual, out);
            if !sum.is_finite() {
                return f64::NEG_INFINITY;
            }
            flux.clear();
            flux.extend(points.value.iter().zip(residuals.iter()).map(|(v, r)| v - r));
            light::add_flux_gradient(&self.model, instrument, values, points, room, out);
        }
        sum
    }

    /// Log density over `coordinates` at `x`, its derivatives into `gradient`.
    fn gradient_over(&self, coordinates: &Coordinates, x: &[f64], gradient: &mut [f64]) -> f64 {
        let mut values = Vec::new();
        let Some(ln_jacobian) = coordinates.to_values(&self.model, x, &mut values) else { return f64::NEG_INFINITY };
        let mut by_value = vec![0.0; x.len()];
        let ln_posterior = self.ln_posterior_gradient(&values, &mut by_value);
        if ln_posterior.is_finite() {
            coordinates.pull_back(&self.model, x, &values, &by_value, gradient);
        }
        ln_posterior + ln_jacobian
    }
}

/// The posterior over coordinates that end in limits of their own, not in each other's.
pub(super) struct Smooth<'a> {
    posterior: &'a JointPosterior,
    coordinates: &'a Coordinates,
}

impl<'a> Smooth<'a> {
    pub fn new(posterior: &'a JointPosterior) -> Self {
        Self { posterior, coordinates: &posterior.smooth }
    }

    /// Values of the free parameters at `x`; `None` where there are none.
    pub fn values(&self, x: &[f64]) -> Option<Vec<f64>> {
        let mut values = Vec::new();
        self.coordinates.to_values(&self.posterior.model, x, &mut values).map(|_| values)
    }

    /// Coordinates of these values; `None` at the edge of what is possible.
    pub fn of_values(&self, values: &[f64]) -> Option<Vec<f64>> {
        self.coordinates.of_values(&self.posterior.model, values)
    }
}

impl LogDensity for Smooth<'_> {
    fn dim(&self) -> usize {
        self.posterior.dim()
    }

    fn log_density(&self, x: &[f64]) -> f64 {
        let mut values = Vec::new();
        match self.coordinates.to_values(&self.posterior.model, x, &mut values) {
            Some(ln_jacobian) => self.posterior.ln_posterior(&values) + ln_jacobian,
            None => f64::NEG_INFINITY,
        }
    }

    fn bounds(&self, coordinate: usize) -> Bounds {
        self.coordinates.bounds(self.posterior.table(), coordinate)
    }
}

impl GradientLogDensity for Smooth<'_> {
    fn log_density_gradient(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
        self.posterior.gradient_over(self.coordinates, x, gradient)
    }
}

impl GradientLogDensity for JointPosterior {
    fn log_density_gradient(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
        self.gradient_over(&self.coordinates, x, gradient)
    }
}
