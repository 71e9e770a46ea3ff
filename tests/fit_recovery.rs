//! Fits of simulated transits whose truth is known.

use std::f64::consts::PI;

use antumbra::ephemeris::{Candidate, Ephemeris};
use antumbra::fit::{
    Baseline, FitConfig, FitData, FitError, FitStatus, Method, Prior, Sampled, TransitFit, fit_candidate,
};
use antumbra::lightcurve::{CadenceMask, Detrended, LightCurve, Segment, TimeSystem};
use antumbra::star::{Measured, Star};
use antumbra::transit::{Orbit, OrbitElements, Quadratic, TransitShape, light_curve};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::StandardNormal;

#[derive(Clone, Copy)]
struct Truth {
    period: f64,
    transit_time: f64,
    rho_star: f64,
    b: f64,
    k: f64,
    law: (f64, f64),
    sigma: f64,
    cadence: f64,
    days: f64,
}

const HOT_JUPITER: Truth = Truth {
    period: 3.7,
    transit_time: 1.1,
    rho_star: 1.0,
    b: 0.3,
    k: 0.1,
    law: (0.4, 0.2),
    sigma: 800e-6,
    cadence: 10.0 / 1440.0,
    days: 27.0,
};

impl Truth {
    fn shape(&self) -> TransitShape {
        let elements = OrbitElements::from_density(self.period, self.transit_time, self.rho_star, self.b);
        let law = Quadratic { u1: self.law.0, u2: self.law.1 };
        TransitShape::new(Orbit::new(elements).unwrap(), self.k, law).unwrap()
    }

    /// A light curve with a gap in the middle, its errors told 5 % too small.
    fn simulate(&self, seed: u64) -> Detrended {
        let mut rng = StdRng::seed_from_u64(seed);
        let n = (self.days / self.cadence) as usize;
        let time: Vec<f64> =
            (0..n).map(|i| (i as f64 + 0.5) * self.cadence).filter(|t| (t - 0.5 * self.days).abs() > 0.5).collect();
        let mut flux = light_curve(&self.shape(), &time, self.cadence);
        flux.iter_mut().for_each(|f| *f += self.sigma * rng.sample::<f64, _>(StandardNormal));
        let n = time.len();
        let segment =
            Segment { range: 0..n, label: "S1".into(), source: String::new(), exposure_time: self.cadence, band: None };
        let curve =
            LightCurve::new("simulated", time, flux, vec![self.sigma / 1.05; n], vec![segment], TimeSystem::BTJD);
        Detrended::already_flat(&curve.unwrap(), &CadenceMask::keep_all(n)).unwrap()
    }

    /// What a box search would say: a little off in everything.
    fn candidate(&self) -> Candidate {
        let shape = self.shape();
        let ephemeris =
            Ephemeris { period: self.period * (1.0 + 2e-5), transit_time: self.transit_time + 0.02 * shape.duration() };
        Candidate::known(ephemeris, 0.9 * shape.duration(), 0.9 * shape.depth())
    }

    fn value(&self, name: &str, fit: &TransitFit) -> f64 {
        let (q1, q2) = Quadratic { u1: self.law.0, u2: self.law.1 }.to_q();
        match name {
            "transit_time" => {
                let found = fit.get(name).unwrap().median;
                self.transit_time + ((found - self.transit_time) / self.period).round() * self.period
            }
            "period" => self.period,
            "rho_star" => self.rho_star,
            "impact_parameter" => self.b,
            "rp_rs" => self.k,
            "q1" => q1,
            "q2" => q2,
            "jitter" => self.sigma * (1.0f64 - 1.05f64.powi(-2)).sqrt(),
            "baseline" => 1.0,
            "duration" => self.shape().duration(),
            "depth" => self.shape().depth(),
            _ => unreachable!("{name}"),
        }
    }
}

fn fit(truth: &Truth, star: &Star, config: &FitConfig, seed: u64) -> TransitFit {
    let candidate = truth.candidate();
    let data = FitData::from_detrended(&truth.simulate(seed), &candidate, &[], config).unwrap();
    fit_candidate(&data, &candidate, star, config, seed).unwrap()
}

