//! Eccentric orbits, correlated noise, transit times of their own, columns of a linear model, outliers, two planets.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::StandardNormal;

use super::recovery::{assert_near, every, photometry, velocities};
use crate::fit::joint::gradient::Smooth;
use crate::fit::joint::{JointConfig, JointData, JointPosterior, Series, fit_joint};
use crate::noise::Oscillator;
use crate::sample::LogDensity;
use crate::transit::{Orbit, OrbitElements, Quadratic, TransitShape};

fn config(text: &str) -> JointConfig {
    toml::from_str(text).unwrap()
}

fn one(name: &str, series: Series) -> JointData {
    let mut data = JointData::default();
    data.photometry.insert(name.into(), series);
    data
}

/// The same series with other values and columns.
fn changed(series: &Series, value: Vec<f64>, columns: Vec<Vec<f64>>) -> Series {
    Series::new("made up", series.time().to_vec(), value, series.error().to_vec(), columns).unwrap()
}

const PLANET: &str = r#"
    [star]
    rho_star = { log_uniform = [0.01, 100.0] }
    [planets.b]
    period = { normal = [3.4, 0.001] }
    transit_time = { normal = [1003.2, 0.01] }
    rp_rs = { uniform = [0.0, 0.3] }
"#;

fn truth() -> OrbitElements {
    OrbitElements::from_density(3.4, 1003.2, 0.9, 0.35)
}

#[test]
fn an_eccentric_orbit_of_transits_and_velocities() {
    let truth = OrbitElements { ecc: 0.35, omega: 0.8, ..truth() };
    let mut data = one("TESS", photometry(truth, (0.1, 0.3, 0.2), every(1000.0, 1014.0, 0.004), 0.0, 5e-4, 11));
    let times = (0..40).map(|i| 1000.0 + 2.37 * f64::from(i)).collect();
    data.velocities.insert("HARPS".into(), velocities(truth, 120.0, -300.0, times, 4.0, 12));
    let mut config = config(&format!(
        "{PLANET}
        sqrt_ecc_cos_omega = {{ uniform = [-1.0, 1.0] }}
        sqrt_ecc_sin_omega = {{ uniform = [-1.0, 1.0] }}
        rv_semi_amplitude = {{ uniform = [0.0, 1000.0] }}
        [instruments.TESS]
        jitter = 0.0
        [rv.HARPS]"
    ));
    config.star.mass_msun = Some(crate::star::Measured { value: 1.0, err: 0.05 });
    let fit = fit_joint(&config, &data).unwrap();
    assert!(fit.is_converged(), "{:?}", fit.status);
    for (name, value) in [
        ("planets.b.ecc", 0.35),
        ("planets.b.omega", 0.8),
        ("planets.b.rp_rs", 0.1),
        ("planets.b.impact_parameter", 0.35),
        ("star.rho_star", 0.9),
        ("planets.b.rv_semi_amplitude", 120.0),
    ] {
        assert_near(&fit, name, value, 3.3);
    }
    // K = 28.4329 m/s (m sin i/M_J) (P/1 yr)^(-1/3) (M/M_sun)^(-2/3) / √(1 − e²)
    let expected = 120.0 / 28.4329 * (3.4f64 / 365.25).cbrt() * (1.0f64 - 0.35 * 0.35).sqrt();
    let mass = fit.get("planets.b.mass_mjup").unwrap();
    assert!((mass.median / expected - 1.0).abs() < 0.05, "{} {expected}", mass.median);
}

#[test]
fn correlated_noise_is_told_from_the_transit() {
    let series = photometry(truth(), (0.1, 0.3, 0.2), every(1000.0, 1014.0, 0.01), 0.0, 5e-4, 21);
    let mut value = series.value().to_vec();
    let process = Oscillator::matern_32(1.5e-3, 0.4);
    process.add_draw(series.time(), &mut StdRng::seed_from_u64(22), &mut value);
    let data = one("TESS", changed(&series, value, Vec::new()));
    let config = config(&format!(
        "{PLANET}
        [instruments.TESS]
        jitter = 0.0
        [instruments.TESS.noise]
        kind = \"matern32\"
        sigma = {{ log_uniform = [1e-5, 1e-1] }}
        rho = {{ log_uniform = [0.01, 10.0] }}"
    ));
    let fit = fit_joint(&config, &data).unwrap();
    assert!(fit.is_converged(), "{:?}", fit.status);
    for (name, value) in [
        ("planets.b.rp_rs", 0.1),
        ("planets.b.period", 3.4),
        ("instruments.TESS.noise.sigma", 1.5e-3),
        ("instruments.TESS.noise.rho", 0.4),
    ] {
        assert_near(&fit, name, value, 3.3);
    }
}

