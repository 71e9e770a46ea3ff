//! Runs over many light curves: the same bytes however they are carried out, and nothing lost on the way.

mod disturbed;
mod inputs;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use antumbra::io::dataset::DatasetWriter;
use antumbra::lightcurve::{RawSegment, RawTarget, TimeSystem};
use antumbra::star::Star;

/// Settings that keep a light curve short: no fits but those asked for, and these quick.
const QUICK: [&str; 10] = [
    "--set",
    "fit.sampler.max_steps=600",
    "--set",
    "fit.sampler.min_ess=50",
    "--set",
    "fit.stored_draws=100",
    "--progress",
    "none",
    "--threads",
    "2",
];

/// A deterministic hash of (i, salt) in 0..1.
fn noise(i: usize, salt: usize) -> f64 {
    let mut x = (i as u64).wrapping_add((salt as u64) << 32).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x ^= x >> 29;
    x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x ^= x >> 32;
    x as f64 / u64::MAX as f64
}

/// A light curve of `n` half-hour cadences; every `planets`-th has a planet of 1 % every 1.7 d.
fn light_curve(number: usize, n: usize, planets: usize) -> RawTarget {
    let time: Vec<f64> = (0..n).map(|i| 1325.0 + i as f64 / 48.0).collect();
    let dip = |t: f64| if number % planets == 1 && (t - 1325.4).rem_euclid(1.7) < 0.1 { 0.01 } else { 0.0 };
    let flux =
        (0..n).map(|i| 1.0 - dip(time[i]) + 1e-3 * (noise(i, 3 * number) + noise(i, 3 * number + 1) - 1.0)).collect();
    let segment = RawSegment {
        label: "S1".into(),
        source: format!("star {number}"),
        time,
        flux,
        flux_err: Some(vec![4e-4; n]),
        time_system: TimeSystem::BTJD,
        preference: 100,
        ..RawSegment::default()
    };
    RawTarget { target_id: format!("TIC {number}"), segments: vec![segment], star: Star::default() }
}

fn dataset(path: &Path, numbers: std::ops::Range<usize>, n: usize, planets: usize) {
    let mut writer = DatasetWriter::create(path).unwrap();
    for number in numbers {
        writer.write(&light_curve(number, n, planets)).unwrap();
    }
    writer.finish().unwrap();
}

/// A folder with a dataset of `n` targets, files of which one is damaged, and a target that is in two files.
fn collection(dir: &Path, n: usize) -> PathBuf {
    let folder = dir.join("in");
    fs::create_dir_all(&folder).unwrap();
    dataset(&folder.join("a.parquet"), 0..n, 240, 15);
    dataset(&folder.join("b.parquet"), n - 1..n + 3, 240, 15);
    fs::write(folder.join("bad.csv"), "time,flux\nno,numbers\n").unwrap();
    fs::write(folder.join("few.csv"), "time,flux\n1,1\n2,1\n").unwrap();
    folder
}

fn antumbra(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_antumbra")).args(args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn arguments<'a>(input: &'a str, out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec!["run", input, "--out", out];
    args.extend(QUICK);
    args.extend(more);
    args
}

/// Runs into `out` and expects it to end well, with error rows.
fn run(input: &Path, out: &Path, more: &[&str]) -> Output {
    let (input, out) = (input.display().to_string(), out.display().to_string());
    // The last of two `--threads` would be refused, so the default one goes where another is given.
    let mut args = arguments(&input, &out, more);
    if more.contains(&"--threads") {
        let at = args.iter().position(|a| *a == "--threads").unwrap();
        args.drain(at..at + 2);
    }
    let result = antumbra(&args);
    assert!([0, 3, 4].contains(&result.status.code().unwrap_or(-1)), "{}", text(&result.stderr));
    result
}

/// Every Parquet file of a directory.
fn tables(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let paths = fs::read_dir(dir).unwrap().map(|e| e.unwrap().path());
    paths
        .filter(|p| p.extension().is_some_and(|e| e == "parquet"))
        .map(|p| (p.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&p).unwrap()))
        .collect()
}

fn assert_same(expected: &Path, found: &Path) {
    let (expected, found) = (tables(expected), tables(found));
    assert_eq!(expected.len(), 7);
    assert_eq!(expected.keys().collect::<Vec<_>>(), found.keys().collect::<Vec<_>>());
    for (name, bytes) in &expected {
        assert!(found[name] == *bytes, "{name} differs");
    }
}

fn manifest(dir: &Path) -> serde_json::Value {
    serde_json::from_slice(&fs::read(dir.join("manifest.json")).unwrap()).unwrap()
}

