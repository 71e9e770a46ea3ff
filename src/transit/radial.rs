//! Limb-darkening laws beyond the quadratic: Green's theorem by quadrature along the planet's limb, over vectors of points.
//!
//! With I = I₀ + g(μ), P(μ) = ∫₀^μ g m dm, and ρ the distance from the star's centre of the point of the planet's limb at
//! angle θ from the direction towards it,
//!
//! ```text
//! ∫ g dA = 2 ∫₀^κ0 (P(1) − P(μ)) (k² − z k cos θ) / ρ² dθ + 2 κ1 P(1)
//! ρ² = (k − z)² + 4 z k sin² θ/2,   sin θ/2 = √q sin φ,   μ² = near (cos² φ + kc² sin² φ)
//! ```
//! with the half angles κ0, κ1 of the arcs seen from both centres, near = 1 − (z − k)², and for a planet inside the star
//! q = 1, across its limb q = near / 4zk and kc = 0: in φ the integrand has no root. A planet well inside needs few nodes,
//! evenly spread; one near or across the limb Gauss–Legendre nodes crowded towards φ = π/2.

use std::f64::consts::{FRAC_1_PI, FRAC_PI_2, PI};
use std::sync::LazyLock;

use super::batch::heron;
use super::simd::Lanes;
use super::simd::functions::{atan2_upper, exp, ln, quick_power};
use super::surface::{Surface, SurfaceGradient};

/// Functions of μ that make up a law, four at most.
pub(super) const FUNCTIONS: usize = 4;

/// Kind of functions.
#[derive(Clone, Copy, Debug)]
pub(super) enum Family {
    /// √μ, μ, √μ³, μ².
    HalfPowers,
    /// μ^α and its derivative by α.
    Power(f64),
    /// μ and μ ln μ.
    Logarithmic,
}

/// A law I = constant + Σ weight · function, and the derivatives of these by its coefficients.
#[derive(Clone, Copy, Debug)]
pub(super) struct RadialLaw {
    pub family: Family,
    pub constant: f64,
    pub weights: [f64; FUNCTIONS],
    pub constant_by: [f64; FUNCTIONS],
    pub weights_by: [[f64; FUNCTIONS]; FUNCTIONS],
}

impl RadialLaw {
    /// P(1) of each function.
    fn whole(&self) -> [f64; FUNCTIONS] {
        match self.family {
            Family::HalfPowers => [2.0 / 5.0, 1.0 / 3.0, 2.0 / 7.0, 1.0 / 4.0],
            Family::Power(alpha) => [1.0 / (alpha + 2.0), -1.0 / ((alpha + 2.0) * (alpha + 2.0)), 0.0, 0.0],
            Family::Logarithmic => [1.0 / 3.0, -1.0 / 9.0, 0.0, 0.0],
        }
    }
}

/// The functions over vectors of μ², and their P.
pub(super) trait Functions<L: Lanes>: Copy {
    fn functions(&self, mu2: L) -> [L; FUNCTIONS];
    fn primitives(&self, mu2: L) -> [L; FUNCTIONS];
    /// Σ weight · P.
    fn primitive_sum(&self, mu2: L, weights: &[f64; FUNCTIONS]) -> L;
    #[inline(always)]
    fn both(&self, mu2: L) -> ([L; FUNCTIONS], [L; FUNCTIONS]) {
        (self.functions(mu2), self.primitives(mu2))
    }
}

#[derive(Clone, Copy)]
pub(super) struct HalfPowers;

#[derive(Clone, Copy)]
pub(super) struct Power(pub f64);

#[derive(Clone, Copy)]
pub(super) struct Logarithmic;

impl<L: Lanes> Functions<L> for HalfPowers {
    #[inline(always)]
    fn functions(&self, mu2: L) -> [L; FUNCTIONS] {
        let mu = mu2.quick_sqrt();
        let root = mu.quick_sqrt();
        [root, mu, mu * root, mu2]
    }

    #[inline(always)]
    fn primitives(&self, mu2: L) -> [L; FUNCTIONS] {
        let [a, b, c, d] = self.functions(mu2);
        [(mu2 * a).times(2.0 / 5.0), (mu2 * b).times(1.0 / 3.0), (mu2 * c).times(2.0 / 7.0), (mu2 * d).times(0.25)]
    }

