//! Laws beyond the quadratic against integrals over annuli, differences, and each other.

use super::oracle::dip_by_annuli;
use crate::transit::surface::{dip_gradient_into, dip_into};
use crate::transit::{LimbDarkening, Quadratic, quadratic_flux_gradient};

const LAWS: [LimbDarkening; 7] = [
    LimbDarkening::SquareRoot { u1: 0.2, u2: 0.5 },
    LimbDarkening::Logarithmic { u1: 0.6, u2: 0.3 },
    LimbDarkening::Power2 { c: 0.7, alpha: 0.6 },
    LimbDarkening::Power2 { c: 0.5, alpha: 0.25 },
    LimbDarkening::Power2 { c: 0.8, alpha: 1.7 },
    LimbDarkening::Nonlinear { c: [0.5, -0.3, 0.9, -0.4] },
    LimbDarkening::Nonlinear { c: [0.6, 0.1, -0.2, 0.1] },
];

/// Distances between and near contacts.
fn distances(k: f64) -> Vec<f64> {
    let mut z: Vec<f64> = (0..40).map(|i| (1.0 + k) * (f64::from(i) + 0.3) / 40.0).collect();
    for at in [(1.0 - k).abs(), 1.0 + k, k, 0.0] {
        for step in [0.0, 1e-7, 1e-4, 3e-3, 2e-2, 0.06, 0.15] {
            z.extend([at + step, at - step]);
        }
    }
    z.retain(|z| *z >= 0.0);
    z
}

#[test]
fn agree_with_the_integral_over_annuli() {
    let mut worst = (0.0, String::new());
    for ld in LAWS {
        for k in [1e-3, 0.03, 0.1, 0.3, 0.5, 0.8, 1.0, 1.3] {
            let z = distances(k);
            let mut out = vec![0.0; z.len()];
            dip_into(&z, k, &ld, &mut out);
            for (z, dip) in z.iter().zip(&out) {
                let slow = if *z >= 1.0 + k {
                    0.0
                } else if *z <= k - 1.0 {
                    1.0
                } else {
                    dip_by_annuli(*z, k, &ld)
                };
                let error = (dip - slow).abs();
                assert!(!error.is_nan(), "{ld:?} k {k} z {z}: {dip} {slow}");
                if error > worst.0 {
                    worst = (error, format!("{ld:?} k {k} z {z}"));
                }
            }
        }
    }
    println!("worst {worst:?}");
    assert!(worst.0 < 1e-9, "{worst:?}");
}

/// Laws that are quadratic in other words, flux and all derivatives.
#[test]
fn nonlinear_laws_hold_the_quadratic() {
    let mut worst = [0.0f64; 4];
    // 1 − u1 (1 − μ) − u2 (1 − μ)² = 1 − (u1 + 2 u2)(1 − μ) + u2 (1 − μ²)
    let quadratic = Quadratic { u1: 0.3, u2: 0.4 };
    let ld = LimbDarkening::Nonlinear { c: [0.0, 1.1, 0.0, -0.4] };
    for k in [0.003, 0.1, 0.4, 0.7, 1.2] {
        let z = distances(k);
        let mut out: [Vec<f64>; 7] = Default::default();
        dip_gradient_into(&z, k, &ld, &mut out);
        for (i, z) in z.iter().enumerate() {
            let exact = quadratic_flux_gradient(*z, k, &quadratic);
            let rough = [1.0 + k, f64::abs(1.0 - k), 0.0].iter().any(|c| (z - c).abs() < 1e-13);
            let found = [out[0][i], out[1][i], out[2][i], out[4][i]];
            let expected = [1.0 - exact.flux, -exact.dz, -exact.dk, -exact.du1];
            for (j, (found, expected)) in found.into_iter().zip(expected).enumerate() {
                if !(rough && (j == 1 || j == 2)) {
                    worst[j] = worst[j].max((found - expected).abs());
                }
            }
        }
    }
    println!("worst dip, dz, dk, du1 {worst:?}");
    assert!(worst.iter().all(|w| *w < 1e-9), "{worst:?}");
}

#[test]
fn derivatives_agree_with_differences() {
    let dips = |z: &[f64], k: f64, ld: LimbDarkening| {
        let mut out = vec![0.0; z.len()];
        dip_into(z, k, &ld, &mut out);
        out
    };
    let mut worst = (0.0, String::new());
    for ld in LAWS {
        for k in [0.03, 0.1, 0.6, 1.3] {
            let edges = [0.0, 1.0 + k, f64::abs(1.0 - k)];
            let mut z = distances(k);
            z.retain(|z| edges.iter().all(|edge| (z - edge).abs() > 1e-2 * k.min(1.0)));
            let mut out: [Vec<f64>; 7] = Default::default();
            dip_gradient_into(&z, k, &ld, &mut out);
            let h = 1e-4 * k.min(1.0);
            let fourth = |f: &dyn Fn(f64) -> Vec<f64>, h: f64| -> Vec<f64> {
                let (a, b, c, d) = (f(h), f(-h), f(2.0 * h), f(-2.0 * h));
                (0..z.len()).map(|i| (8.0 * (a[i] - b[i]) - (c[i] - d[i])) / (12.0 * h)).collect()
            };
            let mut expected = vec![
                fourth(&|s| dips(&z.iter().map(|z| z + s).collect::<Vec<_>>(), k, ld), h),
                fourth(&|s| dips(&z, k + s, ld), h),
            ];
            for j in 0..ld.coefficient_names().len() {
                expected.push(fourth(&|s| dips(&z, k, with_step(ld, j, s)), 1e-3));
            }
            for (j, expected) in expected.iter().enumerate() {
                for (i, expected) in expected.iter().enumerate() {
                    let error = (out[j + 1][i] - expected).abs();
                    if error > worst.0 {
                        worst = (error, format!("{j} {ld:?} k {k} z {} {} {expected}", z[i], out[j + 1][i]));
                    }
                }
            }
        }
    }
    println!("worst {worst:?}");
    // what differences of values to 1e-10 over steps of 1e-5 tell
    assert!(worst.0 < 3e-5, "{worst:?}");
}

/// The law with `step` added to its coefficient `j`.
fn with_step(ld: LimbDarkening, j: usize, step: f64) -> LimbDarkening {
    let d = |i: usize| if i == j { step } else { 0.0 };
    match ld {
        LimbDarkening::SquareRoot { u1, u2 } => LimbDarkening::SquareRoot { u1: u1 + d(0), u2: u2 + d(1) },
        LimbDarkening::Logarithmic { u1, u2 } => LimbDarkening::Logarithmic { u1: u1 + d(0), u2: u2 + d(1) },
        LimbDarkening::Power2 { c, alpha } => LimbDarkening::Power2 { c: c + d(0), alpha: alpha + d(1) },
        LimbDarkening::Nonlinear { c } => LimbDarkening::Nonlinear { c: std::array::from_fn(|i| c[i] + d(i)) },
        other => other,
    }
}

#[test]
fn nearest_quadratic_law() {
    let same = LimbDarkening::Nonlinear { c: [0.0, 1.1, 0.0, -0.4] }.as_quadratic();
    assert!((same.u1 - 0.3).abs() < 1e-5 && (same.u2 - 0.4).abs() < 1e-5, "{same:?}");
}