#[test]
fn transits_that_are_early_and_late_get_their_own_times() {
    let late = [0.0, 0.012, -0.015, 0.02];
    let shape = TransitShape::new(Orbit::new(truth()).unwrap(), 0.1, Quadratic { u1: 0.3, u2: 0.2 }).unwrap();
    let times: Vec<f64> = late.iter().enumerate().map(|(i, o)| 1003.2 + 3.4 * i as f64 + o).collect();
    let time = every(1001.0, 1015.0, 0.01);
    let mut flux = vec![1.0; time.len()];
    shape.subtract_dips_at(&times, &time, 0.0, &mut flux);
    let mut rng = StdRng::seed_from_u64(31);
    flux.iter_mut().for_each(|f| *f += 5e-4 * rng.sample::<f64, _>(StandardNormal));
    let n = time.len();
    let data = one("TESS", Series::new("made up", time, flux, vec![5e-4; n], Vec::new()).unwrap());
    let priors: Vec<String> = (0..4)
        .map(|i| format!("{{ uniform = [{0}, {1}] }}", 1003.1 + 3.4 * f64::from(i), 1003.3 + 3.4 * f64::from(i)))
        .collect();
    let config = config(&format!(
        "[star]
        rho_star = {{ normal = [0.9, 0.1] }}
        [planets.b]
        period = 3.4
        transit_time = 1003.2
        rp_rs = {{ uniform = [0.0, 0.3] }}
        transit_times = [{}]
        [instruments.TESS]
        jitter = 0.0",
        priors.join(", ")
    ));
    let fit = fit_joint(&config, &data).unwrap();
    assert!(fit.is_converged(), "{:?}", fit.status);
    for (i, time) in times.iter().enumerate() {
        let name = format!("planets.b.transit_times.{i}");
        assert_near(&fit, &name, *time, 3.3);
        // a minute
        assert!(fit.get(&name).unwrap().sigma() < 7e-4);
    }
    assert_near(&fit, "planets.b.rp_rs", 0.1, 3.3);
}

#[test]
fn a_column_of_a_linear_model_is_taken_out() {
    let series = photometry(truth(), (0.1, 0.3, 0.2), every(1000.0, 1014.0, 0.01), 0.0, 5e-4, 41);
    let airmass: Vec<f64> = series.time().iter().map(|t| 1.5 + (t * 2.1).sin()).collect();
    let drift: Vec<f64> = series.time().iter().map(|t| (t * 0.3).cos()).collect();
    let value = series.value().iter().zip(&airmass).map(|(f, a)| f + 4e-3 * (a - 1.5)).collect();
    let data = one("ground", changed(&series, value, vec![airmass, drift]));
    let config = config(&format!(
        "{PLANET}
        [instruments.ground]
        jitter = 0.0
        decorrelation_sigma = 0.01"
    ));
    let posterior = JointPosterior::new(&config, &data).unwrap();
    let fit = fit_joint(&config, &data).unwrap();
    assert!(fit.is_converged(), "{:?}", fit.status);
    assert_near(&fit, "planets.b.rp_rs", 0.1, 3.3);
    assert_near(&fit, "star.rho_star", 0.9, 3.3);
    let found = posterior.coefficients("ground", &fit.map).unwrap();
    // the standard deviation of a sine is 1/√2; 5e-4/√1400 is the error
    assert!((found[0] - 4e-3 / 2f64.sqrt()).abs() < 1e-4 && found[1].abs() < 1e-4, "{found:?}");
}