    #[inline(always)]
    fn primitive_sum(&self, mu2: L, weights: &[f64; FUNCTIONS]) -> L {
        let root = mu2.quick_sqrt().quick_sqrt();
        let [a, b, c, d] = *weights;
        let sum = root.times(0.25 * d) + L::splat(c * 2.0 / 7.0);
        let sum = sum.mul_add(root, L::splat(b / 3.0)).mul_add(root, L::splat(a * 2.0 / 5.0));
        mu2 * root * sum
    }
}

impl<L: Lanes> Functions<L> for Power {
    #[inline(always)]
    fn functions(&self, mu2: L) -> [L; FUNCTIONS] {
        let log = ln(mu2).times(0.5);
        let power = exp(log.times(self.0));
        [power, power * log, L::splat(0.0), L::splat(0.0)]
    }

    #[inline(always)]
    fn primitives(&self, mu2: L) -> [L; FUNCTIONS] {
        let [power, by_alpha, zero, _] = self.functions(mu2);
        let inverse = 1.0 / (self.0 + 2.0);
        let first = (mu2 * power).times(inverse);
        [first, (mu2 * by_alpha - first).times(inverse), zero, zero]
    }

    #[inline(always)]
    fn primitive_sum(&self, mu2: L, weights: &[f64; FUNCTIONS]) -> L {
        mu2 * quick_power(mu2, 0.5 * self.0).times(weights[0] / (self.0 + 2.0))
    }
}

impl<L: Lanes> Functions<L> for Logarithmic {
    #[inline(always)]
    fn functions(&self, mu2: L) -> [L; FUNCTIONS] {
        let mu = mu2.quick_sqrt();
        [mu, mu * ln(mu2).times(0.5), L::splat(0.0), L::splat(0.0)]
    }

    #[inline(always)]
    fn primitives(&self, mu2: L) -> [L; FUNCTIONS] {
        let [mu, log, zero, _] = self.functions(mu2);
        let first = (mu2 * mu).times(1.0 / 3.0);
        [first, (mu2 * log - first).times(1.0 / 3.0), zero, zero]
    }

    #[inline(always)]
    fn primitive_sum(&self, mu2: L, weights: &[f64; FUNCTIONS]) -> L {
        let [a, b, ..] = *weights;
        let factor = ln(mu2).times(b / 6.0) + L::splat(a / 3.0 - b / 9.0);
        mu2 * mu2.quick_sqrt() * factor
    }
}

/// A node in φ.
#[derive(Clone, Copy, Debug)]
struct Node {
    sin2: f64,
    cos2: f64,
    weight: f64,
}

/// The nodes for a range of kc² inside, or of −kc² of the elliptic integrals across, from `above` on; found by comparison
/// with 400 nodes for k from 0.003 to 1.6 and powers of μ from 0.2 to 1.5: fluxes to 1e-9, derivatives to 1e-8.
struct Rule {
    above: f64,
    flux: Vec<Node>,
    /// More, where derivatives need them.
    gradient: Option<Vec<Node>>,
}

impl Rule {
    fn new(above: f64, flux: Vec<Node>) -> Self {
        Self { above, flux, gradient: None }
    }

    fn nodes(&self, order: Order) -> &[Node] {
        match (order, &self.gradient) {
            (Order::Gradient, Some(nodes)) => nodes,
            _ => &self.flux,
        }
    }
}

/// Whether derivatives are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Flux,
    Gradient,
}

static RULES: LazyLock<[Rule; 10]> = LazyLock::new(|| {
    [
        Rule { gradient: Some(even(6)), ..Rule::new(0.65, even(4)) },
        Rule::new(0.45, even(6)),
        Rule { gradient: Some(even(12)), ..Rule::new(0.25, even(8)) },
        Rule::new(0.1, even(12)),
        Rule { gradient: Some(crowded(20, 3)), ..Rule::new(0.01, crowded(13, 3)) },
        Rule { gradient: Some(crowded(32, 4)), ..Rule::new(0.0, crowded(13, 3)) },
        Rule::new(-0.001, crowded(48, 6)),
        Rule::new(-0.03, crowded(32, 4)),
        Rule::new(-0.3, crowded(20, 3)),
        Rule { gradient: Some(crowded(16, 3)), ..Rule::new(f64::NEG_INFINITY, crowded(14, 3)) },
    ]
});