fn print(label: &str, truth: &Truth, fit: &TransitFit) {
    let d = &fit.diagnostics;
    let tau = d.tau.iter().copied().fold(0.0, f64::max);
    println!(
        "{label}: {:?}, χ² {:.0} of {}, {} steps, τ {tau:.0} of {:?}, acceptance {:.2}",
        fit.status,
        fit.chi2,
        fit.n_points,
        d.steps,
        d.tau.iter().map(|t| t.round()).collect::<Vec<_>>(),
        d.acceptance
    );
    for s in &fit.sampled {
        println!(
            "  {:17} {:.6} +{:.6} -{:.6}  truth {:.6}  map {:.6} ess {:.0} {:.0} r_hat {:.4}",
            s.name,
            s.median,
            s.upper_68 - s.median,
            s.median - s.lower_68,
            truth.value(&s.name, fit),
            s.map,
            s.ess_bulk,
            s.ess_tail,
            s.r_hat
        );
    }
}

fn quick() -> FitConfig {
    let mut config = FitConfig::default();
    config.sampler.min_ess = 300.0;
    config.sampler.min_taus = 25.0;
    config
}

/// Truth within the draws' central 99.73 % for what transits measure.
fn check(label: &str, truth: &Truth, fit: &TransitFit, names: &[&str]) {
    print(label, truth, fit);
    assert!(fit.is_converged(), "{label}: {:?}", fit.status);
    for name in names {
        let column = fit.draws.names.iter().position(|n| n == name).unwrap();
        let draws = &fit.draws.columns[column];
        let value = truth.value(name, fit);
        let below = draws.iter().filter(|d| **d < value).count() as f64 / draws.len() as f64;
        assert!((0.00135..=0.99865).contains(&below), "{label}: {name} {value} at the {below} quantile");
    }
}

#[test]
fn hot_jupiter() {
    let fit = fit(&HOT_JUPITER, &Star::default(), &FitConfig::default(), 1);
    check("hot Jupiter", &HOT_JUPITER, &fit, &["transit_time", "period", "rho_star", "rp_rs", "duration", "depth"]);
    assert!(fit.sampled.iter().all(|s| s.ess_bulk > 1000.0 && s.r_hat < 1.01));
    assert!(fit.get("radius_rearth").unwrap().median.is_nan(), "nothing is assumed of an unknown star");
    assert_eq!(fit.draws.draw.len(), 2000);
    assert!(fit.draws.columns.iter().all(|c| c.len() == 2000));
}

#[test]
fn half_hour_exposures() {
    let truth = Truth { cadence: 29.42 / 1440.0, days: 80.0, sigma: 200e-6, ..HOT_JUPITER };
    let fit = fit(&truth, &Star::default(), &quick(), 2);
    check("30-min exposures", &truth, &fit, &["transit_time", "period", "rho_star", "rp_rs", "duration", "depth"]);
}

#[test]
fn grazing() {
    let truth = Truth { b: 0.98, k: 0.12, ..HOT_JUPITER };
    let star = Star { rho: Some(Measured { value: 1.0, err: 0.1 }), ..Star::default() };
    let fit = fit(&truth, &star, &quick(), 3);
    check("grazing", &truth, &fit, &["transit_time", "period", "rho_star", "impact_parameter", "rp_rs", "depth"]);
}

#[test]
fn low_signal_to_noise() {
    // box S/N of about 8 over seven transits
    let truth = Truth { k: 0.025, sigma: 1200e-6, ..HOT_JUPITER };
    let star = Star { rho: Some(Measured { value: 1.0, err: 0.1 }), ..Star::default() };
    let fit = fit(&truth, &star, &quick(), 4);
    check("low S/N", &truth, &fit, &["transit_time", "rho_star", "rp_rs"]);
}

#[test]
fn a_known_star_gives_physical_values() {
    let measured = |value: f64, err: f64| Some(Measured { value, err });
    let star = Star { radius_rsun: measured(1.0, 0.05), teff_k: measured(5772.0, 100.0), ..Star::default() };
    let fit = fit(&HOT_JUPITER, &star, &quick(), 5);
    let radius = fit.get("radius_rearth").unwrap();
    // 0.1 R☉ = 10.9 Earth radii, 5 % of error from the star
    assert!((radius.median - 10.9).abs() < 0.6 && (radius.sigma() / 10.9 - 0.05).abs() < 0.015, "{radius:?}");
    let a_rs = fit.get("a_rs").unwrap().median;
    let insolation = fit.get("insolation_searth").unwrap().median;
    assert!((insolation * (a_rs / 215.03).powi(2) - 1.0).abs() < 0.02, "{insolation} at {a_rs}");
    let temperature = fit.get("equilibrium_temperature_k").unwrap().median;
    assert!((temperature / (5772.0 / (2.0 * a_rs).sqrt()) - 1.0).abs() < 0.01, "{temperature}");
}

