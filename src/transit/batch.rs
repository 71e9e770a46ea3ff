//! The quadratic flux and its derivatives over arrays of distances: the formulae of [`flux`](super::flux) and
//! [`gradient`](super::gradient) over vectors of points, without branches.
//!
//! A planet inside the star and one across its limb need the same elliptic integrals of different arguments, so that a
//! vector may hold both. The complete integrals come from one arithmetic-geometric mean (DLMF 19.8):
//!
//! ```text
//! a₀ = 1, b₀ = kc;   aₙ₊₁ = (aₙ + bₙ)/2,  bₙ₊₁ = √(aₙ bₙ),   S = Σ_{n≥0} 2ⁿ⁻² (aₙ − bₙ)²
//! K = π / 2a∞,   D = (E − kc² K) / m = K (1/2 − S/m),   E = m D + kc² K,   m = 1 − kc²
//! ```
//! and that of the third kind from Bulirsch's recurrence on it, as for one point.

use std::f64::consts::{FRAC_1_PI, FRAC_PI_2, PI};

use super::flux::green_coefficients;
use super::limb_darkening::Quadratic;
use super::simd::functions::atan2_upper;
use super::simd::{Kernel, Lanes, dispatch, load_padded, store_partial};

/// Writes [`quadratic_flux`](super::quadratic_flux) at each of `z` to `out`.
///
/// Panics if the lengths differ.
pub fn quadratic_flux_into(z: &[f64], k: f64, ld: &Quadratic, out: &mut [f64]) {
    quadratic_dip_into(z, k, ld, out);
    out.iter_mut().for_each(|dip| *dip = 1.0 - *dip);
}

/// Writes one less the flux at each of `z` to `out`, as [`quadratic_dip`](super::flux::quadratic_dip).
///
/// Panics if the lengths differ.
pub fn quadratic_dip_into(z: &[f64], k: f64, ld: &Quadratic, out: &mut [f64]) {
    assert_eq!(z.len(), out.len(), "one dip per distance");
    dispatch(Dips { z, k, ld, out });
}

/// The dip and its derivatives, each a column with one value a point. Their meaning is that of
/// [`FluxGradient`](super::FluxGradient), with the dip for the flux, so that all signs are opposite.
#[derive(Debug)]
pub struct DipColumns<'a> {
    pub dip: &'a mut [f64],
    pub dz: &'a mut [f64],
    pub dk: &'a mut [f64],
    pub du1: &'a mut [f64],
    pub du2: &'a mut [f64],
}

/// Writes the dips at `z` and their derivatives to `columns`.
///
/// Panics if the lengths differ.
pub fn quadratic_dip_gradient_into(z: &[f64], k: f64, ld: &Quadratic, columns: DipColumns) {
    let DipColumns { dip, dz, dk, du1, du2 } = &columns;
    for column in [dip, dz, dk, du1, du2] {
        assert_eq!(z.len(), column.len(), "one row per distance");
    }
    dispatch(Gradients { z, k, ld, columns });
}

struct Dips<'a> {
    z: &'a [f64],
    k: f64,
    ld: &'a Quadratic,
    out: &'a mut [f64],
}

impl Kernel for Dips<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let disc = Disc::<L>::new(self.k, self.ld);
        for (z, out) in self.z.chunks(L::LANES).zip(self.out.chunks_mut(L::LANES)) {
            store_partial(disc.dip(load_padded(z)), out);
        }
    }
}

struct Gradients<'a> {
    z: &'a [f64],
    k: f64,
    ld: &'a Quadratic,
    columns: DipColumns<'a>,
}

impl Kernel for Gradients<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let disc = Disc::<L>::new(self.k, self.ld);
        let DipColumns { dip, dz, dk, du1, du2 } = self.columns;
        for (i, z) in self.z.chunks(L::LANES).enumerate() {
            let at = i * L::LANES..i * L::LANES + z.len();
            let g = disc.gradient(load_padded(z));
            store_partial(g.dip, &mut dip[at.clone()]);
            store_partial(g.dz, &mut dz[at.clone()]);
            store_partial(g.dk, &mut dk[at.clone()]);
            store_partial(g.du1, &mut du1[at.clone()]);
            store_partial(g.du2, &mut du2[at]);
        }
    }
}

