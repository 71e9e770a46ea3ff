//! Mixtures of multivariate Student t distributions: their density at many places, and draws.

use rand::RngExt;
use rand::rngs::StdRng;
use rand_distr::StandardNormal;

use super::blocks::{self, Blocks, LANES, Lane, row};
use crate::sample::bits;

/// One multivariate Student t: weight, mean and scale matrix S (dim × dim, row-major, symmetric).
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Component {
    pub weight: f64,
    pub mean: Vec<f64>,
    pub scale: Vec<f64>,
}

/// ```text
/// q(y) = Σ_k w_k t_ν(y; m_k, S_k),   t_ν(y; m, S) ∝ |S|^(−1/2) (1 + (y − m)ᵀ S⁻¹ (y − m)/ν)^(−(ν + d)/2)
/// ```
/// ν is 6 where d is even and 5 where it is odd: heavy enough tails for weights, and an exponent that is a whole number,
/// so that no component costs an exponential or a logarithm.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct StudentMixture {
    dim: usize,
    components: Vec<Factored>,
    /// Logarithm by which all norms are divided, so that none overflows.
    #[serde(with = "bits::one")]
    log_norm: f64,
}

#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
struct Factored {
    #[serde(with = "bits::one")]
    weight: f64,
    /// weight · norm / exp(log_norm)
    #[serde(with = "bits::one")]
    height: f64,
    #[serde(with = "bits")]
    mean: Vec<f64>,
    /// Lower triangle L of S = L Lᵀ, rows one after the other, and its inverse.
    #[serde(with = "bits")]
    factor: Vec<f64>,
    #[serde(with = "bits")]
    inverse: Vec<f64>,
}

/// Degrees of freedom that go with `dim` dimensions.
pub(super) fn degrees_of_freedom(dim: usize) -> usize {
    if dim.is_multiple_of(2) { 6 } else { 5 }
}

impl StudentMixture {
    /// Components whose scale matrix is not positive definite are left out; `None` if all are.
    pub(super) fn new(dim: usize, components: &[Component]) -> Option<Self> {
        let mut factored = Vec::with_capacity(components.len());
        let mut log_norms = Vec::with_capacity(components.len());
        for c in components.iter().filter(|c| c.weight > 0.0 && c.mean.iter().all(|m| m.is_finite())) {
            let Some(factor) = cholesky(&c.scale, dim) else { continue };
            let log_det: f64 = (0..dim).map(|i| factor[row(i) + i].ln()).sum();
            let inverse = invert(&factor, dim);
            log_norms.push(c.weight.ln() - log_det);
            factored.push(Factored { weight: c.weight, height: 0.0, mean: c.mean.clone(), factor, inverse });
        }
        let total: f64 = factored.iter().map(|f| f.weight).sum();
        let highest = log_norms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        for (f, log_norm) in factored.iter_mut().zip(log_norms) {
            f.weight /= total;
            f.height = (log_norm - highest).exp();
        }
        let (d, nu) = (dim as f64, degrees_of_freedom(dim) as f64);
        let student = log_gamma_half(degrees_of_freedom(dim) + dim)
            - log_gamma_half(degrees_of_freedom(dim))
            - 0.5 * d * (nu * std::f64::consts::PI).ln();
        (!factored.is_empty()).then_some(Self { dim, components: factored, log_norm: highest - total.ln() + student })
    }

    /// ln |S| of the first component.
    pub(super) fn ln_scale_determinant(&self) -> f64 {
        (0..self.dim).map(|i| 2.0 * self.components[0].factor[row(i) + i].ln()).sum()
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.components.len()
    }

    /// Whether it is one of `dim` dimensions, which one that was read from a file need not be.
    pub(super) fn fits(&self, dim: usize) -> bool {
        let of = |c: &Factored| (c.mean.len(), c.factor.len(), c.inverse.len());
        let whole = self.components.iter().all(|c| of(c) == (dim, row(dim), row(dim)));
        self.dim == dim && whole && !self.components.is_empty()
    }

    /// ln q at each of `ys` (places × dim).
    pub(super) fn log_density(&self, ys: &[f64], out: &mut [f64]) {
        let blocks = Blocks::new(self.dim, ys);
        let zero = vec![[0.0; LANES]; blocks.len()];
        let (mut sum, mut square, mut heights) = (zero.clone(), zero.clone(), zero);
        for c in &self.components {
            self.heights(c, &blocks, &mut square, &mut heights);
            blocks::add(&heights, &mut sum);
        }
        out.iter_mut().zip(sum.as_flattened()).for_each(|(o, s)| *o = s.ln() + self.log_norm);
    }

