//! Figures of a made-up system: one planet, a light curve with correlated noise, velocities, two instruments.

use super::*;
use crate::fit::joint::{JointConfig, fit_joint};
use crate::report::draw::scene::Shape;
use crate::report::draw::svg::svg;
use crate::report::draw::{Anchor, Scene, Turn};
use crate::transit::{Orbit, OrbitElements, Quadratic, TransitShape, light_curve};

const DOCUMENT: &str = r#"
[sampler]
min_ess = 200
draws = 500
[star]
rho_star = { normal = [0.9, 0.05] }
[planets.b]
period = { normal = [3.4, 0.001] }
transit_time = { normal = [2459003.2, 0.01] }
rp_rs = { uniform = [0.05, 0.15] }
impact_parameter = 0.35
rv_semi_amplitude = { uniform = [0.0, 300.0] }
[instruments.TESS]
q1 = 0.25
q2 = 0.3
jitter = 0.0
baseline = 1.0
[instruments.TESS.noise]
kind = "matern32"
sigma = 1e-3
rho = 0.5
[rv.HARPS]
jitter = 0.0
[rv.ESPRESSO]
jitter = 0.0
"#;

/// A fixed pattern in place of noise, of variance 1 or so.
fn pattern(i: usize) -> f64 {
    1.4 * ((i * i) as f64 * 1.7).sin()
}

fn system() -> (JointConfig, JointData) {
    let config: JointConfig = toml::from_str(DOCUMENT).unwrap();
    let start = 2_459_000.0;
    let time: Vec<f64> = (0..3500).map(|i| start + 0.004 * f64::from(i)).collect();
    let orbit = Orbit::new(OrbitElements::from_density(3.4, 3.2, 0.9, 0.35)).unwrap();
    let shape = TransitShape::new(orbit, 0.1, Quadratic { u1: 0.3, u2: 0.2 }).unwrap();
    let inside: Vec<f64> = time.iter().map(|t| t - start).collect();
    let wave = |t: f64| 1e-3 * (t * 4.1).sin();
    let flux: Vec<f64> = light_curve(&shape, &inside, 0.0)
        .iter()
        .enumerate()
        .map(|(i, f)| f + wave(inside[i]) + 5e-4 * pattern(i))
        .collect();
    let mut data = JointData::default();
    let errors = vec![5e-4; time.len()];
    data.photometry.insert("TESS".into(), Series::new("TESS", time, flux, errors, Vec::new()).unwrap());
    for (name, offset, n) in [("HARPS", 100.0, 30), ("ESPRESSO", -40.0, 12)] {
        let time: Vec<f64> = (0..n).map(|i| start + 0.37 * f64::from(i) + 0.1).collect();
        let value = time
            .iter()
            .enumerate()
            .map(|(i, t)| offset - 50.0 * (std::f64::consts::TAU * (t - start - 3.2) / 3.4).sin() + 2.0 * pattern(i));
        let series = Series::new(name, time.clone(), value.collect(), vec![2.0; time.len()], Vec::new()).unwrap();
        data.velocities.insert(name.into(), series);
    }
    (config, data)
}

fn words(scene: &Scene) -> Vec<String> {
    let text = |s: &Shape| if let Shape::Text(t) = s { Some(super::super::draw::text::plain(&t.words)) } else { None };
    scene.shapes.iter().filter_map(text).collect()
}

fn dots(scene: &Scene) -> usize {
    scene.shapes.iter().map(|s| if let Shape::Dots { centres, .. } = s { centres.len() } else { 0 }).sum()
}

/// Whether tags open and close in order.
fn is_well_formed(document: &str) -> bool {
    let mut open: Vec<&str> = Vec::new();
    for tag in document.split('<').skip(1) {
        let Some((inside, _)) = tag.split_once('>') else { return false };
        let name = inside.trim_start_matches('/').split([' ', '/', '\n']).next().unwrap_or_default();
        if inside.starts_with('/') {
            if open.pop() != Some(name) {
                return false;
            }
        } else if !inside.ends_with('/') {
            open.push(name);
        }
        if inside.matches('"').count() % 2 == 1 {
            return false;
        }
    }
    open.is_empty()
}