/// A planet and a law, the same for all points.
#[derive(Clone, Copy)]
pub(super) struct Disc<L> {
    k: L,
    /// Coefficients over 1, μ, 4μ² − 2, over the mean intensity.
    g: [L; 3],
    inverse_mean: L,
    nothing: bool,
}

/// The dip and its derivatives for one vector.
pub(super) struct DipGradient<L> {
    pub dip: L,
    pub dz: L,
    pub dk: L,
    pub du1: L,
    pub du2: L,
}

/// Integrals of 1, μ and 4μ² − 2 over the hidden part, divided by π, and what their derivatives need; names as in
/// [`Hidden`](super::flux::Hidden).
struct Parts<L: Lanes> {
    inside: L::Mask,
    z: L,
    l0: L,
    l1: L,
    l2: L,
    kappa0: L,
    kite: L,
    e: L,
    d: L,
    scale: L,
    /// Where the star is covered, or nothing of it.
    covered: L::Mask,
    outside: L::Mask,
}

/// Nearer to the centre is as good as on it, and would overflow.
const LEAST_DISTANCE: f64 = 1e-150;

/// Squared modulus at contact; its logarithmic terms are far below rounding there.
const LEAST_KC2: f64 = 1e-32;

/// Where (a − b)/a is below this, series give the rest: their next terms are its sixth power over 200.
const CONVERGED: f64 = 6e-3;

impl<L: Lanes> Disc<L> {
    #[inline(always)]
    pub fn new(k: f64, ld: &Quadratic) -> Self {
        let (g, mean) = green_coefficients(ld);
        Self { k: L::splat(k), g: g.map(|g| L::splat(g / mean)), inverse_mean: L::splat(1.0 / mean), nothing: k <= 0.0 }
    }

    /// Dips at distances of either sign.
    #[inline(always)]
    pub fn dip(&self, z: L) -> L {
        if self.nothing {
            return z.times(0.0);
        }
        let parts = self.parts(z);
        let dip = self.sum(&parts);
        L::select(z.is_nan(), z, self.limits(&parts, dip, 1.0))
    }

    #[inline(always)]
    fn sum(&self, p: &Parts<L>) -> L {
        self.g[0].mul_add(p.l0, self.g[1].mul_add(p.l1, self.g[2] * p.l2))
    }

    /// `value`, but for points where nothing is hidden or all of the star.
    #[inline(always)]
    fn limits(&self, p: &Parts<L>, value: L, covered: f64) -> L {
        let value = L::select(p.outside, L::splat(0.0), value);
        L::select(p.covered, L::splat(covered), value)
    }

    /// Dips and their derivatives; see [`quadratic_flux_gradient`](super::quadratic_flux_gradient).
    #[inline(always)]
    pub fn gradient(&self, signed: L) -> DipGradient<L> {
        if self.nothing {
            let zero = signed.times(0.0);
            return DipGradient { dip: zero, dz: zero, dk: zero, du1: zero, du2: zero };
        }
        let p = self.parts(signed);
        let [g0, g1, g2] = self.g;
        let (k, z) = (self.k, p.z);
        let dip = self.sum(&p);
        let line = g1 * (k * p.scale).times(4.0 * FRAC_1_PI);
        let (k2, z2) = (k * k, z * z);
        let sum = k2 + z2;
        let (one, two) = (L::splat(1.0), L::splat(2.0));
        let middle = one - two * sum;
        // the planet inside is the limit of kite 0 and κ0 = π, and only the integrals differ
        let straight = p.kappa0 * (g2 * middle).mul_add(two, g0) + (g2 * p.kite).times(8.0);
        let dk = (k * straight).times(2.0 * FRAC_1_PI) + line * L::select(p.inside, p.e, p.d);
        let second = two * (middle + sum - one) * p.kite + (z2 * k2 * p.kappa0).times(4.0);
        let moved = (g0 * p.kite + g2 * second).times(-2.0 * FRAC_1_PI) * z.max(L::splat(1e-280)).reciprocal();
        let turn = L::select(p.inside, p.e - two * p.d, p.d - two * p.e);
        let dz = moved + (line * turn).times(1.0 / 3.0);
        let du1 = (p.l1 - p.l0 + dip.times(1.0 / 3.0)) * self.inverse_mean;
        let du2 = (two * p.l1 - p.l0.times(1.5) - p.l2.times(0.25) + dip.times(1.0 / 6.0)) * self.inverse_mean;
        let nan = signed.is_nan();
        DipGradient {
            dip: L::select(nan, signed, self.limits(&p, dip, 1.0)),
            dz: L::select(nan, signed, self.limits(&p, dz * one.copysign(signed), 0.0)),
            dk: L::select(nan, signed, self.limits(&p, dk, 0.0)),
            du1: L::select(nan, signed, self.limits(&p, du1, 0.0)),
            du2: L::select(nan, signed, self.limits(&p, du2, 0.0)),
        }
    }

