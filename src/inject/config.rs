//! What to simulate.

use serde::{Deserialize, Serialize};

use super::schedule::Schedule;
use super::{SimulateError, population, truth::TruthKind};

/// Mission and cadence whose time stamps are imitated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Cadence {
    /// TESS target pixels, 2 minutes.
    #[serde(rename = "tess_2min")]
    Tess2min,
    /// TESS full frames, 10 minutes.
    #[default]
    #[serde(rename = "tess_10min")]
    Tess10min,
    /// Kepler long cadence, 29.4 minutes.
    #[serde(rename = "kepler_30min")]
    Kepler30min,
}

impl Cadence {
    pub(super) fn schedule(self) -> Schedule {
        match self {
            Self::Tess2min => Schedule::tess(2.0 / 1440.0),
            Self::Tess10min => Schedule::tess(10.0 / 1440.0),
            Self::Kepler30min => Schedule::kepler(),
        }
    }
}

/// A collection of simulated stars: those listed, then those of a population.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SimulateConfig {
    /// Seed of everything random.
    pub seed: u64,
    pub cadence: Cadence,
    /// Sectors (TESS) or quarters (Kepler), one after the other.
    pub segments: usize,
    /// Share of the cadences that are missing at random.
    pub missing_fraction: f64,
    /// Share of the cadences that are outliers, upward and downward alike, of 5 to 30 times the white noise.
    pub outlier_fraction: f64,
    /// Scattered light at the start of each orbit or month: a ramp of this height (relative flux), falling by 1/e in 0.2 d.
    pub edge_ramp: f64,
    /// Jump of the flux (standard deviation, relative) at each momentum dump, every 3 days, decaying by 1/e in 0.3 d.
    pub momentum_dump: f64,
    /// Stars described one by one.
    pub stars: Vec<StarConfig>,
    /// Stars drawn at random.
    pub population: PopulationConfig,
}

impl Default for SimulateConfig {
    fn default() -> Self {
        Self {
            seed: 1,
            cadence: Cadence::default(),
            segments: 1,
            missing_fraction: 0.002,
            outlier_fraction: 5e-4,
            edge_ramp: 0.0,
            momentum_dump: 0.0,
            stars: Vec::new(),
            population: PopulationConfig::default(),
        }
    }
}

impl SimulateConfig {
    /// Number of targets.
    pub fn targets(&self) -> usize {
        self.stars.len() + self.population.count
    }

    /// The star of target `index`, with a name.
    pub fn star(&self, index: usize) -> Result<StarConfig, SimulateError> {
        if let Some(star) = self.stars.get(index) {
            let mut star = star.clone();
            if star.target_id.is_empty() {
                star.target_id = format!("SIM {}", index + 1);
            }
            return Ok(star);
        }
        if index >= self.targets() {
            return Err(SimulateError::NoSuchTarget { index, targets: self.targets() });
        }
        Ok(population::draw(self, &format!("SIM {}", index + 1)))
    }

    /// Fails if two targets have one name, or a value is out of range.
    pub fn check(&self) -> Result<(), SimulateError> {
        let mut names = std::collections::HashSet::new();
        for index in 0..self.targets() {
            // Names of a population follow from the number alone; drawing the star is not needed.
            let name = match self.stars.get(index) {
                Some(star) if !star.target_id.is_empty() => star.target_id.clone(),
                _ => format!("SIM {}", index + 1),
            };
            if !names.insert(name.clone()) {
                return Err(SimulateError::Duplicate(name));
            }
        }
        let shares = [
            ("missing_fraction", self.missing_fraction),
            ("outlier_fraction", self.outlier_fraction),
            ("population.planet_fraction", self.population.planet_fraction),
            ("population.binary_fraction", self.population.binary_fraction),
            ("population.rotation_fraction", self.population.rotation_fraction),
        ];
        for (name, value) in shares {
            range("configuration", name, value, 0.0, 1.0)?;
        }
        for (name, [low, high]) in [
            ("population.white_noise", self.population.white_noise),
            ("population.period", self.population.period),
            ("population.rp_rs", self.population.rp_rs),
        ] {
            range("configuration", name, low, f64::MIN_POSITIVE, high)?;
        }
        if self.segments == 0 {
            return Err(SimulateError::OutOfRange { target: "configuration".into(), name: "segments", value: 0.0 });
        }
        range("configuration", "edge_ramp", self.edge_ramp, 0.0, 1.0)?;
        range("configuration", "momentum_dump", self.momentum_dump, 0.0, 1.0)?;
        self.stars.iter().try_for_each(StarConfig::check)
    }
}

fn range(target: &str, name: &'static str, value: f64, low: f64, high: f64) -> Result<(), SimulateError> {
    if value.is_finite() && (low..=high).contains(&value) {
        return Ok(());
    }
    Err(SimulateError::OutOfRange { target: target.into(), name, value })
}

/// One star, its noise and its companions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StarConfig {
    /// Name; `SIM n` where empty.
    pub target_id: String,
    pub mass_msun: f64,
    pub radius_rsun: f64,
    pub teff_k: f64,
    /// Kipping's limb-darkening parameters of the quadratic law.
    pub q1: f64,
    pub q2: f64,
    /// Flux in electrons per second.
    pub level: f64,
    /// White noise of one cadence, relative flux.
    pub white_noise: f64,
    pub granulation: Option<GranulationConfig>,
    pub rotation: Option<RotationConfig>,
    pub flares: Option<FlareConfig>,
    pub planets: Vec<PlanetConfig>,
    pub binary: Option<BinaryConfig>,
}

