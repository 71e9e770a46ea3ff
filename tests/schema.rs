//! `docs/schema.md` is what the code says. To write it anew: `ANTUMBRA_WRITE_DOCS=1 cargo test --test schema`.

use std::fmt::Write as _;
use std::path::Path;

use antumbra::fit::quantities;
use antumbra::io::table::{
    BLS, CANDIDATES, COMPLETENESS, Column, DIFF, ERRORS, FEATURES, FITS, FittedQuantity, MetricColumn, PERIODOGRAM,
    POSTERIORS, RELIABILITY, SINGLE_TRANSITS, TARGETS, TRIALS, Table, VETTING, bls_columns, candidates_columns,
    completeness_columns, diff_columns, errors_columns, features_columns, fits_columns, periodogram_columns,
    posteriors_columns, reliability_columns, single_transits_columns, targets_columns, trials_columns, vetting_columns,
};
use antumbra::vet::{METRICS, MetricInfo, RELATIONS};

fn section(out: &mut String, table: Table, columns: &[Column]) {
    let _ = writeln!(out, "## {}.parquet\n\nOne row: {}. Schema version {}.\n", table.name, table.row, table.version);
    out.push_str("| column | type | unit | |\n|---|---|---|---|\n");
    for c in columns {
        let _ = writeln!(out, "| `{}` | {} | {} | {} |", c.name, c.kind.arrow_name(), c.unit, c.description);
    }
    out.push('\n');
}

fn document() -> String {
    let mut out = String::from(
        "# Result tables\n\n\
         What `antumbra run` writes into its output directory, beside `manifest.json` (version, configuration, seed, inputs\n\
         with checksums, counts, timings), `units.jsonl` (which rows came from which unit of work; the next run over the\n\
         directory goes by it) and `status.json` (how far a run is); docs/surveys.md says more of these. Units and descriptions are also in the Arrow field metadata of each file\n\
         (`unit`, `description`), and the table's name and schema version in the schema metadata (`antumbra.table`,\n\
         `antumbra.schema_version`). Times are in days less `time_offset`; depths are fractions of the flux, positive for a\n\
         dip. A number that does not exist is null.\n\n\
         In `fits.parquet` every fitted or derived quantity `q` has six columns: `q` (median), `q_lower_68`, `q_upper_68`,\n\
         `q_lower_95`, `q_upper_95` and `q_map`; they are listed once.\n\n",
    );
    let quantities = quantities();
    let fitted: Vec<FittedQuantity> =
        quantities.iter().map(|q| FittedQuantity { name: q.name, unit: q.unit, description: q.description }).collect();
    let intervals = ["_lower_68", "_upper_68", "_lower_95", "_upper_95", "_map"];
    let fits: Vec<Column> =
        fits_columns(&fitted).into_iter().filter(|c| !intervals.iter().any(|s| c.name.ends_with(s))).collect();
    section(&mut out, CANDIDATES, &candidates_columns());
    section(&mut out, SINGLE_TRANSITS, &single_transits_columns());
    section(&mut out, TARGETS, &targets_columns());
    section(&mut out, VETTING, &vetting_columns(&metrics()));
    section(&mut out, FITS, &fits);
    section(&mut out, POSTERIORS, &posteriors_columns(&fitted));
    section(&mut out, ERRORS, &errors_columns());
    out.push_str(
        "# Tables of `antumbra search`\n\n\
         `search --out NAME.parquet` writes the table of candidates to NAME.parquet and that of single transits, as above, to\n\
         NAME_single.parquet. With `--method bls` it writes the first of these to NAME.parquet, and with `--periodogram DIR`\n\
         the second to DIR, one file a target.\n\n",
    );
    section(&mut out, BLS, &bls_columns());
    section(&mut out, PERIODOGRAM, &periodogram_columns());
    out.push_str(
        "# Tables of `antumbra inject`\n\n\
         docs/completeness.md says what they mean. `features.parquet` also has every metric of `vetting.parquet`, with its error.\n\n",
    );
    section(&mut out, TRIALS, &trials_columns());
    section(&mut out, FEATURES, &features_columns(Vec::new()));
    section(&mut out, COMPLETENESS, &completeness_columns());
    section(&mut out, RELIABILITY, &reliability_columns());
    out.push_str("# Table of `antumbra diff`\n\n`antumbra diff A B --out NAME.parquet` writes it.\n\n");
    section(&mut out, DIFF, &diff_columns());
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn metrics() -> Vec<MetricColumn> {
    let column =
        |m: &MetricInfo| MetricColumn { name: m.name, unit: m.unit, description: m.description, has_err: m.has_err };
    METRICS.iter().chain(RELATIONS).map(column).collect()
}

#[test]
fn the_documented_schema_is_the_schema() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema.md");
    let expected = document();
    if std::env::var_os("ANTUMBRA_WRITE_DOCS").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == expected, "docs/schema.md is out of date; run ANTUMBRA_WRITE_DOCS=1 cargo test --test schema");
}

#[test]
fn every_column_has_a_description_and_no_name_occurs_twice() {
    for columns in [
        candidates_columns(),
        single_transits_columns(),
        targets_columns(),
        errors_columns(),
        vetting_columns(&metrics()),
        fits_columns(&[]),
        posteriors_columns(&[]),
        bls_columns(),
        periodogram_columns(),
        diff_columns(),
        trials_columns(),
        features_columns(Vec::new()),
        completeness_columns(),
        reliability_columns(),
    ] {
        let mut names: Vec<&str> = columns.iter().map(|c| c.name.as_str()).collect();
        names.sort_unstable();
        let before = names.len();
        names.dedup();
        assert_eq!(names.len(), before);
        assert!(columns.iter().all(|c| c.description.len() > 5), "{columns:?}");
    }
}

#[test]
fn the_documented_defaults_are_the_defaults() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/defaults.toml");
    let settings = toml::to_string(&antumbra::pipeline::RunConfig::default()).unwrap();
    let expected = format!(
        "# Every setting of `antumbra run` with its default. A `--config` file may hold any part of this; a setting that is\n\
         # not here (such as search.period_max) has no value by default. The meaning of each is in the library's\n\
         # documentation of ReadConfig, CleanConfig, DetrendConfig, SearchConfig and FitConfig.\n\n{settings}"
    );
    if std::env::var_os("ANTUMBRA_WRITE_DOCS").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == expected,
        "docs/defaults.toml is out of date; run ANTUMBRA_WRITE_DOCS=1 cargo test --test schema"
    );
}
