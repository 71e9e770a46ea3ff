//! What draws come from: a mixture of Students as learnt from earlier draws, a wide one around it all, and the starting
//! modes.

use rand::RngExt;
use rand::rngs::StdRng;

use super::mixture::{Component, StudentMixture};
use crate::sample::bits;

/// By which scale matrices are multiplied: weights suffer more from a proposal too narrow than from one too wide.
const INFLATION: f64 = 1.2;

/// A density to draw from.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct Proposal {
    mixture: StudentMixture,
    anchors: Anchors,
}

/// Students around the starting modes, which stay whatever is learnt.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct Anchors {
    mixture: Option<StudentMixture>,
    /// Of the draws.
    #[serde(with = "bits::one")]
    share: f64,
}

impl Anchors {
    pub fn new(dim: usize, components: &[Component], share: f64) -> Self {
        let share = share.clamp(0.0, 0.5);
        let mixture = StudentMixture::new(dim, components).filter(|_| share > 0.0);
        Self { share: if mixture.is_some() { share } else { 0.0 }, mixture }
    }

    /// ln of the anchors' density at each of `ys` (places × dim); −∞ where there are none.
    pub fn log_density(&self, ys: &[f64], out: &mut [f64]) {
        match &self.mixture {
            Some(mixture) => mixture.log_density(ys, out),
            None => out.fill(f64::NEG_INFINITY),
        }
    }
}

impl Proposal {
    /// Whether all of it has `dim` dimensions.
    pub fn fits(&self, dim: usize) -> bool {
        self.mixture.fits(dim) && self.anchors.mixture.as_ref().is_none_or(|a| a.fits(dim))
    }

    /// The `components`, one of weight `defensive_fraction` twice as wide as all of them together, and the `anchors`.
    pub fn new(components: &[Component], dim: usize, defensive_fraction: f64, anchors: &Anchors) -> Self {
        let mut all = components.to_vec();
        all.iter_mut().for_each(|c| c.scale.iter_mut().for_each(|s| *s *= INFLATION));
        let total: f64 = all.iter().map(|c| c.weight).sum();
        let mut wide = Component { weight: 0.0, mean: vec![0.0; dim], scale: vec![0.0; dim * dim] };
        for c in components {
            wide.mean.iter_mut().zip(&c.mean).for_each(|(w, m)| *w += c.weight / total * m);
        }
        for c in components {
            for a in 0..dim {
                for b in 0..dim {
                    let between = (c.mean[a] - wide.mean[a]) * (c.mean[b] - wide.mean[b]);
                    wide.scale[a * dim + b] += 4.0 * c.weight / total * (c.scale[a * dim + b] + between);
                }
            }
        }
        let share = defensive_fraction.clamp(0.0, 0.5);
        wide.weight = total * share / (1.0 - share);
        all.push(wide);
        let mixture = StudentMixture::new(dim, &all).unwrap_or_else(|| without_correlations(dim, &all));
        Self { mixture, anchors: anchors.clone() }
    }

    /// `draws` draws, one after the other.
    pub fn draw(&self, draws: usize, rng: &mut StdRng) -> Vec<f64> {
        let Anchors { mixture: anchors, share } = &self.anchors;
        let anchored = match anchors {
            // rounded at random, so that the share is right on the average
            Some(_) => ((draws as f64 * share + rng.random::<f64>()) as usize).min(draws),
            None => 0,
        };
        let mut ys = self.mixture.draw(draws - anchored, rng);
        if let Some(anchors) = anchors {
            ys.extend(anchors.draw(anchored, rng));
        }
        ys
    }

    /// ln q at each of `ys` (places × dim).
    pub fn log_density(&self, ys: &[f64], out: &mut [f64]) {
        let mut of_anchors = vec![0.0; out.len()];
        self.anchors.log_density(ys, &mut of_anchors);
        self.log_density_with(ys, &of_anchors, out);
    }

    /// The same where the anchors' is known.
    pub fn log_density_with(&self, ys: &[f64], of_anchors: &[f64], out: &mut [f64]) {
        self.mixture.log_density(ys, out);
        let share = self.anchors.share;
        if share > 0.0 {
            let (own, others) = ((1.0 - share).ln(), share.ln());
            out.iter_mut().zip(of_anchors).for_each(|(a, b)| *a = log_add(*a + own, b + others));
        }
    }
}

pub(super) fn log_add(a: f64, b: f64) -> f64 {
    let (high, low) = if a > b { (a, b) } else { (b, a) };
    if low == f64::NEG_INFINITY { high } else { high + (low - high).exp().ln_1p() }
}

/// For places that do not span the space.
fn without_correlations(dim: usize, components: &[Component]) -> StudentMixture {
    let flat: Vec<Component> = components
        .iter()
        .map(|c| {
            let mut scale = vec![0.0; dim * dim];
            (0..dim).for_each(|i| scale[i * dim + i] = c.scale[i * dim + i].max(1e-24));
            Component { scale, ..c.clone() }
        })
        .collect();
    StudentMixture::new(dim, &flat).expect("a positive diagonal is positive definite")
}
