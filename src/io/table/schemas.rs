//! The columns of every result table.

use super::{Column, Kind, Table};

/// Candidates found by the search.
pub const CANDIDATES: Table = Table { name: "candidates", row: "a periodic dip found in one target", version: 1 };
/// Dips seen once.
pub const SINGLE_TRANSITS: Table =
    Table { name: "single_transits", row: "a dip of one target that no candidate explains, seen once", version: 1 };
/// Peaks of plain box least squares.
pub const BLS: Table = Table { name: "bls", row: "a target, with the highest peak of its periodogram", version: 1 };
/// A periodogram of plain box least squares.
pub const PERIODOGRAM: Table = Table { name: "periodogram", row: "a trial period of one target", version: 1 };
/// Targets: what became of each one.
pub const TARGETS: Table = Table { name: "targets", row: "a target that was read", version: 1 };
/// Fits of a transit model.
pub const FITS: Table = Table { name: "fits", row: "a candidate, fitted or not, with the reason", version: 1 };
/// Draws of the posteriors.
pub const POSTERIORS: Table = Table { name: "posteriors", row: "one draw of one fit", version: 1 };
/// What candidates are taken for, and why.
pub const VETTING: Table =
    Table { name: "vetting", row: "a candidate, vetted or not, with every metric and the reasons", version: 1 };
/// Input that could not be used.
pub const ERRORS: Table = Table { name: "errors", row: "a file, row or target that could not be used", version: 1 };

pub(super) fn column(name: &str, kind: Kind, unit: &str, description: &str) -> Column {
    Column { name: name.into(), kind, unit: unit.into(), description: description.into() }
}

/// The columns that every table starts with.
pub(super) fn identity() -> Vec<Column> {
    vec![
        column(
            "run_id",
            Kind::Text,
            "",
            "Identifies version, configuration, seed and inputs of the run that wrote the row.",
        ),
        column(
            "target_id",
            Kind::Text,
            "",
            "Target, as the mission names it (`TIC 261136679`) or as the file is called.",
        ),
    ]
}

/// Columns of [`CANDIDATES`].
pub fn candidates_columns() -> Vec<Column> {
    use Kind::{Float, Floats, Integer, Integers, Text};
    let mut columns = identity();
    columns.extend([
        column("candidate", Integer, "", "Number of the candidate in its target: 1, 2, … by signal to noise."),
        column("status", Text, "", "`ok`, or what is wrong with the row."),
        column("period", Float, "d", "Orbital period."),
        column("period_err", Float, "d", "One-sigma error of the period."),
        column("transit_time", Float, "d", "Mid-time of a transit near the start of the data, less `time_offset`."),
        column("transit_time_err", Float, "d", "One-sigma error of the transit time."),
        column("time_offset", Float, "d", "Add it to a time to get BJD_TDB; null where the input does not say."),
        column("duration", Float, "d", "Duration of the best box, close to first to last contact."),
        column("duration_err", Float, "d", "One-sigma error of the duration."),
        column("depth", Float, "", "Depth of the best box as a fraction of the flux, positive for a dip."),
        column("depth_err", Float, "", "One-sigma error of the depth."),
        column("snr", Float, "", "Depth over its error, both levels free, for the flux errors as given."),
        column("snr_red", Float, "", "S/N of the best box, or limb-darkened dip of its length, over the measured excess of the noise on the scale of that duration; the threshold applies to it."),
        column("delta_chi2", Float, "", "χ² of a constant less χ² of the box."),
        column("sde", Float, "", "Signal detection efficiency: height of the peak over the flattened periodogram's mean, in its standard deviations."),
        column(
            "fap",
            Float,
            "",
            "False-alarm probability: that noise alone of this light curve gives, at any period, duration and phase searched, a candidate of this `snr_red` or more; 0 where it is too small for a number.",
        ),
        column("n_transits", Integer, "", "Transits with data in them."),
        column("depth_odd", Float, "", "Depth of the transits with odd number."),
        column("depth_odd_err", Float, "", "One-sigma error of `depth_odd`."),
        column("depth_even", Float, "", "Depth of the transits with even number."),
        column("depth_even_err", Float, "", "One-sigma error of `depth_even`."),
        column(
            "allowed_periods",
            Floats,
            "d",
            "Periods that the observed transits and the gaps between the data allow, longest first, `period` among them.",
        ),
        column("harmonic_of", Integer, "", "Number of the stronger candidate of this target whose harmonic this is; null for none."),
        column("harmonic_ratio", Float, "", "Period over that of the candidate in `harmonic_of`."),
        column("transit_epochs", Integers, "", "Number of each observed transit, counted from `transit_time`."),
        column("transit_times", Floats, "d", "Predicted mid-time of each observed transit, less `time_offset`."),
        column("transit_depths", Floats, "", "Depth of each observed transit."),
        column("transit_depth_errs", Floats, "", "One-sigma error of each of `transit_depths`."),
        column("transit_snrs", Floats, "", "Signal to noise of each observed transit."),
    ]);
    columns
}

