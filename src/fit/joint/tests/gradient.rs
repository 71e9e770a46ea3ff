//! Gradients of whole posteriors against differences of their densities.

use super::recovery::{every, photometry, velocities};
use crate::fit::joint::gradient::Smooth;
use crate::fit::joint::{JointConfig, JointData, JointPosterior, Series};
use crate::sample::LogDensity;
use crate::sample::nuts::GradientLogDensity;
use crate::transit::OrbitElements;

const PERIOD: f64 = 3.4;

fn data(names: &[&str]) -> JointData {
    let truth = OrbitElements::from_density(PERIOD, 1003.2, 0.9, 0.35);
    let mut data = JointData::default();
    for (i, name) in names.iter().enumerate() {
        let time = every(1000.0, 1014.0, 0.017 + 0.004 * i as f64);
        data.photometry.insert((*name).into(), photometry(truth, (0.1, 0.3, 0.2), time, 0.0, 5e-4, i as u64));
    }
    data
}

/// Compares at a place of high density that is nothing special, and beside it.
fn assert_gradient(what: &str, document: &str, data: &JointData) {
    assert_gradient_to(1e-4, what, document, data, &[]);
}

/// `tolerance` is relative to a step over which the density changes by one. `at` are values of parameters with these last or
/// full names.
fn assert_gradient_to(tolerance: f64, what: &str, document: &str, data: &JointData, at: &[(&str, f64)]) {
    let config: JointConfig = toml::from_str(document).unwrap_or_else(|e| panic!("{what}: {e}"));
    let posterior = JointPosterior::new(&config, data).unwrap();
    let smooth = Smooth::new(&posterior);
    let mut values = posterior.starts();
    for (i, p) in posterior.table().parameters().iter().enumerate() {
        match p.name.rsplit('.').next().unwrap() {
            "rp_rs" => values[i] = 0.1,
            "impact_parameter" => values[i] = 0.37,
            "rho_star" => values[i] = 0.87,
            "a_rs" => values[i] = 9.1,
            "sqrt_ecc_cos_omega" => values[i] = 0.21,
            "sqrt_ecc_sin_omega" => values[i] = -0.13,
            "ecc" => values[i] = 0.12,
            "omega" => values[i] = 0.7,
            "q1" => values[i] = 0.27,
            "q2" => values[i] = 0.31,
            "jitter" => values[i] = 3e-4,
            _ => {}
        }
        if let Some(given) = at.iter().find(|(name, _)| p.name.ends_with(name)) {
            values[i] = given.1;
        }
    }
    let x = smooth.of_values(&values).unwrap();
    let n = x.len();
    for offset in [0.0, 1e-3] {
        let x: Vec<f64> = x.iter().enumerate().map(|(i, x)| x + offset * ((i % 3) as f64 - 1.0) * 0.1).collect();
        let mut gradient = vec![f64::NAN; n];
        let density = smooth.log_density_gradient(&x, &mut gradient);
        let plain = smooth.log_density(&x);
        assert!(density.is_finite() && (density - plain).abs() < 1e-9 * density.abs(), "{what}: {density} {plain}");
        for i in 0..n {
            let at = |s: f64| {
                let mut x = x.clone();
                x[i] += s;
                smooth.log_density(&x)
            };
            // where the density changes by about one
            let mut step = 1e-2;
            while (at(step) - density).abs().max((at(-step) - density).abs()) > 1.0 && step > 1e-9 {
                step *= 0.3;
            }
            let central = |h: f64| (at(h) - at(-h)) / (2.0 * h);
            // Richardson's, of a step that takes few points over contacts
            let h = 1e-2 * step;
            let numeric = (4.0 * central(0.5 * h) - central(h)) / 3.0;
            let off = (gradient[i] - numeric).abs() * step;
            let name = &posterior.table().parameters()[i].name;
            assert!(off < tolerance, "{what}, {name}: {} and by differences {numeric}, step {step:e}", gradient[i]);
        }
    }
}