    /// (y − m)ᵀ S⁻¹ (y − m) of each place for the component where it is least.
    pub(super) fn nearest_distance2(&self, blocks: &Blocks) -> Vec<f64> {
        let mut square = vec![[0.0; LANES]; blocks.len()];
        let mut out = vec![f64::INFINITY; blocks.places()];
        for c in &self.components {
            blocks.distances2(&c.mean, &c.inverse, &mut square);
            out.iter_mut().zip(square.as_flattened()).for_each(|(o, s)| *o = o.min(*s));
        }
        out
    }

    /// Heights of component `c` over exp(log_norm), and (y − m)ᵀ S⁻¹ (y − m).
    fn heights(&self, c: &Factored, blocks: &Blocks, square: &mut [Lane], out: &mut [Lane]) {
        let nu = degrees_of_freedom(self.dim);
        blocks.distances2(&c.mean, &c.inverse, square);
        blocks::students(c.height, 1.0 / nu as f64, ((nu + self.dim) / 2) as u32, square, out);
    }

    /// What each component takes of places of the given weights (0 for what fills the last block).
    pub(super) fn shares(&self, blocks: &Blocks, weights: &[Lane]) -> Shares {
        let (nu, dim) = (degrees_of_freedom(self.dim) as f64, self.dim as f64);
        let zero = vec![[0.0; LANES]; blocks.len()];
        let mut sum = zero.clone();
        let mut of_components = vec![(zero.clone(), zero); self.components.len()];
        for (c, (heights, square)) in self.components.iter().zip(&mut of_components) {
            self.heights(c, blocks, square, heights);
            blocks::add(heights, &mut sum);
        }
        let mut mean_log_density = 0.0;
        let mut scale = sum;
        for (sum, w) in scale.as_flattened_mut().iter_mut().zip(weights.as_flattened()) {
            if *w > 0.0 {
                mean_log_density += w * (sum.ln() + self.log_norm);
            }
            *sum = if *sum > 0.0 { w / *sum } else { 0.0 };
        }
        for (heights, square) in &mut of_components {
            blocks::pulls(&scale, nu, dim, heights, square);
        }
        Shares { of_components, mean_log_density }
    }

    /// `draws` draws, one after the other; each component gives its share of them, rounded at random by a systematic comb,
    /// which scatters less than choosing a component for each.
    pub(super) fn draw(&self, draws: usize, rng: &mut StdRng) -> Vec<f64> {
        let (d, nu) = (self.dim, degrees_of_freedom(self.dim));
        let mut out = Vec::with_capacity(draws * d);
        let offset: f64 = rng.random();
        let (mut component, mut sum) = (0, self.components[0].weight);
        let mut z = vec![0.0; d];
        for i in 0..draws {
            let tooth = (i as f64 + offset) / draws as f64;
            while sum <= tooth && component + 1 < self.components.len() {
                component += 1;
                sum += self.components[component].weight;
            }
            let c = &self.components[component];
            let mut chi2 = 0.0;
            for _ in 0..nu {
                chi2 += rng.sample::<f64, _>(StandardNormal).powi(2);
            }
            let stretch = (nu as f64 / chi2).sqrt();
            z.iter_mut().for_each(|z| *z = stretch * rng.sample::<f64, _>(StandardNormal));
            for i in 0..d {
                let line = &c.factor[row(i)..row(i) + i + 1];
                out.push(c.mean[i] + line.iter().zip(&z).map(|(l, z)| l * z).sum::<f64>());
            }
        }
        out
    }
}

/// How weighted places are dealt to the components of a mixture.
pub(super) struct Shares {
    /// Of each component and place: weight · share of q, and that times (ν + d)/(ν + distance²), the weight in the
    /// component's moments.
    pub of_components: Vec<(Vec<Lane>, Vec<Lane>)>,
    /// Σ weight · ln q.
    pub mean_log_density: f64,
}

/// Packed lower triangle L with L Lᵀ = `matrix`; `None` unless positive definite.
fn cholesky(matrix: &[f64], dim: usize) -> Option<Vec<f64>> {
    let mut l = vec![0.0; row(dim)];
    for i in 0..dim {
        for j in 0..=i {
            let dot: f64 = (0..j).map(|k| l[row(i) + k] * l[row(j) + k]).sum();
            let rest = matrix[i * dim + j] - dot;
            if i == j {
                // rounding leaves 1e-14 of the diagonal in a singular matrix
                if rest.is_nan() || rest <= 1e-13 * matrix[i * dim + i] {
                    return None;
                }
                l[row(i) + i] = rest.sqrt();
            } else {
                l[row(i) + j] = rest / l[row(j) + j];
            }
        }
    }
    l.iter().all(|v| v.is_finite()).then_some(l)
}

