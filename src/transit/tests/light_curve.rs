//! Light curves: skipping, exposure means, several planets.

use crate::transit::exposure::mean_nodes;
use crate::transit::{
    LimbDarkening, Orbit, OrbitElements, Quadratic, TransitModel, TransitShape, light_curve, quadratic_flux,
};

const LAW: Quadratic = Quadratic { u1: 0.4, u2: 0.25 };

fn shape(k: f64, a_rs: f64, impact_parameter: f64, ecc: f64, omega: f64) -> TransitShape {
    let elements = OrbitElements { ecc, omega, ..OrbitElements::circular(3.3, 100.0, a_rs, impact_parameter) };
    TransitShape::new(Orbit::new(elements).unwrap(), k, LAW).unwrap()
}

/// Without skipping: flux wherever the planet is in front.
fn plain(shape: &TransitShape, time: f64) -> f64 {
    let at = shape.orbit().sky_position(time);
    if at.in_front { quadratic_flux(at.z, shape.rp_rs(), &LAW) } else { 1.0 }
}

fn shapes() -> Vec<TransitShape> {
    let mut all = Vec::new();
    for (ecc, omega) in [(0.0, 0.0), (0.3, 1.0), (0.7, -2.0), (0.6, -1.5)] {
        for (k, b) in
            [(0.01, 0.2), (0.1, 0.0), (0.1, 0.6), (0.1, 0.91), (0.1, 1.05), (0.3, 0.71), (0.9, 0.1), (1.2, 0.3)]
        {
            all.push(shape(k, 9.0, b, ecc, omega));
        }
    }
    all
}

#[test]
fn skipping_changes_nothing() {
    let times: Vec<f64> = (0..20_000).map(|i| 90.0 + f64::from(i) * 0.000_97).collect();
    for shape in shapes() {
        for (&time, flux) in times.iter().zip(light_curve(&shape, &times, 0.0)) {
            // a rounding of the time from mid-transit, times the slope
            assert!((flux - plain(&shape, time)).abs() < 1e-13, "{shape:?} at {time}");
        }
    }
}

/// Against the mean of very many instantaneous fluxes, whose own error at a contact is some (exposure / n)^{3/2} of the
/// depth's slope: below 1e-9 here.
#[test]
fn exposure_means_agree_with_supersampling() {
    let n = 4000;
    for shape in shapes() {
        let contacts = shape.contacts().unwrap();
        for exposure in [0.0007, 0.0204, 0.3] {
            let span = contacts.t4 - contacts.t1 + exposure;
            for i in 0..12 {
                let time = 100.0 + contacts.t1 - 0.5 * exposure + span * (f64::from(i) + 0.37) / 12.0;
                let sum: f64 =
                    (0..n).map(|j| plain(&shape, time + exposure * ((f64::from(j) + 0.5) / f64::from(n) - 0.5))).sum();
                let mean = light_curve(&shape, &[time], exposure)[0];
                let error = (mean - sum / f64::from(n)).abs();
                // a planet as large as the star: the supersampling's error grows with the depth
                let tolerance = 1e-8 + 2e-7 * shape.depth() * exposure.min(span - exposure);
                assert!(error < tolerance, "{error:e} at {time} exposure {exposure} {shape:?}");
            }
        }
    }
}

/// Against Gauss–Legendre integrals of the exposure's parts, split at the contacts: the bound that the docs state. What
/// the light curve estimates of its own error covers it.
#[test]
fn exposure_means_are_within_1e_8() {
    let mut worst = (0.0, String::new());
    let (mut largest_estimate, mut smallest_margin) = (0.0f64, f64::INFINITY);
    for k in [0.001, 0.03, 0.1, 0.2, 0.3, 0.34, 0.36, 0.6, 0.66, 0.95, 1.05, 1.5] {
        for b in [0.0, 0.5 * k, k, 0.6, 1.0 - k - 1e-2, 1.0 - k, 1.0 - k + 1e-4, 1.0 - k + 1e-2, 0.97, 1.0 + 0.8 * k] {
            if b < 0.0 {
                continue;
            }
            for (ecc, omega) in [(0.0, 0.0), (0.5, -1.2)] {
                let shape = shape(k, 7.0, b, ecc, omega);
                let Some(contacts) = shape.contacts() else { continue };
                let estimate = shape.exposure_error();
                largest_estimate = largest_estimate.max(estimate);
                let mut largest: f64 = 0.0;
                let t14 = contacts.t4 - contacts.t1;
                for relative in [0.003, 0.03, 0.1, 0.3, 0.7, 1.5] {
                    let exposure = relative * t14;
                    let parts = 40;
                    for i in 0..20 {
                        let dt = contacts.t1 - 0.5 * exposure + (t14 + exposure) * f64::from(i) / 19.0;
                        let mut mean = 0.0;
                        for j in 0..parts {
                            let low = dt + exposure * (f64::from(j) / f64::from(parts) - 0.5);
                            mean_nodes(&contacts, low, low + exposure / f64::from(parts), k, |t, weight| {
                                mean += weight * (1.0 - plain(&shape, 100.0 + t)) / f64::from(parts);
                            });
                        }
                        let error = (1.0 - light_curve(&shape, &[100.0 + dt], exposure)[0] - mean).abs();
                        largest = largest.max(error);
                        if error > worst.0 {
                            worst = (error, format!("k {k} b {b} ecc {ecc} exposure/T14 {relative}"));
                        }
                    }
                }
                smallest_margin = smallest_margin.min((estimate + 1e-11) / largest);
            }
        }
    }
    println!("worst {worst:?}, largest estimate {largest_estimate:e}, least margin {smallest_margin}");
    assert!(worst.0 < 1e-8 && largest_estimate < 1e-8, "{worst:?}");
    assert!(smallest_margin > 1.0);
}

