//! The numbers of a page: candidate, star, fit, Model-Shift, tests.

use super::view::View;
use crate::report::draw::ticks::written;
use crate::star::Measured;
use crate::vet::{Effect, Outcome, Verdict};

/// A line of a table of numbers.
pub(super) struct Line {
    pub name: String,
    pub value: String,
    pub unit: String,
}

fn line(name: &str, value: String, unit: &str) -> Line {
    Line { name: name.into(), value, unit: unit.into() }
}

/// A value and its error to two digits of the error.
pub(super) fn with_error(value: f64, error: f64) -> String {
    if !value.is_finite() {
        return "–".into();
    }
    if !(error > 0.0 && error.is_finite()) {
        return number(value);
    }
    let digits = (1.0 - error.log10().floor()).clamp(0.0, 9.0) as usize;
    format!("{value:.digits$} ± {error:.digits$}")
}

/// Five digits that count.
pub(super) fn number(value: f64) -> String {
    if !value.is_finite() {
        return "–".into();
    }
    if value == 0.0 {
        return "0".into();
    }
    let size = value.abs().log10().floor();
    if !(-4.0..7.0).contains(&size) {
        return format!("{value:.2e}");
    }
    let digits = (4.0 - size).clamp(0.0, 9.0) as usize;
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text }
}

/// A number with so many digits after the point.
pub(super) fn decimals(value: f64, digits: usize) -> String {
    if value.is_finite() { written(value, digits) } else { "–".into() }
}

/// What the search measured.
pub(super) fn candidate(view: &View) -> Vec<Line> {
    let c = view.data.candidate;
    let time = view.time_name();
    let mut out = vec![
        line("Period", with_error(c.ephemeris.period, c.period_err), "d"),
        line(&format!("Transit time ({time})"), with_error(c.ephemeris.transit_time, c.transit_time_err), "d"),
        line("Duration", with_error(24.0 * c.duration, 24.0 * c.duration_err), "h"),
        line("Depth", with_error(1e6 * c.depth, 1e6 * c.depth_err), "ppm"),
        line("S/N", decimals(c.snr, 1), ""),
        line("S/N against red noise", decimals(c.snr_red, 1), ""),
        line("SDE", decimals(c.sde, 1), ""),
        line("False-alarm probability", number(c.fap), ""),
        line("Transits with data", c.n_transits.to_string(), ""),
        line("Depth of odd transits", with_error(1e6 * c.depth_odd, 1e6 * c.depth_odd_err), "ppm"),
        line("Depth of even transits", with_error(1e6 * c.depth_even, 1e6 * c.depth_even_err), "ppm"),
    ];
    if let Some(h) = c.harmonic_of {
        let ratio = format!("{}/{} of candidate {}", h.ratio.0, h.ratio.1, h.candidate);
        out.push(line("Period is", ratio, ""));
    }
    if c.allowed_periods.len() > 1 {
        let periods: Vec<String> = c.allowed_periods.iter().take(6).map(|p| number(*p)).collect();
        let more = if c.allowed_periods.len() > 6 { ", …" } else { "" };
        out.push(line("Periods that gaps allow", format!("{}{more}", periods.join(", ")), "d"));
    }
    out
}

/// What is known of the star.
pub(super) fn star(view: &View) -> Vec<Line> {
    let s = view.data.light_curve.star();
    let one = |name: &str, m: Option<Measured>, unit: &str| match m {
        Some(m) => line(name, with_error(m.value, m.err), unit),
        None => line(name, "not known".into(), ""),
    };
    vec![
        one("Radius", s.radius_rsun, "R☉"),
        one("Mass", s.mass_msun, "M☉"),
        one("Effective temperature", s.teff_k, "K"),
        one("log g", s.logg, "cgs"),
        one("Density", s.density(), "ρ☉"),
        line("Scatter between cadences", format!("{:.0}", 1e6 * view.sigma), "ppm"),
    ]
}

