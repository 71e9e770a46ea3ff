//! Tables for people, on standard output.

use std::path::{Path, PathBuf};

use antumbra::ephemeris::{Candidate, SingleTransit};
use antumbra::io::truth::{Truth, read_truth};
use antumbra::pipeline::{FitOutcome, TargetOutcome};

/// Largest relative difference of two periods that are the same planet.
const PERIOD_TOLERANCE: f64 = 1e-3;
/// Rows printed before the rest is only counted.
const MOST_ROWS: usize = 60;

/// Header of [`candidate_cells`].
const CANDIDATE_HEADER: [&str; 10] =
    ["target", "no", "period (d)", "transit time", "duration (h)", "depth (ppm)", "S/N", "transits", "Rp/R*", "fit"];

struct Row {
    target_id: String,
    candidate: Candidate,
    /// Rp/R*: median and mean half-width of the 68 % interval.
    rp_rs: Option<(f64, f64)>,
    fit: &'static str,
}

/// What a run found, kept for printing.
#[derive(Default)]
pub struct ResultRows {
    rows: Vec<Row>,
    singles: Vec<(String, SingleTransit)>,
}

impl ResultRows {
    pub fn add(&mut self, outcome: &TargetOutcome) {
        self.singles.extend(outcome.single_transits.iter().map(|s| (outcome.target_id.clone(), s.clone())));
        for (i, candidate) in outcome.candidates.iter().enumerate() {
            let (fit, rp_rs) = match outcome.fits.get(i) {
                Some(FitOutcome::Fitted(fit)) => {
                    let k = fit.get("rp_rs").map(|s| (s.median, 0.5 * (s.upper_68 - s.lower_68)));
                    (if fit.is_converged() { "converged" } else { "not converged" }, k)
                }
                Some(FitOutcome::Skipped(_)) => ("skipped", None),
                Some(FitOutcome::Failed(_)) => ("failed", None),
                None => ("", None),
            };
            self.rows.push(Row { target_id: outcome.target_id.clone(), candidate: candidate.clone(), rp_rs, fit });
        }
    }
}

/// Prints the candidates; where the inputs carry a truth table, beside the planets that are really there.
pub fn print_results(results: &ResultRows, inputs: &[String]) {
    match truth_of(inputs) {
        Some(truth) => print_beside_truth(results, &truth),
        None => print_candidates(results),
    }
    print_singles(results);
}

fn print_singles(results: &ResultRows) {
    if results.singles.is_empty() {
        return;
    }
    println!("\nSingle transits:");
    let header = ["target", "transit time", "duration (h)", "depth (ppm)", "S/N", "S/N red", "period (d)"];
    let rows: Vec<Vec<String>> = results.singles.iter().take(MOST_ROWS).map(single_cells).collect();
    print_table(&header, &rows);
    if results.singles.len() > MOST_ROWS {
        println!("… and {} more", results.singles.len() - MOST_ROWS);
    }
}

fn single_cells((target_id, s): &(String, SingleTransit)) -> Vec<String> {
    vec![
        target_id.clone(),
        format!("{:.4} ± {:.4}", s.transit_time, s.transit_time_err),
        format!("{:.2} ± {:.2}", s.duration * 24.0, s.duration_err * 24.0),
        format!("{:.0} ± {:.0}", s.depth * 1e6, s.depth_err * 1e6),
        format!("{:.1}", s.snr),
        format!("{:.1}", s.snr_red),
        format!("≥ {:.1}", s.period_min),
    ]
}

fn truth_of(inputs: &[String]) -> Option<Vec<Truth>> {
    let paths: Vec<PathBuf> =
        inputs.iter().map(|i| Path::new(i).join("truth.parquet")).filter(|p| p.exists()).collect();
    if paths.is_empty() {
        return None;
    }
    let mut all = Vec::new();
    for path in paths {
        match read_truth(&path) {
            Ok(rows) => all.extend(rows),
            Err(error) => tracing::warn!("{}: {error}", path.display()),
        }
    }
    Some(all)
}

fn print_candidates(results: &ResultRows) {
    if results.rows.is_empty() {
        println!("no candidates");
        return;
    }
    let rows: Vec<Vec<String>> = results.rows.iter().take(MOST_ROWS).map(candidate_cells).collect();
    print_table(&CANDIDATE_HEADER, &rows);
    if results.rows.len() > MOST_ROWS {
        println!("… and {} more", results.rows.len() - MOST_ROWS);
    }
}