#[test]
fn threads_units_shards_and_order_change_no_byte() {
    let dir = tempfile::tempdir().unwrap();
    let input = collection(dir.path(), 40);
    let out = |name: &str| dir.path().join(name);
    run(&input, &out("one"), &["--threads", "1"]);
    let m = manifest(&out("one"));
    assert_eq!((m["counts"]["targets"].as_u64(), m["counts"]["files_refused"].as_u64()), (Some(44), Some(1)));
    // which sampler draws them, and whether its few steps suffice, is not the point here
    let fits = ["fits_converged", "fits_not_converged"].map(|name| m["counts"][name].as_u64().unwrap());
    assert!(m["counts"]["candidates"].as_u64() >= Some(3) && fits[0] + fits[1] >= 1);
    assert_eq!(m["segments"]["S1"], 43);
    assert!(!out("one").join("units").exists(), "parts are gone when the tables are there");
    for (name, more) in
        [("three", ["--threads", "3"]), ("units", ["--unit-targets", "7"]), ("whole", ["--unit-targets", "1000"])]
    {
        run(&input, &out(name), &more);
        assert_same(&out("one"), &out(name));
    }
    for n in [2, 5] {
        let mut args = vec!["merge".to_string()];
        for i in 1..=n {
            let shard = out(&format!("shard{i}of{n}"));
            run(&input, &shard, &["--shard", &format!("{i}/{n}")]);
            assert!(tables(&shard).is_empty());
            args.push(shard.display().to_string());
        }
        // One shard twice, and not in order.
        args.push(args[1].clone());
        args[1..].reverse();
        let merged = out(&format!("merged{n}"));
        args.extend(["--out".to_string(), merged.display().to_string()]);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let result = antumbra(&args);
        assert!([3, 4].contains(&result.status.code().unwrap_or(-1)), "{}", text(&result.stderr));
        assert_same(&out("one"), &merged);
        let (whole, merged) = (manifest(&out("one")), manifest(&merged));
        for field in ["antumbra_version", "command", "run_id", "seed", "config", "inputs", "counts", "segments"] {
            assert_eq!(whole[field], merged[field], "{field}");
        }
        // A merge is a run like any other: the next one over it has nothing to do.
        let again = run(&input, &out(&format!("merged{n}")), &[]);
        assert!(text(&again.stdout).contains(" 0 computed"), "{}", text(&again.stdout));
    }
    let alone = out("shard2of5").display().to_string();
    let result = antumbra(&["merge", &alone, "--out", &out("half").display().to_string()]);
    assert_eq!(result.status.code(), Some(1));
    assert!(text(&result.stderr).contains("1/5, 3/5, 4/5, 5/5"), "{}", text(&result.stderr));
    assert!(tables(&out("one")).len() == 7 && !out("half").exists());
}

#[test]
fn a_run_over_results_computes_only_what_changed_and_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let input = dir.path().join("in");
    fs::create_dir(&input).unwrap();
    let csv = |number: usize| {
        let curve = light_curve(number, 240, 15);
        let s = &curve.segments[0];
        let rows = s.time.iter().zip(&s.flux).map(|(t, f)| format!("{t:.6},{f:.7},0.0004\n"));
        format!("time,flux,flux_err\n{}", rows.collect::<String>())
    };
    for number in 0..30 {
        fs::write(input.join(format!("star{number:02}.csv")), csv(number)).unwrap();
    }
    let out = dir.path().join("out");
    let said = |more: &[&str]| {
        let result = run(&input, &out, more);
        text(&result.stdout)
    };
    let first = said(&[]);
    assert!(!first.contains("changed since"), "{first}");
    let again = said(&[]);
    assert!(again.contains("30 of 30 units of work still held, 0 computed"), "{again}");
    assert_eq!(candidates_printed(&first), candidates_printed(&again));
    fs::copy(out.join("candidates.parquet"), dir.path().join("before.parquet")).unwrap();

    fs::write(input.join("star07.csv"), csv(99)).unwrap();
    fs::write(input.join("star30.csv"), csv(121)).unwrap();
    let changed = said(&[]);
    assert!(changed.contains("29 of 31 units of work still held, 2 computed"), "{changed}");
    assert!(changed.contains("1 input new: ") && changed.contains("star30.csv"), "{changed}");
    assert!(changed.contains("1 input changed: ") && changed.contains("star07.csv"), "{changed}");
    run(&input, &dir.path().join("fresh"), &[]);
    assert_same(&dir.path().join("fresh"), &out);

    let diff = dir.path().join("diff.parquet");
    let (before, after) = (dir.path().join("before.parquet").display().to_string(), out.display().to_string());
    let told = antumbra(&["diff", &before, &after, "--out", &diff.display().to_string()]);
    let told = text(&told.stdout);
    assert!(told.contains("star30") && told.contains("1 new, 0 lost, 0 changed"), "{told}");
    assert!(diff.exists());

    let other = said(&["--set", "search.snr_threshold=9"]);
    assert!(other.contains("search.snr_threshold: 7.1 -> 9.0"), "{other}");
    assert!(!other.contains("still held"), "{other}");
    let back = said(&["--fresh"]);
    assert!(!back.contains("still held"), "{back}");
    assert_same(&dir.path().join("fresh"), &out);
    // Without its ledger nothing is known of the rows, and everything is computed again.
    fs::remove_file(out.join("units.jsonl")).unwrap();
    let lost = said(&[]);
    assert!(!lost.contains("still held"), "{lost}");
    assert_same(&dir.path().join("fresh"), &out);
}

/// The lines of standard output that show candidates.
fn candidates_printed(stdout: &str) -> Vec<String> {
    stdout.lines().take_while(|line| !line.is_empty()).map(str::to_string).collect()
}
