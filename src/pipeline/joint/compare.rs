//! Two fits side by side, from their summary tables.

use std::collections::BTreeMap;
use std::path::Path;

use super::JointRunError;

/// One quantity of two fits.
#[derive(Clone, Debug, PartialEq)]
pub struct ComparedRow {
    pub name: String,
    pub unit: String,
    /// Median and half the width of the central 68 %; none where the fit has no such quantity.
    pub first: Option<(f64, f64)>,
    pub second: Option<(f64, f64)>,
}

impl ComparedRow {
    /// Second less first, over both errors in quadrature: an upper limit to how unlikely it is, as fits of the same data
    /// are not independent.
    pub fn difference_in_sigma(&self) -> Option<f64> {
        let ((a, sa), (b, sb)) = (self.first?, self.second?);
        Some((b - a) / sa.hypot(sb))
    }
}

type Summary = BTreeMap<String, (usize, String, f64, f64)>;

/// Quantities of the fits in two directories, in the order of the first; those that only the second has come last.
pub fn compare(first: &Path, second: &Path) -> Result<Vec<ComparedRow>, JointRunError> {
    let (a, b) = (summary(first)?, summary(second)?);
    let mut names: Vec<(usize, &String)> = a.iter().map(|(name, row)| (row.0, name)).collect();
    names.extend(b.iter().filter(|(name, _)| !a.contains_key(*name)).map(|(name, row)| (a.len() + row.0, name)));
    names.sort();
    let row = |name: &String| {
        let of = |s: &Summary| s.get(name).map(|r| (r.2, r.3));
        let unit = a.get(name).or(b.get(name)).map_or_else(String::new, |r| r.1.clone());
        ComparedRow { name: name.clone(), unit, first: of(&a), second: of(&b) }
    };
    Ok(names.into_iter().map(|(_, name)| row(name)).collect())
}

fn summary(dir: &Path) -> Result<Summary, JointRunError> {
    let path = dir.join("summary.csv");
    let text = std::fs::read_to_string(&path).map_err(|source| JointRunError::Read { path: path.clone(), source })?;
    let mut lines = text.lines().enumerate();
    let header: Vec<&str> = lines.next().map_or_else(Vec::new, |(_, l)| l.split(',').collect());
    let place = |name: &str| {
        let reason = || format!("no column `{name}`: not the summary of a joint fit");
        header
            .iter()
            .position(|h| *h == name)
            .ok_or_else(|| JointRunError::File { path: path.clone(), reason: reason() })
    };
    let [name, unit, median, low, high] =
        [place("name")?, place("unit")?, place("median")?, place("lower_68")?, place("upper_68")?];
    let mut out = Summary::new();
    for (i, line) in lines {
        let fields: Vec<&str> = line.split(',').collect();
        let text = |at: usize| fields.get(at).copied().unwrap_or_default();
        let number = |at: usize| text(at).parse::<f64>().unwrap_or(f64::NAN);
        if fields.len() != header.len() {
            let reason = format!("{} fields, not {}", fields.len(), header.len());
            return Err(JointRunError::Row { path, line: i + 1, reason });
        }
        let sigma = 0.5 * (number(high) - number(low));
        out.insert(text(name).to_string(), (i, text(unit).to_string(), number(median), sigma));
    }
    Ok(out)
}