/// Midpoints, for a periodic integrand.
fn even(n: usize) -> Vec<Node> {
    let step = FRAC_PI_2 / n as f64;
    (0..n).map(|i| Node::new(FRAC_PI_2 - (i as f64 + 0.5) * step, step)).collect()
}

/// Gauss–Legendre nodes in s of φ = π/2 (1 − s^power).
fn crowded(n: usize, power: i32) -> Vec<Node> {
    (0..n)
        .map(|i| {
            // Newton's method on the Legendre polynomial, from Tricomi's estimate
            let mut x = (PI * (i as f64 + 0.75) / (n as f64 + 0.5)).cos();
            let mut slope = 1.0;
            for _ in 0..20 {
                let (mut p, mut before) = (x, 1.0);
                for j in 2..=n {
                    let j = j as f64;
                    (p, before) = (((2.0 * j - 1.0) * x * p - (j - 1.0) * before) / j, p);
                }
                slope = n as f64 * (x * p - before) / (x * x - 1.0);
                x -= p / slope;
            }
            let weight = 1.0 / ((1.0 - x * x) * slope * slope);
            let s = 0.5 * (1.0 + x);
            let complement = FRAC_PI_2 * s.powi(power);
            Node::new(complement, weight * FRAC_PI_2 * f64::from(power) * s.powi(power - 1))
        })
        .collect()
}

impl Node {
    /// At φ = π/2 − `complement`.
    fn new(complement: f64, weight: f64) -> Self {
        let (cos, sin) = complement.sin_cos();
        Self { sin2: sin * sin, cos2: cos * cos, weight }
    }
}

/// A planet and a law, the same for all points.
#[derive(Clone, Copy)]
pub(super) struct Radial<'a, L, F> {
    k: L,
    law: &'a RadialLaw,
    functions: F,
    whole: [f64; FUNCTIONS],
    mean: f64,
    nothing: bool,
}

/// What the integrals need of a vector of distances.
struct Geometry<L: Lanes> {
    z: L,
    near: L,
    /// kc² of μ, and of the arc.
    kc2: L,
    arc_kc2: L,
    /// 4 z k q.
    width: L,
    root_q: L,
    kappa0: L,
    kappa1: L,
    kite: L,
    l0: L,
    inside: L::Mask,
    outside: L::Mask,
    covered: L::Mask,
}

impl<'a, L: Lanes, F: Functions<L>> Radial<'a, L, F> {
    #[inline(always)]
    pub fn new(k: f64, law: &'a RadialLaw, functions: F) -> Self {
        let whole = law.whole();
        let mean = law.constant + 2.0 * law.weights.iter().zip(whole).map(|(w, p)| w * p).sum::<f64>();
        Self { k: L::splat(k), law, functions, whole, mean, nothing: k <= 0.0 }
    }

    #[inline(always)]
    fn geometry(&self, z: L) -> Geometry<L> {
        let k = self.k;
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let z = z.abs();
        let (outside, covered) = ((one + k).le(z), z.le(k - one));
        // any place where the limb of the planet is on the star will do for points that have their answer
        let z = L::select(outside, k, L::select(covered, k, z.min(one + k))).max(L::splat(1e-150));
        let inner = one - z.max(k) - z.min(k);
        let inside = zero.le(inner);
        // 1 + z − k and 1 + k − z, each with the difference first that is exact where the other number is lost in it
        let near = (z.min(one) - (k - z.max(one))) * (k.min(one) - (z - k.max(one)));
        let far = inner * (one + z + k);
        let four_zk = (z * k).times(4.0);
        let kc2 = L::select(inside, far / near, zero);
        let arc_kc2 = L::select(inside, zero, -far / four_zk);
        let q = L::select(inside, one, near / four_zk);
        let square = heron(z, k).max(L::splat(1e-300)).quick_sqrt();
        let sum = (k - one) * (k + one);
        let z2 = z * z;
        let kappa0 = L::select(inside, L::splat(PI), atan2_upper(square, z2 + sum));
        let kappa1 = L::select(inside, zero, atan2_upper(square, z2 - sum));
        let kite = L::select(inside, zero, square.times(0.5));
        let l0 = L::select(inside, k * k, (kappa1 + k * k * kappa0 - kite).times(FRAC_1_PI));
        let (width, root_q) = (four_zk * q, q.max(L::splat(1e-290)).quick_sqrt());
        Geometry { z, near, kc2, arc_kc2, width, root_q, kappa0, kappa1, kite, l0, inside, outside, covered }
    }

