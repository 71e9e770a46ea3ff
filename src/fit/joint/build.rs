//! From the configuration and the data to parameters and model; refuses what does not fit together.

use super::JointError;
use super::config::{
    InstrumentConfig, JointConfig, Likelihood, LimbDarkeningLaw, NoiseConfig, PlanetConfig, VelocityConfig,
};
use super::data::{JointData, Series};
use super::model::{Eccentricity, Instrument, Law, Model, Noise, Planet, Process, Size, Transit, VelocityModel};
use super::specification::ParameterSpec;
use super::table::{
    ANY, ECCENTRICITY, JointTable, Limits, NON_NEGATIVE, POSITIVE, SHARE, SIGNED_SHARE, Slot, TableBuilder,
};
use crate::fit::prior::Prior;
use crate::star::DAY_S;

/// Declares all parameters of `config`, defaults that depend on `data` filled in, and resolves them.
pub(super) fn table(config: &JointConfig, data: &JointData) -> Result<JointTable, JointError> {
    check(config)?;
    let mut builder = TableBuilder::default();
    if needs_density(config) {
        let spec = config.star.rho_star.clone().unwrap_or_else(|| default_density(config));
        builder.declare("star.rho_star".into(), ("solar", "mean density of the star"), POSITIVE, spec);
    }
    for (name, planet) in &config.planets {
        declare_planet(&mut builder, name, planet);
    }
    for (name, instrument) in &config.instruments {
        let series = data.photometry.get(name).ok_or_else(|| JointError::NoData { name: name.clone() })?;
        declare_instrument(&mut builder, name, instrument, series)?;
    }
    for (name, velocity) in &config.rv {
        let series = data.velocities.get(name).ok_or_else(|| JointError::NoData { name: name.clone() })?;
        declare_velocity(&mut builder, name, velocity, series);
    }
    builder.build()
}

fn needs_density(config: &JointConfig) -> bool {
    config.planets.values().any(|p| p.rp_rs.is_some() && p.a_rs.is_none())
}

fn default_density(config: &JointConfig) -> ParameterSpec {
    match config.star.star().density() {
        Some(rho) if rho.value > 0.0 && rho.err > 0.0 => {
            Prior::LogNormal { median: rho.value, sigma: rho.err / rho.value }.into()
        }
        _ => Prior::LogUniform { low: 1e-3, high: 300.0 }.into(),
    }
}

fn invalid(key: String, value: impl ToString, valid: &str) -> JointError {
    JointError::Value { key, value: value.to_string(), valid: valid.into() }
}

/// What no single key can be blamed for.
fn check(config: &JointConfig) -> Result<(), JointError> {
    if config.planets.is_empty() {
        return Err(invalid("planets".into(), "none", "a section such as [planets.b]"));
    }
    if config.instruments.is_empty() && config.rv.is_empty() {
        return Err(invalid("instruments".into(), "none", "a section such as [instruments.TESS] or [rv.HARPS]"));
    }
    for (name, p) in &config.planets {
        let key = |last: &str| format!("planets.{name}.{last}");
        let roots = p.sqrt_ecc_cos_omega.is_some() || p.sqrt_ecc_sin_omega.is_some();
        if roots && (p.ecc.is_some() || p.omega.is_some()) {
            return Err(invalid(key("ecc"), "given", "ecc and omega, or sqrt_ecc_cos_omega and sqrt_ecc_sin_omega"));
        }
        if roots && (p.sqrt_ecc_cos_omega.is_none() || p.sqrt_ecc_sin_omega.is_none()) {
            return Err(invalid(key("sqrt_ecc_cos_omega"), "without its fellow", "both of them, or none"));
        }
        let is_zero = matches!(&p.ecc, None | Some(ParameterSpec::Fixed(0.0)));
        if p.omega.is_none() && !is_zero {
            return Err(invalid(key("omega"), "none", "an argument of periastron for an orbit that may be eccentric"));
        }
        if p.rp_rs.is_none() {
            let extra = [("impact_parameter", p.impact_parameter.is_some()), ("a_rs", p.a_rs.is_some())];
            if let Some((last, _)) = extra.iter().find(|e| e.1) {
                return Err(invalid(
                    key(last),
                    "given",
                    "no such key for a planet without rp_rs, which does not transit",
                ));
            }
            if p.rv_semi_amplitude.is_none() {
                return Err(invalid(
                    key("rp_rs"),
                    "none",
                    "rp_rs, or rv_semi_amplitude for a planet that does not transit",
                ));
            }
        }
    }
    for (name, i) in &config.instruments {
        let key = |last: &str| format!("instruments.{name}.{last}");
        if !(i.exposure_time_s >= 0.0 && i.exposure_time_s.is_finite()) {
            return Err(invalid(key("exposure_time_s"), i.exposure_time_s, "a finite number of at least 0"));
        }
        if i.likelihood == Likelihood::Student && (i.noise.is_some() || !i.decorrelate.is_empty()) {
            let valid = "gaussian with noise or decorrelate, or student without them";
            return Err(invalid(key("likelihood"), "student", valid));
        }
        let positive = i.decorrelation_sigma > 0.0 && i.decorrelation_sigma.is_finite();
        if !i.decorrelate.is_empty() && !positive {
            return Err(invalid(key("decorrelation_sigma"), i.decorrelation_sigma, "a finite number above 0"));
        }
    }
    for (name, v) in &config.rv {
        if v.likelihood == Likelihood::Student && v.noise.is_some() {
            return Err(invalid(format!("rv.{name}.likelihood"), "student", "gaussian with noise, or student without"));
        }
    }
    Ok(())
}

