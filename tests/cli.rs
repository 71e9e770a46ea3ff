//! The command as a user runs it: exit codes, tables, determinism, bad input.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use arrow::array::{Array, AsArray, RecordBatch};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

fn antumbra(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_antumbra")).args(args).output().unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn read_table(path: &Path) -> Vec<RecordBatch> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap().build().unwrap();
    reader.map(Result::unwrap).collect()
}

fn column(batches: &[RecordBatch], name: &str) -> Vec<Option<String>> {
    let mut values = Vec::new();
    for batch in batches {
        let array = batch.column_by_name(name).unwrap().as_string::<i32>();
        values.extend((0..array.len()).map(|i| array.is_valid(i).then(|| array.value(i).to_string())));
    }
    values
}

/// A deterministic hash of (i, salt) in 0..1.
fn noise(i: usize, salt: u64) -> f64 {
    let mut x = (i as u64).wrapping_add(salt).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x ^= x >> 29;
    x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x ^= x >> 32;
    x as f64 / u64::MAX as f64
}

/// A box-shaped planet of 2 % every 2.5 d in 12 days of half-hour cadences, as CSV.
fn planet_csv(path: &Path) {
    let mut rows = String::from("time,flux,flux_err\n");
    for i in 0..576 {
        let t = i as f64 / 48.0;
        let dip = if (t - 0.7).rem_euclid(2.5) < 0.12 { 0.02 } else { 0.0 };
        let flux = 1.0 - dip + 1e-3 * (noise(i, 1) + noise(i, 2) + noise(i, 3) - 1.5) * 2.0;
        rows.push_str(&format!("{t:.6},{flux:.7},0.001\n"));
    }
    fs::write(path, rows).unwrap();
}

fn files_of(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    fs::read_dir(dir)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "parquet"))
        .map(|p| (p.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&p).unwrap()))
        .collect()
}

#[test]
fn the_tables_are_the_same_bytes_for_any_threads_and_any_order() {
    let dir = tempfile::tempdir().unwrap();
    let inputs: Vec<PathBuf> = (0..3).map(|i| dir.path().join(format!("star{i}.csv"))).collect();
    for input in &inputs {
        planet_csv(input);
        // Different bytes, so that the files are not copies of each other.
        let name = input.file_stem().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(input).unwrap().replace("0.001\n", &format!("0.00{}\n", 10 + name.len()));
        fs::write(input, format!("# {name}\n{text}")).unwrap();
    }
    let quick = ["--set", "fit.sampler.max_steps=600", "--set", "fit.sampler.min_ess=50", "--progress", "none"];
    let run = |out: &str, threads: &str, order: [usize; 3]| {
        let out = dir.path().join(out);
        let paths: Vec<String> = order.iter().map(|&i| inputs[i].display().to_string()).collect();
        let mut args = vec!["run"];
        args.extend(paths.iter().map(String::as_str));
        let out_text = out.display().to_string();
        args.extend(["--out", &out_text, "--threads", threads]);
        args.extend(quick);
        let result = antumbra(&args);
        assert!([0, 4].contains(&code(&result)), "{}", text(&result.stderr));
        files_of(&out)
    };
    let one = run("one", "1", [0, 1, 2]);
    assert_eq!(one.len(), 7, "{:?}", one.keys());
    assert_eq!(one, run("two", "2", [2, 0, 1]));
}

#[test]
fn garbage_ends_as_named_error_rows_and_the_rest_is_searched() {
    let dir = tempfile::tempdir().unwrap();
    let input = dir.path().join("in");
    fs::create_dir(&input).unwrap();
    planet_csv(&input.join("good.csv"));
    let rows = |f: &dyn Fn(usize) -> String| (0..300).map(f).collect::<String>();
    let garbage: Vec<(&str, Vec<u8>)> = vec![
        ("empty.csv", Vec::new()),
        ("empty.fits", Vec::new()),
        ("truncated.fits", b"SIMPLE  =                    T / conforms".to_vec()),
        ("all_nan.csv", rows(&|i| format!("{i},nan,nan\n")).into_bytes()),
        ("constant.csv", rows(&|i| format!("{i},1.0,0.1\n")).into_bytes()),
        ("two_points.csv", b"time,flux\n1,1.0\n2,1.1\n".to_vec()),
        ("negative_error.csv", rows(&|i| format!("{i},{},-0.1\n", 1.0 + 0.01 * noise(i, 5))).into_bytes()),
        ("words.csv", b"time,flux\none,two\nthree,four\n".to_vec()),
        ("noise.parquet", (0..999u32).map(|i| (noise(i as usize, 7) * 256.0) as u8).collect()),
        ("page.html", b"<html><body>not a light curve</body></html>".to_vec()),
    ];
    for (name, bytes) in &garbage {
        fs::write(input.join(name), bytes).unwrap();
    }
    let out = dir.path().join("out");
    let result = antumbra(&[
        "run",
        &input.display().to_string(),
        "--out",
        &out.display().to_string(),
        "--set",
        "fit_selection.max_per_target=0",
        "--progress",
        "none",
    ]);
    assert_eq!(code(&result), 3, "{}", text(&result.stderr));
    let errors = read_table(&out.join("errors.parquet"));
    let sources: Vec<String> = column(&errors, "source").into_iter().flatten().collect();
    for (name, _) in &garbage {
        assert!(sources.iter().any(|s| s.contains(name)), "no error row for {name}: {sources:?}");
    }
    assert!(!sources.iter().any(|s| s.contains("good.csv")), "{sources:?}");
    assert!(column(&errors, "reason").iter().all(|r| r.as_ref().is_some_and(|r| r.len() > 5)));
    let found = read_table(&out.join("candidates.parquet"));
    assert!(column(&found, "target_id").iter().flatten().any(|t| t == "good"));
    let manifest: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(out.join("manifest.json")).unwrap()).unwrap();
    let count = |name: &str| manifest["counts"][name].as_u64().unwrap();
    assert_eq!(count("targets"), count("targets_searched") + count("targets_failed"));
    assert_eq!(count("files"), garbage.len() as u64 + 1);
    assert_eq!(manifest["config"]["search"]["snr_threshold"], 7.1);
}