    /// Sums over the nodes of each lane's own rule.
    #[inline(always)]
    fn integrate<const N: usize>(&self, g: &Geometry<L>, order: Order, integrand: impl Integrand<L, N>) -> [L; N] {
        let measure = g.kc2 - g.arc_kc2;
        let mut out = [L::splat(0.0); N];
        // −kc² of 0 across is not the 0 of contact inside
        let measure = L::select(g.inside, measure, measure.min(L::splat(-1e-300)));
        let mut below = L::splat(f64::INFINITY);
        for rule in RULES.iter() {
            let above = L::splat(rule.above);
            let here = L::both(above.le(measure), measure.lt(below));
            below = above;
            if !L::any(here) {
                continue;
            }
            let mut sums = [L::splat(0.0); N];
            let across = rule.above < 0.0;
            for node in rule.nodes(order) {
                let (sin2, cos2) = (L::splat(node.sin2), L::splat(node.cos2));
                let mu2 = (g.near * g.kc2.mul_add(sin2, cos2)).max(L::splat(1e-280));
                // 2 √q dφ, and across cos φ / √(cos² φ + kc² sin² φ) with kc of the arc
                let mut arc = L::splat(2.0 * node.weight);
                if across {
                    arc = arc * g.root_q * (cos2 * g.arc_kc2.mul_add(sin2, cos2).reciprocal()).quick_sqrt();
                }
                for (sum, value) in sums.iter_mut().zip(integrand.at(mu2, g.width * sin2, arc)) {
                    *sum = *sum + value;
                }
            }
            for (out, sum) in out.iter_mut().zip(sums) {
                *out = L::select(here, sum, *out);
            }
        }
        out
    }

    #[inline(always)]
    fn finish(&self, signed: L, g: &Geometry<L>, value: L, covered: f64) -> L {
        let value = L::select(g.outside, L::splat(0.0), value);
        let value = L::select(g.covered, L::splat(covered), value);
        L::select(signed.is_nan(), signed, value)
    }
}

/// Constant and weighted functions over the hidden part, from the integral of each.
#[inline(always)]
fn mix<L: Lanes>(g: &Geometry<L>, moments: &[L; FUNCTIONS], constant: f64, weights: &[f64; FUNCTIONS]) -> L {
    let mut sum = g.l0.times(constant);
    for (moment, weight) in moments.iter().zip(weights) {
        sum = moment.mul_add(L::splat(*weight), sum);
    }
    sum
}

/// What is summed at nodes of μ², with 4 z k sin² θ/2 and the length of arc in θ. A trait for want of closures that are
/// sure to be compiled for the vectors at hand.
trait Integrand<L, const N: usize> {
    fn at(&self, mu2: L, rise: L, arc: L) -> [L; N];
}

struct Hidden<'a, L, F> {
    radial: Radial<'a, L, F>,
    difference: L,
    whole: f64,
}

impl<L: Lanes, F: Functions<L>> Integrand<L, 1> for Hidden<'_, L, F> {
    #[inline(always)]
    fn at(&self, mu2: L, rise: L, arc: L) -> [L; 1] {
        let rest = L::splat(self.whole) - self.radial.functions.primitive_sum(mu2, &self.radial.law.weights);
        let rho2 = self.difference.mul_add(self.difference, rise).max(L::splat(1e-30));
        [arc * rest * self.radial.k.mul_add(self.difference, rise.times(0.5)) * rho2.reciprocal()]
    }
}

