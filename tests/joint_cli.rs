//! `antumbra fit CONFIG.toml` and `antumbra compare` from the outside: exit codes, messages, files.

use std::fmt::Write as _;
use std::path::Path;

use assert_cmd::Command;

fn antumbra(dir: &Path, args: &[&str]) -> std::process::Output {
    Command::cargo_bin("antumbra").unwrap().current_dir(dir).args(args).output().unwrap()
}

/// Velocities of a circular orbit, K = 50 m/s, with a fixed pattern in place of noise.
fn write_velocities(dir: &Path) {
    let mut table = String::from("time,rv,rv_err\n");
    for i in 0..40 {
        let t = 0.83 * f64::from(i);
        let noise = 2.0 * (f64::from(i * i) * 1.7).sin();
        let rv = 5.0 - 0.05 * (std::f64::consts::TAU * (t - 1.0) / 4.2).sin() + 1e-3 * noise;
        let _ = writeln!(table, "{t},{rv},0.0015");
    }
    std::fs::write(dir.join("rv.csv"), table).unwrap();
    let document = r#"
[star]
mass_msun = { value = 1.0, err = 0.05 }
[planets.b]
period = { normal = [4.2, 0.02] }
transit_time = { normal = [1.0, 0.2] }
rv_semi_amplitude = { uniform = [0.0, 500.0] }
[rv.HARPS]
file = "rv.csv"
columns = { time = "time", value = "rv", error = "rv_err" }
unit = "km/s"
"#;
    std::fs::write(dir.join("fit.toml"), document).unwrap();
}

#[test]
fn exit_codes_say_converged_refused_and_not_converged() {
    let dir = tempfile::tempdir().unwrap();
    write_velocities(dir.path());
    let done = antumbra(dir.path(), &["fit", "fit.toml", "--out", "a"]);
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    assert_eq!(done.status.code(), Some(0), "{text}{}", String::from_utf8_lossy(&done.stderr));
    let line = text.lines().find(|l| l.starts_with("planets.b.rv_semi_amplitude")).unwrap();
    let k: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    // the pattern is worth 1.4 m/s a point, 0.3 m/s for 40
    assert!((k - 50.0).abs() < 2.0, "{line}");
    for name in [
        "posterior.parquet",
        "summary.parquet",
        "summary.csv",
        "summary.tex",
        "transits.parquet",
        "config.toml",
        "manifest.json",
    ] {
        assert!(dir.path().join("a").join(name).exists(), "{name}");
    }
    for name in ["velocity_b", "velocities", "corner", "corner_noise", "traces"] {
        let file = |ending: &str| dir.path().join("a/figures").join(format!("{name}.{ending}"));
        let svg = std::fs::read_to_string(file("svg")).unwrap();
        assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"), "{name}");
        let png = std::fs::read(file("png")).unwrap();
        // width and height follow the signature and the name of the first chunk
        let side = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
        assert!(png.starts_with(b"\x89PNG") && side(16) > 500 && side(20) > 300, "{name}");
    }

    let refused = antumbra(dir.path(), &["fit", "fit.toml", "--out", "b", "--set", "rv.HARPS.color=1"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("color") && !dir.path().join("b").exists());
    let refused = antumbra(dir.path(), &["fit", "rv.csv", "--out", "b"]);
    assert_eq!(refused.status.code(), Some(2), "light curves need --period");

    let short = [
        "fit",
        "fit.toml",
        "--no-figures",
        "--out",
        "c",
        "--set",
        "sampler.kind=ensemble",
        "--set",
        "sampler.max_steps=60",
    ];
    let short = antumbra(dir.path(), &short);
    assert_eq!(short.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&short.stderr).contains("has not converged"));
    assert!(!dir.path().join("c/figures").exists(), "--no-figures");
    let status = std::fs::read_to_string(dir.path().join("c/manifest.json")).unwrap();
    assert!(status.contains("not converged: "), "{status}");

    let compared = antumbra(dir.path(), &["compare", "a", "c"]);
    assert_eq!(compared.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&compared.stdout).contains("planets.b.minimum_mass_mjup"));
}