/// Columns of [`SINGLE_TRANSITS`].
pub fn single_transits_columns() -> Vec<Column> {
    use Kind::{Float, Integer, Text};
    let mut columns = identity();
    columns.extend([
        column("single_transit", Integer, "", "Number of the dip in its target: 1, 2, … by `snr_red`."),
        column("status", Text, "", "`ok`, or what is wrong with the row."),
        column("transit_time", Float, "d", "Mid-time of the dip, less `time_offset`."),
        column("transit_time_err", Float, "d", "One-sigma error of the mid-time."),
        column("time_offset", Float, "d", "Add it to a time to get BJD_TDB; null where the input does not say."),
        column("duration", Float, "d", "First to last contact, T14, of the trapezoid that fits best."),
        column("duration_err", Float, "d", "One-sigma error of the duration."),
        column("depth", Float, "", "Depth of the flat bottom as a fraction of the flux, positive for a dip."),
        column("depth_err", Float, "", "One-sigma error of the depth."),
        column("snr", Float, "", "Depth of the best box over its error, for the flux errors as given."),
        column(
            "snr_red",
            Float,
            "",
            "`snr` over the measured scatter of boxes of this duration; the threshold applies to it.",
        ),
        column("n_cadences", Integer, "", "Cadences from first to last contact."),
        column(
            "period_min",
            Float,
            "d",
            "Shortest period of which no other transit is contradicted by data, to an eighth of the duration.",
        ),
        column(
            "period_central",
            Float,
            "d",
            "Period of a central transit of this duration on a circular orbit; a lower estimate, null where the star's density is not known.",
        ),
        column("period_central_err", Float, "d", "Error of `period_central` from those of density and duration."),
    ]);
    columns
}

/// The box at one trial period.
fn bls_box() -> Vec<Column> {
    use Kind::Float;
    vec![
        column("period", Float, "d", "Trial period."),
        column("power", Float, "", "The objective asked for: `log_likelihood` or `snr`."),
        column("depth", Float, "", "Mean flux outside of the best box less mean flux inside, positive for a dip."),
        column("depth_err", Float, "", "One-sigma error of the depth, both levels free."),
        column("snr", Float, "", "`depth` over `depth_err`."),
        column("duration", Float, "d", "Width of the best box."),
        column("transit_time", Float, "d", "Middle of the best box after the first cadence, less `time_offset`."),
        column("time_offset", Float, "d", "Add it to a time to get BJD_TDB; null where the input does not say."),
        column("log_likelihood", Float, "", "Log likelihood of the box over that of a constant flux, Δχ²/2."),
    ]
}

/// Columns of [`BLS`].
pub fn bls_columns() -> Vec<Column> {
    use Kind::{Integer, Text};
    let mut columns = identity();
    columns.extend([
        column("status", Text, "", "`ok`, `no_box` where no box holds data, or `error`; the last two with `reason`."),
        column("reason", Text, "", "Why there is no peak; null where there is one."),
        column("objective", Text, "", "What `power` is: `likelihood` or `snr`."),
    ]);
    columns.extend(bls_box());
    columns.push(column("n_periods", Integer, "", "Trial periods."));
    columns
}

/// Columns of [`PERIODOGRAM`].
pub fn periodogram_columns() -> Vec<Column> {
    let mut columns = identity();
    columns.push(column("status", Kind::Text, "", "`ok`, or `no_box` where no box of this period holds data."));
    columns.extend(bls_box());
    columns
}

