//! Tables for people, on standard output.

use std::path::{Path, PathBuf};

use antumbra::io::table::{TableError, TableReader, float_at};
use antumbra::io::truth::{Truth, read_truth};
use antumbra::pipeline::{FitOutcome, TargetOutcome, singles_file};
use arrow::array::{Array, RecordBatch};

/// Largest relative difference of two periods that are the same planet.
const PERIOD_TOLERANCE: f64 = 1e-3;
/// Rows printed before the rest is only counted.
const MOST_ROWS: usize = 60;

/// Header of the rows of `candidate_cells`.
const CANDIDATE_HEADER: [&str; 11] = [
    "target",
    "no",
    "period (d)",
    "transit time",
    "duration (h)",
    "depth (ppm)",
    "S/N",
    "transits",
    "Rp/R*",
    "fit",
    "vetting",
];

/// What is printed of a candidate.
struct Row {
    target_id: String,
    number: i64,
    harmonic_of: Option<i64>,
    period: f64,
    transit_time: f64,
    duration: f64,
    depth: f64,
    snr: f64,
    n_transits: i64,
    /// Rp/R*: median and mean half-width of the 68 % interval.
    rp_rs: Option<(f64, f64)>,
    fit: String,
    /// Disposition, with the tests that failed.
    vetting: String,
}

/// Tables of a run or a search.
pub struct ResultFiles {
    candidates: PathBuf,
    singles: PathBuf,
    fits: Option<PathBuf>,
    vetting: Option<PathBuf>,
}

impl ResultFiles {
    pub fn in_directory(dir: &Path) -> Self {
        let table = |name: &str| dir.join(format!("{name}.parquet"));
        Self {
            candidates: table("candidates"),
            singles: table("single_transits"),
            fits: Some(table("fits")),
            vetting: Some(table("vetting")),
        }
    }

    pub fn of_search(file: &Path) -> Self {
        Self { candidates: file.to_path_buf(), singles: singles_file(file), fits: None, vetting: None }
    }

    /// Hands over every candidate with its fit, in the order of the tables.
    fn candidates(&self, mut sink: impl FnMut(Row)) -> Result<(), TableError> {
        let mut fits = match &self.fits {
            Some(path) => {
                Some(TableReader::open(path, Some(&["status", "rp_rs", "rp_rs_lower_68", "rp_rs_upper_68"]))?)
            }
            None => None,
        };
        let mut vetting = match &self.vetting {
            Some(path) => Some(TableReader::open(path, Some(&["status", "disposition", "failed"]))?),
            None => None,
        };
        let mut table = TableReader::open(&self.candidates, None)?;
        while let Some(batch) = table.batch()? {
            let mut rows = Vec::with_capacity(batch.num_rows());
            let (ids, harmonic_of) = (table.text(&batch, "target_id")?, table.integers(&batch, "harmonic_of")?);
            let (numbers, transits) = (table.integers(&batch, "candidate")?, table.integers(&batch, "n_transits")?);
            let float = |name: &str| table.floats(&batch, name);
            let (period, time, snr) = (float("period")?, float("transit_time")?, float("snr")?);
            let (duration, depth) = (float("duration")?, float("depth")?);
            for i in 0..batch.num_rows() {
                rows.push(Row {
                    target_id: ids.value(i).to_string(),
                    number: numbers.value(i),
                    harmonic_of: harmonic_of.is_valid(i).then(|| harmonic_of.value(i)),
                    period: period.value(i),
                    transit_time: time.value(i),
                    duration: duration.value(i),
                    depth: depth.value(i),
                    snr: snr.value(i),
                    n_transits: transits.value(i),
                    rp_rs: None,
                    fit: String::new(),
                    vetting: String::new(),
                });
            }
            // Rows of the tables are of the same candidates, but where a run had no fits or no vetting.
            if let Some(vetting) = vetting.as_mut().filter(|v| v.rows() == table.rows()) {
                let mut at = 0;
                for batch in next_rows(vetting, rows.len())? {
                    let [status, disposition, failed] =
                        ["status", "disposition", "failed"].map(|name| vetting.text(&batch, name));
                    let (status, disposition, failed) = (status?, disposition?, failed?);
                    for i in 0..batch.num_rows() {
                        let word = if disposition.is_valid(i) { disposition.value(i) } else { status.value(i) };
                        rows[at].vetting = word.replace('_', " ");
                        if failed.is_valid(i) {
                            rows[at].vetting.push_str(&format!(": {}", failed.value(i)));
                        }
                        at += 1;
                    }
                }
            }
            if let Some(fits) = fits.as_mut().filter(|f| f.rows() == table.rows()) {
                let mut at = 0;
                for batch in next_rows(fits, rows.len())? {
                    let status = fits.text(&batch, "status")?;
                    let [k, lower, upper] =
                        ["rp_rs", "rp_rs_lower_68", "rp_rs_upper_68"].map(|name| fits.floats(&batch, name));
                    let (k, lower, upper) = (k?, lower?, upper?);
                    for i in 0..batch.num_rows() {
                        rows[at].fit = status.value(i).replace('_', " ");
                        rows[at].rp_rs = float_at(k, i).map(|k| (k, 0.5 * (upper.value(i) - lower.value(i))));
                        at += 1;
                    }
                }
            }
            rows.into_iter().for_each(&mut sink);
        }
        Ok(())
    }
}

