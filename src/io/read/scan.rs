//! Which targets the inputs hold, all in memory: for one file or a few thousand targets.

use std::sync::Arc;

use super::config::ReadConfig;
use super::error::InputError;
use super::inputs::InputFile;
use super::plan::{Order, PlanOptions, TargetRef, plan};

/// What the inputs hold.
#[derive(Debug, Default)]
pub struct Scan {
    /// Sorted by target id.
    pub targets: Vec<TargetRef>,
    /// Files, or parts of files, that hold no light curve; sorted by source.
    pub errors: Vec<InputError>,
    /// All files looked at, sorted by path.
    pub files: Vec<InputFile>,
}

/// Looks at all inputs as [`plan`] does and hands all targets back.
pub fn scan(inputs: &[String], config: &ReadConfig) -> Scan {
    let options = PlanOptions { order: Order::Target, ..PlanOptions::default() };
    let planned = plan(inputs, config, &options).and_then(|plan| {
        let targets: Vec<Vec<TargetRef>> = plan.units.iter().map(|u| plan.targets_of(u)).collect::<Result<_, _>>()?;
        let files = plan.files.into_iter().map(Arc::unwrap_or_clone).collect();
        Ok(Scan { targets: targets.into_iter().flatten().collect(), errors: plan.errors, files })
    });
    planned.unwrap_or_else(|error| Scan {
        errors: inputs
            .iter()
            .take(1)
            .map(|input| InputError::new(input, None, std::io::Error::from(error.kind())))
            .collect(),
        ..Scan::default()
    })
}
