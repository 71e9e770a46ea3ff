//! Columns of the tables that `antumbra inject` writes.

use super::schemas::{column, identity};
use super::{Column, Kind, Table};

/// Every light curve that was searched.
pub const TRIALS: Table =
    Table { name: "trials", row: "a light curve as it is, with a planet injected, inverted or scrambled", version: 1 };
/// Every candidate with its label and numbers.
pub const FEATURES: Table =
    Table { name: "features", row: "a candidate of a light curve of `trials`, with its label and numbers", version: 1 };
/// Shares of injected planets that were found.
pub const COMPLETENESS: Table =
    Table { name: "completeness", row: "a cell of injected planets, with how many were found", version: 1 };
/// Share of candidates that are no false alarms.
pub const RELIABILITY: Table =
    Table { name: "reliability", row: "a range of S/N, with the candidates in it", version: 1 };

const KIND: &str = "`observed` (as it is), `injected`, `inverted` or `scrambled`.";
const SNR_NULL: &str = "null for no limit.";

/// Columns of [`TRIALS`].
pub fn trials_columns() -> Vec<Column> {
    use Kind::{Boolean, Float, Integer, Integers, Text};
    let mut columns = identity();
    columns.extend([
        column("kind", Text, "", KIND),
        column("trial", Integer, "", "Number of the trial among those of its kind and target, from 1."),
        column("status", Text, "", "`ok`; `skipped` where there was nothing to try, or `error`, both with `reason`."),
        column("reason", Text, "", "Why the light curve was not searched; null where it was."),
        column("n_candidates", Integer, "", "Candidates found."),
        column("n_passed", Integer, "", "Candidates that are no harmonics of others and that vetting takes for planets."),
        column("period", Float, "d", "Period of the injected planet; like all that follows null where none was injected."),
        column("transit_time", Float, "d", "First transit of the injected planet since the first cadence, less `time_offset`."),
        column("time_offset", Float, "d", "Add it to a time to get BJD_TDB; null where the input does not say."),
        column("duration", Float, "d", "First to last contact of the injected planet."),
        column("depth", Float, "", "Largest dip of the injected planet, no exposure averaging."),
        column("rp_rs", Float, "", "Radius of the injected planet over that of the star."),
        column("radius_rearth", Float, "R_earth", "Radius of the injected planet; null where that of the star is not known."),
        column("impact_parameter", Float, "R_star", "Impact parameter of the injected planet."),
        column("a_rs", Float, "", "Semi-major axis over stellar radius of the injected planet."),
        column("rho_star", Float, "rho_sun", "Stellar density that the orbit was made for."),
        column("q1", Float, "", "Limb darkening of the injected transit, after Kipping."),
        column("q2", Float, "", "Limb darkening of the injected transit, after Kipping."),
        column("snr_white", Float, "", "√Σ (dip/error)² of the injected planet over the cadences that are searched."),
        column("snr_expected", Float, "", "`snr_white` over the measured excess of the noise on the scale of the transit."),
        column("n_transits", Integer, "", "Injected transits with data in them."),
        column("searchable", Boolean, "", "Whether these are as many as a candidate must have."),
        column("recovered", Boolean, "", "Whether a candidate is the injected planet."),
        column("missed_because", Text, "", "`too_few_transits`, `single_transit` (found once), `epoch` (right period, wrong times), `period` (other candidates alone), `no_candidate`; null where it was recovered."),
        column("candidate", Integer, "", "Number of the candidate that is the injected planet; null where it was missed."),
        column("period_ratio", Float, "", "Period found over period injected, as a ratio of small numbers."),
        column("passed", Boolean, "", "Whether vetting takes the candidate that is the injected planet for a planet."),
        column("disposition", Text, "", "What vetting takes the candidate that is the injected planet for."),
        column("order", Integers, "", "Order of the blocks of a scrambled light curve, counted from 0; null for other kinds."),
    ]);
    columns
}

/// Columns of [`FEATURES`]; `metrics` are those of vetting, as [`metric_columns`](super::metric_columns) has them.
pub fn features_columns(metrics: Vec<Column>) -> Vec<Column> {
    use Kind::{Float, Integer, Text};
    let mut columns = identity();
    columns.extend([
        column("kind", Text, "", KIND),
        column("trial", Integer, "", "Number of the trial among those of its kind and target, from 1."),
        column("candidate", Integer, "", "Number of the candidate in its light curve."),
        column("label", Text, "", "`planet` (the injected one, at its period), `planet_alias` (the injected one at a multiple or part of its period), `false_alarm_inverted`, `false_alarm_scrambled`, or `other` (of which nothing is known, or which may be left of a known signal in an inverted or scrambled light curve)."),
        column("harmonic_of", Integer, "", "Number of the stronger candidate of the light curve whose harmonic this is; null for none."),
        column("disposition", Text, "", "What vetting takes the candidate for; null where it was not vetted."),
        column("score", Float, "", "Share of draws, metrics moved by their errors, in which it is taken for a planet."),
        column("snr_expected", Float, "", "Expected S/N of the injected planet that this is; null for other labels."),
        column("search_period", Float, "d", "Period found by the search."),
        column("search_transit_time", Float, "d", "Transit time found by the search."),
        column("search_duration", Float, "d", "Duration found by the search."),
        column("search_depth", Float, "", "Depth found by the search."),
        column("search_snr", Float, "", "S/N over white noise of the search."),
        column("search_snr_red", Float, "", "S/N over red noise of the search; its threshold applies to it."),
        column("search_sde", Float, "", "Signal detection efficiency of the search."),
        column("search_fap", Float, "", "False-alarm probability of the search; null where it is not known."),
        column("search_n_transits", Integer, "", "Transits with data in them."),
    ]);
    columns.extend(
        metrics
            .into_iter()
            .map(|c| Column { description: format!("{} Null where it could not be measured.", c.description), ..c }),
    );
    columns
}

