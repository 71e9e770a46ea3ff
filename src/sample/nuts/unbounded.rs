//! A density over the whole space in place of one with limits on its coordinates.

use super::GradientLogDensity;
use crate::sample::{Bounds, LogDensity};

/// x = lower + width/(1 + e^−y) between two limits, lower + e^y or upper − e^y beside one, y itself without; the log
/// density gains ln |dx/dy|.
pub(super) struct Unbounded<'a, D: GradientLogDensity + ?Sized> {
    density: &'a D,
    bounds: Vec<Bounds>,
}

impl<'a, D: GradientLogDensity + ?Sized> Unbounded<'a, D> {
    pub(super) fn new(density: &'a D) -> Self {
        Self { density, bounds: (0..density.dim()).map(|i| density.bounds(i)).collect() }
    }

    pub(super) fn to_bounded(&self, y: &[f64], x: &mut [f64]) {
        for ((x, y), b) in x.iter_mut().zip(y).zip(&self.bounds) {
            *x = match (b.lower.is_finite(), b.upper.is_finite()) {
                (true, true) => b.lower + (b.upper - b.lower) / (1.0 + (-y).exp()),
                (true, false) => b.lower + y.exp(),
                (false, true) => b.upper - y.exp(),
                (false, false) => *y,
            };
        }
    }

    /// y of a place, which is moved inside its limits by a little if it lies on one.
    pub(super) fn unbounded(&self, x: &[f64]) -> Vec<f64> {
        const INSIDE: f64 = 1e-3;
        let place = |(x, b): (&f64, &Bounds)| match (b.lower.is_finite(), b.upper.is_finite()) {
            (true, true) => {
                let fraction = ((x - b.lower) / (b.upper - b.lower)).clamp(INSIDE, 1.0 - INSIDE);
                (fraction / (1.0 - fraction)).ln()
            }
            (true, false) => (x - b.lower).max(INSIDE * (1.0 + b.lower.abs())).ln(),
            (false, true) => (b.upper - x).max(INSIDE * (1.0 + b.upper.abs())).ln(),
            (false, false) => *x,
        };
        x.iter().zip(&self.bounds).map(place).collect()
    }

    /// dx/dy by coordinate is needed for start scales only.
    pub(super) fn slopes(&self, y: &[f64]) -> Vec<f64> {
        let slope = |(y, b): (&f64, &Bounds)| match (b.lower.is_finite(), b.upper.is_finite()) {
            (true, true) => {
                let s = 1.0 / (1.0 + (-y).exp());
                (b.upper - b.lower) * s * (1.0 - s)
            }
            (false, false) => 1.0,
            _ => y.exp(),
        };
        y.iter().zip(&self.bounds).map(slope).collect()
    }
}

impl<D: GradientLogDensity + ?Sized> LogDensity for Unbounded<'_, D> {
    fn dim(&self) -> usize {
        self.bounds.len()
    }
    fn log_density(&self, y: &[f64]) -> f64 {
        self.log_density_gradient(y, &mut vec![0.0; y.len()])
    }
}

impl<D: GradientLogDensity + ?Sized> GradientLogDensity for Unbounded<'_, D> {
    fn log_density_gradient(&self, y: &[f64], gradient: &mut [f64]) -> f64 {
        let mut x = vec![0.0; y.len()];
        self.to_bounded(y, &mut x);
        let mut log_density = self.density.log_density_gradient(&x, gradient);
        for ((g, y), b) in gradient.iter_mut().zip(y).zip(&self.bounds) {
            match (b.lower.is_finite(), b.upper.is_finite()) {
                (true, true) => {
                    let (s, width) = (1.0 / (1.0 + (-y).exp()), b.upper - b.lower);
                    // ln s (1 − s) without the digits that 1 − s loses
                    log_density += width.ln() - y.abs() - 2.0 * (-y.abs()).exp().ln_1p();
                    *g = *g * width * s * (1.0 - s) + 1.0 - 2.0 * s;
                }
                (true, false) => {
                    log_density += y;
                    *g = *g * y.exp() + 1.0;
                }
                (false, true) => {
                    log_density += y;
                    *g = -*g * y.exp() + 1.0;
                }
                (false, false) => {}
            }
        }
        if log_density.is_nan() { f64::NEG_INFINITY } else { log_density }
    }
}
