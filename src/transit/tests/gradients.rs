//! Derivatives of light curves against differences of light curves.

use crate::transit::{DipGradients, Orbit, OrbitElements, OrbitShape, Quadratic, TransitShape, light_curve};

const LAW: Quadratic = Quadratic { u1: 0.4, u2: 0.25 };

/// The parameters in the order of the columns.
fn shape(p: &[f64; 9]) -> TransitShape {
    let [transit_time, period, a_rs, impact_parameter, ecc, omega, k, u1, u2] = *p;
    let elements = OrbitElements { period, transit_time, a_rs, impact_parameter, ecc, omega };
    TransitShape::new(Orbit::new(elements).unwrap(), k, Quadratic { u1, u2 }).unwrap()
}

/// Richardson's extrapolation of central differences, whose error is of fourth order.
fn difference(f: impl Fn(f64) -> Vec<f64>, h: f64) -> Vec<f64> {
    let central =
        |h: f64| -> Vec<f64> { f(h).iter().zip(f(-h)).map(|(plus, minus)| (plus - minus) / (2.0 * h)).collect() };
    central(h).iter().zip(central(2.0 * h)).map(|(near, far)| (4.0 * near - far) / 3.0).collect()
}

#[test]
fn agree_with_differences() {
    let mut worst = (0.0, String::new());
    for (ecc, omega) in [(0.0, 0.0), (0.0, 1.0), (0.3, 0.7), (0.6, -2.0), (0.9, 1.5)] {
        for (k, b) in [(0.1, 0.3), (0.1, 0.0), (0.05, 0.97), (0.3, 0.6), (0.6, 0.2), (1.2, 0.4)] {
            let p = [100.0, 3.3, 30.0, b, ecc, omega, k, LAW.u1, LAW.u2];
            let at = shape(&p);
            let contacts = at.contacts().unwrap();
            let times: Vec<f64> = (0..400)
                .map(|i| 3.3 * f64::from(i % 3) + 100.0 + contacts.t1 + at.duration() * (f64::from(i) + 0.5) / 400.0)
                .collect();
            let mut gradients = DipGradients::default();
            at.dip_gradients_into(&times, 0.0, OrbitShape::Eccentric, &mut gradients);
            let flux = light_curve(&at, &times, 0.0);
            for (i, dip) in gradients.index.iter().zip(&gradients.dip) {
                assert!((1.0 - dip - flux[*i]).abs() < 1e-13);
            }
            for column in 0..9 {
                // one-sided for b = 0 and e = 0
                let scale = [at.duration(), at.duration() / 3.0, 10.0, 1.0, 0.3, 0.3, 0.1, 1.0, 1.0][column];
                let h = 1e-5 * scale;
                let value = |step: f64| {
                    let mut q = p;
                    q[column] += step;
                    light_curve(&shape(&q), &times, 0.0)
                };
                let one_sided = (column == 3 && b == 0.0) || (column == 4 && ecc == 0.0);
                let expected = if one_sided {
                    let (zero, one, two) = (value(0.0), value(h), value(2.0 * h));
                    (0..times.len()).map(|i| (4.0 * one[i] - 3.0 * zero[i] - two[i]) / (2.0 * h)).collect()
                } else {
                    difference(value, h)
                };
                let found = gradients.dense_flux_column(column, times.len());
                for (i, (found, expected)) in found.iter().zip(&expected).enumerate() {
                    let dt = (times[i] - 100.0 + 1.65).rem_euclid(3.3) - 1.65;
                    // not across contacts, where differences fail
                    let full = contacts.full.unwrap_or((contacts.t1, contacts.t4));
                    let near = [contacts.t1, full.0, contacts.deepest, full.1, contacts.t4]
                        .iter()
                        .any(|c| (dt - c).abs() < 0.02 * at.duration());
                    if near {
                        continue;
                    }
                    let error = (found - expected).abs() * scale;
                    if error > worst.0 {
                        worst = (error, format!("column {column} dt {dt} {p:?} {found} {expected}"));
                    }
                }
            }
        }
    }
    println!("worst {worst:?}");
    // rounding of the flux 1e-15 and of time 1e-14 over a step of 1e-5
    assert!(worst.0 < 3e-7, "{worst:?}");
}

#[test]
fn nothing_of_planets_that_miss() {
    let shape = shape(&[0.0, 3.0, 9.0, 1.5, 0.0, 0.0, 0.1, 0.3, 0.2]);
    let mut out = DipGradients::default();
    out.index.extend([1, 2]);
    shape.dip_gradients_into(&[0.0, 1.0], 0.0, OrbitShape::CircularIfZero, &mut out);
    assert!(out.index.is_empty() && out.dip.is_empty() && out.columns.iter().all(Vec::is_empty));
    assert_eq!(out.columns.len(), 9);
}

#[test]
fn weighted_sums_are_products_with_the_columns() {
    let at = shape(&[100.0, 3.3, 9.0, 0.3, 0.0, 0.0, 0.1, 0.4, 0.2]);
    let times: Vec<f64> = (0..500).map(|i| 99.0 + 0.02 * f64::from(i)).collect();
    let weights: Vec<f64> = (0..500).map(|i| f64::from(i % 7) - 3.0).collect();
    let mut out = DipGradients::default();
    at.dip_gradients_into(&times, 0.0, OrbitShape::CircularIfZero, &mut out);
    let sums = out.weighted_flux_sums(&weights);
    for (column, sum) in sums.iter().enumerate() {
        let dense: f64 = out.dense_flux_column(column, 500).iter().zip(&weights).map(|(d, w)| d * w).sum();
        assert!((dense - sum).abs() < 1e-12 * (1.0 + sum.abs()));
    }
    assert!(sums[6].abs() > 1e-3 && sums[4] == 0.0);
}

/// The mean of the derivatives over an exposure is the derivative of the mean, and where whole exposures lie is no matter.
#[test]
fn of_exposures_agree_with_differences() {
    let p = [100.0, 3.3, 9.0, 0.3, 0.2, 0.7, 0.1, 0.4, 0.25];
    let at = shape(&p);
    let times: Vec<f64> = (0..60).map(|i| 99.9 + 0.2 * f64::from(i) / 60.0).collect();
    let exposure = 0.0204;
    let mut gradients = DipGradients::default();
    at.dip_gradients_into(&times, exposure, OrbitShape::Eccentric, &mut gradients);
    for (i, dip) in gradients.index.iter().zip(&gradients.dip) {
        assert!((1.0 - dip - light_curve(&at, &times, exposure)[*i]).abs() < 1e-8);
    }
    let scales = [0.1, 0.03, 5.0, 1.0, 0.3, 0.3, 0.1, 1.0, 1.0];
    for (column, scale) in scales.into_iter().enumerate() {
        let h = 1e-3 * scale;
        let value = |step: f64| {
            let mut q = p;
            q[column] += step;
            light_curve(&shape(&q), &times, exposure)
        };
        let expected = difference(value, h);
        let found = gradients.dense_flux_column(column, times.len());
        for (found, expected) in found.iter().zip(&expected) {
            // the means are to 1e-8, over a step of 1e-3, but for contacts at an end of an exposure
            assert!((found - expected).abs() * scale < 2e-5, "{column} {found} {expected}");
        }
    }
}