#[test]
fn unsorted_and_duplicate_cadences_change_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (plain, shuffled) = (dir.path().join("plain.csv"), dir.path().join("shuffled.csv"));
    planet_csv(&plain);
    let text_of = fs::read_to_string(&plain).unwrap();
    let mut rows: Vec<&str> = text_of.lines().skip(1).collect();
    rows.reverse();
    rows.push(rows[10]);
    fs::write(&shuffled, format!("time,flux,flux_err\n{}\n", rows.join("\n"))).unwrap();
    let periods = |file: &Path| {
        let out = dir.path().join("c.parquet");
        let result = antumbra(&[
            "search",
            &file.display().to_string(),
            "--out",
            &out.display().to_string(),
            "--progress",
            "none",
        ]);
        assert_eq!(code(&result), 0, "{}", text(&result.stderr));
        let batches = read_table(&out);
        let array = batches[0].column_by_name("period").unwrap().as_primitive::<arrow::datatypes::Float64Type>();
        array.values().to_vec()
    };
    let expected = periods(&plain);
    assert!((expected[0] / 2.5 - 1.0).abs() < 2e-3, "{expected:?}");
    assert_eq!(expected, periods(&shuffled));
}

#[test]
fn bad_arguments_and_settings_are_refused_before_anything_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let input = dir.path().join("star.csv");
    planet_csv(&input);
    let (input, out) = (input.display().to_string(), dir.path().join("out").display().to_string());
    let refused = |args: &[&str], word: &str| {
        let result = antumbra(args);
        assert_eq!(code(&result), 2, "{args:?}: {}", text(&result.stderr));
        assert!(text(&result.stderr).contains(word), "{}", text(&result.stderr));
    };
    refused(&["run", &input], "--out");
    refused(&["run", &input, "--out", &out, "--set", "search.no_such_key=1"], "no_such_key");
    refused(&["run", &input, "--out", &out, "--set", "search.period_min=short"], "period_min");
    refused(&["run", &input, "--out", &out, "--config", "/does/not/exist.toml"], "exist.toml");
    refused(&["run", "/no/such/file.fits", "--out", &out], "no light curve");
    refused(&["fit", &input, "--period", "-3", "--out", &out], "--period");
    refused(&["simulate", "--out", &out], "nothing to simulate");
    let config = dir.path().join("bad.toml");
    fs::write(&config, "[search]\nperiod_min = 1.0\nperiod_mx = 5.0\n").unwrap();
    refused(&["run", &input, "--out", &out, "--config", &config.display().to_string()], "period_mx");
    assert!(!Path::new(&out).exists());
}

#[test]
fn a_follow_up_fit_starts_from_one_csv_and_a_period() {
    let dir = tempfile::tempdir().unwrap();
    let input = dir.path().join("star.csv");
    planet_csv(&input);
    let out = dir.path().join("out");
    let result = antumbra(&[
        "fit",
        &input.display().to_string(),
        "--period",
        "2.5",
        "--out",
        &out.display().to_string(),
        "--set",
        "fit.sampler.max_steps=600",
        "--progress",
        "none",
    ]);
    assert!([0, 4].contains(&code(&result)), "{}", text(&result.stderr));
    assert!(text(&result.stdout).contains("rp_rs"), "{}", text(&result.stdout));
    let fits = read_table(&out.join("fits.parquet"));
    let k = fits[0].column_by_name("rp_rs").unwrap().as_primitive::<arrow::datatypes::Float64Type>().value(0);
    assert!((k - 0.14).abs() < 0.02, "{k}");
    assert_eq!(fits[0].schema().field_with_name("rp_rs").unwrap().metadata()["unit"], "");
    assert_eq!(fits[0].schema().field_with_name("period").unwrap().metadata()["unit"], "d");
}
