//! What one gradient of a posterior costs, beside one density: a figure a line for docs and change logs.
//!
//! `cargo test --lib gradient_cost -- --ignored --nocapture` prints the least of many runs on one core.

use std::hint::black_box;
use std::time::{Duration, Instant};

use super::recovery::{every, photometry, velocities};
use crate::fit::joint::{JointConfig, JointData, JointPosterior, Series};
use crate::transit::OrbitElements;

/// Least time of many runs, in microseconds.
fn least_us(mut work: impl FnMut()) -> f64 {
    let begun = Instant::now();
    let mut least = f64::INFINITY;
    while begun.elapsed() < Duration::from_millis(400) {
        let run = Instant::now();
        work();
        least = least.min(run.elapsed().as_secs_f64() * 1e6);
    }
    least
}

fn print_cost(what: &str, document: &str, data: &JointData) {
    let config: JointConfig = toml::from_str(document).unwrap_or_else(|e| panic!("{what}: {e}"));
    let posterior = JointPosterior::new(&config, data).unwrap();
    let values = posterior.starts();
    let mut gradient = vec![0.0; values.len()];
    assert!(posterior.ln_posterior_gradient(&values, &mut gradient).is_finite(), "{what}");
    let density = least_us(|| {
        black_box(posterior.ln_posterior(black_box(&values)));
    });
    let with_gradient = least_us(|| {
        black_box(posterior.ln_posterior_gradient(black_box(&values), &mut gradient));
    });
    let points: usize = posterior.photometry.iter().chain(&posterior.velocities).map(|p| p.time.len()).sum();
    println!(
        "{what:<44} {:>3} parameters {points:>6} points: density {density:>9.1} µs, gradient {with_gradient:>9.1} µs",
        values.len()
    );
}

/// The documents are those of tests/joint_fits in small: as many points, planets and parameters.
#[test]
#[ignore = "measures"]
fn gradient_cost() {
    let orbit = |period: f64, ecc: f64| OrbitElements {
        ecc,
        omega: 0.4,
        ..OrbitElements::from_density(period, 1003.2, 0.9, 0.35)
    };
    let at = |n: u32, days: f64| (0..n).map(|i| 1000.0 + days * f64::from(i) + 0.3 * f64::from(i % 3)).collect();
    let rv = |ecc: f64, n: u32, seed: u64| velocities(orbit(3.4, ecc), 50.0, 10.0, at(n, 3.17), 2.0, seed);
    let light = |days: f64, step: f64| {
        photometry(orbit(3.4, 0.0), (0.1, 0.3, 0.2), every(1000.0, 1000.0 + days, step), 0.0, 5e-4, 1)
    };

    let eccentric = "sqrt_ecc_cos_omega = { uniform = [-1.0, 1.0], start = 0.3 }
                     sqrt_ecc_sin_omega = { uniform = [-1.0, 1.0], start = 0.2 }";
    let planet = |name: &str, period: f64, more: &str| {
        format!(
            "[planets.{name}]\nperiod = {{ normal = [{period}, 0.001] }}\ntransit_time = {{ normal = [1003.2, 0.01] }}\n\
             rv_semi_amplitude = {{ uniform = [0.0, 1000.0], start = 40.0 }}\n{more}\n"
        )
    };
    let rp_rs = "rp_rs = { uniform = [0.0, 0.3], start = 0.1 }";
    let star = "[star]\nrho_star = { log_normal = [0.9, 0.3] }\n";

    let mut data = JointData::default();
    (0..3).for_each(|i| {
        data.velocities.insert(format!("S{i}"), rv(0.13, 80, i));
    });
    let spectrographs = "[rv.S0]\n[rv.S1]\n[rv.S2]\n";
    let three = [("b", 3.4), ("c", 11.7), ("d", 41.3)];
    let document: String = three.map(|(n, p)| planet(n, p, eccentric)).concat();
    print_cost("velocities, 3 eccentric planets", &(document + spectrographs), &data);
    let document: String = three.map(|(n, p)| planet(n, p, "")).concat();
    print_cost("velocities, 3 circular planets", &(document + spectrographs), &data);

    let mut both = JointData::default();
    both.velocities.insert("S0".into(), rv(0.0, 44, 1));
    both.photometry.insert("A".into(), light(7.0, 0.005));
    let rotation = "[rv.S0]\n[rv.S0.noise]\nkind = \"rotation\"\nsigma = { log_uniform = [0.1, 100.0], start = 6.0 }\n\
                    period = { normal = [14.03, 0.2] }\nquality = { log_uniform = [0.5, 100.0], start = 3.0 }\n";
    let transits = format!("{star}{}[instruments.A]\n", planet("b", 3.4, rp_rs));
    print_cost("transits, velocities", &format!("{transits}[rv.S0]\n"), &both);
    print_cost("transits, velocities with rotation", &format!("{transits}{rotation}"), &both);

    let mut curve = JointData::default();
    curve.photometry.insert("A".into(), light(27.0, 0.0014));
    let phases = "day = { uniform = [0.0, 1e-3] }\nnight = { uniform = [0.0, 1e-3] }\n\
                  beaming = { uniform = [0.0, 1e-3] }\nellipsoidal = { uniform = [0.0, 1e-3] }";
    let lit = planet("b", 3.4, &format!("{rp_rs}\n{phases}"))
        .replace("rv_semi_amplitude = { uniform = [0.0, 1000.0], start = 40.0 }\n", "");
    let matern = "[instruments.A.noise]\nkind = \"matern32\"\nsigma = { log_uniform = [1e-5, 1e-1], start = 3e-4 }\n\
                  rho = { log_uniform = [0.01, 10.0] }\n";
    print_cost("phase curve", &format!("{star}{lit}[instruments.A]\n"), &curve);
    print_cost("phase curve, Matérn", &format!("{star}{lit}[instruments.A]\n{matern}"), &curve);

    let series = light(7.0, 0.005);
    let column = |f: fn(f64) -> f64| series.time().iter().map(|t| f(*t)).collect::<Vec<f64>>();
    let columns = vec![column(|t| (9.0 * t).sin()), column(|t| (0.3 * t).cos()), column(|t| (2.0 * t).cos())];
    let mut with = JointData::default();
    let (time, value, error) = (series.time().to_vec(), series.value().to_vec(), series.error().to_vec());
    with.photometry.insert("A".into(), Series::new("made up", time, value, error, columns).unwrap());
    let dark = planet("b", 3.4, rp_rs).replace("rv_semi_amplitude = { uniform = [0.0, 1000.0], start = 40.0 }\n", "");
    let document = format!(
        "{star}{dark}[instruments.A]\njitter = {{ half_normal = [1e-3] }}\ndecorrelation_sigma = 0.002\n{matern}"
    );
    print_cost("columns, Matérn", &document, &with);
}
