//! Injection, inversion and scrambling through the whole pipeline, as a user runs it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Output};

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

fn antumbra(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_antumbra")).args(args).output().unwrap()
}

fn table(path: &Path) -> RecordBatch {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let schema = reader.schema().clone();
    let batches: Vec<RecordBatch> = reader.build().unwrap().map(Result::unwrap).collect();
    let schema = batches.first().map_or(schema, RecordBatch::schema);
    concat_batches(&schema, &batches).unwrap()
}

fn text<'a>(batch: &'a RecordBatch, name: &str) -> Vec<Option<&'a str>> {
    let array = batch.column_by_name(name).unwrap().as_string::<i32>();
    array.iter().collect()
}

fn floats(batch: &RecordBatch, name: &str) -> Vec<Option<f64>> {
    batch.column_by_name(name).unwrap().as_primitive::<Float64Type>().iter().collect()
}

fn integers(batch: &RecordBatch, name: &str) -> Vec<Option<i64>> {
    batch.column_by_name(name).unwrap().as_primitive::<Int64Type>().iter().collect()
}

/// Quiet stars in one sector, without rotation.
fn stars(dir: &Path, count: usize) -> String {
    let config = dir.join("quiet.toml");
    let population = "[population]\nplanet_fraction = 0.0\nbinary_fraction = 0.0\nrotation_fraction = 0.0\n\
                      white_noise = [5e-4, 1e-3]\n";
    fs::write(&config, population).unwrap();
    let out = dir.join("stars");
    let (config, text) = (config.display().to_string(), out.display().to_string());
    let done = antumbra(&["simulate", "--config", &config, "--targets", &count.to_string(), "--out", &text]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    out.join("light_curves.parquet").display().to_string()
}

fn inject(input: &str, out: &Path, args: &[&str]) -> Output {
    let out = out.display().to_string();
    let mut all = vec!["inject", input, "--out", &out, "--progress", "none", "--periods", "1,6"];
    all.extend(args);
    antumbra(&all)
}

/// Recovered, passed and injected of all trials.
fn completeness(out: &Path) -> (i64, i64, i64) {
    let cells = table(&out.join("completeness.parquet"));
    let all = text(&cells, "cells").iter().position(|c| *c == Some("all")).unwrap();
    let at = |name| integers(&cells, name)[all].unwrap();
    (at("n_recovered"), at("n_passed"), at("n_injected"))
}

#[test]
fn strong_planets_are_found_and_weak_ones_are_not() {
    let dir = tempfile::tempdir().unwrap();
    let input = stars(dir.path(), 6);
    let strong = dir.path().join("strong");
    let done = inject(&input, &strong, &["--trials", "4", "--snr", "20,20"]);
    let printed = String::from_utf8_lossy(&done.stdout).into_owned();
    assert_eq!(done.status.code(), Some(0), "{printed}{}", String::from_utf8_lossy(&done.stderr));
    assert!(printed.contains("effectiveness") && printed.contains("≥ 10"), "{printed}");
    // Detrending and a threshold of 7.1 leave a planet of S/N 20 more than twice what it needs.
    let (recovered, passed, injected) = completeness(&strong);
    assert_eq!(injected, 24);
    assert!(recovered >= 23 && passed >= 20, "{recovered} found, {passed} passed");

    let trials = table(&strong.join("trials.parquet"));
    let kinds = text(&trials, "kind");
    let count = |kind| kinds.iter().filter(|k| **k == Some(kind)).count();
    assert_eq!([count("observed"), count("injected"), count("inverted"), count("scrambled")], [6, 24, 6, 6]);
    assert!(text(&trials, "status").iter().all(|s| *s == Some("ok")));
    for (kind, (period, order)) in kinds
        .iter()
        .zip(floats(&trials, "period").iter().zip(trials.column_by_name("order").unwrap().as_list::<i32>().iter()))
    {
        assert_eq!(*kind == Some("injected"), period.is_some());
        assert_eq!(*kind == Some("scrambled"), order.is_some());
        assert!(period.is_none_or(|p| (1.0..=6.0).contains(&p)));
    }
    let features = table(&strong.join("features.parquet"));
    let labels: BTreeMap<&str, usize> =
        text(&features, "label").into_iter().flatten().fold(BTreeMap::new(), |mut m, l| {
            *m.entry(l).or_default() += 1;
            m
        });
    assert!(labels.get("planet").is_some_and(|n| *n >= 22), "{labels:?}");
    let known = ["planet", "planet_alias", "false_alarm_inverted", "false_alarm_scrambled", "other"];
    assert!(labels.keys().all(|l| known.contains(l)), "{labels:?}");
    // what learns from it takes numbers alone
    let texts: BTreeSet<&str> = features
        .schema_ref()
        .fields()
        .iter()
        .filter(|f| !matches!(f.data_type(), DataType::Float64 | DataType::Int64))
        .map(|f| f.name().as_str())
        .collect();
    assert_eq!(texts.into_iter().collect::<Vec<_>>(), ["disposition", "kind", "label", "run_id", "target_id"]);
    for (label, (found, expected)) in text(&features, "label")
        .iter()
        .zip(floats(&features, "search_snr_red").iter().zip(floats(&features, "snr_expected")))
    {
        assert_eq!(label.is_some_and(|l| l.starts_with("planet")), expected.is_some());
        if let (Some(found), Some(expected)) = (found, expected) {
            // red noise, gaps and detrending: within a third
            assert!((found / expected - 1.0).abs() < 0.35, "{found} {expected}");
        }
    }
    for name in ["completeness", "completeness_snr"] {
        assert!(fs::read_to_string(strong.join(format!("{name}.svg"))).unwrap().contains("</svg>"));
        assert!(strong.join(format!("{name}.png")).exists());
    }

    let weak = dir.path().join("weak");
    let done = inject(&input, &weak, &["--trials", "4", "--snr", "3,3", "--no-invert", "--scrambles", "0"]);
    assert_eq!(done.status.code(), Some(0));
    let (recovered, passed, injected) = completeness(&weak);
    assert_eq!((recovered, passed, injected), (0, 0, 24));
    let trials = table(&weak.join("trials.parquet"));
    assert_eq!(trials.num_rows(), 30);
    assert!(text(&trials, "missed_because").iter().flatten().all(|m| ["no_candidate", "period"].contains(m)));
    let cells = table(&weak.join("reliability.parquet"));
    assert!(floats(&cells, "reliability").iter().all(Option::is_none), "nothing was simulated");
}

#[test]
fn files_are_the_same_bytes_for_any_number_of_threads() {
    let dir = tempfile::tempdir().unwrap();
    let input = stars(dir.path(), 3);
    let files = |threads: &str| {
        let out = dir.path().join(threads);
        let done = inject(&input, &out, &["--trials", "3", "--threads", threads, "--seed", "5"]);
        assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
        let files = fs::read_dir(&out).unwrap().map(|e| e.unwrap().path());
        let files = files.filter(|p| p.is_file());
        files.map(|p| (p.file_name().unwrap().to_owned(), fs::read(&p).unwrap())).collect::<BTreeMap<_, _>>()
    };
    let (one, two) = (files("1"), files("2"));
    assert!(one.len() >= 8, "{:?}", one.keys());
    for (name, bytes) in &one {
        assert!(two[name] == *bytes, "{name:?} differs");
    }
}

#[test]
fn bad_settings_are_refused_and_bad_light_curves_are_rows() {
    let dir = tempfile::tempdir().unwrap();
    let input = stars(dir.path(), 1);
    let out = dir.path().join("out");
    for args in [
        &["--snr", "9,3"][..],
        &["--snr", "5"],
        &["--snr", "4,9", "--rp-rs", "0.1,0.2"],
        &["--set", "inject.trails=3"],
        &["--set", "inject.grid.snr_edges=[3, 2]"],
    ] {
        let done = inject(&input, &out, args);
        assert_eq!(done.status.code(), Some(2), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
    }
    assert!(!out.exists());
    let bad = dir.path().join("constant.csv");
    fs::write(&bad, (0..300).map(|i| format!("{i},1.0,0.1\n")).collect::<String>()).unwrap();
    let done = inject(&bad.display().to_string(), &out, &["--trials", "2"]);
    assert_eq!(done.status.code(), Some(3), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(table(&out.join("errors.parquet")).num_rows(), 1);
    let trials = table(&out.join("trials.parquet"));
    assert_eq!(text(&trials, "status"), [Some("error")]);
    assert!(text(&trials, "reason")[0].is_some_and(|r| r.len() > 5));
}
