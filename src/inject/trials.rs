//! What is done to each light curve to learn what a search and its vetting are worth.

use serde::{Deserialize, Serialize};

use super::InjectError;
use super::planet::PlanetRange;
use super::recovery::MatchConfig;

/// Trials of every light curve, and how their results are put together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct InjectConfig {
    /// Planets injected into each light curve, one at a time.
    pub trials: usize,
    /// Whether each light curve is searched upside down too.
    pub invert: bool,
    /// Orders of its segments in which each light curve is searched too.
    pub scrambles: usize,
    /// Shortest break (days) at which a light curve of a single segment is cut into blocks to be scrambled.
    pub scramble_gap: f64,
    /// S/N over red noise from which on a signal that is found in the light curve as it is, and that vetting takes for a
    /// transit or an eclipse, is masked before the light curve is inverted or scrambled. Unset for the S/N at which it
    /// would be found in the two largest blocks alone: a slight change of the period brings two blocks into phase whatever
    /// their order, so there it would not be noise.
    pub known_snr: Option<f64>,
    /// Planets that are injected.
    pub planets: PlanetRange,
    /// When a candidate is an injected planet.
    pub matching: MatchConfig,
    pub grid: GridConfig,
}

/// Cells in which completeness and reliability are given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GridConfig {
    /// Bins of the period, even in the logarithm.
    pub periods: usize,
    /// Bins of the radius or the S/N, even in the logarithm.
    pub sizes: usize,
    /// Edges of the bins of S/N over red noise, ascending.
    pub snr_edges: Vec<f64>,
}

impl Default for InjectConfig {
    fn default() -> Self {
        Self {
            trials: 10,
            invert: true,
            scrambles: 1,
            scramble_gap: 0.5,
            known_snr: None,
            planets: PlanetRange::default(),
            matching: MatchConfig::default(),
            grid: GridConfig::default(),
        }
    }
}

impl Default for GridConfig {
    fn default() -> Self {
        let snr_edges = vec![4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 12.0, 15.0, 20.0, 30.0, 50.0, 100.0];
        Self { periods: 8, sizes: 8, snr_edges }
    }
}

impl InjectConfig {
    /// Fails where a number makes no sense.
    pub fn check(&self) -> Result<(), InjectError> {
        self.planets.check()?;
        let out_of_range = |name, value| Err(InjectError::OutOfRange { name, value });
        if !(self.scramble_gap.is_finite() && self.scramble_gap > 0.0) {
            return out_of_range("scramble_gap", self.scramble_gap);
        }
        if let Some(snr) = self.known_snr.filter(|s| s.is_nan() || *s <= 0.0) {
            return out_of_range("known_snr", snr);
        }
        let durations = self.matching.durations;
        if !(durations.is_finite() && durations > 0.0) {
            return out_of_range("matching.durations", durations);
        }
        if self.matching.ratios.iter().flatten().any(|n| *n == 0) {
            return out_of_range("matching.ratios", 0.0);
        }
        let edges = &self.grid.snr_edges;
        for pair in edges.windows(2) {
            if pair[0].is_nan() || pair[0] >= pair[1] {
                return Err(InjectError::Range { name: "grid.snr_edges", low: pair[0], high: pair[1] });
            }
        }
        if self.grid.periods == 0 || self.grid.sizes == 0 || edges.len() < 2 {
            return out_of_range("grid", 0.0);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inject::SizeRange;

    #[test]
    fn the_default_is_sound_and_nonsense_is_named() {
        assert_eq!(InjectConfig::default().check(), Ok(()));
        let grid = GridConfig { snr_edges: vec![5.0, 4.0], ..GridConfig::default() };
        let wrong = InjectConfig { grid, ..InjectConfig::default() };
        assert!(matches!(wrong.check(), Err(InjectError::Range { name: "grid.snr_edges", .. })));
        let wrong = InjectConfig { scramble_gap: 0.0, ..InjectConfig::default() };
        assert!(matches!(wrong.check(), Err(InjectError::OutOfRange { name: "scramble_gap", .. })));
        let matching = MatchConfig { ratios: vec![[1, 0]], ..MatchConfig::default() };
        assert!(InjectConfig { matching, ..InjectConfig::default() }.check().is_err());
    }

    #[test]
    fn it_reads_as_people_write_it() {
        let text = "trials = 3\nplanets.size = { radius_rearth = [0.5, 4.0] }\nplanets.period = [1, 10.0]\n";
        let config: InjectConfig = toml::from_str(text).unwrap();
        assert_eq!(config.trials, 3);
        assert_eq!(config.planets.size, SizeRange::RadiusRearth([0.5, 4.0]));
        assert_eq!(config.planets.period, Some([1.0, 10.0]));
        assert!(toml::from_str::<InjectConfig>("trails = 3").is_err());
        let text = toml::to_string(&config).unwrap();
        assert_eq!(toml::from_str::<InjectConfig>(&text).unwrap(), config);
    }
}
