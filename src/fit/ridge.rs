//! The ridge of a posterior along the impact parameter: the best fit at each of several values of it.
//!
//! Impact parameter, radius ratio and limb darkening hang together, so that a posterior reaches from central transits to
//! grazing ones in a long thin tail or in a second mode. A covariance about the best fit knows nothing of either.

use nalgebra::DMatrix;

use super::coordinates::{Coordinates, Reparametrised};
use super::optimise::{Optimum, prior_limits, refine_along_ridge};
use super::parameters::{IMPACT_PARAMETER, JITTER};
use super::posterior::Posterior;
use super::sampling::{JITTER_WIDTH, carried_over};
use crate::sample::LogDensity;
use crate::sample::importance::StartingMode;

/// Impact parameters that are looked at.
const PLACES: [f64; 14] = [0.04, 0.18, 0.32, 0.46, 0.58, 0.68, 0.77, 0.85, 0.92, 0.98, 1.04, 1.11, 1.2, 1.32];
/// Places with less of the posterior than e to this power of that of the best are left out, and end the walk.
const LEAST: f64 = -14.0;
/// Width of a place along the ridge in units of the distance to its neighbours: these overlap to a smooth sum.
const OVERLAP: f64 = 0.7;

/// Places on the ridge through `best`, with covariances in the coordinates of `density`.
pub(super) fn ridge(
    posterior: &Posterior,
    density: &Reparametrised,
    coordinates: Coordinates,
    best: &Optimum,
) -> Vec<StartingMode> {
    let (low, high) = prior_limits(posterior, IMPACT_PARAMETER);
    let at = best.x[IMPACT_PARAMETER];
    let inside = |b: &&f64| **b > low && **b < high;
    let up: Vec<f64> = PLACES.iter().filter(inside).filter(|b| **b >= at).copied().collect();
    let down: Vec<f64> = PLACES.iter().rev().filter(inside).filter(|b| **b < at).copied().collect();
    let mut points: Vec<Point> = Vec::new();
    for places in [up, down] {
        let mut from = coordinates.from_table(&best.x);
        for b in places {
            let Some(mut y) = from.take() else { break };
            y[IMPACT_PARAMETER] = coordinates.impact_parameter(b);
            let Some(point) = Point::new(posterior, density, coordinates, &y, b) else { break };
            let is_lost = point.ln_density < best.ln_posterior + LEAST - 10.0;
            from = Some(point.y.clone());
            points.push(point);
            if is_lost {
                break;
            }
        }
    }
    points.sort_by(|a, b| a.y[IMPACT_PARAMETER].total_cmp(&b.y[IMPACT_PARAMETER]));
    let modes: Vec<(f64, StartingMode)> = (0..points.len()).map(|i| as_mode(&points, i)).collect();
    let highest = modes.iter().map(|m| m.0).fold(f64::NEG_INFINITY, f64::max);
    modes.into_iter().filter(|m| m.0 > highest + LEAST).map(|m| m.1).collect()
}

struct Point {
    y: Vec<f64>,
    ln_density: f64,
    /// At fixed impact parameter.
    covariance: Vec<f64>,
}

impl Point {
    fn new(
        posterior: &Posterior,
        density: &Reparametrised,
        coordinates: Coordinates,
        start: &[f64],
        b: f64,
    ) -> Option<Self> {
        let (mut x, _) = coordinates.to_table(start)?;
        x[IMPACT_PARAMETER] = b;
        let optimum = refine_along_ridge(posterior, x)?;
        let y = coordinates.from_table(&optimum.x)?;
        let ln_density = density.log_density(&y);
        let dim = y.len();
        let mut covariance = carried_over(&optimum.x, &optimum.covariance, coordinates)?;
        covariance[JITTER * (dim + 1)] = JITTER_WIDTH * JITTER_WIDTH;
        ln_density.is_finite().then_some(Self { y, ln_density, covariance })
    }
}

/// The `i`-th point, widened along the ridge, and the logarithm of the posterior there, nearly.
fn as_mode(points: &[Point], i: usize) -> (f64, StartingMode) {
    let (before, after) = (&points[i.saturating_sub(1)], &points[(i + 1).min(points.len() - 1)]);
    let dim = points[i].y.len();
    let steps = if i > 0 && i + 1 < points.len() { 2.0 } else { 1.0 };
    let mut covariance = points[i].covariance.clone();
    // limb darkening moves too much between places to be followed by a line
    let along: Vec<f64> = (0..dim).map(|d| OVERLAP * (after.y[d] - before.y[d]) / steps).collect();
    for r in 0..dim {
        for c in 0..dim {
            covariance[r * dim + c] += along[r] * along[c];
        }
    }
    if points.len() == 1 {
        covariance[IMPACT_PARAMETER * (dim + 1)] += 0.01;
    }
    let ln_det = DMatrix::from_row_slice(dim, dim, &covariance).cholesky().map(|c| c.ln_determinant());
    let mode = StartingMode { centre: points[i].y.clone(), covariance };
    (points[i].ln_density + 0.5 * ln_det.unwrap_or(f64::NEG_INFINITY), mode)
}