/// Columns of [`TARGETS`].
pub fn targets_columns() -> Vec<Column> {
    use Kind::{Float, Integer, Text};
    let mut columns = identity();
    columns.extend([
        column("status", Text, "", "`ok`, or `error` with the reason in `reason`."),
        column("reason", Text, "", "Why the target was not searched; null where it was."),
        column("sources", Text, "", "Files used, separated by `; `."),
        column("n_segments", Integer, "", "Segments used (sectors, quarters, campaigns, files)."),
        column("n_cadences_read", Integer, "", "Cadences in the files."),
        column("n_cadences", Integer, "", "Cadences searched."),
        column("n_outliers", Integer, "", "Upward outliers masked."),
        column("time_start", Float, "d", "First cadence, less `time_offset`."),
        column("time_end", Float, "d", "Last cadence, less `time_offset`."),
        column("time_offset", Float, "d", "Add it to a time to get BJD_TDB; null where the input does not say."),
        column("cadence", Float, "d", "Median time step."),
        column("scatter", Float, "", "Point-to-point scatter of the flattened flux."),
        column("flux_err", Float, "", "Median flux error used."),
        column(
            "flux_err_origin",
            Text,
            "",
            "Where the flux errors come from, one word a segment, joined by commas where they differ.",
        ),
        column("detrend_window", Float, "d", "Window of the detrending."),
        column("n_periods", Integer, "", "Trial periods of the first pass of the search."),
        column("period_min", Float, "d", "Shortest period searched."),
        column("period_max", Float, "d", "Longest period searched."),
        column("n_candidates", Integer, "", "Candidates found."),
        column("n_single_transits", Integer, "", "Single transits found."),
        column("n_fits", Integer, "", "Candidates fitted."),
    ]);
    columns
}

/// A metric of vetting, as a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetricColumn {
    pub name: &'static str,
    pub unit: &'static str,
    pub description: &'static str,
    /// Whether `NAME_err` goes with it.
    pub has_err: bool,
}

/// Columns of metrics: null where a metric is not there.
pub fn metric_columns(metrics: &[MetricColumn]) -> Vec<Column> {
    let mut columns = Vec::new();
    for m in metrics {
        columns.push(column(m.name, Kind::Float, m.unit, m.description));
        if m.has_err {
            let description = format!("One-sigma error of `{}`.", m.name);
            columns.push(column(&format!("{}_err", m.name), Kind::Float, m.unit, &description));
        }
    }
    columns
}

/// Columns of [`VETTING`].
pub fn vetting_columns(metrics: &[MetricColumn]) -> Vec<Column> {
    use Kind::{Float, Integer, Text};
    let mut columns = identity();
    columns.extend([
        column("candidate", Integer, "", "Number of the candidate in its target."),
        column("status", Text, "", "`ok`, or `error` with the reason in `reason`."),
        column("reason", Text, "", "Why it could not be vetted; null where it was."),
        column("profile", Text, "", "Name of the profile whose tests and thresholds judged."),
        column("disposition", Text, "", "`candidate` (of a planet), `false_positive` (eclipses, but of no planet in front of this star) or `false_alarm` (no eclipse)."),
        column("score", Float, "", "Share of draws, metrics moved by their errors, in which the disposition is `candidate`."),
        column("probability", Float, "", "Probability that it is no false alarm, by the run's calibration; null without one, and for a `false_positive`."),
        column("failed", Text, "", "Tests that failed and count, separated by `; `; null for none."),
        column("failed_because", Text, "", "What these say in words."),
        column("notes", Text, "", "Tests whose condition holds but which do not count against the candidate."),
        column("passed", Text, "", "Tests that passed."),
        column("not_computable", Text, "", "Tests that could not be computed, each as `TEST: reason`."),
        column("ephemeris_match_of", Text, "", "Target of the run with the same ephemeris and a deeper signal; null for none."),
        column("missing", Text, "", "Metrics that are null, each as `name=reason`."),
    ]);
    columns.extend(metric_columns(metrics));
    columns
}

/// Columns of [`ERRORS`].
pub fn errors_columns() -> Vec<Column> {
    use Kind::Text;
    let mut columns = identity();
    columns.extend([
        column("status", Text, "", "`error`, or `left_out` where something better of the same data was used instead."),
        column("source", Text, "", "File, with HDU or row where that is known."),
        column("stage", Text, "", "`read`, `clean`, `detrend`, `search` or `fit`."),
        column("kind", Text, "", "Kind of the error, one word."),
        column("reason", Text, "", "What is wrong, in a sentence."),
    ]);
    columns
}

/// Candidates that differ between two runs.
pub const DIFF: Table =
    Table { name: "diff", row: "a candidate that is new, lost or changed from one run to another", version: 1 };

/// Columns of [`CANDIDATES`] by which two runs are compared.
pub const DIFF_VALUES: [&str; 11] = [
    "period",
    "period_err",
    "transit_time",
    "transit_time_err",
    "duration",
    "depth",
    "depth_err",
    "snr",
    "snr_red",
    "sde",
    "fap",
];