const PLANET: &str = r#"
    [star]
    rho_star = { log_normal = [1.0, 0.5] }
    [planets.b]
    period = { normal = [3.4, 0.001] }
    transit_time = { normal = [1003.2, 0.01] }
    rp_rs = { uniform = [0.0, 0.3] }
"#;

#[test]
fn of_two_bands_and_two_planets() {
    let document = format!(
        "{PLANET}
        [planets.c]
        period = {{ uniform = [5.0, 6.0] }}
        transit_time = {{ uniform = [1001.0, 1002.0] }}
        rp_rs = {{ log_uniform = [0.01, 0.2] }}
        a_rs = {{ uniform = [5.0, 30.0] }}
        impact_parameter = {{ uniform = [0.0, 1.0] }}
        [instruments.A]
        jitter = {{ half_normal = [1e-3] }}
        third_light = {{ beta = [2.0, 20.0] }}
        baseline_slope = {{ normal = [0.0, 1e-3] }}
        [instruments.B]
        exposure_time_s = 1800.0
        jitter = {{ log_uniform = [1e-5, 1e-2] }}
        limb_darkening = \"power2\"
        c = {{ uniform = [0.0, 1.0] }}
        alpha = {{ truncated_normal = [0.6, 0.1, 0.1, 2.0] }}"
    );
    // means over exposures are differentiated roughly
    assert_gradient_to(0.03, "two bands", &document, &data(&["A", "B"]), &[]);
    assert_gradient("two bands", &document.replace("exposure_time_s = 1800.0", ""), &data(&["A", "B"]));
}

#[test]
fn of_eccentric_orbits() {
    let roots = "sqrt_ecc_cos_omega = { uniform = [-1.0, 1.0] }\nsqrt_ecc_sin_omega = { uniform = [-1.0, 1.0] }";
    let transits = format!("{PLANET}{roots}\n[instruments.A]");
    assert_gradient("transits alone", &transits, &data(&["A"]));
    let known = transits.replace("[1.0, 0.5]", "[1.0, 0.05]");
    assert_gradient("transits and a known density", &known, &data(&["A"]));

    let truth = OrbitElements::from_density(PERIOD, 1003.2, 0.9, 0.35);
    let mut data = data(&["A"]);
    data.velocities.insert("H".into(), velocities(truth, 10.0, 3e4, every(1000.0, 1030.0, 1.3), 1.0, 72));
    let tail = "rv_semi_amplitude = { uniform = [0.0, 100.0], start = 10.0 }
        [planets.c]
        period = { log_uniform = [100.0, 1000.0] }
        transit_time = { uniform = [900.0, 1300.0] }
        rv_semi_amplitude = { uniform = [0.0, 100.0], start = 5.0 }
        sqrt_ecc_cos_omega = { uniform = [-1.0, 1.0] }
        sqrt_ecc_sin_omega = { uniform = [-1.0, 1.0] }
        [instruments.A]
        [rv.H]
        trend = { normal = [0.0, 0.1] }
        curvature = { normal = [0.0, 0.001] }
        jitter = { uniform = [0.0, 10.0], start = 1.0 }";
    assert_gradient("velocities", &format!("{PLANET}{roots}\n{tail}"), &data);
    let direct = format!("{PLANET}ecc = {{ uniform = [0.0, 0.9] }}\nomega = {{ uniform = [-3.2, 3.2] }}\n{tail}");
    assert_gradient("ecc and omega", &direct, &data);
}

