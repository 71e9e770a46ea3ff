//! `antumbra report` from the outside: the files it makes of a run, and what it says when it cannot.

use std::fmt::Write as _;
use std::path::Path;

use assert_cmd::Command;

fn antumbra(dir: &Path, args: &[&str]) -> std::process::Output {
    Command::cargo_bin("antumbra").unwrap().current_dir(dir).args(args).output().unwrap()
}

/// A planet of 2 % every 2.5 d in 20 days of half-hour cadences, with a fixed pattern in place of noise.
fn light_curve(path: &Path) {
    let mut rows = String::from("time,flux,flux_err\n");
    for i in 0..960 {
        let t = f64::from(i) / 48.0;
        let dip = if (t - 0.7).rem_euclid(2.5) < 0.12 { 0.02 } else { 0.0 };
        let noise = 1e-3 * ((f64::from(i * i) * 1.7).sin() + (f64::from(i * (i % 101)) * 2.3).sin());
        let _ = writeln!(rows, "{t:.6},{:.7},0.001", 1.0 - dip + noise);
    }
    std::fs::write(path, rows).unwrap();
}

#[test]
fn a_run_becomes_pages_that_say_the_same_as_its_tables() {
    let dir = tempfile::tempdir().unwrap();
    light_curve(&dir.path().join("star one.csv"));
    let done = antumbra(dir.path(), &["run", "star one.csv", "--out", "out", "--progress", "none"]);
    assert!(matches!(done.status.code(), Some(0 | 4)), "{}", String::from_utf8_lossy(&done.stderr));
    let manifest = std::fs::read_to_string(dir.path().join("out/manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();

    let done = antumbra(dir.path(), &["report", "out"]);
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert_eq!(done.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&done.stderr));
    let report = dir.path().join("out/report");
    let index = std::fs::read_to_string(report.join("index.html")).unwrap();
    let run_id = manifest["run_id"].as_str().unwrap();
    assert!(index.contains(run_id) && index.contains(">star one</a>"), "{index}");
    let link = index.split("<a href=\"").nth(1).and_then(|l| l.split('"').next()).unwrap();
    let page = std::fs::read_to_string(report.join(link)).unwrap();
    assert!(
        page.contains("star one") && page.contains("Fit: median and 68 %") && page.contains("Tests of the profile")
    );
    assert!(page.contains(run_id) && page.contains("Posterior"));
    for ending in ["png", "pdf"] {
        let file = report.join(link.replace(".html", &format!(".{ending}")));
        assert!(std::fs::metadata(&file).unwrap().len() > 10_000, "{}", file.display());
    }
    let pages = std::fs::read_dir(&report)
        .unwrap()
        .filter(|f| f.as_ref().unwrap().path().extension().is_some_and(|e| e == "html"));
    let counted = usize::try_from(manifest["counts"]["candidates"].as_u64().unwrap()).unwrap();
    assert_eq!(pages.count(), counted + 1, "a page for each candidate, and the index");

    // another light curve in the old one's place
    std::fs::write(dir.path().join("star one.csv"), "time,flux\n1,1\n").unwrap();
    let changed = antumbra(dir.path(), &["report", "out", "--no-sheets", "--profile", "none"]);
    assert_eq!(changed.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&changed.stderr).contains("star one"));
    let refused = antumbra(dir.path(), &["report", "out", "--profile", "no-such"]);
    assert_eq!(refused.status.code(), Some(2));
    let refused = antumbra(dir.path(), &["report", "nowhere"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("manifest.json"));
}
