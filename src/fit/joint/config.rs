//! The TOML document of a joint fit: star, planets, instruments, radial velocities, sampler.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::specification::ParameterSpec;
use crate::star::{Measured, Star};

/// Everything that decides a joint fit. Full names of parameters are paths here: `planets.b.rp_rs`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct JointConfig {
    /// Free text, copied along.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    pub sampler: SamplerConfig,
    pub star: StarConfig,
    pub planets: BTreeMap<String, PlanetConfig>,
    /// Light curves.
    pub instruments: BTreeMap<String, InstrumentConfig>,
    /// Radial velocities.
    pub rv: BTreeMap<String, VelocityConfig>,
}

/// What is known of the star beforehand.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StarConfig {
    /// Where these numbers are from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mass_msun: Option<Measured>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub radius_rsun: Option<Measured>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub teff_k: Option<Measured>,
    /// log₁₀ of the surface gravity in cm s⁻².
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logg: Option<Measured>,
    /// Mean density (solar units), which sizes the orbits of all planets without `a_rs`. By default a normal prior from
    /// mass and radius or gravity and radius where they are known, else log-uniform from 10⁻³ to 300.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rho_star: Option<ParameterSpec>,
}

impl StarConfig {
    /// The star without its density as a parameter.
    pub fn star(&self) -> Star {
        Star {
            mass_msun: self.mass_msun,
            radius_rsun: self.radius_rsun,
            teff_k: self.teff_k,
            logg: self.logg,
            rho: None,
        }
    }
}

/// One planet. Without `rp_rs` it does not transit and is seen in radial velocities only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanetConfig {
    /// Days.
    pub period: ParameterSpec,
    /// Time of inferior conjunction (days, in the time system of the data).
    pub transit_time: ParameterSpec,
    /// Radius over that of the star.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rp_rs: Option<ParameterSpec>,
    /// Projected distance of the centres at `transit_time` in stellar radii; by default uniform from 0 to 1 + `rp_rs`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impact_parameter: Option<ParameterSpec>,
    /// Semi-major axis over stellar radius, in place of the star's density.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub a_rs: Option<ParameterSpec>,
    /// Eccentricity; 0 by default. With `omega`, or the next two in place of both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ecc: Option<ParameterSpec>,
    /// Argument of periastron of the star's orbit (radians).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub omega: Option<ParameterSpec>,
    /// √e cos ω
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sqrt_ecc_cos_omega: Option<ParameterSpec>,
    /// √e sin ω
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sqrt_ecc_sin_omega: Option<ParameterSpec>,
    /// Semi-amplitude of the star's radial velocity (m/s).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rv_semi_amplitude: Option<ParameterSpec>,
    /// A mid-time for each transit (days): the planet then transits at these and no other times, and `period` says how
    /// fast it moves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transit_times: Vec<ParameterSpec>,
    /// Light of the full day side over that of the star: the depth of the eclipse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<ParameterSpec>,
    /// Light of the night side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub night: Option<ParameterSpec>,
    /// Semi-amplitude of Doppler beaming.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beaming: Option<ParameterSpec>,
    /// Semi-amplitude of the ellipsoidal variation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ellipsoidal: Option<ParameterSpec>,
}

/// Law of limb darkening.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimbDarkeningLaw {
    Uniform,
    Linear,
    /// With `q1` and `q2` (Kipping 2013), uniform from 0 to 1 by default, or `u1` and `u2`.
    #[default]
    Quadratic,
    SquareRoot,
    Logarithmic,
    /// With `c` and `alpha`.
    Power2,
    /// With `c1` to `c4`.
    Nonlinear,
}

/// Distribution of the residuals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Likelihood {
    #[default]
    Gaussian,
    /// Student's t with `nu` degrees of freedom, for data with outliers.
    Student,
}

/// A process of correlated noise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum NoiseConfig {
    /// A damped, driven oscillator: standard deviation, undamped period (days), quality (1/√2 by default).
    Sho {
        sigma: ParameterSpec,
        period: ParameterSpec,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        quality: Option<ParameterSpec>,
    },
    /// Oscillators at the rotation period (days) and its half.
    Rotation { sigma: ParameterSpec, period: ParameterSpec, quality: ParameterSpec },
    /// Matérn-3/2 with a length scale `rho` (days).
    Matern32 { sigma: ParameterSpec, rho: ParameterSpec },
}

/// Which columns of a text file hold what: names of its header, or numbers from 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "the name of a column, or its number from 1")]
pub enum ColumnName {
    Number(usize),
    Name(String),
}

/// Columns and rows of a file of either kind of data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FileColumns {
    pub time: ColumnName,
    /// Flux or velocity.
    pub value: ColumnName,
    /// Its error.
    pub error: ColumnName,
    /// Column and text that a row must have there, for files with several instruments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only: Option<(ColumnName, String)>,
}

impl Default for FileColumns {
    fn default() -> Self {
        Self { time: ColumnName::Number(1), value: ColumnName::Number(2), error: ColumnName::Number(3), only: None }
    }
}