#[test]
fn the_integral_over_coefficients_equals_the_sum_over_a_grid_of_them() {
    let series = photometry(truth(), (0.1, 0.3, 0.2), every(1002.9, 1003.5, 0.02), 0.0, 5e-4, 51);
    let column: Vec<f64> = series.time().iter().map(|t| (t * 9.0).sin()).collect();
    let text = format!("{PLANET}\n[instruments.x]\njitter = 0.0\ndecorrelation_sigma = 0.002");
    for noise in ["", "\n[instruments.x.noise]\nkind = \"matern32\"\nsigma = 1e-3\nrho = 0.3"] {
        let config = config(&format!("{text}{noise}"));
        let with = one("x", changed(&series, series.value().to_vec(), vec![column.clone()]));
        let posterior = JointPosterior::new(&config, &with).unwrap();
        let values = posterior.starts();
        let standard = with.photometry["x"].columns()[0].clone();
        // trapezium over ±8 σ of the prior: exponentially accurate for a Gaussian integrand
        let (n, sigma) = (4000, 0.002);
        let logs: Vec<f64> = (0..=n)
            .map(|i| {
                let c = sigma * (-8.0 + 16.0 * f64::from(i) / f64::from(n));
                let value = series.value().iter().zip(&standard).map(|(f, a)| f - c * a).collect();
                let without = one("x", changed(&series, value, Vec::new()));
                let posterior = JointPosterior::new(&config, &without).unwrap();
                posterior.ln_likelihood(&values) - 0.5 * (c / sigma).powi(2)
            })
            .collect();
        let highest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = logs.iter().map(|l| (l - highest).exp()).sum();
        let slow = highest + sum.ln() + (16.0 / f64::from(n)).ln() - 0.5 * std::f64::consts::TAU.ln();
        let fast = posterior.ln_likelihood(&values);
        assert!((slow - fast).abs() < 1e-8 * fast.abs(), "{slow} {fast}");
    }
}

#[test]
fn outliers_hardly_move_a_student_fit() {
    let series = photometry(truth(), (0.1, 0.3, 0.2), every(1000.0, 1014.0, 0.01), 0.0, 5e-4, 61);
    let mut value = series.value().to_vec();
    (0..value.len()).step_by(23).for_each(|i| value[i] += 0.01);
    let data = one("TESS", changed(&series, value, Vec::new()));
    let config =
        config(&format!("{PLANET}\n[instruments.TESS]\nlikelihood = \"student\"\nnu = {{ uniform = [1.0, 50.0] }}"));
    let fit = fit_joint(&config, &data).unwrap();
    assert!(fit.is_converged(), "{:?}", fit.status);
    assert_near(&fit, "planets.b.rp_rs", 0.1, 3.3);
    // 4 % of the points are off by 20 sigma: a Gaussian jitter would be 2e-3
    let sigma = fit.get("planets.b.rp_rs").unwrap().sigma();
    assert!(sigma < 2e-3, "{sigma}");
}

#[test]
fn coordinates_go_there_and_back_with_the_right_determinant() {
    // eccentricity from transits alone
    let data = one("TESS", photometry(truth(), (0.1, 0.3, 0.2), every(1000.0, 1010.0, 0.05), 0.0, 5e-4, 71));
    let document = "
        [star]
        rho_star = { log_normal = [1.0, 0.05] }
        [planets.b]
        period = { normal = [3.0, 0.001] }
        transit_time = { normal = [1001.0, 0.01] }
        rp_rs = { log_uniform = [0.01, 0.2] }
        impact_parameter = { uniform = [0.0, 1.0] }
        sqrt_ecc_cos_omega = { uniform = [-1.0, 1.0] }
        sqrt_ecc_sin_omega = { uniform = [-1.0, 1.0] }
        [instruments.TESS]";
    assert_sound(&JointPosterior::new(&config(document), &data).unwrap());

    // a star nearly as large as the orbit
    let document = "
        [planets.b]
        period = { normal = [3.0, 0.001] }
        transit_time = { normal = [1001.0, 0.01] }
        rp_rs = { log_uniform = [0.01, 0.2] }
        a_rs = { uniform = [1.2, 2.4] }
        impact_parameter = { uniform = [0.0, 1.0] }
        [instruments.TESS]";
    assert_sound(&JointPosterior::new(&config(document), &data).unwrap());

    let mut data = one("TESS", photometry(truth(), (0.1, 0.3, 0.2), every(1000.0, 1010.0, 0.05), 0.0, 5e-4, 71));
    data.velocities.insert("H".into(), velocities(truth(), 10.0, 0.0, every(1000.0, 1010.0, 1.0), 1.0, 72));
    let tail = "
        sqrt_ecc_cos_omega = { uniform = [-1.0, 1.0] }
        sqrt_ecc_sin_omega = { uniform = [-1.0, 1.0] }
        [planets.c]
        period = { uniform = [5.0, 6.0] }
        transit_time = { uniform = [1001.0, 1002.0] }
        rp_rs = { log_uniform = [0.01, 0.2] }
        a_rs = { uniform = [5.0, 30.0] }
        impact_parameter = { uniform = [0.0, 1.0] }
        [instruments.TESS]
        [rv.H]";
    assert_sound(&JointPosterior::new(&config(&format!("{PLANET}{tail}")), &data).unwrap());
}