/// Columns of [`DIFF`].
pub fn diff_columns() -> Vec<Column> {
    use Kind::{Integer, Text};
    let mut columns = vec![
        column("target_id", Text, "", "Target."),
        column("change", Text, "", "`new`: only in the second run; `lost`: only in the first; `changed`: in both."),
    ];
    let known = candidates_columns();
    for (suffix, run) in [("before", "the first"), ("after", "the second")] {
        let text = format!("Number of the candidate in {run} run; null where it is not in it.");
        columns.push(column(&format!("candidate_{suffix}"), Integer, "", &text));
        for c in known.iter().filter(|c| DIFF_VALUES.contains(&c.name.as_str())) {
            let text = format!("`{}` in {run} run.", c.name);
            columns.push(column(&format!("{}_{suffix}", c.name), c.kind, &c.unit, &text));
        }
    }
    columns
}

/// What a fit reports of one parameter, for [`fits_columns`] and [`posteriors_columns`].
pub struct FittedQuantity<'a> {
    pub name: &'a str,
    pub unit: &'a str,
    pub description: &'a str,
}

/// The description as a sentence, with `what` at its end.
fn sentence(description: &str, what: &str) -> String {
    let mut letters = description.trim_end_matches('.').chars();
    let capital: String = letters.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    format!("{capital}{}{what}.", letters.as_str())
}

/// Columns of [`FITS`] for these quantities: the median under the quantity's own name, then its intervals.
pub fn fits_columns(quantities: &[FittedQuantity]) -> Vec<Column> {
    use Kind::{Float, Integer, Text};
    let mut columns = identity();
    columns.extend([
        column("candidate", Integer, "", "Number of the candidate in its target."),
        column(
            "status",
            Text,
            "",
            "`converged`, `not_converged`, `skipped` or `failed`; the last three with `reason`.",
        ),
        column("reason", Text, "", "Why the fit is not converged, was skipped or failed."),
        column("time_offset", Float, "d", "Add it to a time to get BJD_TDB; null where the input does not say."),
        column("n_points", Integer, "", "Cadences fitted."),
        column("n_transits", Integer, "", "Transits with cadences among them."),
        column("chi2", Float, "", "χ² at the best draw, for the errors with jitter added."),
        column("sampler", Text, "", "`importance` or `ensemble`."),
        column(
            "n_steps",
            Integer,
            "",
            "Steps of each walker kept after burn-in; weighted draws of importance sampling.",
        ),
        column("n_draws", Integer, "", "Draws kept in `posteriors.parquet`."),
        column(
            "acceptance",
            Float,
            "",
            "Share of proposals accepted; of importance sampling effective draws over draws.",
        ),
        column(
            "autocorrelation_time",
            Float,
            "",
            "Longest integrated autocorrelation time of the sampled parameters, in steps.",
        ),
        column("ess_bulk", Float, "", "Smallest bulk effective sample size of the sampled parameters."),
        column("ess_tail", Float, "", "Smallest tail effective sample size of the sampled parameters."),
        column(
            "r_hat",
            Float,
            "",
            "Largest R-hat of the sampled parameters: rank-normalised and split, or of four parts of weighted draws.",
        ),
        column(
            "pareto_k",
            Float,
            "",
            "Shape of the tail of the weights of importance sampling; reliable below 0.7. Null for an ensemble.",
        ),
        column("ln_evidence", Float, "", "ln of the integral of prior times likelihood. Null for an ensemble."),
        column("ln_evidence_err", Float, "", "Its standard error. Null for an ensemble."),
    ]);
    for q in quantities {
        let mut add = |suffix: &str, what: &str| {
            columns.push(column(&format!("{}{suffix}", q.name), Float, q.unit, &sentence(q.description, what)));
        };
        add("", ": posterior median");
        add("_lower_68", ": lower end of the 68 % interval (16th percentile)");
        add("_upper_68", ": upper end of the 68 % interval (84th percentile)");
        add("_lower_95", ": lower end of the 95 % interval (2.3rd percentile)");
        add("_upper_95", ": upper end of the 95 % interval (97.7th percentile)");
        add("_map", ": value at the best draw");
    }
    columns
}

/// Columns of [`POSTERIORS`] for these quantities.
pub fn posteriors_columns(quantities: &[FittedQuantity]) -> Vec<Column> {
    use Kind::{Float, Integer};
    let mut columns = identity();
    columns.extend([
        column("candidate", Integer, "", "Number of the candidate in its target."),
        column("chain", Integer, "", "Walker."),
        column("draw", Integer, "", "Step of the walker."),
        column("log_posterior", Float, "", "Log posterior density, up to a constant."),
    ]);
    columns.extend(quantities.iter().map(|q| column(q.name, Float, q.unit, &sentence(q.description, ""))));
    columns
}
