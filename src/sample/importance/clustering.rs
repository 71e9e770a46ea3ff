//! Mixtures of Students fitted to weighted places by expectation and maximisation.

use rand::RngExt;
use rand::rngs::StdRng;

use super::mixture::{Component, LANES, StudentMixture};

/// Places (n × dim) with weights that sum to 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places<'a> {
    pub dim: usize,
    pub at: &'a [f64],
    pub weights: &'a [f64],
}

impl Places<'_> {
    /// Kish's effective number.
    fn effective(&self) -> f64 {
        1.0 / self.weights.iter().map(|w| w * w).sum::<f64>()
    }

    /// Mean and covariance with `weights` instead of the places' own, the covariance about the mean; and their sum.
    fn moments(&self, weights: impl Fn(usize) -> f64, pulls: impl Fn(usize) -> f64) -> (Vec<f64>, Vec<f64>, f64) {
        let d = self.dim;
        let (mut mean, mut pull, mut sum) = (vec![0.0; d], 0.0, 0.0);
        for (i, y) in self.at.chunks_exact(d).enumerate() {
            let p = pulls(i);
            pull += p;
            sum += weights(i);
            mean.iter_mut().zip(y).for_each(|(m, y)| *m += p * y);
        }
        mean.iter_mut().for_each(|m| *m /= pull);
        let mut triangle = vec![[0.0; LANES]; d * (d + 1) / 2];
        let mut centred = vec![[0.0; LANES]; d];
        let negligible = 1e-9 * sum / self.weights.len() as f64;
        for (block, ys) in self.at.chunks(LANES * d).enumerate() {
            let mut p = [0.0; LANES];
            for (lane, y) in ys.chunks_exact(d).enumerate() {
                p[lane] = pulls(block * LANES + lane);
                for ((c, y), m) in centred.iter_mut().zip(y).zip(&mean) {
                    c[lane] = y - m;
                }
            }
            if p.iter().all(|p| *p <= negligible) {
                continue;
            }
            let mut cell = triangle.iter_mut();
            for a in 0..d {
                let mut pa = [0.0; LANES];
                for lane in 0..LANES {
                    pa[lane] = p[lane] * centred[a][lane];
                }
                // in this order, or the last comparison of a row would swallow the first cell of the next
                for (c, t) in centred[..=a].iter().zip(&mut cell) {
                    for lane in 0..LANES {
                        t[lane] += pa[lane] * c[lane];
                    }
                }
            }
        }
        let mut scale = vec![0.0; d * d];
        for a in 0..d {
            for b in 0..=a {
                scale[a * d + b] = triangle[a * (a + 1) / 2 + b].iter().sum();
            }
        }
        for a in 0..d {
            for b in 0..=a {
                let v = scale[a * d + b] / sum;
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
pub(super) fn fit(places: Places, start: &[Component], most: usize, rng: &mut StdRng) -> Option<Vec<Component>> {
    let d = places.dim as f64;
    let per_component = 1.0 + d + d * (d + 1.0) / 2.0;
    let effective = places.effective();
    let criterion = |(components, mean_log_density): &(Vec<Component>, f64)| {
        effective * mean_log_density - PENALTY * per_component * components.len() as f64 * effective.ln()
    };
    let whole = [pooled(places)];
    let mut best = fit_from(places, if start.is_empty() { &whole } else { start })?;
    let mut failures = 0;
    while best.0.len() < most && failures < ATTEMPTS {
        let more = one_more(places, &best.0, rng).and_then(|more| fit_from(places, &more));
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
fn one_more(places: Places, components: &[Component], rng: &mut StdRng) -> Option<Vec<Component>> {
    let (d, n) = (places.dim, places.weights.len());
    let nearest = StudentMixture::new(d, components)?.nearest_distance2(places.at);
    let score = |i: usize| places.weights[i] * nearest[i];
    let mut left = rng.random::<f64>() * (0..n).map(score).sum::<f64>();
    let chosen = (0..n).find(|i| {
        left -= score(*i);
        left < 0.0
    })?;
    let total: f64 = components.iter().map(|c| c.weight).sum();
    let mut scale = vec![0.0; d * d];
    for c in components {
        scale.iter_mut().zip(&c.scale).for_each(|(m, s)| *m += c.weight / total * s);
    }
    let mut out = components.to_vec();
    let mean = places.at[chosen * d..(chosen + 1) * d].to_vec();
    out.push(Component { weight: total / components.len() as f64, mean, scale });
    Some(out)
}

/// Improves `start`; also the mean log density of the places under the fit.
///
/// Each scale matrix is drawn towards the mean of all, with the weight of d + 2 places, and a component with fewer places
/// than d + 2 goes.
pub(super) fn fit_from(places: Places, start: &[Component]) -> Option<(Vec<Component>, f64)> {
    let (d, n) = (places.dim, places.weights.len());
    let effective = places.effective();
    let prior = d as f64 + 2.0;
    let mut components = start.to_vec();
    let mut mean_log_density = f64::NAN;
    let mut log_density = vec![0.0; n];
    for _ in 0..ITERATIONS {
        let mixture = StudentMixture::new(d, &components)?;
        let k = mixture.len();
        let mut shares = vec![0.0; n * k];
        let mut pulls = vec![0.0; n * k];
        mixture.shares(places.at, &mut shares, &mut pulls, &mut log_density);
        let previous = mean_log_density;
        mean_log_density =
            places.weights.iter().zip(&log_density).filter(|(w, _)| **w > 0.0).map(|(w, l)| w * l).sum::<f64>();
        components.clear();
        for j in 0..k {
            let weight = |i: usize| places.weights[i] * shares[i * k + j];
            let pull = |i: usize| places.weights[i] * pulls[i * k + j];
            let (mean, scale, sum) = places.moments(weight, pull);
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
        if (mean_log_density - previous).abs() < 1e-3 {
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
pub(super) fn pooled(places: Places) -> Component {
    let weight = |i: usize| places.weights[i];
    let (mean, scale, _) = places.moments(weight, weight);
    Component { weight: 1.0, mean, scale: regular(scale, places.dim) }
}