/// The next rows of a table.
fn next_rows(table: &mut TableReader, rows: usize) -> Result<Vec<RecordBatch>, TableError> {
    let mut found = Vec::new();
    table.take(rows, |batch| {
        found.push(batch);
        Ok::<(), TableError>(())
    })?;
    Ok(found)
}

/// Prints the candidates; where the inputs carry a truth table, beside the planets that are really there.
pub fn print_results(results: &ResultFiles, inputs: &[String]) -> Result<(), TableError> {
    match truth_of(inputs) {
        Some(truth) => print_beside_truth(results, &truth)?,
        None => print_candidates(results)?,
    }
    print_singles(results)
}

fn print_singles(results: &ResultFiles) -> Result<(), TableError> {
    let mut table = TableReader::open(&results.singles, None)?;
    let total = table.rows();
    if total == 0 {
        return Ok(());
    }
    println!("\nSingle transits:");
    let header = ["target", "transit time", "duration (h)", "depth (ppm)", "S/N", "S/N red", "period (d)"];
    let mut rows: Vec<Vec<String>> = Vec::new();
    while let Some(batch) = table.batch()?.filter(|_| rows.len() < MOST_ROWS) {
        let ids = table.text(&batch, "target_id")?;
        let float = |name: &str| table.floats(&batch, name);
        let (time, time_err) = (float("transit_time")?, float("transit_time_err")?);
        let (duration, duration_err) = (float("duration")?, float("duration_err")?);
        let (depth, depth_err) = (float("depth")?, float("depth_err")?);
        let (snr, snr_red, period) = (float("snr")?, float("snr_red")?, float("period_min")?);
        for i in 0..batch.num_rows().min(MOST_ROWS - rows.len()) {
            rows.push(vec![
                ids.value(i).to_string(),
                format!("{:.4} ± {:.4}", time.value(i), time_err.value(i)),
                format!("{:.2} ± {:.2}", duration.value(i) * 24.0, duration_err.value(i) * 24.0),
                format!("{:.0} ± {:.0}", depth.value(i) * 1e6, depth_err.value(i) * 1e6),
                format!("{:.1}", snr.value(i)),
                format!("{:.1}", snr_red.value(i)),
                format!("≥ {:.1}", period.value(i)),
            ]);
        }
    }
    print_table(&header, &rows);
    print_more(total);
    Ok(())
}