#[test]
fn an_eccentric_planet_of_a_known_star() {
    // e = 0.25 and ω = 1.1 make a transit as short as one on a circular orbit about a star twice as dense.
    let truth = Truth { rho_star: 2.0, sigma: 400e-6, ..HOT_JUPITER };
    let star = Star { rho: Some(Measured { value: 1.0, err: 0.05 }), ..Star::default() };
    let off = |config: &FitConfig, name: &str| {
        let fit = fit(&truth, &star, config, 8);
        let found = fit.get(name).unwrap();
        (found.median - truth.value(name, &fit)).abs() / found.sigma()
    };
    for name in ["rp_rs", "impact_parameter"] {
        let honest = off(&quick(), name);
        assert!(honest < 2.5, "{name}: {honest} sigma");
    }
    let circular = FitConfig { rho_star_eccentricity_sigma: 0.0, ..quick() };
    assert!(off(&circular, "impact_parameter") > 4.0);
}

#[test]
fn the_same_seed_gives_the_same_bits() {
    let mut config = FitConfig { method: Method::Ensemble, ..quick() };
    config.sampler.max_steps = 300;
    config.sampler.min_steps = 100;
    let once = fit(&HOT_JUPITER, &Star::default(), &config, 6);
    assert!(matches!(&once.status, FitStatus::NotConverged { reason, .. } if reason.contains("autocorrelation")));
    config.sampler.evaluation = antumbra::sample::Evaluation::Parallel;
    let again = fit(&HOT_JUPITER, &Star::default(), &config, 6);
    assert_eq!(once.draws.columns[..9], again.draws.columns[..9]);
    assert_eq!(once.sampled, again.sampled);

    config.method = Method::Importance;
    let parallel = fit(&HOT_JUPITER, &Star::default(), &config, 6);
    config.sampler.evaluation = antumbra::sample::Evaluation::Serial;
    let serial = fit(&HOT_JUPITER, &Star::default(), &config, 6);
    assert_eq!(parallel.draws.columns[..9], serial.draws.columns[..9]);
    assert!(matches!(serial.sampler, Sampled::Importance { pareto_k, .. } if pareto_k < 0.7));
}

/// Medians and widths of the two samplers, to five Monte-Carlo errors.
#[test]
fn samplers_agree_on_a_transit() {
    let by = |method| fit(&HOT_JUPITER, &Star::default(), &FitConfig { method, ..FitConfig::default() }, 9);
    let (ensemble, importance) = (by(Method::Ensemble), by(Method::Importance));
    assert!(ensemble.is_converged() && importance.is_converged(), "{:?} {:?}", ensemble.status, importance.status);
    for (a, b) in ensemble.sampled.iter().zip(&importance.sampled) {
        println!("{:16} {:.6} ± {:.6}   {:.6} ± {:.6}", a.name, a.median, a.sigma(), b.median, b.sigma());
        let error = a.mcse.hypot(b.mcse);
        assert!((a.median - b.median).abs() < 5.0 * error, "{}: {} {} ± {error}", a.name, a.median, b.median);
        assert!((a.sigma() / b.sigma() - 1.0).abs() < 0.12, "{}: {} {}", a.name, a.sigma(), b.sigma());
    }
}

#[test]
fn another_planet_is_left_out() {
    let flat = HOT_JUPITER.simulate(7);
    let candidate = HOT_JUPITER.candidate();
    let config = FitConfig::default();
    let all = FitData::from_detrended(&flat, &candidate, &[], &config).unwrap();
    let mut other = HOT_JUPITER.candidate();
    other.ephemeris.period *= 2.0;
    let less = FitData::from_detrended(&flat, &candidate, &[other], &config).unwrap();
    // every second transit goes: 1.2 of the 4 durations of a window, in 3 or 4 of 7 windows
    assert!(less.len() < all.len() * 9 / 10 && less.len() > all.len() / 2, "{} of {}", less.len(), all.len());
    // eight transits, one of them in part in the gap
    let window = 2.0 * config.window * candidate.duration / HOT_JUPITER.cadence;
    assert!(all.len() as f64 <= 8.0 * (window + 1.0), "{} points", all.len());
    assert!((all.reference_time() - 13.5).abs() < 4.0);
}

