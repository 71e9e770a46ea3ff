//! `antumbra compare A B`: two joint fits side by side.

use std::path::PathBuf;
use std::process::ExitCode;

use antumbra::pipeline::compare;
use clap::Args;

use super::exit;

/// Arguments of `antumbra compare`.
#[derive(Args)]
pub struct CompareArgs {
    /// Directory that `antumbra fit CONFIG.toml` wrote
    first: PathBuf,
    /// Another one
    second: PathBuf,
}

pub fn run(args: &CompareArgs) -> anyhow::Result<ExitCode> {
    let rows = compare(&args.first, &args.second)?;
    let (a, b) = (args.first.display().to_string(), args.second.display().to_string());
    println!("{:<36} {a:>32} {b:>32} {:>9}", "", "Δ/sigma");
    let cell = |v: Option<(f64, f64)>| match v {
        Some((median, sigma)) => {
            let digits = if sigma > 0.0 { (2.0 - sigma.log10().floor()).clamp(0.0, 12.0) as usize } else { 6 };
            format!("{median:.digits$} ± {sigma:.digits$}")
        }
        None => "-".into(),
    };
    for row in &rows {
        let difference = row.difference_in_sigma().map_or_else(|| "-".into(), |d| format!("{d:+.2}"));
        println!("{:<36} {:>32} {:>32} {difference:>9} {}", row.name, cell(row.first), cell(row.second), row.unit);
    }
    Ok(ExitCode::from(exit::DONE))
}
