//! Dips of many points against the kernel of each, and against integrals over annuli.

use super::oracle::dip_by_annuli;
use crate::transit::surface::{dip_into, dips_by_kernel};
use crate::transit::{LimbDarkening, Orbit, OrbitElements, TransitShape, light_curve};

pub const LAWS: [LimbDarkening; 9] = [
    LimbDarkening::SquareRoot { u1: 0.2, u2: 0.5 },
    LimbDarkening::Logarithmic { u1: 0.6, u2: 0.3 },
    LimbDarkening::Power2 { c: 0.7, alpha: 0.2 },
    LimbDarkening::Power2 { c: 0.7, alpha: 0.6 },
    LimbDarkening::Power2 { c: 0.9, alpha: 1.0 },
    LimbDarkening::Power2 { c: 0.8, alpha: 1.5 },
    LimbDarkening::Nonlinear { c: [0.5, -0.3, 0.9, -0.4] },
    LimbDarkening::Nonlinear { c: [0.6, 0.1, -0.2, 0.1] },
    LimbDarkening::Nonlinear { c: [1.8, -2.4, 2.6, -1.1] },
];

pub const RADII: [f64; 17] =
    [0.003, 0.01, 0.03, 0.07, 0.1, 0.15, 0.3, 0.45, 0.5, 0.6, 0.8, 0.95, 0.999, 1.0, 1.05, 1.4, 2.0];

/// Numbers from 0 to 1 in no order, the same ones always (Weyl).
fn scattered(n: usize) -> impl Iterator<Item = f64> {
    (1..=n).map(|i| (i as f64 * 0.618_033_988_749_894_9).fract())
}

/// Many points from centre to last contact and beyond, as many again near contacts, and the contacts themselves.
pub fn distances(k: f64, n: usize) -> Vec<f64> {
    let mut z: Vec<f64> = scattered(n).map(|x| (1.02 + k) * x).collect();
    for at in [(1.0 - k).abs(), 1.0 + k] {
        z.extend(scattered(n / 4).map(|x| at + 0.3 * k.min(1.0) * (2.0 * x - 1.0).powi(3)));
        z.extend([at, at.next_up(), at.next_down(), at + 1e-13, at - 1e-13]);
    }
    z.extend([0.0, k, 1e-200]);
    z.iter_mut().step_by(3).for_each(|z| *z = -*z);
    z
}

fn by_kernel(z: &[f64], k: f64, ld: &LimbDarkening) -> Vec<f64> {
    let mut out = z.to_vec();
    dips_by_kernel(k, ld, &mut out);
    out
}

fn largest(errors: impl IntoIterator<Item = (f64, String)>) -> (f64, String) {
    errors.into_iter().fold((0.0, String::new()), |worst, error| if error.0 > worst.0 { error } else { worst })
}

#[test]
fn many_points_agree_with_the_kernel() {
    let mut worst = (0.0, String::new());
    let mut by_series = 0;
    for ld in LAWS {
        for k in RADII {
            for n in [150, 4000] {
                let z = distances(k, n);
                let mut out = vec![0.0; z.len()];
                dip_into(&z, k, &ld, &mut out);
                for ((z, dip), slow) in z.iter().zip(&out).zip(by_kernel(&z, k, &ld)) {
                    let error = (dip - slow).abs();
                    assert!(!error.is_nan(), "{ld:?} k {k} z {z}: {dip} {slow}");
                    by_series += usize::from(dip.to_bits() != slow.to_bits());
                    if error > worst.0 {
                        worst = (error, format!("{ld:?} k {k} z {z} of {n}"));
                    }
                }
            }
        }
    }
    println!("worst {worst:?}, {by_series} points by series");
    assert!(worst.0 < 1e-9, "{worst:?}");
    // if no point took the other way, nothing has been tested
    assert!(by_series > 100_000, "{by_series}");
}

