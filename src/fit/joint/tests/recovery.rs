//! Made-up data with known truth come back within their errors.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::StandardNormal;

use crate::fit::joint::{JointConfig, JointData, JointFit, Series, fit_joint};
use crate::transit::kepler::{eccentric_anomaly, mean_anomaly_at_true, true_anomaly};
use crate::transit::{Orbit, OrbitElements, Quadratic, TransitShape, light_curve};

/// A light curve of one planet with white noise.
pub fn photometry(
    elements: OrbitElements,
    (rp_rs, u1, u2): (f64, f64, f64),
    time: Vec<f64>,
    exposure: f64,
    sigma: f64,
    seed: u64,
) -> Series {
    let shape = TransitShape::new(Orbit::new(elements).unwrap(), rp_rs, Quadratic { u1, u2 }).unwrap();
    let mut rng = StdRng::seed_from_u64(seed);
    let flux = light_curve(&shape, &time, exposure);
    let flux: Vec<f64> = flux.iter().map(|f| f + sigma * rng.sample::<f64, _>(StandardNormal)).collect();
    let n = time.len();
    Series::new("made up", time, flux, vec![sigma; n], Vec::new()).unwrap()
}

/// Velocities of a star, the obvious way.
pub fn velocities(e: OrbitElements, k: f64, offset: f64, time: Vec<f64>, sigma: f64, seed: u64) -> Series {
    let mut rng = StdRng::seed_from_u64(seed);
    let at_transit = mean_anomaly_at_true(std::f64::consts::FRAC_PI_2 - e.omega, e.ecc);
    let rv = time.iter().map(|t| {
        let mean = at_transit + std::f64::consts::TAU * (t - e.transit_time) / e.period;
        let (s, c, _) = true_anomaly(eccentric_anomaly(mean.rem_euclid(std::f64::consts::TAU), e.ecc), e.ecc);
        let f = s.atan2(c);
        offset + k * ((f + e.omega).cos() + e.ecc * e.omega.cos()) + sigma * rng.sample::<f64, _>(StandardNormal)
    });
    let rv = rv.collect();
    let n = time.len();
    Series::new("made up", time, rv, vec![sigma; n], Vec::new()).unwrap()
}

pub fn every(from: f64, to: f64, step: f64) -> Vec<f64> {
    (0..((to - from) / step) as usize).map(|i| from + i as f64 * step).collect()
}

/// Asserts that the truth lies within `limit` of half the central 68 %.
pub fn assert_near(fit: &JointFit, name: &str, truth: f64, limit: f64) {
    let s = fit.get(name).unwrap_or_else(|| panic!("no {name}"));
    let off = (s.median - truth) / s.sigma();
    assert!(off.abs() < limit, "{name}: {} ± {} is {off:.1} sigma from {truth}", s.median, s.sigma());
}

#[test]
fn one_planet_in_two_bands_and_velocities() {
    let truth = OrbitElements::from_density(3.4, 2459003.2, 0.9, 0.35);
    let mut data = JointData::default();
    let tess = photometry(truth, (0.1, 0.3, 0.2), every(2459000.0, 2459014.0, 0.01), 0.0, 8e-4, 1);
    let ground = photometry(truth, (0.1, 0.5, 0.2), every(2459400.0, 2459404.0, 0.003), 0.0, 1.5e-3, 2);
    data.photometry.insert("TESS".into(), tess);
    data.photometry.insert("ground".into(), ground);
    let times = (0..25).map(|i| 2459100.0 + 7.37 * f64::from(i)).collect();
    data.velocities.insert("HARPS".into(), velocities(truth, 55.0, 12_000.0, times, 3.0, 3));
    let config: JointConfig = toml::from_str(
        r#"
        [star]
        mass_msun = { value = 1.0, err = 0.05 }
        radius_rsun = { value = 1.04, err = 0.03 }
        rho_star = { log_uniform = [0.01, 100.0] }
        [planets.b]
        period = { normal = [3.4, 0.001] }
        transit_time = { normal = [2459003.2, 0.01] }
        rp_rs = { uniform = [0.0, 0.3] }
        rv_semi_amplitude = { uniform = [0.0, 1000.0] }
        [instruments.TESS]
        [instruments.ground]
        jitter = 0.0
        [rv.HARPS]
        "#,
    )
    .unwrap();
    let fit = fit_joint(&config, &data).unwrap();
    println!("{:?} {:?}", fit.diagnostics, fit.status);
    assert!(fit.is_converged());
    for (name, value) in [
        ("planets.b.period", 3.4),
        ("planets.b.transit_time", 2459003.2),
        ("planets.b.rp_rs", 0.1),
        ("planets.b.impact_parameter", 0.35),
        ("star.rho_star", 0.9),
        ("planets.b.rv_semi_amplitude", 55.0),
        ("rv.HARPS.offset", 12_000.0),
        ("instruments.TESS.baseline", 1.0),
        ("instruments.ground.u1", 0.5),
    ] {
        // of nine numbers of one draw of the noise, all but one in a hundred sets lie within 3.3
        assert_near(&fit, name, value, 3.3);
    }
    // 2 m of 3 m/s over √(25/2)
    let k = fit.get("planets.b.rv_semi_amplitude").unwrap();
    assert!((k.sigma() / (3.0 * (2.0f64 / 25.0).sqrt()) - 1.0).abs() < 0.4, "{}", k.sigma());
    let next = &fit.predicted[0];
    assert!(next.transit_time > 2459404.0 && next.transit_time < 2459407.5 && next.transit_time_err < 1e-3);
    let again = fit_joint(&config, &data).unwrap();
    assert_eq!(format!("{:?}", fit.draws), format!("{:?}", again.draws));
}