    #[inline(always)]
    fn parts(&self, z: L) -> Parts<L> {
        let k = self.k;
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let z = z.abs();
        let outside = (one + k).le(z);
        let covered = z.le(k - one);
        // any place where the limb of the planet is on the star will do for points that have their answer
        let z = L::select(outside, k, L::select(covered, k, z.min(one + k))).max(L::splat(LEAST_DISTANCE));
        let (low, high) = (z.min(k), z.max(k));
        // the smaller last, so that the difference is exact where it matters
        let inner = one - high - low;
        let inside = zero.le(inner);

        let (sum, difference) = (z + k, z - k);
        let (k2, z2, zk) = (k * k, z * z, z * k);
        let product = sum * difference;
        let four_zk = zk.times(4.0);
        let near = (one - difference) * (one + difference);
        let far = inner * (one + sum);
        let inverse = L::select(inside, sum * near, four_zk).reciprocal();
        let kc2 = (L::select(inside, far * sum, -far) * inverse).max(L::splat(LEAST_KC2));
        let kc = kc2.quick_sqrt();
        let scale = L::select(inside, near, four_zk).quick_sqrt();
        let scale = L::select(inside, scale, near * scale * inverse);

        // third kind: p, and the numerators
        let slope = (difference * inverse).times(3.0);
        let root_p = difference.abs() * kc * L::select(inside, near * inverse, one);
        let p = root_p * root_p;
        // at z = k the limits from both sides differ by the step of `centre`, and their mean has no pole
        let pole = zero.lt(p);
        let root_p = L::select(pole, root_p, one);
        let a = L::select(inside, L::select(pole, one + slope, one), zero);
        let b_inside = L::select(pole, p + slope, one);
        let b_across = L::select(pole, (kc2 * product).times(3.0), zero);
        let third = (a, L::select(inside, b_inside, b_across));

        let mm = L::select(inside, four_zk * sum * inverse, one - kc2).max(L::splat(1e-40));
        let (pi, d, first) = complete(kc, mm, root_p, third);
        let e = mm.mul_add(d, kc2 * first);

        let centre = L::select(z.lt(k), L::splat(2.0 / 3.0), L::select(k.lt(z), zero, L::splat(1.0 / 3.0)));
        let far = L::select(inside, kc2 * near, far);
        let sum_inside = far * pi + (k2.times(7.0) + z2 - L::splat(4.0)) * e;
        let sum_across = pi + (k2.times(6.0) + zk.times(2.0) - L::splat(3.0)) * d - four_zk * e;
        let l1 = (scale * L::select(inside, sum_inside, sum_across)).mul_add(L::splat(2.0 / 9.0 * FRAC_1_PI), centre);

        let second = (k2 * (k2 + z2.times(2.0) - one)).times(2.0);
        let (mut l0, mut l2, mut kappa0, mut kite) = (k2, -second, L::splat(PI), zero);
        if L::any(inner.lt(zero)) {
            let square = heron(z, k).max(L::splat(1e-300)).quick_sqrt();
            let (one_k, z_or) = ((k - one) * (k + one), z2);
            let angle0 = atan2_upper(square, one_k + z_or);
            let angle1 = atan2_upper(square, z_or - one_k);
            let area = square.times(0.5);
            let across0 = (angle1 + k2 * angle0 - area).times(FRAC_1_PI);
            let across2 = (second * angle0 + (one - k2.times(5.0) - z2) * area).times(-FRAC_1_PI);
            l0 = L::select(inside, l0, across0);
            l2 = L::select(inside, l2, across2);
            kappa0 = L::select(inside, kappa0, angle0);
            kite = L::select(inside, kite, area);
        }
        Parts { inside, z, l0, l1, l2, kappa0, kite, e, d, scale, covered, outside }
    }
}

