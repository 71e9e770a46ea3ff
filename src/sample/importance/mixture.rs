//! Mixtures of multivariate Student t distributions: their density at many places, and draws.

use rand::RngExt;
use rand::rngs::StdRng;
use rand_distr::StandardNormal;

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

/// Places that are worked on together.
pub(super) const LANES: usize = 8;

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

    pub(super) fn len(&self) -> usize {
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
        let mut lanes = Lanes::new(self.dim);
        for (ys, out) in ys.chunks(LANES * self.dim).zip(out.chunks_mut(LANES)) {
            lanes.load(ys);
            let mut sum = [0.0; LANES];
            for c in &self.components {
                let heights = self.heights(c, &mut lanes).0;
                sum.iter_mut().zip(heights).for_each(|(s, h)| *s += h);
            }
            out.iter_mut().zip(sum).for_each(|(o, s)| *o = s.ln() + self.log_norm);
        }
    }

    /// (y − m)ᵀ S⁻¹ (y − m) of each place for the component where it is least.
    pub(super) fn nearest_distance2(&self, ys: &[f64]) -> Vec<f64> {
        let mut lanes = Lanes::new(self.dim);
        let mut out = vec![f64::INFINITY; ys.len() / self.dim];
        for (ys, out) in ys.chunks(LANES * self.dim).zip(out.chunks_mut(LANES)) {
            lanes.load(ys);
            for c in &self.components {
                let square = lanes.distance2(&c.mean, &c.inverse);
                out.iter_mut().zip(square).for_each(|(o, s)| *o = o.min(s));
            }
        }
        out
    }

    /// Height of component `c` at each lane, over exp(log_norm), and (y − m)ᵀ S⁻¹ (y − m).
    fn heights(&self, c: &Factored, lanes: &mut Lanes) -> ([f64; LANES], [f64; LANES]) {
        let nu = degrees_of_freedom(self.dim);
        let power = ((nu + self.dim) / 2) as i32;
        let square = lanes.distance2(&c.mean, &c.inverse);
        let mut heights = [0.0; LANES];
        for (h, s) in heights.iter_mut().zip(square) {
            *h = c.height / (1.0 + s / nu as f64).powi(power);
        }
        (heights, square)
    }

    /// For each place of `ys` and each component: its share of q, and its weight in the component's moments, the share
    /// times (ν + d)/(ν + distance²). Both are places × components. Returns also ln q.
    pub(super) fn shares(&self, ys: &[f64], shares: &mut [f64], pulls: &mut [f64], log_density: &mut [f64]) {
        let (d, k) = (self.dim, self.components.len());
        let nu = degrees_of_freedom(d) as f64;
        let mut lanes = Lanes::new(d);
        for (block, ys) in ys.chunks(LANES * d).enumerate() {
            lanes.load(ys);
            let places = ys.len() / d;
            let base = block * LANES;
            let mut sum = [0.0; LANES];
            for (j, c) in self.components.iter().enumerate() {
                let (heights, square) = self.heights(c, &mut lanes);
                for lane in 0..places {
                    sum[lane] += heights[lane];
                    shares[(base + lane) * k + j] = heights[lane];
                    pulls[(base + lane) * k + j] = heights[lane] * (nu + d as f64) / (nu + square[lane]);
                }
            }
            for lane in 0..places {
                let scale = if sum[lane] > 0.0 { 1.0 / sum[lane] } else { 0.0 };
                let at = (base + lane) * k..(base + lane + 1) * k;
                shares[at.clone()].iter_mut().for_each(|s| *s *= scale);
                pulls[at].iter_mut().for_each(|s| *s *= scale);
                log_density[base + lane] = sum[lane].ln() + self.log_norm;
            }
        }
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

/// Up to [`LANES`] places, coordinate by coordinate.
struct Lanes {
    dim: usize,
    places: Vec<[f64; LANES]>,
    centred: Vec<[f64; LANES]>,
}

impl Lanes {
    fn new(dim: usize) -> Self {
        Self { dim, places: vec![[0.0; LANES]; dim], centred: vec![[0.0; LANES]; dim] }
    }

    fn load(&mut self, ys: &[f64]) {
        for (lane, y) in ys.chunks_exact(self.dim).enumerate() {
            for (place, y) in self.places.iter_mut().zip(y) {
                place[lane] = *y;
            }
        }
    }

    /// |L⁻¹ (y − m)|² of each place.
    fn distance2(&mut self, mean: &[f64], inverse: &[f64]) -> [f64; LANES] {
        for ((c, p), m) in self.centred.iter_mut().zip(&self.places).zip(mean) {
            for lane in 0..LANES {
                c[lane] = p[lane] - m;
            }
        }
        let mut square = [0.0; LANES];
        for i in 0..self.dim {
            let mut white = [0.0; LANES];
            for (l, c) in inverse[row(i)..row(i) + i + 1].iter().zip(&self.centred) {
                for lane in 0..LANES {
                    white[lane] += l * c[lane];
                }
            }
            for lane in 0..LANES {
                square[lane] += white[lane] * white[lane];
            }
        }
        square
    }
}

/// Where row `i` of a packed lower triangle begins.
fn row(i: usize) -> usize {
    i * (i + 1) / 2
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