struct HiddenGradient<'a, L, F> {
    radial: Radial<'a, L, F>,
    difference: L,
    per_zk: L,
}

impl<L: Lanes, F: Functions<L>> Integrand<L, 6> for HiddenGradient<'_, L, F> {
    #[inline(always)]
    fn at(&self, mu2: L, rise: L, arc: L) -> [L; 6] {
        let Radial { k, whole, law, functions, .. } = &self.radial;
        let (f, p) = functions.both(mu2);
        let rho2 = self.difference.mul_add(self.difference, rise).max(L::splat(1e-30));
        let factor = arc * k.mul_add(self.difference, rise.times(0.5)) * rho2.reciprocal();
        let mut intensity = L::splat(0.0);
        for (f, weight) in f.iter().zip(law.weights) {
            intensity = f.mul_add(L::splat(weight), intensity);
        }
        let line = arc * intensity * *k;
        // cos θ = 1 − 2 sin² θ/2
        let along = (rise * self.per_zk).mul_add(L::splat(-0.5), L::splat(1.0));
        let mut out = [line, line, line, line, line, line * along];
        for ((out, p), whole) in out.iter_mut().zip(p).zip(whole) {
            *out = factor * (L::splat(*whole) - p);
        }
        out
    }
}

impl<L: Lanes, F: Functions<L>> Surface<L> for Radial<'_, L, F> {
    #[inline(always)]
    fn dip(&self, z: L) -> L {
        if self.nothing {
            return z.times(0.0);
        }
        let g = self.geometry(z);
        let difference = self.k - g.z;
        let whole: f64 = self.law.weights.iter().zip(self.whole).map(|(w, p)| w * p).sum();
        let [sum] = self.integrate(&g, Order::Flux, Hidden { radial: *self, difference, whole });
        let hidden = (sum + g.kappa1.times(whole)).times(2.0 * FRAC_1_PI) + g.l0.times(self.law.constant);
        self.finish(z, &g, hidden.times(1.0 / self.mean), 1.0)
    }

    #[inline(always)]
    fn gradient(&self, signed: L) -> SurfaceGradient<L> {
        let zero = L::splat(0.0);
        if self.nothing {
            let zero = signed.times(0.0);
            return SurfaceGradient { dip: zero, dz: zero, dk: zero, coefficients: [zero; FUNCTIONS] };
        }
        let g = self.geometry(signed);
        let (k, difference) = (self.k, self.k - g.z);
        let per_zk = (g.z * k).reciprocal();
        let sums = self.integrate(&g, Order::Gradient, HiddenGradient { radial: *self, difference, per_zk });
        let mut moments = [zero; FUNCTIONS];
        for (i, moment) in moments.iter_mut().enumerate() {
            *moment = (sums[i] + g.kappa1.times(self.whole[i])).times(2.0 * FRAC_1_PI);
        }
        let per_mean = 1.0 / self.mean;
        let dip = mix(&g, &moments, self.law.constant, &self.law.weights).times(per_mean);
        let per = 2.0 * FRAC_1_PI * per_mean;
        let dk = ((k * g.kappa0).times(self.law.constant) + sums[4]).times(per);
        let dz = ((g.kite / g.z).times(self.law.constant) + sums[5]).times(-per);
        let mut coefficients = [zero; FUNCTIONS];
        for (i, out) in coefficients.iter_mut().enumerate() {
            let (constant, weights) = (self.law.constant_by[i], &self.law.weights_by[i]);
            let mean = constant + 2.0 * weights.iter().zip(self.whole).map(|(w, p)| w * p).sum::<f64>();
            let value = (mix(&g, &moments, constant, weights) - dip.times(mean)).times(per_mean);
            *out = self.finish(signed, &g, value, 0.0);
        }
        SurfaceGradient {
            dip: self.finish(signed, &g, dip, 1.0),
            dz: self.finish(signed, &g, dz * L::splat(1.0).copysign(signed), 0.0),
            dk: self.finish(signed, &g, dk, 0.0),
            coefficients,
        }
    }
}
