//! The document of a joint fit, with what `--set` puts on top, and the line to blame for a value.

use std::path::{Path, PathBuf};

use super::JointRunError;
use crate::fit::joint::{JointConfig, JointError};
use crate::pipeline::config::assign;

/// A checked document and where it came from.
#[derive(Clone, Debug)]
pub struct LoadedJoint {
    pub config: JointConfig,
    path: PathBuf,
    text: String,
    assignments: Vec<String>,
}

impl LoadedJoint {
    /// Reads `path`, applies `assignments` (`planets.b.ecc=0`) and checks the whole. Unknown keys are refused.
    ///
    /// Assigning `ecc` takes √e cos ω and √e sin ω away, and the other way round, so that what-if runs need one word.
    pub fn load(path: &Path, assignments: &[String]) -> Result<Self, JointRunError> {
        let text =
            std::fs::read_to_string(path).map_err(|source| JointRunError::Read { path: path.to_path_buf(), source })?;
        let invalid = |e: &dyn std::fmt::Display| JointRunError::Config(format!("{}: {e}", path.display()));
        // as the typed document first: its errors carry line and column
        let mut config: JointConfig = toml::from_str(&text).map_err(|e| invalid(&e))?;
        if !assignments.is_empty() {
            let mut document = text.parse::<toml::Table>().map_err(|e| invalid(&e))?;
            for assignment in assignments {
                make_room(&mut document, assignment);
                assign(&mut document, assignment).map_err(|e| JointRunError::Config(e.to_string()))?;
            }
            config = document.try_into().map_err(|e: toml::de::Error| {
                let joined = assignments.join(" --set ");
                JointRunError::Config(format!("{} with --set {joined}: {e}", path.display()))
            })?;
        }
        Ok(Self { config, path: path.to_path_buf(), text, assignments: assignments.to_vec() })
    }

    /// A file named in the document.
    pub(super) fn resolve(&self, file: &str) -> PathBuf {
        self.path.parent().unwrap_or(Path::new("")).join(file)
    }

    /// The message for a value that was refused, with the line it stands on.
    pub(super) fn blame(&self, error: &JointError) -> String {
        let JointError::Value { key, .. } = error else { return format!("{}: {error}", self.path.display()) };
        let path = self.path.display();
        if let Some(assignment) = self.assignments.iter().find(|a| a.split('=').next().map(str::trim) == Some(key)) {
            return format!("--set {assignment}: {error}");
        }
        match line_of(&self.text, key) {
            Some(line) => format!("{path}, line {line}: {error}"),
            None => format!("{path}: {error}"),
        }
    }
}

/// Removes what an assignment is to replace.
fn make_room(document: &mut toml::Table, assignment: &str) {
    let path = assignment.split('=').next().unwrap_or_default().trim();
    let Some((section, last)) = path.rsplit_once('.') else { return };
    let rivals: &[&str] = match last {
        "ecc" => &["sqrt_ecc_cos_omega", "sqrt_ecc_sin_omega"],
        "sqrt_ecc_cos_omega" | "sqrt_ecc_sin_omega" => &["ecc", "omega"],
        _ => return,
    };
    let mut table = Some(document);
    for key in section.split('.') {
        table = table.and_then(|t| t.get_mut(key)).and_then(toml::Value::as_table_mut);
    }
    if let Some(table) = table {
        rivals.iter().for_each(|r| {
            table.remove(*r);
        });
    }
}

/// Line (from 1) on which the value of `key`, a path, is given: in its section or a parent, or the header of the section.
fn line_of(text: &str, key: &str) -> Option<usize> {
    let mut section = String::new();
    let mut header = None;
    for (i, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.split(']').next()) {
            section = name.trim().replace('"', "");
            if key == section || key.strip_prefix(&section).is_some_and(|rest| rest.starts_with('.')) {
                header = Some(i + 1);
            }
            continue;
        }
        let Some((name, _)) = line.split_once('=') else { continue };
        let name = name.trim().replace('"', "");
        let full = if section.is_empty() { name } else { format!("{section}.{name}") };
        // a list or an inline table holds what its members are called
        if key == full || key.strip_prefix(&full).is_some_and(|rest| rest.starts_with('.')) {
            return Some(i + 1);
        }
    }
    header
}
