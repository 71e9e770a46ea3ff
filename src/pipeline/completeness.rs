//! Which targets of a list are among the inputs.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use super::error::RunError;
use super::run::Run;
use crate::io::read::target_name;

/// Targets that are wanted, and which of them there are.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Completeness {
    pub wanted: usize,
    pub found: usize,
    /// Wanted, but not among the inputs, in the order of their names.
    pub missing: Vec<String>,
    /// Among the inputs, but not wanted; they are worked on all the same.
    pub others: usize,
}

/// Reads a list of targets: one a line, in the first column where there are several; empty lines and what follows a `#` do
/// not count. `TIC 123`, `tic123` and `TIC123` are the same.
pub fn read_targets_list(path: &Path) -> Result<Vec<String>, RunError> {
    let text = std::fs::read_to_string(path).map_err(|source| RunError::Input { path: path.to_path_buf(), source })?;
    let first = |line: &str| {
        let line = line.split('#').next().unwrap_or_default();
        line.split([',', ';', '\t']).next().unwrap_or_default().trim().to_string()
    };
    let lines = text.lines().map(first).filter(|name| !name.is_empty());
    Ok(lines.map(|name| target_name("target_id", &name)).collect())
}

impl Run<'_> {
    /// Compares the targets found with those wanted.
    pub fn completeness(&self, wanted: &[String]) -> Result<Completeness, RunError> {
        let mut seen: BTreeMap<&str, bool> = wanted.iter().map(|name| (name.as_str(), false)).collect();
        let mut others = 0;
        for unit in &self.plan.units {
            for target in self.plan.targets_of(unit).map_err(RunError::Scratch)? {
                match seen.get_mut(target.target_id.as_str()) {
                    Some(found) => *found = true,
                    None => others += 1,
                }
            }
        }
        let missing: Vec<String> =
            seen.iter().filter(|(_, found)| !**found).map(|(name, _)| name.to_string()).collect();
        Ok(Completeness { wanted: seen.len(), found: seen.len() - missing.len(), missing, others })
    }
}