/// The mean over a whole period does not depend on where it is taken, and exposures longer than that see every transit.
#[test]
fn exposures_longer_than_the_period() {
    let shape = shape(0.1, 9.0, 0.3, 0.2, 0.5);
    let times: Vec<f64> = (0..7).map(|i| 100.0 + 0.5 * f64::from(i)).collect();
    let once = light_curve(&shape, &times, 3.3);
    let thrice = light_curve(&shape, &times, 9.9);
    for (a, b) in once.iter().zip(&thrice) {
        assert!((a - once[0]).abs() < 1e-9 && (b - once[0]).abs() < 1e-9);
    }
    assert!(1.0 - once[0] > 1e-4);
}

#[test]
fn leaves_one_at_the_contacts() {
    for shape in shapes() {
        let c = shape.contacts().unwrap();
        let h = 1e-6 * shape.duration();
        let flux = light_curve(&shape, &[100.0 + c.t1 - h, 100.0 + c.t1 + h, 100.0 + c.t4 - h, 100.0 + c.t4 + h], 0.0);
        assert!(flux[0] == 1.0 && flux[1] < 1.0 && flux[2] < 1.0 && flux[3] == 1.0, "{flux:?} {shape:?}");
        // an exposure reaches half its length farther
        let e = 0.01;
        let flux = light_curve(&shape, &[100.0 + c.t1 - 0.5 * e - h, 100.0 + c.t1 - 0.4 * e], e);
        assert!(flux[0] == 1.0 && flux[1] < 1.0);
    }
}

/// Mirror images in time: a circular orbit, and an eccentric one with ω mirrored.
#[test]
fn symmetric_in_time() {
    for (ecc, omega) in [(0.0, 0.0), (0.5, 0.7)] {
        let (a, b) = (shape(0.1, 9.0, 0.4, ecc, omega), shape(0.1, 9.0, 0.4, ecc, std::f64::consts::PI - omega));
        for i in 0..200 {
            let dt = f64::from(i) * 0.001;
            for exposure in [0.0, 0.02] {
                let before = light_curve(&a, &[100.0 - dt], exposure)[0];
                let after = light_curve(&b, &[100.0 + dt], exposure)[0];
                assert!((before - after).abs() < 1e-11, "{dt} {before} {after}");
            }
        }
    }
}

#[test]
fn dips_of_planets_add() {
    let (a, b) = (shape(0.1, 9.0, 0.4, 0.0, 0.0), shape(0.05, 20.0, 0.1, 0.0, 0.0));
    let times: Vec<f64> = (0..100).map(|i| 99.8 + 0.004 * f64::from(i)).collect();
    let mut both = vec![0.0; times.len()];
    TransitModel { planets: vec![a, b] }.flux_into(&times, 0.01, &mut both);
    let (fa, fb) = (light_curve(&a, &times, 0.01), light_curve(&b, &times, 0.01));
    for i in 0..times.len() {
        assert!((1.0 - both[i] - (1.0 - fa[i]) - (1.0 - fb[i])).abs() < 1e-15);
    }
    assert!(both.iter().any(|f| *f < 1.0 - 0.01));
}

#[test]
fn laws_reach_the_kernel() {
    let orbit = Orbit::new(OrbitElements::circular(3.3, 100.0, 9.0, 0.2)).unwrap();
    let depth = |ld: LimbDarkening| TransitShape::new(orbit, 0.1, ld).unwrap().depth();
    assert!((depth(LimbDarkening::Uniform) - 0.01).abs() < 1e-15);
    assert_eq!(depth(LimbDarkening::Linear { u: 0.6 }), depth(Quadratic { u1: 0.6, u2: 0.0 }.into()));
    assert_eq!(TransitShape::new(orbit, 0.0, LimbDarkening::Uniform).unwrap().depth(), 0.0);
}

/// Points that know their transit get the same dips as points of a light curve, and none when the planet is behind the star.
#[test]
fn dips_since_transit_are_those_of_the_light_curve() {
    let orbit = Orbit::new(OrbitElements::circular(2.5, 1.2, 6.0, 0.4)).unwrap();
    let shape = TransitShape::new(orbit, 0.12, Quadratic { u1: 0.4, u2: 0.25 }).unwrap();
    let since: Vec<f64> = (0..501).map(|i| (f64::from(i) / 250.0 - 1.0) * 1.25).collect();
    let times: Vec<f64> = since.iter().map(|dt| 1.2 + 2.5 * 7.0 + dt).collect();
    for exposure in [0.0, 0.02] {
        let flux = light_curve(&shape, &times, exposure);
        let mut dips = since.clone();
        shape.dips_since_transit(exposure, &mut dips);
        for ((dt, dip), flux) in since.iter().zip(&dips).zip(&flux) {
            // times of 20 days are good to 4e-15, and the dip changes by 3 a day at most
            assert!((dip - (1.0 - flux)).abs() < 1e-13, "{dt} d, exposure {exposure}: {dip} {}", 1.0 - flux);
        }
        // kept at the contact, where the dip is zero but for rounding
        assert!(dips[0].abs() < 1e-15);
        assert!(dips[250] > 0.014);
    }
}
