//! Flux of a limb-darkened star behind an opaque disc, exactly, for every geometry.

use std::f64::consts::{FRAC_1_PI, PI};

use super::elliptic::cel_joint;
use super::limb_darkening::Quadratic;

/// Flux of a star with quadratic limb darkening, relative to the unocculted star, behind an opaque disc of radius `k` at
/// projected distance `z` of the centres (both in stellar radii; the sign of `z` does not count).
///
/// ```text
/// I(μ)/I(1) = g0 + g1 μ + g2 (4μ² − 2),   g0 = 1 − u1 − 3u2/2,  g1 = u1 + 2u2,  g2 = −u2/4
/// flux      = 1 − (g0 l0 + g1 l1 + g2 l2) / (g0 + 2g1/3)
/// ```
/// where l0, l1, l2 are the integrals of 1, μ and 4μ² − 2 over the hidden part of the disc, divided by π. They are
/// after Agol, Luger & Foreman-Mackey 2020 (AJ 159, 123), written here as losses so that a small planet's dip does not
/// begin as a difference from π. NaN in, NaN out; `k` ≤ 0 hides nothing.
#[inline]
pub fn quadratic_flux(z: f64, k: f64, ld: &Quadratic) -> f64 {
    1.0 - quadratic_dip(z, k, ld)
}

/// One less [`quadratic_flux`]: the fraction of the star's light that is hidden.
#[inline]
pub fn quadratic_dip(z: f64, k: f64, ld: &Quadratic) -> f64 {
    let z = z.abs();
    if !(z < 1.0 + k && k > 0.0) {
        return if z.is_nan() || k.is_nan() { f64::NAN } else { 0.0 };
    }
    if z <= k - 1.0 {
        return 1.0;
    }
    let ([g0, g1, g2], mean) = green_coefficients(ld);
    let hidden = Hidden::new(z, k);
    (g0 * hidden.l0 + g1 * hidden.linear.l1 + g2 * hidden.l2) / mean
}

/// Coefficients g0, g1, g2 of the law over 1, μ, 4μ² − 2, and the mean intensity g0 + 2g1/3.
#[inline]
pub(super) fn green_coefficients(ld: &Quadratic) -> ([f64; 3], f64) {
    let (g0, g1) = (1.0 - ld.u1 - 1.5 * ld.u2, ld.u1 + 2.0 * ld.u2);
    ([g0, g1, -0.25 * ld.u2], g0 + (2.0 / 3.0) * g1)
}

/// Geometry of a partly hidden star and the integrals of 1, μ and 4μ² − 2 over the hidden part, divided by π.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hidden {
    pub l0: f64,
    pub l2: f64,
    /// Half angle, seen from the planet's centre, of its limb inside the star (π when it lies inside).
    pub kappa0: f64,
    /// Area of the kite with corners at both centres and at the crossings of the limbs; 0 when the planet lies inside.
    pub kite: f64,
    pub linear: Linear,
}

impl Hidden {
    /// For |1 − k| ≤ z < 1 + k or z < 1 − k: some of the star hidden, and some not.
    #[inline]
    pub fn new(z: f64, k: f64) -> Self {
        let k2 = k * k;
        let z2 = z * z;
        let second = 2.0 * k2 * (k2 + 2.0 * z2 - 1.0);
        // the smaller of the two last, so that the difference is exact where it matters
        let inner = 1.0 - z.max(k) - z.min(k);
        if inner >= 0.0 {
            let linear = if inner == 0.0 { Linear::touching(z, k) } else { Linear::inside(z, k, inner) };
            return Self { l0: k2, l2: -second, kappa0: PI, kite: 0.0, linear };
        }
        let kite = kite_area(z, k);
        let kappa0 = (2.0 * kite).atan2((k - 1.0) * (k + 1.0) + z2);
        let kappa1 = (2.0 * kite).atan2((1.0 - k) * (1.0 + k) + z2);
        Self {
            l0: (kappa1 + k2 * kappa0 - kite) * FRAC_1_PI,
            l2: -(second * kappa0 + (1.0 - 5.0 * k2 - z2) * kite) * FRAC_1_PI,
            kappa0,
            kite,
            linear: Linear::across(z, k, inner),
        }
    }
}