/// Three spectrographs see two planets, the second with an eccentricity of its own. Velocities alone, of which all is in closed
/// form: differences are what limits the tolerance.
#[test]
fn of_velocities() {
    let planet = |name: &str, period: f64, shape: &str| {
        format!(
            "[planets.{name}]
            period = {{ normal = [{period}, 0.05] }}
            transit_time = {{ normal = [1003.2, 0.3] }}
            rv_semi_amplitude = {{ uniform = [0.0, 100.0], start = 12.0 }}
            {shape}\n"
        )
    };
    let tail = "[rv.H]
        trend = { normal = [0.0, 0.1] }
        curvature = { normal = [0.0, 0.001] }
        jitter = { uniform = [0.0, 10.0], start = 1.0 }
        [rv.I]
        jitter = { uniform = [0.0, 10.0], start = 1.0 }
        [rv.J]
        offset = { normal = [7.0, 1.0] }
        jitter = 0.0";
    let roots = "sqrt_ecc_cos_omega = { uniform = [-1.0, 1.0] }\nsqrt_ecc_sin_omega = { uniform = [-1.0, 1.0] }";
    let direct = "ecc = { uniform = [0.0, 0.99] }\nomega = { uniform = [-4.0, 4.0] }";
    for (ecc, omega) in [(0.0, 0.0), (0.01, 1.0), (0.1, -2.4), (0.4, 0.7), (0.8, 3.0), (0.95, -0.6), (0.95, 1.5)] {
        let truth = OrbitElements { ecc, omega, ..OrbitElements::from_density(PERIOD, 1003.2, 0.9, 0.35) };
        let mut data = JointData::default();
        for (name, from, step, seed) in [("H", 1000.0, 0.37, 5), ("I", 1010.0, 0.83, 6), ("J", 940.0, 1.9, 7)] {
            let times = every(from, from + 40.0, step);
            data.velocities.insert(name.into(), velocities(truth, 12.0, 7.0, times, 1.0, seed));
        }
        let what = format!("e {ecc}, ω {omega}");
        let root = f64::sqrt(ecc);
        let at = [
            ("b.sqrt_ecc_cos_omega", root * omega.cos()),
            ("b.sqrt_ecc_sin_omega", root * omega.sin()),
            ("b.ecc", ecc),
            ("b.omega", omega),
            // near the truth, or the slopes drown in the density
            ("c.rv_semi_amplitude", 0.7),
        ];
        let other = planet("c", 11.3, roots);
        // at e = 0 coordinates end
        if ecc > 0.0 {
            for (kind, shape) in [("roots", roots), ("direct", direct)] {
                let document = planet("b", PERIOD, shape) + &other + tail;
                assert_gradient_to(3e-6, &format!("{what}, {kind}"), &document, &data, &at);
            }
        } else {
            let document = planet("b", PERIOD, "") + &other + tail;
            assert_gradient_to(3e-6, &format!("{what}, circular"), &document, &data, &at);
            let document = planet("b", PERIOD, "ecc = 0.0\nomega = { uniform = [-4.0, 4.0] }") + &other + tail;
            assert_gradient_to(3e-6, &format!("{what}, known to be"), &document, &data, &at);
        }
    }
}

#[test]
fn of_noise_columns_and_outliers() {
    let plain = data(&["A"]);
    let matern = "[instruments.A.noise]\nkind = \"matern32\"\nsigma = { log_uniform = [1e-5, 1e-1], start = 3e-4 }\n\
                  rho = { log_uniform = [0.01, 10.0] }";
    let rotation = "[instruments.A.noise]\nkind = \"rotation\"\nsigma = { log_uniform = [1e-5, 1e-1], start = 3e-4 }\n\
                    period = { log_uniform = [1.0, 10.0] }\nquality = { log_uniform = [1.0, 10.0] }";
    let jitter = "jitter = { half_normal = [1e-3] }";
    for (what, noise) in [("Matérn", matern), ("rotation", rotation)] {
        assert_gradient(what, &format!("{PLANET}[instruments.A]\n{jitter}\n{noise}"), &plain);
    }
    let student = "[instruments.A]\nlikelihood = \"student\"\nnu = { uniform = [1.0, 50.0] }";
    assert_gradient("Student", &format!("{PLANET}{student}\n{jitter}"), &plain);

    let series = &plain.photometry["A"];
    let column = |f: fn(f64) -> f64| series.time().iter().map(|t| f(*t)).collect::<Vec<f64>>();
    let columns = vec![column(|t| (9.0 * t).sin()), column(|t| (0.3 * t).cos())];
    let mut with = JointData::default();
    let (time, value, error) = (series.time().to_vec(), series.value().to_vec(), series.error().to_vec());
    with.photometry.insert("A".into(), Series::new("made up", time, value, error, columns).unwrap());
    for noise in ["", matern, rotation] {
        let document = format!("{PLANET}[instruments.A]\n{jitter}\ndecorrelation_sigma = 0.002\n{noise}");
        assert_gradient("columns", &document, &with);
    }
}

