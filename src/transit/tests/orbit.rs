//! Orbits, contact times and Kepler's equation.

use std::f64::consts::{FRAC_PI_2, PI};

use proptest::prelude::*;

use crate::star::R_EARTH_RSUN;
use crate::transit::kepler::{eccentric_anomalies_into, eccentric_anomaly, mean_anomaly_at_true, true_anomaly};
use crate::transit::{Orbit, OrbitElements, Quadratic, TransitError, TransitShape};

fn eccentric_orbit() -> impl Strategy<Value = Orbit> {
    (0.5..400.0f64, 2.5..200.0f64, 0.0..1.2f64, 0.0..0.95f64, -4.0..4.0f64)
        .prop_map(|(period, a_rs, b, ecc, omega)| OrbitElements {
            ecc,
            omega,
            ..OrbitElements::circular(period, 2000.5, a_rs, b)
        })
        .prop_filter_map("enters the star", |elements| Orbit::new(elements).ok())
}

proptest! {
    #[test]
    fn keplers_equation_holds(m in -10.0..10.0f64, ecc in 0.0..0.9999f64) {
        let e = eccentric_anomaly(m, ecc);
        let residual = (e - ecc * e.sin() - m).rem_euclid(2.0 * PI);
        // what is left is the reduction of m by turns
        prop_assert!(residual.min(2.0 * PI - residual) < 4e-15, "{}", residual);
    }

    #[test]
    fn anomalies_there_and_back(f in -3.1..3.1f64, ecc in 0.0..0.99f64) {
        let e = eccentric_anomaly(mean_anomaly_at_true(f, ecc), ecc);
        let (s, c, r) = true_anomaly(e, ecc);
        prop_assert!((s.atan2(c) - f).abs() < 1e-13 / (1.0 - ecc));
        prop_assert!((r - (1.0 - ecc * ecc) / (1.0 + ecc * f.cos())).abs() < 1e-13);
    }

    #[test]
    fn impact_parameter_and_front_at_transit(orbit in eccentric_orbit()) {
        let p = orbit.elements();
        for n in [0.0, 1.0, -7.0] {
            let at = orbit.sky_position(p.transit_time + n * p.period);
            // 1e-12 days of rounding times the planet's speed, in stellar radii a day
            let speed = 2.0 * PI * p.a_rs / p.period * ((1.0 + p.ecc) / (1.0 - p.ecc)).sqrt();
            prop_assert!((at.z - p.impact_parameter).abs() < 1e-12 + 2e-12 * speed, "{} {:?}", n, at);
            prop_assert!(at.in_front);
        }
    }

    /// Contacts lie where the projected distance is 1 ± k, the planet is nearer inside and farther outside, and no point
    /// of a fine grid over the period that is nearer than 1 + k, in front, lies outside T1..T4.
    #[test]
    fn contacts_enclose_the_transit(orbit in eccentric_orbit(), k in 0.001..0.5f64) {
        let p = *orbit.elements();
        prop_assume!(p.a_rs * (1.0 - p.ecc) > 1.0 + k);
        let z = |dt: f64| orbit.sky_position_at(dt).z;
        let contacts = orbit.contacts(k);
        if let Some(c) = contacts {
            prop_assert!((z(c.t1) - 1.0 - k).abs() < 1e-11 && (z(c.t4) - 1.0 - k).abs() < 1e-11);
            let h = 1e-4 * (c.t4 - c.t1);
            prop_assert!(z(c.t1 - h) > z(c.t1) && z(c.t1 + h) < z(c.t1));
            prop_assert!(z(c.t4 + h) > z(c.t4) && z(c.t4 - h) < z(c.t4));
            prop_assert!(z(c.deepest) <= z(c.deepest + h) + 1e-14 && z(c.deepest) <= z(c.deepest - h) + 1e-14);
            if let Some((t2, t3)) = c.full {
                prop_assert!((z(t2) - 1.0 + k).abs() < 1e-11 && (z(t3) - 1.0 + k).abs() < 1e-11);
                prop_assert!(c.t1 < t2 && t2 < c.deepest && c.deepest < t3 && t3 < c.t4);
            } else {
                prop_assert!(z(c.deepest) >= 1.0 - k);
            }
            prop_assert!((orbit.t14(k) - (c.t4 - c.t1)).abs() == 0.0);
        }
        for i in 0..2000 {
            let dt = p.period * (f64::from(i) / 2000.0 - 0.5);
            let at = orbit.sky_position_at(dt);
            let overlaps = at.in_front && at.z < 1.0 + k - 1e-9;
            let within = |dt: f64| contacts.is_some_and(|c| dt > c.t1 && dt < c.t4);
            prop_assert!(!overlaps || within(dt) || within(dt + p.period) || within(dt - p.period), "{} {:?}", dt, contacts);
        }
    }
}

#[test]
fn eccentric_anomalies_of_arrays() {
    let mut worst = (0.0, 0.0, 0.0);
    for ecc in [0.0, 1e-12, 1e-3, 0.05, 0.3, 0.7, 0.9, 0.99, 0.999, 0.999_999] {
        let mut m: Vec<f64> = (0..5003).map(|i| PI * f64::from(i) / 5002.0).collect();
        m.extend((0..300).map(|i| 10f64.powf(-0.05 * f64::from(i))));
        m.extend((1..300).map(|i| PI - 10f64.powf(-0.05 * f64::from(i))));
        // the sign of π is a matter of rounding
        m.retain(|m| *m < PI);
        let mut out = vec![0.0; m.len()];
        eccentric_anomalies_into(&m, ecc, &mut out);
        for (m, e) in m.iter().zip(&out) {
            let expected = eccentric_anomaly(*m, ecc);
            let error = if *m == 0.0 { e.abs() } else { (e / expected - 1.0).abs() };
            assert!(!error.is_nan());
            if error > worst.0 {
                worst = (error, *m, ecc);
            }
        }
        let mut mirrored = vec![0.0; m.len()];
        let negative: Vec<f64> = m.iter().map(|m| -m).collect();
        eccentric_anomalies_into(&negative, ecc, &mut mirrored);
        assert!(mirrored.iter().zip(&out).all(|(a, b)| a.abs() == b.abs()));
    }
    println!("worst relative error {worst:?}");
    assert!(worst.0 < 1e-15, "{worst:?}");
}

