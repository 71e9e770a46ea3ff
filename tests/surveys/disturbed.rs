//! Runs that are killed, run out of disk, or meet another run; and how much memory they take.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{antumbra, arguments, assert_same, collection, dataset, manifest, noise, run, tables, text};

/// Starts the run, kills it after random times until it gets through, and says how often it was killed.
fn run_and_kill(input: &Path, out: &Path, kills: usize, longest: Duration) -> usize {
    let (input, out_text) = (input.display().to_string(), out.display().to_string());
    let mut killed = 0;
    let mut parts = 0;
    for attempt in 0.. {
        let mut args = arguments(&input, &out_text, &["--resume", "--unit-targets", "2"]);
        args.retain(|a| !a.is_empty());
        let mut child = Command::new(env!("CARGO_BIN_EXE_antumbra"))
            .args(args)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let wait = longest.mul_f64(noise(attempt, 77));
        let start = Instant::now();
        let ended = loop {
            if let Some(status) = child.try_wait().unwrap() {
                assert!([0, 3, 4].contains(&status.code().unwrap_or(-1)), "{status:?}");
                break true;
            }
            if killed < kills && start.elapsed() >= wait {
                child.kill().unwrap();
                child.wait().unwrap();
                break false;
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        if ended {
            return killed;
        }
        killed += 1;
        // What was whole stays whole: parts only grow in number, until the tables take their place.
        let now = fs::read_dir(out.join("units"))
            .map(|entries| entries.flatten().filter(|e| e.path().extension().is_some_and(|e| e == "part")).count())
            .unwrap_or(0);
        assert!(now >= parts || !out.join("units").exists() || out.join("manifest.json").exists(), "{now} < {parts}");
        parts = now;
    }
    killed
}

#[test]
fn a_run_that_is_killed_ends_with_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let input = collection(dir.path(), 40);
    run(&input, &dir.path().join("whole"), &[]);
    let killed = run_and_kill(&input, &dir.path().join("killed"), 8, Duration::from_millis(700));
    assert!(killed >= 3, "killed only {killed} times");
    assert_same(&dir.path().join("whole"), &dir.path().join("killed"));
}

#[test]
#[ignore = "some minutes: a run is killed more than a hundred times"]
fn a_run_that_is_killed_a_hundred_times_ends_with_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let input = collection(dir.path(), 1500);
    let start = Instant::now();
    run(&input, &dir.path().join("whole"), &[]);
    println!("undisturbed: {:.1} s", start.elapsed().as_secs_f64());
    let start = Instant::now();
    let killed = run_and_kill(&input, &dir.path().join("killed"), 150, Duration::from_millis(1500));
    println!("killed {killed} times, {:.1} s", start.elapsed().as_secs_f64());
    assert!(killed >= 100, "killed only {killed} times");
    assert_same(&dir.path().join("whole"), &dir.path().join("killed"));
}

#[test]
fn a_full_disk_is_one_clear_error_and_the_run_goes_on_later() {
    let dir = tempfile::tempdir().unwrap();
    let input = collection(dir.path(), 40);
    run(&input, &dir.path().join("whole"), &[]);
    let out = dir.path().join("full");
    // Writing beyond the limit fails as it does on a full disk, where the signal is ignored.
    let (input_text, out_text) = (input.display().to_string(), out.display().to_string());
    let limited = |blocks: usize| {
        let args = arguments(&input_text, &out_text, &["--unit-targets", "8"]).join("' '");
        let command = format!("trap '' XFSZ; ulimit -f {blocks}; exec '{}' '{args}'", env!("CARGO_BIN_EXE_antumbra"));
        Command::new("sh").args(["-c", &command]).output().unwrap()
    };
    for blocks in [2, 16, 60] {
        let result = limited(blocks);
        assert_eq!(result.status.code(), Some(1), "{blocks}: {}", text(&result.stderr));
        let lines: Vec<String> = text(&result.stderr).lines().map(str::to_string).collect();
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].contains("too large") || lines[0].contains("cannot encode"), "{lines:?}");
        assert!(tables(&out).is_empty() && !out.join("manifest.json").exists());
    }
    let status = antumbra(&["status", &out_text]);
    assert!(text(&status.stdout).contains("failed: "), "{}", text(&status.stdout));
    run(&input, &out, &["--resume", "--unit-targets", "8"]);
    assert_same(&dir.path().join("whole"), &out);
}

#[test]
fn another_run_is_not_resumed() {
    let dir = tempfile::tempdir().unwrap();
    let input = collection(dir.path(), 40);
    let out = dir.path().join("out");
    let (input_text, out_text) = (input.display().to_string(), out.display().to_string());
    let mut child = Command::new(env!("CARGO_BIN_EXE_antumbra"))
        .args(arguments(&input_text, &out_text, &["--unit-targets", "2"]))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while !out.join("status.json").exists() {
        std::thread::sleep(Duration::from_millis(2));
    }
    let second = antumbra(&arguments(&input_text, &out_text, &[]));
    let in_time = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    if in_time {
        assert_eq!(second.status.code(), Some(1));
        assert!(text(&second.stderr).contains("in use by another process"), "{}", text(&second.stderr));
        let status = antumbra(&["status", &out_text]);
        assert!(text(&status.stdout).contains("dead"), "{}", text(&status.stdout));
    }
    let other = antumbra(&arguments(&input_text, &out_text, &["--resume", "--seed", "5"]));
    assert_eq!(other.status.code(), Some(1));
    assert!(text(&other.stderr).contains("not finished, and not this one"), "{}", text(&other.stderr));
    run(&input, &out, &["--resume"]);
    let status = antumbra(&["status", &out_text, "--json"]);
    let status: serde_json::Value = serde_json::from_slice(&status.stdout).unwrap();
    assert_eq!((status["state"].as_str(), status["alive"].as_bool()), (Some("done"), Some(false)));
    assert_eq!(status["tally"]["targets"], 44);
}

/// Peak memory of a run (bytes), as the manifest has it.
fn peak_memory(dir: &Path, n: usize) -> f64 {
    let input = dir.join(format!("{n}.parquet"));
    dataset(&input, 0..n, 120, usize::MAX);
    let out = dir.join(format!("out{n}"));
    let start = Instant::now();
    run(&input, &out, &["--set", "search.period_min=1.0"]);
    let m = manifest(&out);
    assert_eq!(m["counts"]["targets"].as_u64(), Some(n as u64));
    let peak = m["peak_memory_bytes"].as_f64().unwrap_or(f64::NAN);
    println!("{n} light curves: {:.1} MB, {:.0} s", peak / 1e6, start.elapsed().as_secs_f64());
    peak
}

#[test]
#[ignore = "some minutes: 100,000 light curves"]
fn a_hundred_thousand_light_curves_run_in_the_memory_of_a_thousand() {
    let dir = tempfile::tempdir().unwrap();
    let (few, many) = (peak_memory(dir.path(), 1000), peak_memory(dir.path(), 100_000));
    assert!(many < 1.1 * few, "{many} against {few} bytes");
}
