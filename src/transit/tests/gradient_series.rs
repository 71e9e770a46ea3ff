//! Gradients of many points against the kernel of each.

use super::dip_series::{LAWS, RADII, distances};
use crate::transit::surface::{dip_gradient_into, gradients_by_kernel};
use crate::transit::{DipGradients, LimbDarkening, Orbit, OrbitElements, OrbitShape, TransitShape};

type Columns = [Vec<f64>; 7];

fn both(z: &[f64], k: f64, ld: &LimbDarkening) -> [Columns; 2] {
    let (mut many, mut each) = (Columns::default(), Columns::default());
    dip_gradient_into(z, k, ld, &mut many);
    gradients_by_kernel(z, k, ld, &mut each);
    [many, each]
}

#[test]
fn many_points_agree_with_the_kernel() {
    // the dip, dz and dk, coefficients
    let mut worst = [(0.0, String::new()), (0.0, String::new()), (0.0, String::new())];
    let mut by_series = 0;
    for ld in LAWS {
        for k in RADII {
            for n in [150, 4000] {
                let z = distances(k, n);
                let [many, each] = both(&z, k, &ld);
                for (column, (many, each)) in many.iter().zip(&each).enumerate() {
                    let kind = [0, 1, 1, 2, 2, 2, 2][column];
                    for ((z, a), b) in z.iter().zip(many).zip(each) {
                        // derivatives by z and k have the slope of a root at contacts, where the kernel's last digits go
                        let contact = [1.0 + k, f64::abs(1.0 - k)].iter().any(|c| (z.abs() - c).abs() < 1e-9);
                        if kind == 1 && contact {
                            continue;
                        }
                        let error = (a - b).abs();
                        assert!(!error.is_nan(), "{column} {ld:?} k {k} z {z}: {a} {b}");
                        by_series += usize::from(a.to_bits() != b.to_bits());
                        if error > worst[kind].0 {
                            worst[kind] = (error, format!("{column} {ld:?} k {k} z {z} of {n}: {a} {b}"));
                        }
                    }
                }
            }
        }
    }
    println!("worst {worst:#?}, {by_series} values by series");
    assert!(worst[0].0 < 1e-9 && worst[1].0 < 1e-8 && worst[2].0 < 2e-9, "{worst:#?}");
    assert!(by_series > 1_000_000, "{by_series}");
}

#[test]
fn points_without_an_answer_of_their_own() {
    let ld = LAWS[3];
    let mut z: Vec<f64> = (0..1000).map(|i| 0.3 + 0.001 * f64::from(i)).collect();
    z.extend([f64::NAN, f64::INFINITY, -1.1, 7.0]);
    for k in [0.1, 2.0] {
        let [many, each] = both(&z, k, &ld);
        for (many, each) in many.iter().zip(&each) {
            assert!(many[1000].is_nan() && each[1000].is_nan());
            assert_eq!(many[1001], 0.0);
            assert_eq!(many[1003], each[1003], "k {k}");
        }
    }
    let [many, _] = both(&z, 0.1, &ld);
    assert!(many.iter().all(|column| column[1002] == 0.0));
    let [many, _] = both(&z, 2.0, &ld);
    assert!(many[0][..701] == [1.0; 701] && many[1..].iter().all(|column| column[..701] == [0.0; 701]));
    for k in [0.0, f64::NAN, f64::INFINITY] {
        let [many, each] = both(&z, k, &ld);
        assert_eq!(format!("{many:?}"), format!("{each:?}"), "{k}");
    }
}

/// Light curves take the same way, instantaneous or not.
#[test]
fn light_curves_of_many_points_are_those_of_few() {
    let elements = OrbitElements { ecc: 0.3, omega: 0.7, ..OrbitElements::circular(3.3, 0.0, 9.0, 0.3) };
    let orbit = Orbit::new(elements).unwrap();
    for ld in [LAWS[1], LAWS[3], LAWS[6]] {
        let shape = TransitShape::new(orbit, 0.1, ld).unwrap();
        let contacts = shape.contacts().unwrap();
        let times: Vec<f64> = (0..1500).map(|i| contacts.t1 + shape.duration() * f64::from(i) / 1500.0).collect();
        for exposure in [0.0, 0.02] {
            let (mut many, mut few) = (DipGradients::default(), DipGradients::default());
            shape.dip_gradients_into(&times, exposure, OrbitShape::Eccentric, &mut many);
            let mut rows = 0;
            for (i, time) in times.iter().enumerate() {
                shape.dip_gradients_into(&[*time], exposure, OrbitShape::Eccentric, &mut few);
                let Some(at) = many.index.iter().position(|index| *index == i) else {
                    assert!(few.dip.is_empty());
                    continue;
                };
                rows += 1;
                assert!((few.dip[0] - many.dip[at]).abs() < 1e-9, "{ld:?} {time}");
                for (column, (few, many)) in few.columns.iter().zip(&many.columns).enumerate() {
                    let (few, many) = (few[0], many[at]);
                    // times change z by some ten radii a day, and so the derivatives by it
                    assert!((few - many).abs() < 1e-7, "{ld:?} {time} column {column}: {few} {many}");
                }
            }
            assert_eq!(rows, many.dip.len());
        }
    }
}
