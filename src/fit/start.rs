//! Where the walkers begin: a cloud around the best fits, wider than the posterior.

use nalgebra::DVector;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::StandardNormal;

use super::optimise::{Optimum, bounds};
use super::posterior::Posterior;
use crate::sample::LogDensity;

/// Width of the cloud in standard deviations of the fit.
const OVERDISPERSION: f64 = 1.5;
/// Optima that are worse than the best by more than this in ln posterior get no walkers: so few draws belong there that
/// walkers would only be stuck.
const WORSE: f64 = 4.0;

/// `walkers` places, dealt in turn to the optima worth it.
pub(super) fn starting_places(posterior: &Posterior, optima: &[Optimum], walkers: usize, seed: u64) -> Vec<Vec<f64>> {
    let mut rng = StdRng::seed_from_u64(seed);
    let Some(best) = optima.first() else { return Vec::new() };
    let worthy: Vec<_> = optima
        .iter()
        .filter(|o| o.ln_posterior > best.ln_posterior - WORSE)
        .filter_map(|o| o.covariance.clone().cholesky().map(|c| (o, c.unpack())))
        .collect();
    if worthy.is_empty() {
        return Vec::new();
    }
    let dim = best.x.len();
    (0..walkers)
        .map(|w| {
            let (optimum, root) = &worthy[w % worthy.len()];
            let mut width = OVERDISPERSION;
            loop {
                let normal = DVector::from_fn(dim, |_, _| rng.sample::<f64, _>(StandardNormal));
                let step = root * normal * width;
                let mut x: Vec<f64> = optimum.x.iter().zip(step.iter()).map(|(x, s)| x + s).collect();
                for i in 0..dim {
                    let (low, high) = bounds(posterior, &x, i);
                    x[i] = reflect(x[i], low, high);
                }
                let ln_posterior = posterior.log_density(&x);
                if ln_posterior > optimum.ln_posterior - 10.0 * dim as f64 {
                    return x;
                }
                width *= 0.9;
                if width < 1e-6 {
                    return optimum.x.clone();
                }
            }
        })
        .collect()
}

/// Folds `x` back into low..high once, and else clamps it.
fn reflect(x: f64, low: f64, high: f64) -> f64 {
    let folded = if x < low {
        2.0 * low - x
    } else if x > high {
        2.0 * high - x
    } else {
        x
    };
    folded.max(low).min(high)
}