fn assert_sound(posterior: &JointPosterior) {
    let mut values = posterior.starts();
    for (i, p) in posterior.table().parameters().iter().enumerate() {
        let last = p.name.rsplit('.').next().unwrap();
        values[i] = match last {
            "sqrt_ecc_cos_omega" => 0.3,
            "sqrt_ecc_sin_omega" => -0.2,
            "rp_rs" => 0.12,
            "impact_parameter" => 0.45,
            "q1" => 0.3,
            "q2" => 0.4,
            _ => values[i],
        };
    }
    let smooth = Smooth::new(posterior);
    let of_smooth = (smooth.of_values(&values).unwrap(), smooth.log_density(&smooth.of_values(&values).unwrap()));
    let x = posterior.coordinates_of(&values).unwrap();
    let ln_posterior = posterior.ln_posterior(&values);
    assert_map(&values, &x, |x| posterior.values(x).unwrap(), posterior.log_density(&x) - ln_posterior);
    assert_map(&values, &of_smooth.0, |x| smooth.values(x).unwrap(), of_smooth.1 - ln_posterior);
}

fn assert_map(values: &[f64], x: &[f64], to_values: impl Fn(&[f64]) -> Vec<f64>, jacobian: f64) {
    let n = x.len();
    let back = to_values(x);
    for (a, b) in values.iter().zip(&back) {
        assert!((a - b).abs() <= 1e-12 * a.abs().max(1.0), "{values:?} {back:?}");
    }
    let matrix = nalgebra::DMatrix::from_fn(n, n, |row, column| {
        let step = 1e-4 * x[column].abs().max(1e-2);
        let moved = |s: f64| {
            let mut x = x.to_vec();
            x[column] += s;
            to_values(&x)[row]
        };
        (moved(step) - moved(-step)) / (2.0 * step)
    });
    let numeric = matrix.determinant().abs().ln();
    // central differences over 1e-4 of each coordinate, a dozen of them
    assert!((numeric - jacobian).abs() < 1e-4, "{numeric} {jacobian}");
}

#[test]
fn all_samplers_agree() {
    let data = one("TESS", photometry(truth(), (0.1, 0.3, 0.2), every(1000.0, 1014.0, 0.02), 0.0, 1e-3, 81));
    let tail = "\n[instruments.TESS]\njitter = 0.0\nq1 = { normal = [0.25, 0.05] }\nq2 = { normal = [0.3, 0.05] }";
    let mut config = config(&format!("{PLANET}{tail}"));
    let mut fits = Vec::new();
    for kind in ["importance", "ensemble", "nested", "nuts"] {
        config.sampler = toml::from_str(&format!("kind = \"{kind}\"\nlive_points = 400")).unwrap();
        let fit = fit_joint(&config, &data).unwrap();
        assert!(fit.is_converged(), "{kind}: {:?}", fit.status);
        fits.push(fit);
    }
    for name in ["planets.b.rp_rs", "planets.b.impact_parameter", "star.rho_star", "planets.b.period"] {
        let all: Vec<_> = fits.iter().map(|f| f.get(name).unwrap()).collect();
        for s in &all[1..] {
            let off = (s.median - all[0].median).abs() / all[0].sigma();
            // medians of a thousand effective draws scatter by 0.04 sigma, of the nested run by a little more
            assert!(off < 0.2, "{name}: {off}");
            assert!((s.sigma() / all[0].sigma() - 1.0).abs() < 0.15, "{name}");
        }
    }
    let evidence = |i: usize| fits[i].diagnostics.log_evidence.unwrap();
    let ((a, ea), (b, eb)) = (evidence(0), evidence(2));
    assert!((a - b).abs() < 4.0 * ea.hypot(eb), "{a} ± {ea}, {b} ± {eb}");
}