#[test]
fn many_points_agree_with_the_integral_over_annuli() {
    let mut worst = (0.0, String::new());
    for ld in LAWS {
        for k in [0.01, 0.1, 0.3, 0.95, 1.3] {
            let z = distances(k, 1000);
            let mut out = vec![0.0; z.len()];
            dip_into(&z, k, &ld, &mut out);
            let some = z.iter().zip(&out).step_by(37).filter(|(z, _)| z.abs() < 1.0 + k && z.abs() > k - 1.0);
            let errors = some.map(|(z, dip)| ((dip - dip_by_annuli(z.abs(), k, &ld)).abs(), format!("{ld:?} {k} {z}")));
            worst = largest(errors.chain([worst]));
        }
    }
    println!("worst {worst:?}");
    assert!(worst.0 < 1e-9, "{worst:?}");
}

#[test]
fn few_points_are_the_kernels_own() {
    for ld in [LAWS[1], LAWS[3], LAWS[6]] {
        let z = distances(0.1, 8);
        let mut out = vec![0.0; z.len()];
        dip_into(&z, 0.1, &ld, &mut out);
        assert_eq!(out, by_kernel(&z, 0.1, &ld));
    }
}

#[test]
fn points_without_an_answer_of_their_own() {
    let ld = LAWS[3];
    let mut z: Vec<f64> = (0..1000).map(|i| 0.3 + 0.001 * f64::from(i)).collect();
    z.extend([f64::NAN, f64::INFINITY, 1.1, 7.0]);
    let mut out = vec![0.0; z.len()];
    dip_into(&z, 0.1, &ld, &mut out);
    assert!(out[1000].is_nan() && out[1001..] == [0.0; 3]);
    assert!(out[..700].iter().all(|dip| *dip > 0.0));
    dip_into(&z, 2.0, &ld, &mut out);
    assert_eq!(out[..701], [1.0; 701]);
    assert!(out[1000].is_nan() && out[1001] == 0.0 && out[1002] < 1.0);
    for k in [0.0, f64::NAN, f64::INFINITY] {
        dip_into(&z, k, &ld, &mut out);
        assert_eq!(format!("{out:?}"), format!("{:?}", by_kernel(&z, k, &ld)), "{k}");
    }
}

/// All points in one place, or but a few anywhere else.
#[test]
fn crowded_points() {
    for ld in [LAWS[1], LAWS[3], LAWS[6]] {
        for k in [0.02, 0.1, 1.0] {
            for place in [0.0, 0.5, f64::abs(1.0 - k), 0.9999 + k] {
                let mut z: Vec<f64> = scattered(1000).map(|x| place + 1e-6 * x).collect();
                z.extend([0.2, 0.9, 1.01]);
                let mut out = vec![0.0; z.len()];
                dip_into(&z, k, &ld, &mut out);
                let errors = out.iter().zip(by_kernel(&z, k, &ld)).map(|(a, b)| ((a - b).abs(), String::new()));
                let worst = largest(errors).0;
                assert!(worst < 1e-9, "{ld:?} k {k} at {place}: {worst:e}");
            }
        }
    }
}

/// Light curves take the same way.
#[test]
fn light_curves_of_many_points_are_those_of_few() {
    for ecc in [0.0, 0.4] {
        let elements = OrbitElements { ecc, omega: 0.7, ..OrbitElements::circular(3.3, 100.0, 9.0, 0.3) };
        for ld in LAWS {
            let shape = TransitShape::new(Orbit::new(elements).unwrap(), 0.1, ld).unwrap();
            let times: Vec<f64> = (0..20_000).map(|i| 90.0 + f64::from(i) * 0.000_97).collect();
            let many = light_curve(&shape, &times, 0.0);
            for (times, many) in times.chunks(7).zip(many.chunks(7)) {
                for (few, many) in light_curve(&shape, times, 0.0).iter().zip(many) {
                    assert!((few - many).abs() < 1e-9, "{ld:?} {few} {many}");
                }
            }
        }
    }
}
