//! Derivatives of the quadratic flux with respect to geometry and limb darkening.

use std::f64::consts::FRAC_1_PI;

use super::flux::{Hidden, green_coefficients};
use super::limb_darkening::Quadratic;

/// Flux and its derivatives.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FluxGradient {
    pub flux: f64,
    pub dz: f64,
    pub dk: f64,
    pub du1: f64,
    pub du2: f64,
}

/// [`quadratic_flux`](super::quadratic_flux) with its derivatives.
///
/// A growing or moving planet sweeps the stellar surface along that part of its limb that lies on the star, so that the
/// integrals over the hidden part change by line integrals over it, with θ from the direction away from the star's centre:
///
/// ```text
/// dl/dk = 1/π ∫ φ(ρ(θ)) k dθ,    dl/dz = 1/π ∫ φ(ρ(θ)) cos θ k dθ,    φ = 1, μ, 4μ² − 2
/// ```
/// They need no elliptic integral beyond those of the flux. At z = 0 and outside of contact the derivatives are zero
/// (`dz` is that for z ≥ 0; mirror it for negative z). At an edge of a uniform disc (contact with μ → 0 not darkened) they
/// are one-sided.
#[inline]
pub fn quadratic_flux_gradient(z: f64, k: f64, ld: &Quadratic) -> FluxGradient {
    let sign = if z < 0.0 { -1.0 } else { 1.0 };
    let z = z.abs();
    if z.is_nan() || k.is_nan() {
        return FluxGradient { flux: f64::NAN, dz: f64::NAN, dk: f64::NAN, du1: f64::NAN, du2: f64::NAN };
    }
    if z >= 1.0 + k || k <= 0.0 {
        return FluxGradient { flux: 1.0, ..FluxGradient::default() };
    }
    if z <= k - 1.0 {
        return FluxGradient::default();
    }
    let ([g0, g1, g2], mean) = green_coefficients(ld);
    let Hidden { l0, l2, kappa0, kite, linear } = Hidden::new(z, k);
    let line = 4.0 * FRAC_1_PI * k * linear.scale / mean;
    let per_pi = 2.0 * FRAC_1_PI / mean;
    let middle = 1.0 - 2.0 * (z * z + k * k);
    let (dk, dz) = if kite == 0.0 && z + k <= 1.0 {
        let dk = 2.0 * k * (g0 + 2.0 * g2 * middle) / mean + g1 * line * linear.e;
        (dk, -8.0 * g2 * k * k * z / mean + g1 * line * (linear.e - 2.0 * linear.d) / 3.0)
    } else {
        let dk = per_pi * k * (g0 * kappa0 + 2.0 * g2 * (middle * kappa0 + 4.0 * kite)) + g1 * line * linear.d;
        // kite = z k sin κ0, and 2 z k cos κ0 = z² + k² − 1
        let cos_term = z * z + k * k - 1.0;
        let second = 2.0 * (middle + cos_term) * kite + 4.0 * z * z * k * k * kappa0;
        (dk, -per_pi / z * (g0 * kite + g2 * second) - g1 * line * (2.0 * linear.e - linear.d) / 3.0)
    };
    let dip = (g0 * l0 + g1 * linear.l1 + g2 * l2) / mean;
    FluxGradient {
        flux: 1.0 - dip,
        dz: -sign * dz,
        dk: -dk,
        du1: (l0 - linear.l1 - dip / 3.0) / mean,
        du2: (1.5 * l0 - 2.0 * linear.l1 + 0.25 * l2 - dip / 6.0) / mean,
    }
}