/// Median and 68 % of all that was fitted and derived.
pub(super) fn fit(view: &View) -> Vec<Line> {
    let Some(fit) = view.data.fit else { return Vec::new() };
    fit.quantities
        .iter()
        .filter(|s| s.median.is_finite())
        .map(|s| {
            let (up, down) = (s.upper_68 - s.median, s.median - s.lower_68);
            let least = up.min(down);
            let value = if least > 0.0 {
                let digits = (1.0 - least.log10().floor()).clamp(0.0, 12.0) as usize;
                format!("{:.digits$} +{up:.digits$} −{down:.digits$}", s.median)
            } else {
                number(s.median)
            };
            line(&s.name, value, s.unit)
        })
        .collect()
}

/// The numbers of Model-Shift.
pub(super) fn shift(view: &View) -> Vec<Line> {
    let Some(s) = &view.shift else { return Vec::new() };
    let mut out = Vec::new();
    for (name, event) in
        [("Primary", Some(s.primary)), ("Secondary", s.secondary), ("Tertiary", s.tertiary), ("Positive", s.positive)]
    {
        let no_data = event.is_some_and(|e| !view.has_data(e.phase));
        let value = event.filter(|_| !no_data).map_or_else(
            || if no_data { "no data at its phase" } else { "no room" }.into(),
            |e| format!("{:.1} σ, {:.0} ppm, φ {}", e.significance, 1e6 * e.depth, written(e.phase, 3)),
        );
        out.push(line(name, value, ""));
    }
    let optional = |v: Option<f64>| v.map_or_else(|| "–".into(), number);
    out.extend([
        line("Red-noise factor", decimals(s.f_red, 2), ""),
        line("False-alarm threshold 1", decimals(s.false_alarm_threshold_1, 2), "σ"),
        line("False-alarm threshold 2", decimals(s.false_alarm_threshold_2, 2), "σ"),
        line("Odd–even difference", s.odd_even_sigma.map_or_else(|| "–".into(), |v| decimals(v, 1)), "σ"),
        line("Mean over median depth", optional(s.depth_mean_to_median), ""),
        line("Share of brightening", decimals(s.shape, 3), ""),
    ]);
    out
}

/// How a test came out, for colour and words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Pass,
    Fail,
    /// It failed, but does not count against the candidate.
    Note,
    NotComputable,
}

/// Name, outcome and reason of every test with a name, failed ones first.
pub(super) fn tests(verdict: &Verdict) -> Vec<(String, Mark, String)> {
    let mut out: Vec<(String, Mark, String)> = verdict
        .tests
        .iter()
        .map(|t| {
            let mark = match (t.outcome, t.effect) {
                (Outcome::Pass, _) => Mark::Pass,
                (Outcome::Fail, Effect::Fail) => Mark::Fail,
                (Outcome::Fail, _) => Mark::Note,
                (Outcome::NotComputable(_), _) => Mark::NotComputable,
            };
            let why = match t.outcome {
                Outcome::NotComputable(missing) => missing.to_string(),
                Outcome::Fail => t.reason.clone().unwrap_or_default(),
                Outcome::Pass => String::new(),
            };
            (t.flag.clone().unwrap_or_else(|| t.group.clone()), mark, why)
        })
        .collect();
    let rank = |m: &Mark| match m {
        Mark::Fail => 0,
        Mark::Note => 1,
        Mark::NotComputable => 2,
        Mark::Pass => 3,
    };
    out.sort_by_key(|t| rank(&t.1));
    out
}

/// The disposition with its reasons in one sentence.
pub(super) fn judgement(view: &View) -> String {
    let Some(v) = view.data.vetting else { return "not vetted".into() };
    let failed: Vec<String> = tests(v.verdict)
        .into_iter()
        .filter(|t| t.1 == Mark::Fail)
        .map(|(name, _, why)| if why.is_empty() { name } else { format!("{name} ({why})") })
        .collect();
    let words = super::words_of(v.verdict.disposition);
    if failed.is_empty() { words.into() } else { format!("{words}: {}", failed.join("; ")) }
}
