//! The flux kernel and its derivatives.

use proptest::prelude::*;

use super::oracle::dip_by_annuli;
use crate::transit::flux::quadratic_dip;
use crate::transit::{Quadratic, quadratic_flux, quadratic_flux_gradient};

const LAWS: [Quadratic; 4] = [
    Quadratic { u1: 0.4804, u2: 0.1867 },
    Quadratic { u1: 0.0, u2: 0.0 },
    Quadratic { u1: 0.2, u2: -0.15 },
    Quadratic { u1: 0.1, u2: 0.9 },
];

fn geometry() -> impl Strategy<Value = (f64, f64, Quadratic)> {
    // z spread over 0..1 + k, radii over decades
    (-4.0..0.3f64, 0.0..1.0f64, 0.0..1.0f64, 0.0..1.0f64).prop_map(|(log_k, x, q1, q2)| {
        let k = 10f64.powf(log_k);
        (k, x * (1.0 + k), Quadratic::from_q(q1, q2))
    })
}

proptest! {
    #[test]
    fn agrees_with_the_integral_over_annuli((k, z, law) in geometry()) {
        let (fast, slow) = (quadratic_dip(z, k, &law), dip_by_annuli(z, k, &law.into()));
        // the tolerance is the quadrature's
        prop_assert!((fast - slow).abs() < 2e-11, "{} {}", fast, slow);
    }

    /// Kipping's square is where intensities are positive and fall outwards, so that there a dip is a fraction, and less
    /// of it is hidden by a smaller planet or by one that is farther out (k < 1: once the star is covered, nothing changes).
    #[test]
    fn dips_are_fractions_and_monotonic((k, z, law) in geometry(), step in 1e-6..0.1f64) {
        let dip = quadratic_dip(z, k, &law);
        prop_assert!((0.0..=1.0 + 1e-15).contains(&dip));
        prop_assert!(quadratic_dip(z, k * (1.0 + step), &law) >= dip - 1e-15);
        prop_assert!(quadratic_dip(z + step, k, &law) <= dip + 1e-15);
        prop_assert_eq!(quadratic_dip(-z, k, &law), dip);
    }

    #[test]
    fn gradient_agrees_with_differences((k, z, law) in geometry()) {
        // away from z = 0 and the contacts, where third derivatives diverge and a difference cannot be trusted
        let h = 1e-5 * k.min(1.0);
        let margin = 1e3 * h;
        let edges = [0.0, 1.0 + k, (1.0 - k).abs(), k];
        prop_assume!(edges.iter().all(|edge| (z - edge).abs() > margin));
        let g = quadratic_flux_gradient(z, k, &law);
        let flux = |dz: f64, dk: f64, du1: f64, du2: f64| {
            quadratic_flux(z + dz * h, k + dk * h, &Quadratic { u1: law.u1 + du1 * 1e-5, u2: law.u2 + du2 * 1e-5 })
        };
        // rounding 1e-15 / h and truncation h² f‴ / 6 with f‴ up to margin^{-3/2} k^{1/2}
        let tolerance = 1e-15 / h + h * h * k.sqrt() * margin.powf(-1.5) + 1e-9 * k;
        let central = |plus: f64, minus: f64, step: f64| (plus - minus) / (2.0 * step);
        let dz = central(flux(1.0, 0.0, 0.0, 0.0), flux(-1.0, 0.0, 0.0, 0.0), h);
        let dk = central(flux(0.0, 1.0, 0.0, 0.0), flux(0.0, -1.0, 0.0, 0.0), h);
        let du1 = central(flux(0.0, 0.0, 1.0, 0.0), flux(0.0, 0.0, -1.0, 0.0), 1e-5);
        let du2 = central(flux(0.0, 0.0, 0.0, 1.0), flux(0.0, 0.0, 0.0, -1.0), 1e-5);
        prop_assert!((g.flux - quadratic_flux(z, k, &law)).abs() < 1e-15);
        prop_assert!((g.dz - dz).abs() < tolerance, "dz {} {} {}", g.dz, dz, tolerance);
        prop_assert!((g.dk - dk).abs() < tolerance, "dk {} {} {}", g.dk, dk, tolerance);
        prop_assert!((g.du1 - du1).abs() < 1e-9, "du1 {} {}", g.du1, du1);
        prop_assert!((g.du2 - du2).abs() < 1e-9, "du2 {} {}", g.du2, du2);
    }
}

