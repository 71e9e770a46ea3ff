//! The table of a paper: quantity, value with errors, unit; fitted and derived apart.

use std::fmt::Write as _;

use crate::fit::joint::{JointFit, QuantitySummary};

/// A `tabular` with a section for fitted and one for derived quantities.
pub(super) fn latex_table(fit: &JointFit) -> String {
    let mut out = String::from("\\begin{tabular}{llll}\n\\hline\nQuantity & Name & Value & Unit \\\\\n\\hline\n");
    for (title, rows) in [("Fitted parameters", &fit.fitted), ("Derived quantities", &fit.derived)] {
        let _ = writeln!(out, "\\multicolumn{{4}}{{l}}{{\\textit{{{title}}}}} \\\\");
        for s in rows {
            let name = s.name.replace('_', "\\_");
            let unit = unit(s.unit);
            let _ = writeln!(out, "{} & \\texttt{{{name}}} & {} & {unit} \\\\", capital(s.description), value(s));
        }
        out.push_str("\\hline\n");
    }
    out.push_str("\\end{tabular}\n");
    out
}

fn capital(words: &str) -> String {
    let words = words.replace('^', "\\^{}").replace('_', "\\_").replace('%', "\\%");
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

fn unit(unit: &str) -> String {
    match unit {
        "" => String::new(),
        "R_earth" => "$R_\\oplus$".into(),
        "R_jup" => "$R_\\mathrm{J}$".into(),
        "M_earth" => "$M_\\oplus$".into(),
        "M_jup" => "$M_\\mathrm{J}$".into(),
        "S_earth" => "$S_\\oplus$".into(),
        "solar" => "$\\rho_\\odot$".into(),
        "m/s" => "m\\,s$^{-1}$".into(),
        "m/s2" => "m\\,s$^{-2}$".into(),
        "m/s/d" => "m\\,s$^{-1}$\\,d$^{-1}$".into(),
        "m/s/d2" => "m\\,s$^{-1}$\\,d$^{-2}$".into(),
        "g/cm3" => "g\\,cm$^{-3}$".into(),
        other => other.into(),
    }
}

/// `$1.234^{+0.012}_{-0.011}$` to two digits of the smaller error.
fn value(s: &QuantitySummary) -> String {
    let (up, down) = (s.upper_68 - s.median, s.median - s.lower_68);
    let least = up.min(down);
    if !(s.median.is_finite() && least > 0.0) {
        return format!("${}$", s.median);
    }
    let digits = (1.0 - least.log10().floor()).clamp(0.0, 15.0) as usize;
    let [median, up, down] = [s.median, up, down].map(|v| format!("{v:.digits$}"));
    if up == down { format!("${median} \\pm {up}$") } else { format!("${median}^{{+{up}}}_{{-{down}}}$") }
}
