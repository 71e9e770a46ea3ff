//! Eclipses, phase curves, transit times, third light.

use crate::transit::{
    LimbDarkening, Orbit, OrbitElements, PhaseCurve, Quadratic, SystemModel, SystemPlanet, TransitShape, light_curve,
};

fn shape(ecc: f64, omega: f64, k: f64) -> TransitShape {
    let elements = OrbitElements { ecc, omega, ..OrbitElements::circular(3.3, 100.0, 9.0, 0.3) };
    TransitShape::new(Orbit::new(elements).unwrap(), k, LimbDarkening::Power2 { c: 0.6, alpha: 0.7 }).unwrap()
}

fn flux(model: &SystemModel, times: &[f64], exposure: f64) -> Vec<f64> {
    let mut out = vec![0.0; times.len()];
    model.flux_into(times, exposure, &mut out);
    out
}

#[test]
fn eclipses_are_where_the_planet_is_behind() {
    for (ecc, omega) in [(0.0, 0.0), (0.4, 0.8), (0.6, -1.3)] {
        let planet = shape(ecc, omega, 0.1);
        let light = PhaseCurve { day: 1e-3, night: 1e-3, ..PhaseCurve::default() };
        let model = SystemModel {
            planets: vec![SystemPlanet::with_light(planet, light, 0.0).unwrap()],
            ..SystemModel::default()
        };
        let times: Vec<f64> = (0..6000).map(|i| 99.0 + f64::from(i) * 0.000_97).collect();
        for (time, flux) in times.iter().zip(flux(&model, &times, 0.0)) {
            let at = planet.orbit().sky_position(*time);
            if at.in_front {
                continue;
            }
            let expected = if at.z >= 1.1 {
                1e-3
            } else if at.z <= 0.9 {
                0.0
            } else {
                continue;
            };
            assert!((flux - 1.0 - expected).abs() < 1e-12, "{ecc} {omega} {time} {flux} {at:?}");
        }
        let middle = model.planets[0].eclipse_time();
        assert!(!planet.orbit().sky_position(middle).in_front);
        assert!((flux(&model, &[middle], 0.0)[0] - 1.0).abs() < 1e-12);
    }
}

/// A circular orbit with 60 s of light time across its radius: the eclipse is late by the time across its diameter.
#[test]
fn light_travels() {
    let light = PhaseCurve { day: 1e-3, ..PhaseCurve::default() };
    let early = SystemPlanet::with_light(shape(0.0, 0.0, 0.1), light, 0.0).unwrap();
    let late = SystemPlanet::with_light(shape(0.0, 0.0, 0.1), light, 60.0 / 86_400.0).unwrap();
    let sin_i = (1.0 - (0.3f64 / 9.0).powi(2)).sqrt();
    assert!((early.eclipse_time() - 101.65).abs() < 1e-12);
    assert!((late.eclipse_time() - early.eclipse_time() - 120.0 / 86_400.0 * sin_i).abs() < 1e-12);
    assert!((late.eclipse_duration() - late.shape().duration()).abs() < 1e-12);
}

#[test]
fn phase_curves_and_their_means() {
    let light = PhaseCurve { day: 2e-4, night: 3e-5, beaming: 1e-5, ellipsoidal: 4e-5 };
    let planet = SystemPlanet::with_light(shape(0.0, 0.0, 0.1), light, 0.0).unwrap();
    let model = SystemModel { planets: vec![planet], ..SystemModel::default() };
    let quarter = flux(&model, &[100.825], 0.0)[0];
    assert!((quarter - 1.0 - (3e-5 + 1.7e-4 / 2.0 + 1e-5 + 4e-5)).abs() < 1e-15);
    // away from transits and eclipses a mean is that of many
    let exposure = 0.3;
    let many: Vec<f64> = (0..4000).map(|i| 100.825 + exposure * ((f64::from(i) + 0.5) / 4000.0 - 0.5)).collect();
    let mean = flux(&model, &many, 0.0).iter().sum::<f64>() / 4000.0;
    assert!((flux(&model, &[100.825], exposure)[0] - mean).abs() < 1e-12);
}

#[test]
fn transits_at_their_own_times() {
    let orbit = *shape(0.2, 0.4, 0.1).orbit();
    let times: Vec<f64> = (0..5000).map(|i| 95.0 + f64::from(i) * 0.003).collect();
    let regular: Vec<f64> = (-2..5).map(|n| 100.0 + 3.3 * f64::from(n)).collect();
    // of power laws few points and many take other ways, which differ in the tenth digit
    let laws = [(Quadratic { u1: 0.4, u2: 0.2 }.into(), 1e-11), (LimbDarkening::Power2 { c: 0.6, alpha: 0.7 }, 1e-9)];
    for ((ld, tolerance), exposure) in laws.into_iter().flat_map(|law| [0.0, 0.02].map(|exposure| (law, exposure))) {
        let planet = TransitShape::new(orbit, 0.1, ld).unwrap();
        let of = |transit_times: Vec<f64>, times: &[f64]| {
            let planets = vec![SystemPlanet::new(planet).unwrap().at_times(transit_times)];
            flux(&SystemModel { planets, third_light: 0.0 }, times, exposure)
        };
        let linear = light_curve(&planet, &times, exposure);
        for (a, b) in of(regular.clone(), &times).iter().zip(&linear) {
            assert!((a - b).abs() < 1e-12);
        }
        // one transit an hour late, and in any order
        let shifted: Vec<f64> = times.iter().rev().map(|t| t + 1.0 / 24.0).collect();
        let late = of(vec![103.3 + 1.0 / 24.0], &shifted);
        for ((late, time), linear) in late.iter().rev().zip(&times).zip(&linear) {
            let expected = if (time - 103.3).abs() < 1.0 { *linear } else { 1.0 };
            assert!((late - expected).abs() < tolerance);
        }
    }
}

#[test]
fn other_light_dilutes() {
    let planets =
        vec![SystemPlanet::new(shape(0.0, 0.0, 0.1)).unwrap(), SystemPlanet::new(shape(0.0, 0.0, 0.05)).unwrap()];
    let alone = flux(&SystemModel { planets: planets.clone(), third_light: 0.0 }, &[100.0], 0.0)[0];
    let diluted = flux(&SystemModel { planets, third_light: 0.25 }, &[100.0], 0.0)[0];
    assert!((1.0 - diluted - 0.75 * (1.0 - alone)).abs() < 1e-15 && alone < 0.99);
}