#[test]
fn every_figure_of_a_system_is_there_and_says_what_it_shows() {
    let (config, data) = system();
    let posterior = JointPosterior::new(&config, &data).unwrap();
    let fit = fit_joint(&config, &data).unwrap();
    let figures = figures(&posterior, &data, &fit);
    let names: Vec<&str> = figures.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(names, ["fold_b", "velocity_b", "series_TESS", "velocities", "corner", "corner_noise", "traces"]);
    let of = |name: &str| &figures.iter().find(|f| f.name == name).unwrap().scene;
    for figure in &figures {
        let text = svg(&figure.scene);
        assert!(is_well_formed(&text), "{}", figure.name);
        assert!(!text.contains("NaN") && !text.contains("92233720368"), "{}: a number that is none", figure.name);
        assert!(text.len() < 600_000, "{}: {} bytes", figure.name, text.len());
        // nothing of the text leaves the page
        for shape in &figure.scene.shapes {
            let Shape::Text(t) = shape else { continue };
            let width = t.size * super::super::draw::text::width(&t.words);
            let back = match t.anchor {
                Anchor::Start => 0.0,
                Anchor::Middle => 0.5 * width,
                Anchor::End => width,
            };
            let (from, size) = match t.turn {
                Turn::Level => (t.at.0 - back, figure.scene.width),
                Turn::Upwards => (figure.scene.height - t.at.1 - back, figure.scene.height),
            };
            assert!(from >= -0.5 && from + width <= size + 0.5, "{}: {t:?}", figure.name);
        }
    }
    let has = |name: &str, label: &str| {
        let found = words(of(name));
        assert!(found.iter().any(|w| w.contains(label)), "{name}: no {label} in {found:?}");
    };
    has("fold_b", "Time from mid-transit (h)");
    has("fold_b", "O − C (ppm)");
    has("velocity_b", "Radial velocity (m s−1)");
    has("series_TESS", "Time − 2459000 (d)");
    has("series_TESS", "Blue: the same without planets");
    has("corner", "Rb/R★");
    has("traces", "ESS");
    // 42 velocities twice, with rims, and two dots of the legend
    assert_eq!(dots(of("velocity_b")), 2 * 2 * 42 + 2);
    // the fold shows every point near a transit, above and below
    let centre = &View::new(&posterior, &data, &fit).planets[0];
    let half = 1.5 * centre.duration.unwrap();
    let near = data.photometry["TESS"].time().iter().filter(|t| centre.phase(**t).abs() <= half).count();
    assert!((300..900).contains(&near) && dots(of("fold_b")) >= 2 * near - 10, "{near} {}", dots(of("fold_b")));
}

#[test]
fn the_noise_model_follows_a_wave_and_knows_its_error() {
    let (config, data) = system();
    let posterior = JointPosterior::new(&config, &data).unwrap();
    let values = posterior.starts();
    let name = |n: &str| posterior.table().parameters().iter().position(|p| p.name == n).unwrap();
    let mut values: Vec<f64> = values;
    for (parameter, value) in [("planets.b.rp_rs", 0.1), ("planets.b.transit_time", 2_459_003.2)] {
        values[name(parameter)] = value;
    }
    let p = posterior.prediction(SeriesKind::Photometry, 0, &[values]).unwrap();
    let series = &data.photometry["TESS"];
    let (mut worst, mut chi2) = (0.0f64, 0.0);
    for (k, t) in series.time().iter().enumerate() {
        let truth = 1e-3 * ((t - 2_459_000.0) * 4.1).sin();
        worst = worst.max((p.noise[k] - truth).abs());
        chi2 += ((p.noise[k] - truth) / p.sigma[k]).powi(2);
        assert!((p.model[k] - p.planets[0][k]).abs() < 1e-12 && p.level[k] == 1.0);
    }
    chi2 /= series.len() as f64;
    // about 60 points a correlation time: an error of 5e-4/√60 or so
    assert!(worst < 4e-4 && chi2 > 0.02 && chi2 < 2.0, "{worst} {chi2}");
    let middle = p.sigma[1750];
    assert!(middle > 3e-5 && middle < 2e-4 && p.sigma[0] > 1.2 * middle, "{middle} {}", p.sigma[0]);
}