#[test]
fn bad_input_is_refused() {
    let flat = HOT_JUPITER.simulate(7);
    let good = HOT_JUPITER.candidate();
    let config = FitConfig::default();
    let mut bad = good.clone();
    bad.duration = f64::NAN;
    assert!(matches!(
        FitData::from_detrended(&flat, &bad, &[], &config),
        Err(FitError::Candidate { name: "duration", .. })
    ));
    let mut elsewhere = good.clone();
    elsewhere.ephemeris = Ephemeris { period: 500.0, transit_time: 200.0 };
    assert!(matches!(FitData::from_detrended(&flat, &elsewhere, &[], &config), Err(FitError::TooFewPoints { .. })));
    let data = FitData::from_detrended(&flat, &good, &[], &config).unwrap();
    let with = |name: &str, prior| {
        let config = FitConfig { priors: [(name.to_string(), prior)].into(), ..FitConfig::default() };
        fit_candidate(&data, &good, &Star::default(), &config, 1).err()
    };
    assert!(matches!(with("radius", Prior::Uniform { low: 0.0, high: 1.0 }), Some(FitError::UnknownParameter { .. })));
    assert!(matches!(
        with("rp_rs", Prior::Uniform { low: 1.0, high: 0.0 }),
        Some(FitError::Prior { name: "rp_rs", .. })
    ));
    assert!(matches!(with("q1", Prior::Normal { mean: 0.4, sigma: 0.1 }), Some(FitError::Prior { name: "q1", .. })));
    let odd = FitConfig { walkers: Some(7), ..FitConfig::default() };
    assert!(matches!(fit_candidate(&data, &good, &Star::default(), &odd, 1), Err(FitError::Sample(_))));
}

#[test]
fn configuration_as_toml() {
    let config: FitConfig = toml::from_str(
        "baseline = 'linear'\n[priors]\nrp_rs = { kind = 'uniform', low = 0.0, high = 0.2 }\n[sampler]\nmin_ess = 400",
    )
    .unwrap();
    assert_eq!(config.baseline, Baseline::Linear);
    assert_eq!(config.sampler.min_ess, 400.0);
    assert_eq!(config.priors["rp_rs"], Prior::Uniform { low: 0.0, high: 0.2 });
    let written = toml::to_string(&config).unwrap();
    assert_eq!(toml::from_str::<FitConfig>(&written).unwrap(), config);
    assert!(toml::from_str::<FitConfig>("windw = 2.0").is_err());
}

/// Errors so large that the data say nothing: the posterior is the prior, whatever coordinates it was sampled in.
#[test]
fn without_information_the_prior_comes_back() {
    let flat = HOT_JUPITER.simulate(8);
    let candidate = HOT_JUPITER.candidate();
    let data = FitData::from_columns(flat.time(), flat.flux(), &vec![50.0; flat.len()], 0.0, &candidate).unwrap();
    for rho in [Prior::LogNormal { median: 1.0, sigma: 0.3 }, Prior::LogUniform { low: 0.5, high: 2.0 }] {
        let mut config = quick();
        config.priors = [("rho_star".to_string(), rho)].into();
        config.sampler.min_ess = 1500.0;
        let fit = fit_candidate(&data, &candidate, &Star::default(), &config, 9).unwrap();
        print("no information", &HOT_JUPITER, &fit);
        assert!(fit.is_converged(), "{:?}", fit.status);
        let column = |name: &str| &fit.draws.columns[fit.draws.names.iter().position(|n| n == name).unwrap()];
        let ratio: Vec<f64> =
            column("impact_parameter").iter().zip(column("rp_rs")).map(|(b, k)| b / (1.0 + k)).collect();
        let scaled = |name: &str, scale: f64| column(name).iter().map(|v| v * scale).collect::<Vec<f64>>();
        let ln_rho: Vec<f64> = column("rho_star").iter().map(|v| v.ln()).collect();
        let ln_rho_sigma = if matches!(rho, Prior::LogNormal { .. }) { 0.3 } else { 4f64.ln() / 12f64.sqrt() };
        let uniform = 12f64.sqrt().recip();
        for (name, values, mean, sigma) in [
            ("b/(1 + k)", ratio, 0.5, uniform),
            ("2 rp_rs", scaled("rp_rs", 2.0), 0.5, uniform),
            ("q1", scaled("q1", 1.0), 0.5, uniform),
            ("q2", scaled("q2", 1.0), 0.5, uniform),
            ("ln rho_star", ln_rho, 0.0, ln_rho_sigma),
        ] {
            let n = values.len() as f64;
            let found = values.iter().sum::<f64>() / n;
            let spread = (values.iter().map(|v| (v - found).powi(2)).sum::<f64>() / n).sqrt();
            // 1,500 effective draws: 0.026 of a sigma on the mean, 0.012 to 0.018 on the spread; four of these
            assert!(((found - mean) / sigma).abs() < 0.105, "{name}: mean {found} instead of {mean}");
            assert!((spread / sigma - 1.0).abs() < 0.075, "{name}: spread {spread} instead of {sigma}");
        }
    }
}