/// A share with its intervals.
fn share(name: &str, description: &str) -> Vec<Column> {
    let mut columns = vec![column(name, Kind::Float, "", description)];
    for (suffix, what) in [
        ("lower_68", "Lower end of the 68 % interval"),
        ("upper_68", "Upper end of the 68 % interval"),
        ("lower_95", "Lower end of the 95 % interval"),
        ("upper_95", "Upper end of the 95 % interval"),
    ] {
        columns.push(column(&format!("{name}_{suffix}"), Kind::Float, "", &format!("{what} of `{name}`.")));
    }
    columns
}

/// Columns of [`COMPLETENESS`].
pub fn completeness_columns() -> Vec<Column> {
    use Kind::{Float, Integer, Text};
    let run = identity().remove(0);
    let mut columns = vec![run];
    columns.extend([
        column("cells", Text, "", "What the rows divide: `period_size`, `period_snr`, `snr` (bins), `snr_above` (from a S/N upwards), `all`."),
        column("size", Text, "", "Quantity of `size_min` and `size_max`: `rp_rs` or `radius_rearth` (in R_earth); null where sizes are not divided."),
        column("period_min", Float, "d", "Shortest period of the cell; null for no limit."),
        column("period_max", Float, "d", "Longest period of the cell; null for no limit."),
        column("size_min", Float, "", "Smallest size of the cell; null for no limit."),
        column("size_max", Float, "", "Largest size of the cell; null for no limit."),
        column("snr_min", Float, "", &format!("Lowest expected S/N of the cell; {SNR_NULL}")),
        column("snr_max", Float, "", &format!("Highest expected S/N of the cell; {SNR_NULL}")),
        column("n_injected", Integer, "", "Planets injected."),
        column("n_searchable", Integer, "", "Planets with as many transits in the data as a candidate must have."),
        column("n_recovered", Integer, "", "Planets that the search found."),
        column("n_passed", Integer, "", "Planets that the search found and that passed vetting."),
    ]);
    columns.extend(share("completeness", "`n_recovered` over `n_injected`."));
    columns.extend(share("completeness_vetted", "`n_passed` over `n_injected`."));
    columns.extend(share("vetting_completeness", "`n_passed` over `n_recovered`."));
    columns
}

/// Columns of [`RELIABILITY`].
pub fn reliability_columns() -> Vec<Column> {
    use Kind::{Float, Integer, Text};
    let run = identity().remove(0);
    let mut columns = vec![run];
    columns.extend([
        column("cells", Text, "", "What the rows divide: `snr` (bins), `snr_above` (from a S/N upwards), `all`."),
        column("snr_min", Float, "", &format!("Lowest S/N over red noise; {SNR_NULL}")),
        column("snr_max", Float, "", &format!("Highest S/N over red noise; {SNR_NULL}")),
    ]);
    for (kind, of) in [
        ("observed", "light curves as they are"),
        ("inverted", "inverted light curves"),
        ("scrambled", "scrambled light curves"),
    ] {
        columns.extend([
            column(&format!("n_{kind}"), Integer, "", &format!("Light curves: {of}.")),
            column(
                &format!("n_{kind}_passed"),
                Integer,
                "",
                &format!("Candidates of {of} that vetting takes for planets."),
            ),
            column(
                &format!("n_{kind}_false_alarms"),
                Integer,
                "",
                &format!("Candidates of {of} that vetting takes for false alarms."),
            ),
            column(
                &format!("n_{kind}_false_positives"),
                Integer,
                "",
                &format!("Candidates of {of} that vetting takes for eclipses, but of no planet."),
            ),
        ]);
    }
    columns.extend(share(
        "effectiveness",
        "Share of the candidates of inverted and scrambled light curves that vetting rejects.",
    ));
    columns.push(column("expected_false_alarms", Float, "", "False alarms expected among `n_observed_passed`, from those that passed in inverted and scrambled light curves."));
    columns.extend(share(
        "reliability",
        "Share of `n_observed_passed` that are no false alarms, from the effectiveness of vetting.",
    ));
    columns.extend(share(
        "reliability_counted",
        "Share of `n_observed_passed` that are no false alarms, from `expected_false_alarms`.",
    ));
    columns
}