/// Sixteen times the squared area of the triangle of sides 1, k, z, stable for needles (Kahan).
#[inline(always)]
pub(super) fn heron<L: Lanes>(z: L, k: L) -> L {
    let one = L::splat(1.0);
    let (low, high) = (z.min(k), z.max(k));
    // a ≥ b ≥ c
    let (a, c) = (high.max(one), low.min(one));
    let b = low.max(high.min(one));
    (a + (b + c)) * (c - (a - b)) * (c + (a - b)) * (a + (b - c))
}

/// cel(kc, p, a, b), D(m) and K(m), for m = 1 − kc² and `third` = (a, b).
#[inline(always)]
fn complete<L: Lanes>(kc: L, mm: L, root_p: L, third: (L, L)) -> (L, L, L) {
    let one = L::splat(1.0);
    let (mut m, mut k, mut e) = (one, kc, kc);
    let (mut a, mut p) = (third.0, root_p);
    let mut inverse = p.reciprocal();
    let mut b = third.1 * inverse;
    let (mut weight, mut s) = (0.25, L::splat(0.0));
    // a − b of each lane's last step, 2⁻ⁿ and 2ⁿ there
    let (mut last, mut level, mut height) = (one, one, one);
    let mut active = L::splat(0.0).le(one);
    loop {
        let g = e * inverse;
        let next_b = a.mul_add(g, b);
        a = L::select(active, b.mul_add(inverse, a), a);
        b = L::select(active, next_b + next_b, b);
        p = L::select(active, p + g, p);
        let difference = m - k;
        s = L::select(active, (difference * difference).mul_add(L::splat(weight), s), s);
        last = L::select(active, difference, last);
        level = L::select(active, L::splat(4.0 * weight), level);
        height = L::select(active, L::splat(0.25 / weight), height);
        let more = m.times(CONVERGED).lt(difference.abs());
        m = L::select(active, m + k, m);
        active = L::both(active, more);
        if !L::any(active) {
            break;
        }
        k = e.quick_sqrt();
        k = k + k;
        e = k * m;
        inverse = p.reciprocal();
        weight *= 0.5;
    }
    // What is left are integrals of modulus δ² = (last / m)², to second order in it: of s²ⁿ (a c² + b s²) / (c² + q² s²).
    let sum = m + p;
    let inverse = (m * sum * mm).reciprocal();
    let per_m = sum * mm * inverse;
    let delta = last * per_m;
    let d2 = delta * delta;
    let (beta, q, r) = (b * per_m, p * per_m, m * m * mm * inverse);
    let order1 = a.mul_add(L::splat(0.25), beta * q.mul_add(L::splat(0.25), L::splat(0.5)));
    let order2 = a.mul_add(
        q.mul_add(L::splat(3.0 / 64.0), L::splat(9.0 / 64.0)),
        beta * q.mul_add(q.mul_add(L::splat(9.0 / 64.0), L::splat(27.0 / 64.0)), L::splat(24.0 / 64.0)),
    );
    let dr = d2 * r;
    let pi = (r * per_m).times(FRAC_PI_2) * dr.mul_add(dr.mul_add(order2, order1), a + beta);
    // m is 2ⁿ⁺¹ a, and the next difference of the mean is (δ²/2 + δ⁴/8) a
    let tail = d2 * d2.mul_add(L::splat(9.0 / 64.0), L::splat(0.25));
    let first = per_m.times(PI) * height;
    let first = first.mul_add(tail, first);
    let next = d2 * m;
    let s = (next * next * level).mul_add(d2.mul_add(L::splat(1.0 / 64.0), L::splat(1.0 / 32.0)), s);
    let d = first * (L::splat(0.5) - s * (m * sum * inverse));
    (pi, d, first)
}