/// Area of the kite with sides 1, 1, k, k and axis z: twice the triangle of sides 1, k, z.
///
/// Heron's formula with the sides in order is stable for needles (Kahan).
#[inline]
fn kite_area(z: f64, k: f64) -> f64 {
    let (low, high) = (z.min(k), z.max(k));
    let (a, b, c) = if high <= 1.0 {
        (1.0, high, low)
    } else if low <= 1.0 {
        (high, 1.0, low)
    } else {
        (high, low, 1.0)
    };
    let square = (a + (b + c)) * (c - (a - b)) * (c + (a - b)) * (a + (b - c));
    0.5 * square.max(0.0).sqrt()
}

/// The integral of μ over the hidden part, and the elliptic integrals that its derivatives need.
#[derive(Clone, Copy, Debug)]
pub(super) struct Linear {
    /// ∫ μ dA / π.
    pub l1: f64,
    /// E(m) = cel(kc, 1, 1, kc²).
    pub e: f64,
    /// D(m) = cel(kc, 1, 1, 0) = (E − kc² K) / m.
    pub d: f64,
    /// √(1 − (z − k)²) when the planet lies inside, else (1 − (z − k)²) / 2√(zk): μ at the innermost point of its limb,
    /// times the root of the modulus.
    pub scale: f64,
}

impl Linear {
    /// The planet's disc inside the star; `inner` = 1 − z − k > 0.
    #[inline]
    fn inside(z: f64, k: f64, inner: f64) -> Self {
        let far = inner * (1.0 + z + k); // 1 − (z + k)²
        let near = (1.0 - (z - k)) * (1.0 + (z - k)); // 1 − (z − k)²
        let kc2 = far / near;
        let ratio = (z - k) / (z + k);
        let slope = 3.0 * ratio / near;
        let p = ratio * ratio * kc2;
        // At z = k the limits from both sides differ by the step of `centre`, and their mean is K(m).
        let (p, third) = if p > 0.0 { (p, (1.0 + slope, p + slope)) } else { (1.0, (1.0, 1.0)) };
        let (pi, [e, d]) = cel_joint(kc2.sqrt(), p, third, [(1.0, kc2), (1.0, 0.0)]);
        let scale = near.sqrt();
        let sum = far * pi - (4.0 - 7.0 * k * k - z * z) * e;
        Self { l1: (2.0 / 9.0) * FRAC_1_PI * scale * sum + centre(z, k), e, d, scale }
    }

    /// The limbs cross; `inner` = 1 − z − k < 0.
    #[inline]
    fn across(z: f64, k: f64, inner: f64) -> Self {
        let near = (1.0 - (z - k)) * (1.0 + (z - k));
        let four_zk = 4.0 * z * k;
        let kc2 = -inner * (1.0 + z + k) / four_zk;
        let p = (z - k) * (z - k) * kc2;
        let (p, third) = if p > 0.0 { (p, (0.0, 3.0 * kc2 * (z - k) * (z + k))) } else { (1.0, (0.0, 0.0)) };
        let (pi, [e, d]) = cel_joint(kc2.sqrt(), p, third, [(1.0, kc2), (1.0, 0.0)]);
        let scale = near / four_zk.sqrt();
        let sum = pi + (6.0 * k * k + 2.0 * z * k - 3.0) * d - four_zk * e;
        Self { l1: (2.0 / 9.0) * FRAC_1_PI * scale * sum + centre(z, k), e, d, scale }
    }

    /// The limit of both at z + k = 1, where the planet touches the limb from inside and kc = 0.
    #[inline]
    fn touching(z: f64, k: f64) -> Self {
        let edge = (4.0 / 9.0) * (3.0 + 2.0 * k - 8.0 * k * k) * (k * z).sqrt();
        let l1 = ((2.0 / 3.0) * (1.0 - 2.0 * k).acos() - edge) * FRAC_1_PI;
        Self { l1, e: 1.0, d: 1.0, scale: ((1.0 - (z - k)) * (1.0 + (z - k))).sqrt() }
    }
}

/// 2/3 if the planet covers the centre of the star, half of that where its limb is on the centre: the part of Green's
/// theorem that the line integral does not see.
#[inline]
fn centre(z: f64, k: f64) -> f64 {
    if z < k {
        2.0 / 3.0
    } else if z > k {
        0.0
    } else {
        1.0 / 3.0
    }
}