impl Default for StarConfig {
    fn default() -> Self {
        Self {
            target_id: String::new(),
            mass_msun: 1.0,
            radius_rsun: 1.0,
            teff_k: 5772.0,
            q1: 0.36,
            q2: 0.33,
            level: 10_000.0,
            white_noise: 5e-4,
            granulation: None,
            rotation: None,
            flares: None,
            planets: Vec::new(),
            binary: None,
        }
    }
}

impl StarConfig {
    /// What the star is, for the truth table.
    pub fn kind(&self) -> TruthKind {
        match (&self.binary, self.planets.is_empty()) {
            (Some(_), _) => TruthKind::Binary,
            (None, false) => TruthKind::Planet,
            (None, true) => TruthKind::Quiet,
        }
    }

    /// Mean density in solar units.
    pub fn density(&self) -> f64 {
        self.mass_msun / self.radius_rsun.powi(3)
    }

    /// Fails where a number makes no star.
    pub fn check(&self) -> Result<(), SimulateError> {
        let positive = [
            ("mass_msun", self.mass_msun),
            ("radius_rsun", self.radius_rsun),
            ("teff_k", self.teff_k),
            ("level", self.level),
            ("white_noise", self.white_noise),
            ("granulation.timescale", self.granulation.map_or(1.0, |g| g.timescale)),
            ("rotation.period", self.rotation.map_or(1.0, |r| r.period)),
        ];
        for (name, value) in positive {
            range(&self.target_id, name, value, f64::MIN_POSITIVE, f64::MAX)?;
        }
        range(&self.target_id, "rotation.quality", self.rotation.map_or(6.0, |r| r.quality), 0.51, f64::MAX)?;
        let amplitudes = [
            ("granulation.amplitude", self.granulation.map_or(0.0, |g| g.amplitude)),
            ("rotation.amplitude", self.rotation.map_or(0.0, |r| r.amplitude)),
            ("flares.rate", self.flares.map_or(0.0, |f| f.rate)),
            ("flares.amplitude", self.flares.map_or(0.0, |f| f.amplitude)),
        ];
        for (name, value) in amplitudes {
            range(&self.target_id, name, value, 0.0, 1000.0)?;
        }
        for (name, value) in [("q1", self.q1), ("q2", self.q2)] {
            range(&self.target_id, name, value, 0.0, 1.0)?;
        }
        if let Some(binary) = &self.binary {
            range(&self.target_id, "binary.surface_brightness", binary.surface_brightness, 0.0, 10.0)?;
            range(&self.target_id, "binary.third_light", binary.third_light, 0.0, 1.0)?;
            range(&self.target_id, "binary.radius_ratio", binary.radius_ratio, f64::MIN_POSITIVE, 10.0)?;
        }
        Ok(())
    }
}

/// Granulation as a Gaussian process.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GranulationConfig {
    /// Standard deviation, relative flux.
    pub amplitude: f64,
    /// Days.
    pub timescale: f64,
}

/// Rotation as a quasi-periodic Gaussian process.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RotationConfig {
    /// Standard deviation, relative flux.
    pub amplitude: f64,
    /// Days.
    pub period: f64,
    /// Quality of the oscillation: larger patterns live longer.
    #[serde(default = "RotationConfig::default_quality")]
    pub quality: f64,
}

impl RotationConfig {
    /// About two rotations until the pattern has changed.
    pub(super) fn default_quality() -> f64 {
        6.0
    }
}

/// Flares: sudden rise, exponential decay.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlareConfig {
    /// Flares a day.
    pub rate: f64,
    /// Mean height, relative flux.
    pub amplitude: f64,
}

/// A planet on a circular or eccentric orbit; its distance follows from the density of the star.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanetConfig {
    /// Days.
    pub period: f64,
    /// Days from the first cadence to a transit.
    pub transit_time: f64,
    pub rp_rs: f64,
    #[serde(default)]
    pub impact_parameter: f64,
    #[serde(default)]
    pub ecc: f64,
    /// Radians.
    #[serde(default)]
    pub omega: f64,
}

/// A companion star on a circular orbit that eclipses and is eclipsed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BinaryConfig {
    /// Days.
    pub period: f64,
    /// Days from the first cadence to a primary eclipse.
    pub transit_time: f64,
    /// Radius of the companion over that of the star.
    pub radius_ratio: f64,
    pub impact_parameter: f64,
    /// Surface brightness of the companion over that of the star; 0 for no secondary eclipse.
    pub surface_brightness: f64,
    /// Share of the light that comes from a third star.
    #[serde(default)]
    pub third_light: f64,
}

/// Stars drawn at random; pairs are ranges, drawn evenly in the logarithm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PopulationConfig {
    pub count: usize,
    /// Share with planets.
    pub planet_fraction: f64,
    /// Share that are eclipsing binaries.
    pub binary_fraction: f64,
    /// Share that rotate visibly.
    pub rotation_fraction: f64,
    /// White noise of one cadence, relative flux.
    pub white_noise: [f64; 2],
    /// Orbital period, days.
    pub period: [f64; 2],
    pub rp_rs: [f64; 2],
}

impl Default for PopulationConfig {
    fn default() -> Self {
        Self {
            count: 0,
            planet_fraction: 0.4,
            binary_fraction: 0.1,
            rotation_fraction: 0.4,
            white_noise: [2e-4, 2e-3],
            period: [0.7, 12.0],
            rp_rs: [0.02, 0.12],
        }
    }
}
