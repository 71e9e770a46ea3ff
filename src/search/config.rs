//! What to search for: periods, durations, thresholds.

use serde::{Deserialize, Serialize};

use super::error::SearchError;

/// What the search takes the noise of a light curve for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NoiseTreatment {
    /// Whitened where the flattened light curve still has red noise.
    #[default]
    Auto,
    /// White, of the stated errors; what is red counts by the scatter of single boxes alone.
    White,
    /// Modelled as an autoregression of the light curve before it was flattened, and whitened by it.
    Whiten,
}

/// Settings of [`crate::search::search`]. Times in days, densities in solar units.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SearchConfig {
    /// Shortest period (days). The default reaches the ultra-short periods of rocky planets.
    pub period_min: f64,
    /// Longest period (days); `None` for `period_max_baselines` times the baseline.
    pub period_max: Option<f64>,
    /// Longest period as a fraction of the baseline where `period_max` is `None`. Above one half only some phases show
    /// two transits, but they do.
    pub period_max_baselines: f64,
    /// Time slots in the shortest duration searched at a period; neighbouring trial periods drift apart by one slot over the
    /// baseline. It is the oversampling of Ofir's grid for the shortest transits (grazing ones); those of central transits
    /// have two to four times as many. At least 2.
    pub oversampling: usize,
    /// Lowest mean stellar density (solar units) searched where the star's is not known; 0.1 is a subgiant.
    pub density_min: f64,
    /// Highest mean stellar density (solar units) searched where the star's is not known; 10 is an M dwarf of 0.35 M☉.
    pub density_max: f64,
    /// Where the star's density is known: how far (as a factor up and down) to search around it in addition to three
    /// sigma, which covers eccentric orbits.
    pub density_factor: f64,
    /// Shortest duration in units of that of a central transit on a circular orbit; below 1 for grazing orbits.
    pub duration_factor_min: f64,
    /// Longest duration in units of that of a central transit on a circular orbit; above 1 for large planets.
    pub duration_factor_max: f64,
    /// Longest duration as a fraction of the period.
    pub duty_cycle_max: f64,
    /// What the noise is taken for: rotation and granulation that a flattening leaves are whitened.
    pub noise: NoiseTreatment,
    /// Transits with data that a candidate must have. At least 2.
    pub min_transits: usize,
    /// Signal to noise that a candidate must have, against white noise and against the curve's own red noise.
    pub snr_threshold: f64,
    /// False-alarm probability that a candidate may have under the noise of its own light curve; 1 reports all.
    pub max_fap: f64,
    /// Signal to noise over red noise that a single transit must have.
    pub single_threshold: f64,
    /// Most single transits of a star: more dips than these are its own variability, and none is reported. 0 looks for none.
    pub max_single_transits: usize,
    /// Candidates after which the search of a star ends.
    pub max_candidates: usize,
    /// Isolated dips that may be set aside, each at the cost of another pass, before the search of a star ends.
    pub max_set_aside: usize,
    /// Peaks of a pass that are evaluated exactly, not counting pairs and triples of dips that noise makes (of which up to
    /// three times as many are passed over).
    pub max_peaks: usize,
    /// Additions above which a search is refused; a guard against stray time stamps that stretch the baseline.
    pub max_work: f64,
}

impl Default for SearchConfig {
    fn default() -> Self {
        Self {
            period_min: 0.2,
            period_max: None,
            period_max_baselines: 0.7,
            oversampling: 2,
            density_min: 0.1,
            density_max: 10.0,
            density_factor: 2.0,
            duration_factor_min: 0.5,
            duration_factor_max: 1.2,
            duty_cycle_max: 0.25,
            noise: NoiseTreatment::Auto,
            min_transits: 2,
            snr_threshold: 7.1,
            max_fap: 0.01,
            single_threshold: 6.0,
            max_single_transits: 4,
            max_candidates: 8,
            max_set_aside: 8,
            max_peaks: 16,
            max_work: 1e12,
        }
    }
}

impl SearchConfig {
    /// Refuses settings that make no search.
    pub fn validate(&self) -> Result<(), SearchError> {
        let positive = [
            ("period_min", self.period_min),
            ("period_max", self.period_max.unwrap_or(f64::MAX)),
            ("period_max_baselines", self.period_max_baselines),
            ("density_min", self.density_min),
            ("duration_factor_min", self.duration_factor_min),
            ("snr_threshold", self.snr_threshold),
            ("single_threshold", self.single_threshold),
            ("max_fap", self.max_fap),
            ("max_work", self.max_work),
        ];
        for (setting, value) in positive {
            if !(value.is_finite() && value > 0.0) {
                return Err(SearchError::Config { setting, value, reason: "must be finite and positive" });
            }
        }
        let ordered = [
            ("density_max", self.density_max, self.density_min, "must be at least density_min"),
            (
                "duration_factor_max",
                self.duration_factor_max,
                self.duration_factor_min,
                "must be at least duration_factor_min",
            ),
            ("density_factor", self.density_factor, 1.0, "must be at least 1"),
            ("oversampling", self.oversampling as f64, 2.0, "must be at least 2"),
            ("min_transits", self.min_transits as f64, 2.0, "must be at least 2"),
            ("max_peaks", self.max_peaks as f64, 1.0, "must be at least 1"),
        ];
        for (setting, value, least, reason) in ordered {
            if !(value.is_finite() && value >= least) {
                return Err(SearchError::Config { setting, value, reason });
            }
        }
        if self.oversampling > 64 {
            let value = self.oversampling as f64;
            return Err(SearchError::Config { setting: "oversampling", value, reason: "must be at most 64" });
        }
        if !(self.duty_cycle_max > 0.0 && self.duty_cycle_max <= 0.5) {
            let value = self.duty_cycle_max;
            return Err(SearchError::Config { setting: "duty_cycle_max", value, reason: "must be in (0, 0.5]" });
        }
        if self.period_max.is_some_and(|max| max <= self.period_min) {
            let value = self.period_max.unwrap_or_default();
            return Err(SearchError::Config { setting: "period_max", value, reason: "must exceed period_min" });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_valid_and_nonsense_is_named() {
        assert_eq!(SearchConfig::default().validate(), Ok(()));
        let refused = |c: SearchConfig| match c.validate() {
            Err(SearchError::Config { setting, .. }) => setting,
            other => panic!("{other:?}"),
        };
        assert_eq!(refused(SearchConfig { period_min: f64::NAN, ..Default::default() }), "period_min");
        assert_eq!(refused(SearchConfig { period_max: Some(0.1), ..Default::default() }), "period_max");
        assert_eq!(refused(SearchConfig { min_transits: 1, ..Default::default() }), "min_transits");
        assert_eq!(refused(SearchConfig { duty_cycle_max: 0.9, ..Default::default() }), "duty_cycle_max");
    }

    #[test]
    fn unknown_settings_are_refused() {
        assert!(toml::from_str::<SearchConfig>("period_mim = 1.0").is_err());
        let config: SearchConfig = toml::from_str("period_min = 1.0").unwrap();
        assert_eq!(config, SearchConfig { period_min: 1.0, ..Default::default() });
    }
}
