//! Coordinates in which the posterior is sampled, and the way to those of the parameter table.

use super::optimise::{Optimum, prior_limits};
use super::parameters::{IMPACT_PARAMETER, PERIOD, Q1, Q2, RHO_STAR, RP_RS};
use super::posterior::Posterior;
use crate::sample::{Bounds, LogDensity};
use crate::star::{a_over_rstar, density_from_a_over_rstar};
use crate::transit::Quadratic;
use crate::transit::flux::quadratic_dip;

/// Which quantity stands for the size of the orbit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Size {
    /// ln √((z² − b²)/(a² − b²)) for the distance z at which the dip is half the deepest and a in R*: on a circular orbit ln sin πT/P
    /// for the time T between, for data that know the duration. Unlike the time between contacts, it hardly depends on how long
    /// the ingress is.
    Duration,
    /// ln ρ: for a prior that knows the density better than the data the duration.
    Density,
}

/// Which quantities stand for the limb darkening.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Law {
    /// u1 and u2, along which the depth changes linearly.
    Coefficients,
    /// q1 and q2, whose limits do not depend on one another.
    UnitSquare,
}

/// What light curves measure best is the depth at mid-transit and the duration; radius ratio, impact parameter and limb
/// darkening hang together in curved valleys through them, along which no straight move of walkers gets far. So the
/// coordinates here are
///
/// ```text
/// √depth(k, b, u1, u2)  for k,       b^p  for b,       u1, u2 or q1, q2  for the law,
/// the duration or ln ρ  for the size of the orbit
/// ```
/// and those of the table for the rest. The determinant of the transformation goes with the density; that of (q1, q2)
/// to (u1, u2) is 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Coordinates {
    size: Size,
    law: Law,
    /// Power p of the impact parameter.
    power: f64,
    /// P in days that ln period counts from.
    reference_period: f64,
}

impl Coordinates {
    /// For walkers about the best fit, which know no limits and gain by a density that falls towards b = 0.
    pub(super) fn for_walkers(posterior: &Posterior, best: Option<&Optimum>) -> Self {
        Self { power: 1.25, ..Self::for_proposals(posterior, best, Law::Coefficients) }
    }

    /// For proposals about the best fit.
    pub(super) fn for_proposals(posterior: &Posterior, best: Option<&Optimum>, law: Law) -> Self {
        let prior = posterior.table().parameters()[RHO_STAR].prior;
        let size = match best {
            // ln ρ = −3 ln(duration) + what b and k say
            Some(best) if prior.log_sigma() < 3.0 * best.duration_error => Size::Density,
            _ => Size::Duration,
        };
        Self { size, law, power: 1.0, reference_period: posterior.data().ephemeris.period }
    }

    /// What stands for the impact parameter `b`.
    pub(super) fn impact_parameter(self, b: f64) -> f64 {
        b.powf(self.power)
    }

    /// Limits of coordinate `i`.
    fn bounds(self, posterior: &Posterior, i: usize) -> Bounds {
        let ((lower, upper), free) = (prior_limits(posterior, i), Bounds::FREE);
        match (i, self.law) {
            (IMPACT_PARAMETER, _) => Bounds { lower: lower.powf(self.power), ..free },
            (RP_RS, _) => Bounds { lower: 0.0, upper: 1.0 },
            (RHO_STAR, _) | (Q1 | Q2, Law::Coefficients) => free,
            _ => Bounds { lower, upper },
        }
    }

