//! Everything that decides what a run does, as one TOML document.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::detrend::DetrendConfig;
use crate::fit::FitConfig;
use crate::inject::InjectConfig;
use crate::io::read::ReadConfig;
use crate::lightcurve::CleanConfig;
use crate::search::SearchConfig;
use crate::star::Star;
use crate::vet::{Disposition, VetConfig};

/// Section of the settings of `antumbra inject`.
const INJECT: &str = "inject";

/// Why a configuration was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    #[error("cannot read {path}")]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{path} is not a valid configuration")]
    Toml { path: PathBuf, source: Box<toml::de::Error> },
    #[error("`--set {assignment}`: {reason}")]
    Assignment { assignment: String, reason: String },
    #[error("vet.profile {path}: cannot read it")]
    Profile { path: PathBuf, source: std::io::Error },
    #[error("the settings together are not a valid configuration")]
    Together { source: Box<toml::de::Error> },
}

/// Settings of a run. Every field has a default, and the whole, defaults included, is written into the manifest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RunConfig {
    /// Seed of everything random. A target's own stream comes from this and its id.
    pub seed: u64,
    pub read: ReadConfig,
    pub clean: CleanConfig,
    pub detrend: DetrendConfig,
    pub search: SearchConfig,
    pub vet: VetConfig,
    /// Which candidates are fitted.
    pub fit_selection: FitSelection,
    pub fit: FitConfig,
    /// Parameters of stars by target id; they replace what the files say.
    #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub stars: std::collections::BTreeMap<String, Star>,
}

/// Which candidates get a fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FitSelection {
    /// Most candidates of one target to fit, strongest first; 0 for no fits.
    pub max_per_target: usize,
    /// What is fitted of what vetting makes of the candidates.
    pub dispositions: FitDispositions,
}

/// Which dispositions get a fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FitDispositions {
    /// Whatever was found.
    All,
    /// What eclipses: planet candidates and false positives. A transit model says nothing of a false alarm.
    #[default]
    Eclipses,
    /// Planet candidates alone.
    Candidates,
}

impl FitDispositions {
    /// Whether a candidate of this disposition is fitted.
    pub fn include(self, disposition: Disposition) -> bool {
        match self {
            Self::All => true,
            Self::Eclipses => disposition != Disposition::FalseAlarm,
            Self::Candidates => disposition == Disposition::Candidate,
        }
    }
}

impl Default for FitSelection {
    fn default() -> Self {
        Self { max_per_target: 8, dispositions: FitDispositions::default() }
    }
}

impl RunConfig {
    /// Reads `file` if there is one, applies `assignments` (`section.key=value`, value as in TOML) on top, and checks the
    /// whole. Unknown keys are refused. The section `inject` is checked, and left aside.
    pub fn load(file: Option<&Path>, assignments: &[String]) -> Result<Self, ConfigError> {
        Self::load_with_inject(file, assignments).map(|(config, _)| config)
    }

    /// The same, with the section `inject`. It is not part of the configuration of a run, whose results do not hang on it.
    pub fn load_with_inject(file: Option<&Path>, assignments: &[String]) -> Result<(Self, InjectConfig), ConfigError> {
        let mut document = match file {
            None => toml::Table::new(),
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|source| ConfigError::Io { path: path.to_path_buf(), source })?;
                let invalid = |source| ConfigError::Toml { path: path.to_path_buf(), source: Box::new(source) };
                let document = text.parse::<toml::Table>().map_err(invalid)?;
                // Parsed as the typed configuration too: its errors carry line and column. Not where a file that is read
                // below takes a value's place.
                if profile_file(&document).is_none() && !document.contains_key(INJECT) {
                    toml::from_str::<RunConfig>(&text).map_err(invalid)?;
                }
                document
            }
        };
        for assignment in assignments {
            assign(&mut document, assignment)?;
        }
        // The text of a profile, and not its place, is what decides.
        if let Some(path) = profile_file(&document) {
            let text =
                std::fs::read_to_string(&path).map_err(|source| ConfigError::Profile { path: path.clone(), source })?;
            if let Some(vet) = document.get_mut("vet").and_then(|v| v.as_table_mut()) {
                vet.insert("profile".into(), toml::Value::String(text));
            }
        }
        let together = |source| ConfigError::Together { source: Box::new(source) };
        let inject = match document.remove(INJECT) {
            Some(section) => section.try_into().map_err(together)?,
            None => InjectConfig::default(),
        };
        Ok((document.try_into().map_err(together)?, inject))
    }
}

/// The file that `vet.profile` names, where it names one.
fn profile_file(document: &toml::Table) -> Option<PathBuf> {
    let name = document.get("vet")?.get("profile")?.as_str()?;
    (name.ends_with(".toml") && !name.contains('\n')).then(|| PathBuf::from(name))
}

pub(super) fn assign(document: &mut toml::Table, assignment: &str) -> Result<(), ConfigError> {
    let refuse = |reason: String| ConfigError::Assignment { assignment: assignment.to_string(), reason };
    let (path, value) = assignment.split_once('=').ok_or_else(|| refuse("expected `section.key=value`".into()))?;
    // A bare word that is no TOML value is taken as a string, so that `read.apertures=all` works unquoted.
    let value = format!("v = {}", value.trim())
        .parse::<toml::Table>()
        .ok()
        .and_then(|mut t| t.remove("v"))
        .unwrap_or_else(|| toml::Value::String(value.trim().to_string()));
    let mut keys: Vec<&str> = path.trim().split('.').collect();
    let last = keys.pop().filter(|k| !k.is_empty()).ok_or_else(|| refuse("the key is empty".into()))?;
    let mut table = document;
    for key in keys {
        table = table
            .entry(key)
            .or_insert_with(|| toml::Value::Table(toml::Table::new()))
            .as_table_mut()
            .ok_or_else(|| refuse(format!("`{key}` is a value, not a section")))?;
    }
    table.insert(last.to_string(), value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_survive_a_round_trip() {
        let text = toml::to_string(&RunConfig::default()).unwrap();
        let back: RunConfig = toml::from_str(&text).unwrap();
        assert_eq!(back, RunConfig::default());
    }

    #[test]
    fn trials_are_set_beside_a_run_and_are_no_part_of_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("c.toml");
        std::fs::write(&path, "seed = 3\n[inject]\ntrials = 4\n").unwrap();
        let (config, inject) = RunConfig::load_with_inject(Some(&path), &["inject.scrambles=2".into()]).unwrap();
        assert_eq!((config.seed, inject.trials, inject.scrambles), (3, 4, 2));
        assert_eq!(RunConfig::load(Some(&path), &[]).unwrap(), RunConfig { seed: 3, ..RunConfig::default() });
        assert!(RunConfig::load(None, &["inject.trails=4".into()]).is_err());
    }

    #[test]
    fn assignments_override_and_unknown_keys_are_refused() {
        let config = RunConfig::load(None, &["seed=7".into(), "fit_selection.max_per_target=0".into()]).unwrap();
        assert_eq!((config.seed, config.fit_selection.max_per_target), (7, 0));
        let error = RunConfig::load(None, &["search.no_such_key=1".into()]).unwrap_err();
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.contains("no_such_key"), "{source}");
        assert!(RunConfig::load(None, &["seed".into()]).is_err());
    }
}