fn candidate_cells(row: &Row) -> Vec<String> {
    let c = &row.candidate;
    vec![
        row.target_id.clone(),
        c.harmonic_of.map_or_else(|| c.number.to_string(), |h| format!("{} (harmonic of {})", c.number, h.candidate)),
        format!("{:.6}", c.ephemeris.period),
        format!("{:.4}", c.ephemeris.transit_time),
        format!("{:.2}", c.duration * 24.0),
        format!("{:.0}", c.depth * 1e6),
        format!("{:.1}", c.snr),
        c.n_transits.to_string(),
        row.rp_rs.map_or_else(String::new, |(k, err)| format!("{k:.4} ± {err:.4}")),
        row.fit.to_string(),
    ]
}

fn print_beside_truth(results: &ResultRows, truth: &[Truth]) {
    let header = ["target", "kind", "true period", "true Rp/R*", "found period", "S/N", "Rp/R*", "fit", ""];
    let mut matched = vec![false; results.rows.len()];
    let mut rows = Vec::new();
    let (mut planets, mut found) = (0, 0);
    for t in truth {
        let number = |v: Option<f64>, digits: usize| v.map_or_else(String::new, |v| format!("{v:.digits$}"));
        let mut cells = vec![t.target_id.clone(), t.kind.clone(), number(t.period, 5), number(t.rp_rs, 4)];
        let hit = t.period.and_then(|period| {
            results.rows.iter().position(|r| {
                r.target_id == t.target_id && (r.candidate.ephemeris.period / period - 1.0).abs() < PERIOD_TOLERANCE
            })
        });
        let is_planet = t.kind == "planet";
        planets += usize::from(is_planet);
        match hit {
            Some(i) => {
                matched[i] = true;
                found += usize::from(is_planet);
                let r = &results.rows[i];
                cells.push(format!("{:.5}", r.candidate.ephemeris.period));
                cells.push(format!("{:.1}", r.candidate.snr));
                cells.push(r.rp_rs.map_or_else(String::new, |(k, err)| format!("{k:.4} ± {err:.4}")));
                cells.push(r.fit.to_string());
                cells.push("found".into());
            }
            None => {
                let verdict = if t.period.is_none() { "" } else { "MISSED" };
                cells.extend([String::new(), String::new(), String::new(), String::new(), verdict.into()]);
            }
        }
        rows.push(cells);
    }
    print_table(&header, &rows);
    let others: Vec<Vec<String>> =
        results.rows.iter().zip(&matched).filter(|(_, m)| !**m).map(|(r, _)| candidate_cells(r)).collect();
    if !others.is_empty() {
        println!("\nOther candidates:");
        print_table(&CANDIDATE_HEADER, &others);
    }
    println!("\n{found} of {planets} planets found, {} other candidates", others.len());
}

/// Prints rows in aligned columns.
pub fn print_table(header: &[&str], rows: &[Vec<String>]) {
    let mut widths: Vec<usize> = header.iter().map(|h| h.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut out = String::new();
        for (cell, &width) in cells.zip(&widths) {
            out.push_str(&format!("{cell:<width$}  "));
        }
        println!("{}", out.trim_end());
    };
    line(&mut header.iter().copied());
    for row in rows {
        line(&mut row.iter().map(String::as_str));
    }
}

/// Prints every fitted and derived quantity of a target's fits.
pub fn print_fits(outcome: &TargetOutcome) {
    for (candidate, fit) in outcome.candidates.iter().zip(&outcome.fits) {
        match fit {
            FitOutcome::Skipped(reason) => {
                println!("{} candidate {}: not fitted: {reason}", outcome.target_id, candidate.number)
            }
            FitOutcome::Failed(reason) => {
                println!("{} candidate {}: fit failed: {reason}", outcome.target_id, candidate.number)
            }
            FitOutcome::Fitted(fit) => {
                println!("{} candidate {}", outcome.target_id, candidate.number);
                let rows: Vec<Vec<String>> = fit
                    .sampled
                    .iter()
                    .chain(&fit.derived)
                    .filter(|s| s.median.is_finite())
                    .map(|s| {
                        let (value, upper, lower) = with_errors(s.median, s.upper_68 - s.median, s.median - s.lower_68);
                        vec![
                            s.name.clone(),
                            value,
                            format!("+{upper}"),
                            format!("-{lower}"),
                            s.unit.to_string(),
                            s.description.to_string(),
                        ]
                    })
                    .collect();
                print_table(&["quantity", "median", "", "68 %", "unit", ""], &rows);
                println!();
            }
        }
    }
}

/// A value and its errors, all with two significant digits of the smaller error.
fn with_errors(value: f64, upper: f64, lower: f64) -> (String, String, String) {
    let smaller = upper.min(lower);
    let digits = if smaller > 0.0 && smaller.is_finite() {
        (1.0 - smaller.log10().floor()).clamp(0.0, 12.0) as usize
    } else {
        6
    };
    (format!("{value:.digits$}"), format!("{upper:.digits$}"), format!("{lower:.digits$}"))
}