    /// Coordinates of the table at `y`, and ln |∂x/∂y|; `None` where there is no such planet.
    pub(super) fn to_table(self, y: &[f64]) -> Option<(Vec<f64>, f64)> {
        let mut x = y.to_vec();
        let (size, root, power) = (y[RHO_STAR], y[RP_RS], y[IMPACT_PARAMETER]);
        let (law, (q1, q2)) = match self.law {
            Law::Coefficients => {
                let law = Quadratic { u1: y[Q1], u2: y[Q2] };
                (law, law.to_q())
            }
            Law::UnitSquare => (Quadratic::from_q(y[Q1], y[Q2]), (y[Q1], y[Q2])),
        };
        let inside = |q: f64| (0.0..=1.0).contains(&q);
        if !(power > 0.0 && root > 0.0 && root < 1.0 && q1 > 0.0 && inside(q1) && inside(q2)) {
            return None;
        }
        let b = power.powf(1.0 / self.power);
        let (k, slope) = radius_ratio(root * root, b, &law)?;
        (x[IMPACT_PARAMETER], x[RP_RS], x[Q1], x[Q2]) = (b, k, q1, q2);
        // db/dc = b/(p c); dk/d√δ = 2√δ / (dδ/dk)
        let mut jacobian = (b / (self.power * power)).ln() + (2.0 * root / slope).ln();
        let whole = 0.5 * ((1.0 + k - b) * (1.0 + k + b)).ln();
        match self.size {
            Size::Duration => {
                let across2 = (half_depth_chord(k, b, &law) * (-size).exp()).powi(2);
                let a2 = b * b + across2;
                x[RHO_STAR] = whole - 0.5 * a2.ln();
                jacobian += (across2 / a2).ln();
            }
            Size::Density => {
                let a_rs = a_over_rstar(self.reference_period * y[PERIOD].exp(), size.exp());
                x[RHO_STAR] = whole - a_rs.ln();
                // the table's coordinate is −⅓ ln ρ and what k and b say
                jacobian -= 3f64.ln();
            }
        }
        (x[RHO_STAR].is_finite() && jacobian.is_finite()).then_some((x, jacobian))
    }

    /// The inverse; `None` at the edge of what is possible.
    #[allow(clippy::wrong_self_convention)]
    pub(super) fn from_table(self, x: &[f64]) -> Option<Vec<f64>> {
        let mut y = x.to_vec();
        let (k, b) = (x[RP_RS], x[IMPACT_PARAMETER]);
        let law = Quadratic::from_q(x[Q1], x[Q2]);
        if self.law == Law::Coefficients {
            (y[Q1], y[Q2]) = (law.u1, law.u2);
        }
        y[RP_RS] = quadratic_dip(b, k, &law).sqrt();
        y[IMPACT_PARAMETER] = self.impact_parameter(b);
        let whole = ((1.0 + k - b) * (1.0 + k + b)).sqrt();
        y[RHO_STAR] = match self.size {
            Size::Duration => {
                let a_rs = whole * (-x[RHO_STAR]).exp();
                // not a number where the planet would never be at this distance
                half_depth_chord(k, b, &law).ln() - 0.5 * ((a_rs - b) * (a_rs + b)).ln()
            }
            Size::Density => {
                let a_rs = whole * (-x[RHO_STAR]).exp();
                density_from_a_over_rstar(self.reference_period * x[PERIOD].exp(), a_rs).ln()
            }
        };
        y.iter().all(|v| v.is_finite()).then_some(y)
    }
}

/// The radius ratio that hides `depth` of the star at distance `b`, and d depth/dk there.
fn radius_ratio(depth: f64, b: f64, law: &Quadratic) -> Option<(f64, f64)> {
    let dip = |k: f64| quadratic_dip(b, k, law);
    // a planet that covers the whole star hides everything
    let (mut low, mut high) = ((b - 1.0).max(0.0), b + 1.0);
    let mut k = depth.sqrt().clamp(low, high);
    if k <= low {
        k = low + 0.5 * depth.sqrt();
    }
    const STEP: f64 = 1e-5;
    // ln depth against ln k is nearly a line, of slope 2 where all of the planet is before the star
    let mut power = 2.0;
    let mut before: Option<(f64, f64)> = None;
    for _ in 0..60 {
        let value = dip(k);
        if value > depth {
            high = k
        } else {
            low = k
        }
        let off = (depth / value).ln();
        if let Some((k_before, off_before)) = before {
            let secant = (off_before - off) / (k / k_before).ln();
            power = if secant.is_finite() && secant > 0.1 { secant } else { power };
        }
        before = Some((k, off));
        let next = k * (off / power).clamp(-3.0, 3.0).exp();
        let next = if next > low && next < high { next } else { 0.5 * (low + high) };
        let done = (next - k).abs() <= 1e-9 * k;
        k = next;
        if done {
            let h = STEP * k;
            let slope = (dip(k + h) - dip(k - h)) / (2.0 * h);
            return (slope > 0.0).then_some((k, slope));
        }
    }
    None
}