/// T14 of a circular orbit, P/π asin(√((1 + k)² − b²) / (a sin i)); Winn 2010 (arXiv:1001.2010), equation 14.
#[test]
fn circular_durations() {
    let orbit = Orbit::new(OrbitElements::circular(3.5, 1.0, 9.0, 0.4)).unwrap();
    let expected = |edge: f64| 3.5 / PI * (((edge * edge - 0.16f64).sqrt()) / (9.0 * orbit.inclination().sin())).asin();
    assert!((orbit.t14(0.1) - expected(1.1)).abs() < 1e-14);
    assert!((orbit.t23(0.1) - expected(0.9)).abs() < 1e-14);
    assert!((orbit.inclination() - (0.4f64 / 9.0).acos()).abs() < 1e-15);
    let grazing = Orbit::new(OrbitElements::circular(3.5, 1.0, 9.0, 0.95)).unwrap();
    assert!(grazing.t14(0.1) > 0.0 && grazing.t23(0.1) == 0.0 && grazing.t14(0.0) > 0.0);
    let missing = Orbit::new(OrbitElements::circular(3.5, 1.0, 9.0, 1.2)).unwrap();
    assert_eq!((missing.t14(0.1), missing.contacts(0.1)), (0.0, None));
}

/// A transit at periastron is shorter than one at apastron by the ratio of the speeds, (1 + e)/(1 − e) for far orbits.
#[test]
fn durations_follow_the_speed() {
    let at = |omega: f64| {
        let elements = OrbitElements { ecc: 0.3, omega, ..OrbitElements::circular(300.0, 0.0, 2000.0, 0.0) };
        Orbit::new(elements).unwrap().t14(0.1)
    };
    let ratio = at(-FRAC_PI_2) / at(FRAC_PI_2);
    assert!((ratio - 1.3 / 0.7).abs() < 1e-5, "{ratio}");
}

#[test]
fn earth_across_the_sun() {
    let orbit = Orbit::new(OrbitElements::from_density(365.25, 0.0, 1.0, 0.0)).unwrap();
    let earth = TransitShape::new(orbit, R_EARTH_RSUN, Quadratic::default()).unwrap();
    assert!((earth.depth() - 84.05e-6).abs() < 0.05e-6, "{}", earth.depth());
    assert!((earth.duration() * 24.0 - 13.1).abs() < 0.05, "{}", earth.duration() * 24.0);
}

/// A Newton step of exactly zero was once taken for one that leaves the bracket, and the search went to another extremum.
#[test]
fn deepest_point_where_newton_converges_at_once() {
    let elements = OrbitElements {
        ecc: 0.776_434_295_333_244_2,
        omega: -1.986_516_415_379_800_7,
        ..OrbitElements::circular(0.5, 2000.5, 188.232_298_122_723_85, 0.183_353_260_107_836_06)
    };
    let contacts = Orbit::new(elements).unwrap().contacts(0.001).unwrap();
    assert!(contacts.deepest.abs() < 1e-6 && contacts.full.is_some(), "{contacts:?}");
}

#[test]
fn behind_the_star() {
    let orbit = Orbit::new(OrbitElements::circular(2.0, 10.0, 5.0, 0.2)).unwrap();
    assert!((orbit.separation(12.0).unwrap() - 0.2).abs() < 1e-12);
    assert_eq!(orbit.separation(11.0), None);
    assert!((orbit.sky_position(11.0).z - 0.2).abs() < 1e-12);
}

#[test]
fn impossible_orbits_are_refused() {
    let good = OrbitElements::circular(3.0, 0.0, 10.0, 0.1);
    let refusal = |elements| Orbit::new(elements).unwrap_err();
    assert_eq!(
        refusal(OrbitElements { period: 0.0, ..good }),
        TransitError::NotPositive { name: "period", value: 0.0 }
    );
    assert!(matches!(
        refusal(OrbitElements { omega: f64::NAN, ..good }),
        TransitError::NotFinite { name: "omega", .. }
    ));
    assert_eq!(refusal(OrbitElements { ecc: 1.0, ..good }), TransitError::Eccentricity(1.0));
    assert!(matches!(refusal(OrbitElements { ecc: f64::NAN, ..good }), TransitError::Eccentricity(_)));
    assert!(matches!(refusal(OrbitElements { ecc: 0.95, ..good }), TransitError::InsideStar(_)));
    assert!(matches!(refusal(OrbitElements { impact_parameter: 11.0, ..good }), TransitError::ImpactParameter { .. }));
    assert!(matches!(refusal(OrbitElements { impact_parameter: -0.1, ..good }), TransitError::Negative { .. }));
    let orbit = Orbit::new(OrbitElements { a_rs: 1.4, ..good }).unwrap();
    assert!(matches!(TransitShape::new(orbit, 0.5, Quadratic::default()), Err(TransitError::TouchesStar { .. })));
}