/// Inverse of a packed lower triangle.
fn invert(l: &[f64], dim: usize) -> Vec<f64> {
    let mut inverse = vec![0.0; row(dim)];
    for j in 0..dim {
        inverse[row(j) + j] = 1.0 / l[row(j) + j];
        for i in j + 1..dim {
            let dot: f64 = (j..i).map(|k| l[row(i) + k] * inverse[row(k) + j]).sum();
            inverse[row(i) + j] = -dot / l[row(i) + i];
        }
    }
    inverse
}

/// ln Γ(n/2).
fn log_gamma_half(n: usize) -> f64 {
    let (mut sum, mut x) = if n.is_multiple_of(2) { (0.0, 1.0) } else { (0.5 * std::f64::consts::PI.ln(), 0.5) };
    while x + 0.5 < n as f64 / 2.0 {
        sum += f64::ln(x);
        x += 1.0;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use statrs::function::gamma::ln_gamma;

    fn two() -> StudentMixture {
        let components = [
            Component { weight: 3.0, mean: vec![1.0, -2.0], scale: vec![2.0, 0.6, 0.6, 0.5] },
            Component { weight: 1.0, mean: vec![0.0, 1.0], scale: vec![0.1, 0.0, 0.0, 1e-4] },
        ];
        StudentMixture::new(2, &components).unwrap()
    }

    /// The formula, written out for two dimensions and ν = 6.
    #[test]
    fn density_is_the_formula() {
        let t = |y: [f64; 2], m: [f64; 2], s: [f64; 3]| {
            let det = s[0] * s[2] - s[1] * s[1];
            let (u, v) = (y[0] - m[0], y[1] - m[1]);
            let square = (s[2] * u * u - 2.0 * s[1] * u * v + s[0] * v * v) / det;
            let norm = (ln_gamma(4.0) - ln_gamma(3.0)).exp() / (6.0 * std::f64::consts::PI * det.sqrt());
            norm * (1.0 + square / 6.0).powi(-4)
        };
        let ys: Vec<f64> = (0..22).map(|i| f64::from(i * i % 7) * 0.4 - 1.2).collect();
        let mut out = vec![0.0; 11];
        two().log_density(&ys, &mut out);
        for (y, found) in ys.chunks(2).zip(out) {
            let y = [y[0], y[1]];
            let q = 0.75 * t(y, [1.0, -2.0], [2.0, 0.6, 0.5]) + 0.25 * t(y, [0.0, 1.0], [0.1, 0.0, 1e-4]);
            assert!((found - q.ln()).abs() < 1e-12, "{y:?}: {found} {}", q.ln());
        }
    }

    #[test]
    fn log_gamma_of_halves() {
        for n in 1..40 {
            assert!((log_gamma_half(n) - ln_gamma(n as f64 / 2.0)).abs() < 1e-11, "{n}");
        }
    }

    /// 40,000 draws: mean of the mixture 0.75, −1.25; the second moments of a Student are ν/(ν − 2) = 1.5 times the scale.
    #[test]
    fn draws_have_the_moments() {
        let n = 40_000;
        let draws = two().draw(n, &mut StdRng::seed_from_u64(2));
        let mean = |f: &dyn Fn(&[f64]) -> f64| draws.chunks(2).map(f).sum::<f64>() / n as f64;
        let (x, y) = (mean(&|v| v[0]), mean(&|v| v[1]));
        // standard errors are below √(2.5/n) = 0.008
        assert!((x - 0.75).abs() < 0.03 && (y + 1.25).abs() < 0.03, "{x} {y}");
        let xx = mean(&|v| v[0] * v[0]);
        let expected = 0.75 * (1.0 + 3.0) + 0.25 * 0.15;
        assert!((xx - expected).abs() < 0.25, "{xx} {expected}");
    }

    #[test]
    fn singular_components_are_left_out() {
        let bad = Component { weight: 1.0, mean: vec![0.0; 2], scale: vec![1.0, 1.0, 1.0, 1.0] };
        assert!(StudentMixture::new(2, std::slice::from_ref(&bad)).is_none());
        let good = Component { scale: vec![1.0, 0.0, 0.0, 1.0], ..bad.clone() };
        assert_eq!(StudentMixture::new(2, &[bad, good]).unwrap().len(), 1);
    }
}