/// Truths drawn from the priors, so that the truth's rank among the draws is uniform if the posterior is right.
fn coverage(fits: u64) {
    let config = FitConfig {
        priors: [
            ("rho_star".to_string(), Prior::LogNormal { median: 1.0, sigma: 0.3 }),
            ("rp_rs".to_string(), Prior::Uniform { low: 0.05, high: 0.15 }),
            ("impact_parameter".to_string(), Prior::Uniform { low: 0.0, high: 0.9 }),
        ]
        .into(),
        ..quick()
    };
    let names = ["transit_time", "period", "rho_star", "impact_parameter", "rp_rs", "q1", "q2"];
    let mut inside = [(0u64, 0u64); 7];
    let mut unconverged = 0;
    for seed in 0..fits {
        let mut rng = StdRng::seed_from_u64(1000 + seed);
        let (q1, q2) = (rng.random::<f64>(), rng.random::<f64>());
        let law = Quadratic::from_q(q1, q2);
        let truth = Truth {
            rho_star: (0.3 * rng.sample::<f64, _>(StandardNormal)).exp(),
            b: 0.9 * rng.random::<f64>(),
            k: 0.05 + 0.1 * rng.random::<f64>(),
            law: (law.u1, law.u2),
            ..HOT_JUPITER
        };
        let fit = fit(&truth, &Star::default(), &config, seed);
        unconverged += u64::from(!fit.is_converged());
        for (count, name) in inside.iter_mut().zip(names) {
            let s = fit.get(name).unwrap();
            let value = truth.value(name, &fit);
            count.0 += u64::from(value > s.lower_68 && value < s.upper_68);
            count.1 += u64::from(value > s.lower_95 && value < s.upper_95);
        }
    }
    println!("{fits} fits, {unconverged} not converged; inside 68 % and 95 %: {inside:?}");
    assert!(unconverged <= fits / 20);
    let n = fits as f64;
    for (name, (in68, in95)) in names.iter().zip(inside) {
        for (count, p) in [(in68, 0.6827), (in95, 0.9545)] {
            // three and a half sigma, since fourteen numbers are looked at, and one for the counting
            let limit = 3.5 * (n * p * (1.0 - p)).sqrt() + 1.0;
            assert!((count as f64 - n * p).abs() < limit, "{name}: {count} of {fits} inside {p}");
        }
    }
}

#[test]
fn honest_coverage() {
    coverage(24);
}

/// Some minutes.
#[test]
#[ignore = "takes minutes"]
fn honest_coverage_of_200() {
    coverage(200);
}

#[test]
fn duration_of_the_simulated_planet() {
    // the simulation itself, against the closed form
    let t = HOT_JUPITER;
    let a = antumbra::star::a_over_rstar(t.period, t.rho_star);
    let sine = ((1.0 + t.k).powi(2) - t.b * t.b).sqrt() / (a * (1.0 - (t.b / a).powi(2)).sqrt());
    assert!((t.shape().duration() - t.period / PI * sine.asin()).abs() < 1e-12);
}