fn or(spec: &Option<ParameterSpec>, default: f64) -> ParameterSpec {
    spec.clone().unwrap_or(ParameterSpec::Fixed(default))
}

fn declare_planet(builder: &mut TableBuilder, name: &str, p: &PlanetConfig) {
    let key = |last: &str| format!("planets.{name}.{last}");
    let mut add = |last: &str, words, limits: Limits, spec: ParameterSpec| {
        builder.declare(key(last), words, limits, spec);
    };
    add("period", ("d", "orbital period"), POSITIVE, p.period.clone());
    add("transit_time", ("d", "time of inferior conjunction"), ANY, p.transit_time.clone());
    if let Some(spec) = &p.a_rs {
        add("a_rs", ("", "semi-major axis over stellar radius"), POSITIVE, spec.clone());
    }
    if let (Some(cos), Some(sin)) = (&p.sqrt_ecc_cos_omega, &p.sqrt_ecc_sin_omega) {
        add("sqrt_ecc_cos_omega", ("", "root of the eccentricity times cos omega"), SIGNED_SHARE, cos.clone());
        add("sqrt_ecc_sin_omega", ("", "root of the eccentricity times sin omega"), SIGNED_SHARE, sin.clone());
    } else {
        add("ecc", ("", "eccentricity"), ECCENTRICITY, or(&p.ecc, 0.0));
        let words = ("rad", "argument of periastron of the star's orbit");
        add("omega", words, ANY, or(&p.omega, std::f64::consts::FRAC_PI_2));
    }
    if let Some(spec) = &p.rv_semi_amplitude {
        add("rv_semi_amplitude", ("m/s", "semi-amplitude of the star's velocity"), NON_NEGATIVE, spec.clone());
    }
    if let Some(spec) = &p.rp_rs {
        add("rp_rs", ("", "radius of the planet over that of the star"), NON_NEGATIVE, spec.clone());
        for (i, spec) in p.transit_times.iter().enumerate() {
            let last = format!("transit_times.{i}");
            add(&last, ("d", "mid-time of a transit"), ANY, spec.clone());
        }
        if has_phase_curve(p) {
            add("day", ("", "light of the day side over that of the star"), ANY, or(&p.day, 0.0));
            add("night", ("", "light of the night side over that of the star"), ANY, or(&p.night, 0.0));
            add("beaming", ("", "semi-amplitude of Doppler beaming"), ANY, or(&p.beaming, 0.0));
            add("ellipsoidal", ("", "semi-amplitude of the ellipsoidal variation"), ANY, or(&p.ellipsoidal, 0.0));
        }
        builder.declare_impact_parameter(key("impact_parameter"), p.impact_parameter.clone(), key("rp_rs"));
    }
}

fn has_phase_curve(p: &PlanetConfig) -> bool {
    [&p.day, &p.night, &p.beaming, &p.ellipsoidal].into_iter().any(Option::is_some)
}

/// Names of the coefficients of a law.
fn coefficient_names(i: &InstrumentConfig) -> &'static [&'static str] {
    match i.limb_darkening {
        LimbDarkeningLaw::Uniform => &[],
        LimbDarkeningLaw::Linear => &["u"],
        LimbDarkeningLaw::Quadratic if i.u1.is_some() || i.u2.is_some() => &["u1", "u2"],
        LimbDarkeningLaw::Quadratic => &["q1", "q2"],
        LimbDarkeningLaw::SquareRoot | LimbDarkeningLaw::Logarithmic => &["u1", "u2"],
        LimbDarkeningLaw::Power2 => &["c", "alpha"],
        LimbDarkeningLaw::Nonlinear => &["c1", "c2", "c3", "c4"],
    }
}

