//! One transition: a trajectory doubled until it turns back, and a draw from its points.

use rand::RngExt;

use super::GradientLogDensity;
use super::metric::Metric;
use super::stream::Stream;
use crate::sample::bits;

/// A point of phase space, with what is known there.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Point {
    #[serde(with = "bits")]
    pub q: Vec<f64>,
    #[serde(with = "bits")]
    p: Vec<f64>,
    #[serde(with = "bits")]
    v: Vec<f64>,
    #[serde(with = "bits")]
    gradient: Vec<f64>,
    #[serde(with = "bits::one")]
    pub log_density: f64,
}

impl Point {
    /// At rest; the gradient is computed.
    pub(super) fn new<D: GradientLogDensity + ?Sized>(density: &D, q: Vec<f64>) -> Self {
        let mut gradient = vec![0.0; q.len()];
        let log_density = density.log_density_gradient(&q, &mut gradient);
        Self { p: vec![0.0; q.len()], v: vec![0.0; q.len()], gradient, log_density, q }
    }

    /// Whether all of it has so many dimensions, which a file may not ensure.
    pub(super) fn has_dim(&self, dim: usize) -> bool {
        [&self.q, &self.p, &self.v, &self.gradient].iter().all(|x| x.len() == dim)
    }

    pub(super) fn refresh(&mut self, metric: &Metric, rng: &mut Stream) {
        metric.momentum(rng, &mut self.p);
        metric.velocity(&self.p, &mut self.v);
    }

    /// H = p·v/2 − ln π(q).
    pub(super) fn energy(&self) -> f64 {
        0.5 * dot(&self.p, &self.v) - self.log_density
    }

    /// One leapfrog step.
    pub(super) fn step<D: GradientLogDensity + ?Sized>(&self, density: &D, metric: &Metric, step: f64) -> Self {
        let mut next = self.clone();
        let kick = |p: &mut [f64], gradient: &[f64]| {
            p.iter_mut().zip(gradient).for_each(|(p, g)| *p += 0.5 * step * g);
        };
        kick(&mut next.p, &self.gradient);
        metric.velocity(&next.p, &mut next.v);
        next.q.iter_mut().zip(&next.v).for_each(|(q, v)| *q += step * v);
        next.log_density = density.log_density_gradient(&next.q, &mut next.gradient);
        if next.log_density.is_finite() {
            kick(&mut next.p, &next.gradient);
            metric.velocity(&next.p, &mut next.v);
        }
        next
    }
}

/// What one transition did.
#[derive(Clone, Copy, Debug)]
pub(super) struct Transition {
    /// Mean acceptance probability of a Metropolis step over the points of the trajectory.
    pub acceptance: f64,
    pub leapfrogs: usize,
    pub diverged: bool,
    /// The trajectory was cut at the greatest depth.
    pub cut: bool,
}

/// A trajectory, or half of one.
struct Tree {
    /// Points at its two ends, `last` the one from which it can grow.
    first: Point,
    last: Point,
    /// Σ p.
    momentum: Vec<f64>,
    /// ln Σ exp(H₀ − H).
    log_weight: f64,
    chosen: Point,
    turned: bool,
    diverged: bool,
}

/// An energy error beyond which the trajectory has left the true one.
const DIVERGENCE: f64 = 1000.0;

struct Walk<'a, D: GradientLogDensity + ?Sized> {
    density: &'a D,
    metric: &'a Metric,
    step: f64,
    energy: f64,
    acceptance: f64,
    leapfrogs: usize,
}