/// The flux and its first derivatives are continuous everywhere (contacts, z = k, z = 0) for darkened discs; across ±ε the
/// flux may move by slope × 2ε and the derivatives by √ε, the behaviour of the 3/2 powers.
#[test]
fn continuous_across_special_points() {
    for law in LAWS {
        for k in [1e-4, 0.01, 0.1, 0.25, 0.5, 0.7, 0.999, 1.0, 1.3, 2.0] {
            for z in [1.0 + k, (1.0f64 - k).abs(), k, 1.0, 0.5, 1e-12] {
                for epsilon in [1e-9, 1e-12, 1e-15] {
                    let (a, b) =
                        (quadratic_flux_gradient(z - epsilon, k, &law), quadratic_flux_gradient(z + epsilon, k, &law));
                    let jump = (a.flux - b.flux).abs();
                    assert!(jump < 4.0 * epsilon + 3e-15, "flux {jump:e} at k {k} z {z} ± {epsilon:e}, {law:?}");
                }
            }
        }
    }
}

/// At the contact points themselves, where the closed forms take over, the derivatives are the limits from both sides.
#[test]
fn derivatives_at_contact_are_limits() {
    let law = LAWS[0];
    for k in [0.05, 0.25, 0.45, 0.75] {
        let at = quadratic_flux_gradient(1.0 - k, k, &law);
        for side in [-1e-10, 1e-10] {
            let near = quadratic_flux_gradient(1.0 - k + side, k, &law);
            // the constant part of the intensity leaves as √ε, the rest as ε ln ε
            assert!((at.dz - near.dz).abs() < 1e-4 && (at.dk - near.dk).abs() < 1e-4, "k {k} {at:?} {near:?}");
        }
        let (inside, outside) =
            (quadratic_flux_gradient(k - 1e-12, k, &law), quadratic_flux_gradient(k + 1e-12, k, &law));
        let at = quadratic_flux_gradient(k, k, &law);
        assert!((at.dz - inside.dz).abs() < 1e-9 && (at.dz - outside.dz).abs() < 1e-9);
    }
}

#[test]
fn exact_geometries() {
    let law = LAWS[0];
    assert_eq!(quadratic_flux(1.1, 0.1, &law), 1.0);
    assert_eq!(quadratic_flux(7.0, 0.1, &law), 1.0);
    assert_eq!(quadratic_flux(0.3, 0.0, &law), 1.0);
    assert_eq!(quadratic_flux(0.9, 2.0, &law), 0.0);
    assert_eq!(quadratic_flux(0.0, 1.0, &law), 0.0);
    assert!(quadratic_flux(f64::NAN, 0.1, &law).is_nan() && quadratic_flux(0.1, f64::NAN, &law).is_nan());
    assert!(quadratic_flux_gradient(f64::NAN, 0.1, &law).dk.is_nan());
    // uniform disc: k² at any place inside; two unit discs a radius apart overlap by 2π/3 − √3/2
    let uniform = LAWS[1];
    for z in [0.0, 0.1, 0.45, 0.9] {
        assert!((quadratic_dip(z, 0.1, &uniform) - 0.01).abs() < 1e-16);
    }
    let lens = 2.0 / 3.0 - 3f64.sqrt() / (2.0 * std::f64::consts::PI);
    assert!((quadratic_dip(1.0, 1.0, &uniform) - lens).abs() < 1e-15);
}

/// The depth at mid-transit of a small planet is k² times the local over the mean intensity; the next order is k⁴.
#[test]
fn small_planets_hide_the_local_intensity() {
    for law in LAWS {
        for k in [1e-3, 3e-3, 1e-2] {
            for z in [0.0, 0.3, 0.7] {
                let mu = (1.0f64 - z * z).sqrt();
                let expected = k * k * law.intensity(mu) / law.mean_intensity();
                let dip = quadratic_dip(z, k, &law);
                assert!((dip - expected).abs() < 4.0 * k.powi(4) + 1e-15, "{law:?} {k} {z} {dip} {expected}");
            }
        }
    }
}