fn declare_instrument(
    builder: &mut TableBuilder,
    name: &str,
    i: &InstrumentConfig,
    series: &Series,
) -> Result<(), JointError> {
    let key = |last: &str| format!("instruments.{name}.{last}");
    let names = coefficient_names(i);
    let given = [
        ("q1", &i.q1),
        ("q2", &i.q2),
        ("u1", &i.u1),
        ("u2", &i.u2),
        ("u", &i.u),
        ("c", &i.c),
        ("alpha", &i.alpha),
        ("c1", &i.c1),
        ("c2", &i.c2),
        ("c3", &i.c3),
        ("c4", &i.c4),
    ];
    for (last, spec) in given {
        if spec.is_some() && !names.contains(&last) {
            let valid = format!("{} for this law of limb darkening", names.join(", "));
            return Err(invalid(key(last), "given", &valid));
        }
    }
    for last in names {
        let spec = given.iter().find(|g| g.0 == *last).and_then(|g| g.1.clone());
        let is_kipping = matches!(*last, "q1" | "q2");
        let spec = match spec {
            Some(spec) => spec,
            None if is_kipping => Prior::Uniform { low: 0.0, high: 1.0 }.into(),
            None => return Err(invalid(key(last), "none", "a number or a prior: this coefficient has no default")),
        };
        let limits = match *last {
            "q1" | "q2" => SHARE,
            "alpha" => POSITIVE,
            _ => ANY,
        };
        let description = match *last {
            "q1" => "limb darkening, (u1 + u2)^2",
            "q2" => "limb darkening, u1 / (2 (u1 + u2))",
            _ => "coefficient of limb darkening",
        };
        builder.declare(key(last), ("", description), limits, spec);
    }
    builder.declare(key("third_light"), ("", "share of the light from elsewhere"), SHARE, or(&i.third_light, 0.0));
    let level = series.median_value();
    let baseline = Prior::Uniform { low: level - 0.1, high: level + 0.1 }.into();
    let words = ("", "flux out of transit, relative");
    builder.declare(key("baseline"), words, ANY, i.baseline.clone().unwrap_or(baseline));
    let words = ("1/d", "change of the flux out of transit");
    builder.declare(key("baseline_slope"), words, ANY, or(&i.baseline_slope, 0.0));
    let jitter = i.jitter.clone().unwrap_or_else(|| default_jitter(series));
    builder.declare(key("jitter"), ("", "noise added in quadrature to the errors"), NON_NEGATIVE, jitter);
    declare_noise(builder, &key, "", &i.noise);
    if i.likelihood == Likelihood::Student {
        builder.declare(key("nu"), ("", "degrees of freedom of the Student likelihood"), POSITIVE, or(&i.nu, 4.0));
    }
    Ok(())
}

fn default_jitter(series: &Series) -> ParameterSpec {
    let error = series.median_error();
    Prior::LogUniform { low: 0.01 * error, high: 10.0 * error.max(series.scatter()) }.into()
}

fn declare_noise(
    builder: &mut TableBuilder,
    key: &dyn Fn(&str) -> String,
    unit: &'static str,
    noise: &Option<NoiseConfig>,
) {
    let mut add = |last: &str, words, spec: &ParameterSpec| builder.declare(key(last), words, POSITIVE, spec.clone());
    let sigma_words = (unit, "standard deviation of the correlated noise");
    match noise {
        None => {}
        Some(NoiseConfig::Sho { sigma, period, quality }) => {
            add("noise.sigma", sigma_words, sigma);
            add("noise.period", ("d", "undamped period of the correlated noise"), period);
            let quality = or(quality, std::f64::consts::FRAC_1_SQRT_2);
            add("noise.quality", ("", "quality of the oscillator"), &quality);
        }
        Some(NoiseConfig::Rotation { sigma, period, quality }) => {
            add("noise.sigma", sigma_words, sigma);
            add("noise.period", ("d", "rotation period"), period);
            add("noise.quality", ("", "quality of the oscillators"), quality);
        }
        Some(NoiseConfig::Matern32 { sigma, rho }) => {
            add("noise.sigma", sigma_words, sigma);
            add("noise.rho", ("d", "length scale of the correlated noise"), rho);
        }
    }
}

fn declare_velocity(builder: &mut TableBuilder, name: &str, v: &VelocityConfig, series: &Series) {
    let key = |last: &str| format!("rv.{name}.{last}");
    let (low, high) = series.range();
    let room = (0.5 * (high - low)).max(10.0 * series.median_error());
    let offset = Prior::Uniform { low: low - room, high: high + room }.into();
    let words = ("m/s", "velocity of the system");
    builder.declare(key("offset"), words, ANY, v.offset.clone().unwrap_or(offset));
    builder.declare(key("trend"), ("m/s/d", "trend of the velocity"), ANY, or(&v.trend, 0.0));
    builder.declare(key("curvature"), ("m/s/d2", "change of the trend"), ANY, or(&v.curvature, 0.0));
    let jitter = v.jitter.clone().unwrap_or_else(|| default_jitter(series));
    builder.declare(key("jitter"), ("m/s", "noise added in quadrature to the errors"), NON_NEGATIVE, jitter);
    declare_noise(builder, &key, "m/s", &v.noise);
    if v.likelihood == Likelihood::Student {
        builder.declare(key("nu"), ("", "degrees of freedom of the Student likelihood"), POSITIVE, or(&v.nu, 4.0));
    }
}