/// √(z² − b²) for the distance z at which the dip is half of that at `b`, nearly: only the coordinates depend on it.
fn half_depth_chord(k: f64, b: f64, law: &Quadratic) -> f64 {
    let half = 0.5 * quadratic_dip(b, k, law);
    let (mut low, mut high) = (b, 1.0 + k);
    let (mut above, mut below) = (half, -half);
    // regula falsi, the end that stays halved (Dowell & Jarratt 1971, BIT 11, 168)
    for _ in 0..6 {
        let z = (low * below - high * above) / (below - above);
        let off = quadratic_dip(z, k, law) - half;
        if off > 0.0 {
            (low, above) = (z, off);
            below *= 0.5;
        } else {
            (high, below) = (z, off);
            above *= 0.5;
        }
    }
    let z = (low * below - high * above) / (below - above);
    ((z - b) * (z + b)).sqrt()
}

/// The posterior in other coordinates.
pub(super) struct Reparametrised<'a> {
    posterior: &'a Posterior<'a>,
    coordinates: Coordinates,
}

impl<'a> Reparametrised<'a> {
    pub(super) fn new(posterior: &'a Posterior<'a>, coordinates: Coordinates) -> Self {
        Self { posterior, coordinates }
    }
}

impl LogDensity for Reparametrised<'_> {
    fn dim(&self) -> usize {
        self.posterior.dim()
    }

    fn log_density(&self, y: &[f64]) -> f64 {
        match self.coordinates.to_table(y) {
            Some((x, jacobian)) => self.posterior.log_density(&x) + jacobian,
            None => f64::NEG_INFINITY,
        }
    }

    fn bounds(&self, coordinate: usize) -> Bounds {
        self.coordinates.bounds(self.posterior, coordinate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_with_the_right_determinant() {
        for (size, law, power, size_of_orbit) in [
            (Size::Duration, Law::Coefficients, 1.25, -2.2),
            (Size::Density, Law::Coefficients, 1.25, -2.2),
            (Size::Duration, Law::UnitSquare, 1.0, -2.2),
            (Size::Duration, Law::UnitSquare, 1.0, -0.9),
        ] {
            let c = Coordinates { size, law, power, reference_period: 3.7 };
            for (b, k) in [(0.02, 0.1), (0.5, 0.02), (0.95, 0.1), (1.05, 0.2), (1.3, 0.45)] {
                let x = [0.01, 1e-5, size_of_orbit, b, k, 0.3, 0.4, -8.0];
                let y = c.from_table(&x).unwrap();
                let (back, jacobian) = c.to_table(&y).unwrap();
                for (x, r) in x.iter().zip(&back) {
                    assert!((x - r).abs() < 1e-8, "b {b} k {k}: {x} {r}");
                }
                let n = x.len();
                let matrix = nalgebra::DMatrix::from_fn(n, n, |row, column| {
                    let step = 1e-5 * y[column].abs().max(1e-3);
                    let moved = |s: f64| {
                        let mut y = y.clone();
                        y[column] += s;
                        c.to_table(&y).unwrap().0[row]
                    };
                    (moved(step) - moved(-step)) / (2.0 * step)
                });
                let numeric = matrix.determinant().abs().ln();
                // differences of an inverse that is good to 1e-10 over steps of 1e-5
                assert!((numeric - jacobian).abs() < 1e-3, "b {b} k {k}: {numeric} {jacobian}");
            }
        }
    }
}