/// Light of a planet's own, of which an eclipse hides some, beside transits that keep their period or do not.
#[test]
fn of_phase_curves() {
    let light = "day = { uniform = [0.0, 1e-2] }
        night = { uniform = [-1e-3, 1e-3] }
        beaming = { uniform = [0.0, 1e-3] }
        ellipsoidal = { uniform = [0.0, 1e-3] }";
    // eclipses of 4 sigma a point, so that their shape counts
    let at =
        [("day", 2e-3), ("night", 3e-4), ("beaming", 3e-4), ("ellipsoidal", 4e-4), ("b.ecc", 0.3), ("b.omega", 0.4)];
    let direct = "ecc = { uniform = [0.0, 0.9] }\nomega = { uniform = [-3.2, 3.2] }";
    let roots = "sqrt_ecc_cos_omega = { uniform = [-1.0, 1.0] }\nsqrt_ecc_sin_omega = { uniform = [-1.0, 1.0] }";
    let tail = "[instruments.A]\nthird_light = { beta = [2.0, 20.0] }\nbaseline_slope = { normal = [0.0, 1e-3] }\n[instruments.B]";
    let data = data(&["A", "B"]);
    // differences stumble over contacts of eclipses; what is exact of them is tested beside the transit model
    for (what, shape) in [("circular", ""), ("direct", direct), ("roots", roots)] {
        let document = format!("{PLANET}{light}\n{shape}\n{tail}");
        assert_gradient_to(0.01, &format!("phase curve, {what}"), &document, &data, &at);
        // means over exposures are differentiated roughly
        let exposures = format!("{document}\nexposure_time_s = 1200.0");
        assert_gradient_to(0.03, &format!("phase curve, exposures, {what}"), &exposures, &data, &at);
    }
    let times: Vec<String> = (0..4)
        .map(|i| format!("{{ normal = [{}, 0.01] }}", 1003.2 + PERIOD * f64::from(i) + 0.003 * f64::from(i % 2)))
        .collect();
    let document = format!("{PLANET}{light}\n{direct}\ntransit_times = [{}]\n{tail}", times.join(", "));
    let document = document
        .replace("period = { normal = [3.4, 0.001] }", "period = 3.4")
        .replace("transit_time = { normal = [1003.2, 0.01] }", "transit_time = 1003.2");
    assert_gradient_to(0.01, "phase curve, transit times", &document, &data, &at);
}

#[test]
fn of_transit_times_of_their_own() {
    let times: Vec<String> = (0..4)
        .map(|i| format!("{{ normal = [{}, 0.01] }}", 1003.2 + PERIOD * f64::from(i) + 0.003 * f64::from(i % 2)))
        .collect();
    let document = format!(
        "[star]\nrho_star = {{ normal = [0.9, 0.1] }}\n[planets.b]\nperiod = 3.4\ntransit_time = 1003.2\n\
         rp_rs = {{ uniform = [0.0, 0.3] }}\ntransit_times = [{}]\n[instruments.A]",
        times.join(", ")
    );
    assert_gradient("transit times", &document, &data(&["A"]));
}