fn print_more(total: usize) {
    if total > MOST_ROWS {
        println!("… and {} more", total - MOST_ROWS);
    }
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

fn print_candidates(results: &ResultFiles) -> Result<(), TableError> {
    let (mut rows, mut total) = (Vec::new(), 0);
    results.candidates(|row| {
        total += 1;
        if rows.len() < MOST_ROWS {
            rows.push(candidate_cells(&row));
        }
    })?;
    if rows.is_empty() {
        println!("no candidates");
        return Ok(());
    }
    print_table(&CANDIDATE_HEADER, &rows);
    print_more(total);
    Ok(())
}

fn candidate_cells(row: &Row) -> Vec<String> {
    vec![
        row.target_id.clone(),
        row.harmonic_of.map_or_else(|| row.number.to_string(), |of| format!("{} (harmonic of {of})", row.number)),
        format!("{:.6}", row.period),
        format!("{:.4}", row.transit_time),
        format!("{:.2}", row.duration * 24.0),
        format!("{:.0}", row.depth * 1e6),
        format!("{:.1}", row.snr),
        row.n_transits.to_string(),
        row.rp_rs.map_or_else(String::new, |(k, err)| format!("{k:.4} ± {err:.4}")),
        row.fit.clone(),
        row.vetting.clone(),
    ]
}

fn print_beside_truth(results: &ResultFiles, truth: &[Truth]) -> Result<(), TableError> {
    let header = ["target", "kind", "true period", "true Rp/R*", "found period", "S/N", "Rp/R*", "fit", "vetting"];
    // Of each true signal the first candidate that is it; of the rest as many as are printed.
    let mut hits: Vec<Option<Row>> = truth.iter().map(|_| None).collect();
    let (mut others, mut n_others) = (Vec::new(), 0);
    results.candidates(|row| {
        let is_it = |t: &Truth| {
            t.target_id == row.target_id && t.period.is_some_and(|p| (row.period / p - 1.0).abs() < PERIOD_TOLERANCE)
        };
        match truth.iter().zip(&mut hits).find(|(t, hit)| hit.is_none() && is_it(t)) {
            Some((_, hit)) => *hit = Some(row),
            None => {
                n_others += 1;
                if others.len() < MOST_ROWS {
                    others.push(candidate_cells(&row));
                }
            }
        }
    })?;
    let mut rows = Vec::new();
    let (mut planets, mut found, mut kept) = (0, 0, 0);
    for (t, hit) in truth.iter().zip(&hits) {
        let number = |v: Option<f64>, digits: usize| v.map_or_else(String::new, |v| format!("{v:.digits$}"));
        let mut cells = vec![t.target_id.clone(), t.kind.clone(), number(t.period, 5), number(t.rp_rs, 4)];
        let is_planet = t.kind == "planet";
        planets += usize::from(is_planet);
        match hit {
            Some(r) => {
                found += usize::from(is_planet);
                cells.push(format!("{:.5}", r.period));
                cells.push(format!("{:.1}", r.snr));
                cells.push(r.rp_rs.map_or_else(String::new, |(k, err)| format!("{k:.4} ± {err:.4}")));
                cells.push(r.fit.clone());
                kept += usize::from(is_planet && r.vetting.starts_with("candidate"));
                cells.push(if r.vetting.is_empty() { "found".into() } else { r.vetting.clone() });
            }
            None => {
                let verdict = if t.period.is_none() { "" } else { "MISSED" };
                cells.extend([String::new(), String::new(), String::new(), String::new(), verdict.into()]);
            }
        }
        rows.push(cells);
    }
    print_table(&header, &rows);
    if n_others > 0 {
        println!("\nOther candidates:");
        print_table(&CANDIDATE_HEADER, &others);
        print_more(n_others);
    }
    match &results.vetting {
        Some(_) => println!(
            "\n{found} of {planets} planets found, {kept} of them vetted as candidates; {n_others} other candidates"
        ),
        None => println!("\n{found} of {planets} planets found, {n_others} other candidates"),
    }
    Ok(())
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