/// One light curve with its instrument. Every parameter may be shared with another instrument's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct InstrumentConfig {
    /// Relative to the configuration.
    pub file: String,
    pub columns: FileColumns,
    /// Days to add to the file's times.
    pub time_offset: f64,
    /// Flux error of every point, in place of the file's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flux_err: Option<f64>,
    /// Only points within this many days of a transit, as the starting values predict it, are used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window_days: Option<f64>,
    /// Name of the passband; said again in the results, and nothing else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub band: Option<String>,
    /// Seconds; 0 for instantaneous.
    pub exposure_time_s: f64,
    pub limb_darkening: LimbDarkeningLaw,
    /// Where the limb-darkening priors are from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limb_darkening_source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q1: Option<ParameterSpec>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q2: Option<ParameterSpec>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub u1: Option<ParameterSpec>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub u2: Option<ParameterSpec>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub u: Option<ParameterSpec>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub c: Option<ParameterSpec>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alpha: Option<ParameterSpec>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub c1: Option<ParameterSpec>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub c2: Option<ParameterSpec>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub c3: Option<ParameterSpec>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub c4: Option<ParameterSpec>,
    /// Share of the light that is not the system's; 0 by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub third_light: Option<ParameterSpec>,
    /// Noise added in quadrature to the errors (relative flux); by default log-uniform from 1/100 of the median error to
    /// 10 times that or the scatter, whichever is larger.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jitter: Option<ParameterSpec>,
    /// Flux out of transit; by default uniform within 0.1 of the median.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<ParameterSpec>,
    /// Its change per day, about the middle of this light curve; 0 by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline_slope: Option<ParameterSpec>,
    /// Columns of the file whose multiples may be in the flux. Each is brought to mean 0 and standard deviation 1, and its
    /// coefficient has a normal prior of `decorrelation_sigma` that is integrated over exactly.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub decorrelate: Vec<ColumnName>,
    /// Relative flux for one standard deviation of a column.
    pub decorrelation_sigma: f64,
    /// Correlated noise; none by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise: Option<NoiseConfig>,
    pub likelihood: Likelihood,
    /// Degrees of freedom of the Student likelihood; 4 by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nu: Option<ParameterSpec>,
}

impl Default for InstrumentConfig {
    fn default() -> Self {
        Self {
            file: String::new(),
            columns: FileColumns::default(),
            time_offset: 0.0,
            flux_err: None,
            window_days: None,
            band: None,
            exposure_time_s: 0.0,
            limb_darkening: LimbDarkeningLaw::default(),
            limb_darkening_source: None,
            q1: None,
            q2: None,
            u1: None,
            u2: None,
            u: None,
            c: None,
            alpha: None,
            c1: None,
            c2: None,
            c3: None,
            c4: None,
            third_light: None,
            jitter: None,
            baseline: None,
            baseline_slope: None,
            decorrelate: Vec::new(),
            decorrelation_sigma: 0.1,
            noise: None,
            likelihood: Likelihood::default(),
            nu: None,
        }
    }
}

/// Unit of the velocities in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum VelocityUnit {
    #[default]
    #[serde(rename = "m/s")]
    MetresPerSecond,
    #[serde(rename = "km/s")]
    KilometresPerSecond,
}

/// Radial velocities of one instrument. All parameters are in m/s, whatever the file's unit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VelocityConfig {
    /// Relative to the configuration.
    pub file: String,
    pub columns: FileColumns,
    /// Days to add to the file's times.
    pub time_offset: f64,
    pub unit: VelocityUnit,
    /// Velocity of the system as this instrument sees it (m/s); by default uniform over twice the range of the data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<ParameterSpec>,
    /// Noise added in quadrature (m/s); default as for light curves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jitter: Option<ParameterSpec>,
    /// Trend (m/s per day) about the middle of all velocities; 0 by default. Share it between instruments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trend: Option<ParameterSpec>,
    /// Its change (m/s per day²); 0 by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub curvature: Option<ParameterSpec>,
    /// Correlated noise; none by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise: Option<NoiseConfig>,
    pub likelihood: Likelihood,
    /// Degrees of freedom of the Student likelihood; 4 by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nu: Option<ParameterSpec>,
}

/// Which sampler.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SamplerKind {
    /// Importance sampling, and walkers that go on from it where its k-hat is too high; the no-U-turn sampler of more than 24
    /// parameters, or where importance sampling has found next to nothing.
    #[default]
    Auto,
    Importance,
    Ensemble,
    /// The no-U-turn sampler, which follows the gradient.
    Nuts,
    /// Nested sampling, for the evidence.
    Nested,
}

/// How to sample, and what is asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SamplerConfig {
    pub kind: SamplerKind,
    /// Seed of everything random.
    pub seed: u64,
    /// Effective sample size asked for, bulk and tail of every parameter.
    pub min_ess: f64,
    /// Draws stored at most.
    pub draws: usize,
    /// Evaluations of the density after which importance sampling is given up.
    pub max_evaluations: usize,
    /// Walkers of the ensemble; by default 4 a dimension.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub walkers: Option<usize>,
    /// Steps after which the ensemble ends, converged or not.
    pub max_steps: usize,
    /// Draws of each chain of the no-U-turn sampler after which it ends, converged or not.
    pub max_draws: usize,
    /// Live points of nested sampling.
    pub live_points: usize,
    /// Transits of each planet after the data whose times are predicted.
    pub predicted_transits: usize,
}

impl Default for SamplerConfig {
    fn default() -> Self {
        Self {
            kind: SamplerKind::default(),
            seed: 1,
            min_ess: 1000.0,
            draws: 4000,
            max_evaluations: 200_000,
            walkers: None,
            max_steps: 50_000,
            max_draws: 10_000,
            live_points: 500,
            predicted_transits: 10,
        }
    }
}
