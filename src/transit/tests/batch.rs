//! The flux over arrays against the flux of one point, for every instruction set.

use crate::transit::batch::{DipColumns, quadratic_dip_gradient_into, quadratic_dip_into, quadratic_flux_into};
use crate::transit::flux::quadratic_dip;
use crate::transit::{Quadratic, quadratic_flux, quadratic_flux_gradient};

const LAWS: [Quadratic; 4] = [
    Quadratic { u1: 0.4804, u2: 0.1867 },
    Quadratic { u1: 0.0, u2: 0.0 },
    Quadratic { u1: 0.2, u2: -0.15 },
    Quadratic { u1: 0.1, u2: 0.9 },
];

const RADII: [f64; 13] = [1e-4, 1e-3, 0.01, 0.1, 0.25, 0.49999, 0.5, 0.7, 0.999, 1.0, 1.000_1, 1.3, 2.0];

/// Every special distance of a radius, its neighbourhoods down to the last digit, and a grid between.
fn distances(k: f64) -> Vec<f64> {
    let mut z: Vec<f64> = (0..997).map(|i| (1.1 + k) * f64::from(i) / 997.0).collect();
    for at in [0.0, k, 1.0, 0.5, (1.0 - k).abs(), 1.0 + k, 1.0 - k] {
        z.push(at);
        for e in 0..32 {
            let step = 10f64.powf(-0.5 * f64::from(e) - 0.3);
            z.extend([at + step, at - step, at * (1.0 + step), at * (1.0 - step)]);
        }
        z.extend([at.next_up(), at.next_down()]);
    }
    // the kernel of one point overflows for a unit disc at such distances
    z.retain(|z| *z == 0.0 || z.abs() > 1e-100);
    z
}

#[test]
fn equals_the_flux_of_one_point() {
    let mut worst = (0.0, String::new());
    for k in RADII {
        let z = distances(k);
        for law in LAWS {
            let mut out = vec![0.0; z.len()];
            quadratic_flux_into(&z, k, &law, &mut out);
            for (z, flux) in z.iter().zip(&out) {
                let error = (flux - quadratic_flux(*z, k, &law)).abs();
                assert!(!flux.is_nan(), "k {k} z {z}");
                if error > worst.0 {
                    worst = (error, format!("k {k} z {z} {law:?}"));
                }
            }
        }
    }
    println!("worst {worst:?}");
    // the rounding of numbers of order one, here and there
    assert!(worst.0 < 1e-14, "{worst:?}");
}

#[test]
fn gradients_equal_those_of_one_point() {
    let mut worst = [0.0f64; 5];
    for k in RADII {
        let z = distances(k);
        for law in LAWS {
            let mut columns = vec![vec![0.0; z.len()]; 5];
            let [dip, dz, dk, du1, du2] = &mut columns[..] else { unreachable!() };
            quadratic_dip_gradient_into(&z, k, &law, DipColumns { dip, dz, dk, du1, du2 });
            for (i, z) in z.iter().enumerate() {
                let one = quadratic_flux_gradient(*z, k, &law);
                // at z = 0 the derivative has no sign
                let dz = if *z == 0.0 { -columns[1][i] } else { one.dz };
                for (j, expected) in [1.0 - one.flux, -dz, -one.dk, -one.du1, -one.du2].into_iter().enumerate() {
                    let error = (columns[j][i] - expected).abs();
                    // at the contacts themselves a derivative jumps or has a root's slope
                    let rough = [1.0 + k, (1.0 - k).abs(), k].iter().any(|c| (z.abs() - c).abs() < 1e-13);
                    if (j == 1 || j == 2) && rough {
                        assert!(error < 1e-4 * (1.0 + k) || law.u1 == 0.0 || law.u2 < 0.0, "{j} {z} {k} {law:?}");
                        continue;
                    }
                    assert!(columns[j][i].is_finite(), "{j} k {k} z {z}");
                    worst[j] = worst[j].max(error / (1.0 + expected.abs()));
                }
            }
        }
    }
    println!("worst {worst:?}");
    assert!(worst.iter().all(|w| *w < 1e-13), "{worst:?}");
}

#[test]
fn a_point_does_not_depend_on_its_neighbours() {
    let law = LAWS[0];
    for k in [0.1, 0.6, 1.2] {
        let z = distances(k);
        let mut all = vec![0.0; z.len()];
        quadratic_dip_into(&z, k, &law, &mut all);
        for (z, expected) in z.iter().zip(&all) {
            let mut one = [0.0];
            quadratic_dip_into(&[*z], k, &law, &mut one);
            assert_eq!(one[0].to_bits(), expected.to_bits(), "{z} {k}");
        }
    }
}

#[test]
fn next_to_concentric() {
    for k in [0.1, 1.0] {
        let mut out = [0.0; 4];
        quadratic_dip_into(&[0.0, f64::from_bits(1), 1e-200, 1e-120], k, &LAWS[0], &mut out);
        assert!(out.iter().all(|dip| (dip - out[0]).abs() < 1e-15), "{k} {out:?}");
    }
}

#[test]
fn exact_geometries() {
    let law = LAWS[0];
    let z = [1.1, 7.0, f64::INFINITY, f64::NAN, -0.3, 0.3];
    let mut out = [0.0; 6];
    quadratic_dip_into(&z, 0.1, &law, &mut out);
    assert_eq!(&out[..3], &[0.0; 3]);
    assert!(out[3].is_nan());
    assert_eq!(out[4], out[5]);
    assert!((out[5] - quadratic_dip(0.3, 0.1, &law)).abs() < 1e-15);
    quadratic_dip_into(&z, 0.0, &law, &mut out);
    assert_eq!(out[0], 0.0);
    assert_eq!(out[5], 0.0);
    quadratic_dip_into(&z, f64::NAN, &law, &mut out);
    assert!(out.iter().all(|x| x.is_nan()));
    quadratic_dip_into(&[0.9, 0.0, 1.0], 2.0, &law, &mut out[..3]);
    assert_eq!(&out[..3], &[1.0; 3]);
}
