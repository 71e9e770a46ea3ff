//! Mixtures of Students fitted to weighted places by expectation and maximisation.

use rand::RngExt;
use rand::rngs::StdRng;

use super::blocks::{Blocks, LANES, Lane, row};
use super::mixture::{Component, StudentMixture};

/// Places with weights that sum to 1.
#[derive(Clone, Debug)]
pub(super) struct Places {
    blocks: Blocks,
    /// 0 for what fills the last block.
    weights: Vec<Lane>,
}

impl Places {
    /// `at` is n × dim.
    pub fn new(dim: usize, at: &[f64], weights: &[f64]) -> Self {
        let blocks = Blocks::new(dim, at);
        let mut lanes = vec![[0.0; LANES]; blocks.len()];
        lanes.as_flattened_mut()[..weights.len()].copy_from_slice(weights);
        Self { blocks, weights: lanes }
    }

    fn dim(&self) -> usize {
        self.blocks.dim()
    }

    /// Kish's effective number.
    fn effective(&self) -> f64 {
        1.0 / self.weights.as_flattened().iter().map(|w| w * w).sum::<f64>()
    }

    /// Coordinates of one place.
    fn place(&self, i: usize) -> Vec<f64> {
        self.blocks.place(i)
    }

    /// Mean by `pulls`, Σ `pulls` (y − mean)² over Σ `weights`, and Σ `weights`.
    fn moments(&self, weights: &[Lane], pulls: &[Lane]) -> (Vec<f64>, Vec<f64>, f64) {
        let d = self.dim();
        let sum: f64 = weights.as_flattened().iter().sum();
        let (mean, triangle) = self.blocks.moments(pulls);
        let mut scale = vec![0.0; d * d];
        for a in 0..d {
            for b in 0..=a {
                let v = triangle[row(a) + b] / sum;
                scale[a * d + b] = v;
                scale[b * d + a] = v;
            }
        }
        (mean, scale, sum)
    }
}

/// Rounds of expectation and maximisation; the mixture only has to be near the best, since weights correct it.
const ITERATIONS: usize = 8;

/// Additions in vain that end the search.
const ATTEMPTS: usize = 3;
/// What a parameter costs in log likelihood, over the logarithm of the effective number of places. The Bayesian
/// information criterion has 1/2; a proposal may follow arms that a description of the data would not own up to.
const PENALTY: f64 = 0.12;

/// A mixture fitted to `places`, of up to `most` components. Starts from `start`, if any, and adds components one by one,
/// each where the places are far from those there are, as long as the fit gains more than [`PENALTY`]; [`ATTEMPTS`] additions
/// in vain end it. `None` if the places do not span the space.
pub(super) fn fit(places: &Places, start: &[Component], most: usize, rng: &mut StdRng) -> Option<Vec<Component>> {
    let d = places.dim() as f64;
    let per_component = 1.0 + d + d * (d + 1.0) / 2.0;
    let effective = places.effective();
    let criterion = |(components, mean_log_density): &(Vec<Component>, f64)| {
        effective * mean_log_density - PENALTY * per_component * components.len() as f64 * effective.ln()
    };
    let whole = [pooled(places)];
    let mut best = fit_from(places, if start.is_empty() { &whole } else { start }, f64::NEG_INFINITY)?;
    let mut failures = 0;
    while best.0.len() < most && failures < ATTEMPTS {
        // what one more component has to bring, of components that are not fewer
        let needed = best.1 + PENALTY * per_component * effective.ln() / effective;
        let more = one_more(places, &best.0, rng).and_then(|more| fit_from(places, &more, needed));
        match more {
            Some(more) if criterion(&more) > criterion(&best) => {
                best = more;
                failures = 0;
            }
            _ => failures += 1,
        }
    }
    Some(best.0)
}

/// The components and a new one at a place chosen at random in proportion to its squared distance to the nearest of them,
/// each distance in the component's own measure; its scale matrix is the mean of theirs.
fn one_more(places: &Places, components: &[Component], rng: &mut StdRng) -> Option<Vec<Component>> {
    let d = places.dim();
    let nearest = StudentMixture::new(d, components)?.nearest_distance2(&places.blocks);
    let scores = || places.weights.as_flattened().iter().zip(&nearest).map(|(w, n)| w * n);
    let mut left = rng.random::<f64>() * scores().sum::<f64>();
    let chosen = scores().position(|score| {
        left -= score;
        left < 0.0
    })?;
    let total: f64 = components.iter().map(|c| c.weight).sum();
    let mut scale = vec![0.0; d * d];
    for c in components {
        scale.iter_mut().zip(&c.scale).for_each(|(m, s)| *m += c.weight / total * s);
    }
    let mut out = components.to_vec();
    let mean = places.place(chosen);
    out.push(Component { weight: total / components.len() as f64, mean, scale });
    Some(out)
}

/// Improves `start`; also the mean log density of the places under the fit. Given up where it is not going to reach `needed`,
/// each iteration gaining less than the one before.
///
/// Each scale matrix is drawn towards the mean of all, with the weight of d + 2 places, and a component with fewer places
/// than d + 2 goes.
pub(super) fn fit_from(places: &Places, start: &[Component], needed: f64) -> Option<(Vec<Component>, f64)> {
    let d = places.dim();
    let effective = places.effective();
    let prior = d as f64 + 2.0;
    let mut components = start.to_vec();
    let mut mean_log_density = f64::NAN;
    for iteration in 0..ITERATIONS {
        let shares = StudentMixture::new(d, &components)?.shares(&places.blocks, &places.weights);
        let previous = mean_log_density;
        mean_log_density = shares.mean_log_density;
        components.clear();
        for (weights, pulls) in &shares.of_components {
            let (mean, scale, sum) = places.moments(weights, pulls);
            if sum * effective > prior {
                components.push(Component { weight: sum, mean, scale });
            }
        }
        if components.is_empty() {
            return None;
        }
        let total: f64 = components.iter().map(|c| c.weight).sum();
        let mut common = vec![0.0; d * d];
        for c in &components {
            common.iter_mut().zip(&c.scale).for_each(|(m, s)| *m += c.weight / total * s);
        }
        let common = regular(common, d);
        for c in &mut components {
            let own = c.weight * effective;
            for (s, m) in c.scale.iter_mut().zip(&common) {
                *s = (own * *s + prior * m) / (own + prior);
            }
        }
        let gain = mean_log_density - previous;
        let left = (ITERATIONS - 1 - iteration) as f64;
        if gain.abs() < 1e-3 || mean_log_density + left * gain < needed {
            break;
        }
    }
    Some((components, mean_log_density))
}

/// The matrix with a trace of its own diagonal added, so that places in a plane do not make it singular.
fn regular(mut matrix: Vec<f64>, dim: usize) -> Vec<f64> {
    for i in 0..dim {
        matrix[i * dim + i] = matrix[i * dim + i] * (1.0 + 1e-9) + f64::MIN_POSITIVE;
    }
    matrix
}

/// One component with the places' mean and covariance.
pub(super) fn pooled(places: &Places) -> Component {
    let (mean, scale, _) = places.moments(&places.weights, &places.weights);
    Component { weight: 1.0, mean, scale: regular(scale, places.dim()) }
}
