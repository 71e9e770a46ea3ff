//! `antumbra diff`: what differs between the candidates of two runs.

use std::path::PathBuf;
use std::process::ExitCode;

use antumbra::pipeline::{Change, Compared, diff};
use clap::Args;

use super::tables::print_table;

/// Rows printed before the rest is only counted.
const MOST_ROWS: usize = 60;

/// Arguments of `antumbra diff`.
#[derive(Args)]
pub struct DiffArgs {
    /// Directory of results, or file of candidates, of the first run
    before: PathBuf,
    /// The same of the second
    after: PathBuf,
    /// Parquet file for all differences
    #[arg(long, value_name = "FILE.parquet")]
    out: Option<PathBuf>,
}

pub fn run(args: &DiffArgs) -> anyhow::Result<ExitCode> {
    let found = diff(&args.before, &args.after)?;
    if let Some(out) = &args.out {
        found.write(out)?;
    }
    if !found.rows.is_empty() {
        let rows: Vec<Vec<String>> = found
            .rows
            .iter()
            .take(MOST_ROWS)
            .map(|row| {
                let cell = |index: usize, digits: usize, scale: f64| {
                    let of = |side: &Option<Compared>| {
                        side.as_ref().and_then(|c| c.values[index]).map(|v| format!("{:.digits$}", v * scale))
                    };
                    match (of(&row.before), of(&row.after)) {
                        (Some(before), Some(after)) if before != after => format!("{before} -> {after}"),
                        (before, after) => after.or(before).unwrap_or_default(),
                    }
                };
                // Period, transit time, duration, depth and S/N, by their places among the values compared.
                let mut cells = vec![row.target_id.clone(), row.change.name().to_string()];
                cells.extend([cell(0, 6, 1.0), cell(2, 4, 1.0), cell(4, 2, 24.0), cell(5, 0, 1e6), cell(7, 1, 1.0)]);
                cells
            })
            .collect();
        print_table(&["target", "", "period (d)", "transit time", "duration (h)", "depth (ppm)", "S/N"], &rows);
        if found.rows.len() > MOST_ROWS {
            println!("… and {} more", found.rows.len() - MOST_ROWS);
        }
        println!();
    }
    println!(
        "{} new, {} lost, {} changed, {} the same",
        found.count(Change::New),
        found.count(Change::Lost),
        found.count(Change::Changed),
        found.same
    );
    Ok(ExitCode::SUCCESS)
}