/// The model whose slots are those of `table`.
pub(super) fn model(config: &JointConfig, data: &JointData, table: &JointTable) -> Model {
    let slot = |name: &str| table.slot(name).unwrap_or(Slot::Fixed(0.0));
    let planets = config.planets.iter().map(|(name, p)| planet(name, p, &slot)).collect();
    let noise = |prefix: &str, process: &Option<NoiseConfig>, likelihood, column_sigma| {
        let at = |last: &str| slot(&format!("{prefix}.{last}"));
        let process = process.as_ref().map(|p| match p {
            NoiseConfig::Sho { .. } => {
                Process::Sho { sigma: at("noise.sigma"), period: at("noise.period"), quality: at("noise.quality") }
            }
            NoiseConfig::Rotation { .. } => {
                Process::Rotation { sigma: at("noise.sigma"), period: at("noise.period"), quality: at("noise.quality") }
            }
            NoiseConfig::Matern32 { .. } => Process::Matern32 { sigma: at("noise.sigma"), rho: at("noise.rho") },
        });
        Noise { jitter: at("jitter"), process, likelihood, nu: at("nu"), column_sigma }
    };
    let instruments = config
        .instruments
        .iter()
        .map(|(name, i)| {
            let prefix = format!("instruments.{name}");
            let at = |last: &str| slot(&format!("{prefix}.{last}"));
            let names = coefficient_names(i);
            let law = if names.first() == Some(&"q1") {
                Law::Kipping(at("q1"), at("q2"))
            } else {
                let coefficient = |n: usize| names.get(n).map_or(Slot::Fixed(0.0), |last| at(last));
                Law::Coefficients(i.limb_darkening, std::array::from_fn(coefficient))
            };
            Instrument {
                name: name.clone(),
                law,
                exposure_time: i.exposure_time_s / DAY_S,
                third_light: at("third_light"),
                baseline: at("baseline"),
                slope: at("baseline_slope"),
                noise: noise(&prefix, &i.noise, i.likelihood, i.decorrelation_sigma),
            }
        })
        .collect();
    let velocities = config
        .rv
        .iter()
        .map(|(name, v)| {
            let prefix = format!("rv.{name}");
            let at = |last: &str| slot(&format!("{prefix}.{last}"));
            VelocityModel {
                name: name.clone(),
                offset: at("offset"),
                trend: at("trend"),
                curvature: at("curvature"),
                noise: noise(&prefix, &v.noise, v.likelihood, 1.0),
            }
        })
        .collect();
    let reference = data.span().map_or(0.0, |(first, last)| (0.5 * (first + last)).round());
    let all = data.velocities.values().map(|s| (s.time()[0], s.time()[s.len() - 1]));
    let span = all.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
    let velocity_middle = span.map_or(0.0, |(first, last)| 0.5 * (first + last) - reference);
    Model { planets, instruments, velocities, reference, velocity_middle }
}

fn planet(name: &str, p: &PlanetConfig, slot: &dyn Fn(&str) -> Slot) -> Planet {
    let at = |last: &str| slot(&format!("planets.{name}.{last}"));
    let transit = p.rp_rs.as_ref().map(|_| Transit {
        rp_rs: at("rp_rs"),
        impact_parameter: at("impact_parameter"),
        size: if p.a_rs.is_some() { Size::ARs(at("a_rs")) } else { Size::RhoStar(slot("star.rho_star")) },
        transit_times: (0..p.transit_times.len()).map(|i| at(&format!("transit_times.{i}"))).collect(),
        phase_curve: has_phase_curve(p).then(|| [at("day"), at("night"), at("beaming"), at("ellipsoidal")]),
    });
    let eccentricity = if p.sqrt_ecc_cos_omega.is_some() {
        Eccentricity::Roots { cos: at("sqrt_ecc_cos_omega"), sin: at("sqrt_ecc_sin_omega") }
    } else if at("ecc") == Slot::Fixed(0.0) {
        Eccentricity::Circular
    } else {
        Eccentricity::Direct { ecc: at("ecc"), omega: at("omega") }
    };
    let rv_semi_amplitude = p.rv_semi_amplitude.as_ref().map(|_| at("rv_semi_amplitude"));
    Planet {
        name: name.into(),
        period: at("period"),
        transit_time: at("transit_time"),
        transit,
        eccentricity,
        rv_semi_amplitude,
    }
}