/// Moves `point` along a trajectory of at most 2^`max_depth` − 1 steps.
pub(super) fn transition<D: GradientLogDensity + ?Sized>(
    density: &D,
    metric: &Metric,
    step: f64,
    max_depth: usize,
    point: &mut Point,
    rng: &mut Stream,
) -> Transition {
    point.refresh(metric, rng);
    let mut walk = Walk { density, metric, step, energy: point.energy(), acceptance: 0.0, leapfrogs: 0 };
    let (mut backward, mut forward) = (point.clone(), point.clone());
    let mut momentum = point.p.clone();
    let mut log_weight = 0.0;
    let mut chosen = point.clone();
    let mut diverged = false;
    let mut turned = false;
    let mut depth = 0;
    while depth < max_depth && !turned && !diverged {
        let is_forward = rng.random::<bool>();
        walk.step = if is_forward { step } else { -step };
        let (near, far) = if is_forward { (&forward, &backward) } else { (&backward, &forward) };
        let grown = walk.grow(near, depth, rng);
        depth += 1;
        diverged = grown.diverged;
        if grown.diverged || grown.turned {
            turned = true;
            break;
        }
        // the new half is favoured, which carries draws farther than an even choice
        if rng.random::<f64>().ln() < grown.log_weight - log_weight {
            chosen = grown.chosen.clone();
        }
        log_weight = log_add(log_weight, grown.log_weight);
        turned = has_turned_halves(far, near, &momentum, &grown);
        momentum.iter_mut().zip(&grown.momentum).for_each(|(m, g)| *m += g);
        if is_forward {
            forward = grown.last;
        } else {
            backward = grown.last;
        }
    }
    *point = chosen;
    Transition {
        acceptance: walk.acceptance / walk.leapfrogs.max(1) as f64,
        leapfrogs: walk.leapfrogs,
        diverged,
        cut: !turned && !diverged,
    }
}

impl<D: GradientLogDensity + ?Sized> Walk<'_, D> {
    /// 2^`depth` steps on from `from`.
    fn grow(&mut self, from: &Point, depth: usize, rng: &mut Stream) -> Tree {
        if depth == 0 {
            let next = from.step(self.density, self.metric, self.step);
            let error = next.energy() - self.energy;
            let error = if error.is_nan() { f64::INFINITY } else { error };
            self.leapfrogs += 1;
            self.acceptance += (-error).exp().min(1.0);
            return Tree {
                momentum: next.p.clone(),
                log_weight: -error,
                turned: false,
                diverged: error > DIVERGENCE,
                chosen: next.clone(),
                first: next.clone(),
                last: next,
            };
        }
        let mut one = self.grow(from, depth - 1, rng);
        if one.turned || one.diverged {
            return one;
        }
        let two = self.grow(&one.last, depth - 1, rng);
        if two.turned || two.diverged {
            one.turned = two.turned;
            one.diverged = two.diverged;
            return one;
        }
        let log_weight = log_add(one.log_weight, two.log_weight);
        if rng.random::<f64>().ln() < two.log_weight - log_weight {
            one.chosen = two.chosen.clone();
        }
        one.turned = has_turned_halves(&one.first, &one.last, &one.momentum, &two);
        one.momentum.iter_mut().zip(&two.momentum).for_each(|(m, t)| *m += t);
        one.log_weight = log_weight;
        one.last = two.last;
        one
    }
}

/// Whether a trajectory of two halves has turned: over all of it, and over each half with the nearest point of the other,
/// which catches a turn that falls between the halves. The first half has the ends `first` and `last`, `last` next to
/// the second half.
fn has_turned_halves(first: &Point, last: &Point, momentum: &[f64], second: &Tree) -> bool {
    let whole: Vec<f64> = momentum.iter().zip(&second.momentum).map(|(a, b)| a + b).collect();
    let left: Vec<f64> = momentum.iter().zip(&second.first.p).map(|(a, b)| a + b).collect();
    let right: Vec<f64> = second.momentum.iter().zip(&last.p).map(|(a, b)| a + b).collect();
    let turned = |momentum: &[f64], a: &Point, b: &Point| dot(momentum, &a.v) <= 0.0 || dot(momentum, &b.v) <= 0.0;
    turned(&whole, first, &second.last) || turned(&left, first, &second.first) || turned(&right, last, &second.last)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn log_add(a: f64, b: f64) -> f64 {
    let (high, low) = if a > b { (a, b) } else { (b, a) };
    if low == f64::NEG_INFINITY { high } else { high + (low - high).exp().ln_1p() }
}
