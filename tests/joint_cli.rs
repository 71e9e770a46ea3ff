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

/// Files of a fit without figures.
const FILES: [&str; 7] = [
    "posterior.parquet",
    "summary.parquet",
    "summary.csv",
    "summary.tex",
    "transits.parquet",
    "config.toml",
    "manifest.json",
];

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
    for name in FILES {
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

/// Median and half-width of the central 68 % in a summary.
fn summary(dir: &Path, name: &str) -> (f64, f64) {
    let text = std::fs::read_to_string(dir.join("summary.csv")).unwrap();
    let header: Vec<&str> = text.lines().next().unwrap().split(',').collect();
    let line =
        text.lines().find(|l| l.split(',').next() == Some(name)).unwrap_or_else(|| panic!("no {name} in\n{text}"));
    let at = |column: &str| -> f64 {
        line.split(',').nth(header.iter().position(|h| *h == column).unwrap()).unwrap().parse().unwrap()
    };
    (at("median"), 0.5 * (at("upper_68") - at("lower_68")))
}

#[test]
fn a_posterior_is_weighed_for_another_star_and_other_priors() {
    let dir = tempfile::tempdir().unwrap();
    write_velocities(dir.path());
    assert_eq!(
        antumbra(dir.path(), &["fit", "fit.toml", "--out", "a", "--set", "sampler.draws=8000"]).status.code(),
        Some(0)
    );
    let (k, sigma) = summary(&dir.path().join("a"), "planets.b.rv_semi_amplitude");
    let (mass, mass_err) = summary(&dir.path().join("a"), "planets.b.minimum_mass_mjup");

    let heavier = antumbra(dir.path(), &["reweight", "a", "--out", "heavier", "--set", "star.mass_msun.value=1.3"]);
    assert_eq!(heavier.status.code(), Some(0), "{}", String::from_utf8_lossy(&heavier.stderr));
    // as the mass of the star to the power 2/3; both medians have Monte Carlo errors
    let (found, _) = summary(&dir.path().join("heavier"), "planets.b.minimum_mass_mjup");
    assert!((found / mass - 1.3f64.powf(2.0 / 3.0)).abs() < 0.1 * mass_err / mass, "{mass} {found}");
    let (same, _) = summary(&dir.path().join("heavier"), "planets.b.rv_semi_amplitude");
    assert!((same - k).abs() < 0.05 * sigma, "{k} {same}");

    // a prior as wide as the posterior, one standard deviation off: half-way, and narrower by √2
    let prior = format!("planets.b.rv_semi_amplitude={{ normal = [{}, {sigma}] }}", k + sigma);
    let known = antumbra(dir.path(), &["reweight", "a", "--out", "known", "--set", &prior]);
    assert_eq!(known.status.code(), Some(0), "{}", String::from_utf8_lossy(&known.stderr));
    let (found, width) = summary(&dir.path().join("known"), "planets.b.rv_semi_amplitude");
    assert!((found - (k + 0.5 * sigma)).abs() < 0.1 * sigma, "{k} {sigma} {found}");
    assert!((width * 2f64.sqrt() / sigma - 1.0).abs() < 0.1, "{sigma} {width}");

    let far = format!("planets.b.rv_semi_amplitude={{ normal = [{}, {}] }}", k + 6.0 * sigma, 0.1 * sigma);
    let far = antumbra(dir.path(), &["reweight", "a", "--out", "far", "--set", &far]);
    assert_eq!(far.status.code(), Some(4), "{}", String::from_utf8_lossy(&far.stdout));
    assert!(String::from_utf8_lossy(&far.stderr).contains("fit anew"));
    let fixed = antumbra(dir.path(), &["reweight", "a", "--out", "fixed", "--set", "planets.b.period=4.2"]);
    assert_eq!(fixed.status.code(), Some(2));
    let message = String::from_utf8_lossy(&fixed.stderr).into_owned();
    assert!(message.contains("planets.b.period") && !dir.path().join("fixed").exists(), "{message}");
}

#[test]
fn a_directory_that_another_process_writes_to_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    write_velocities(dir.path());
    let out = dir.path().join("a");
    std::fs::create_dir(&out).unwrap();
    let other = std::fs::File::create(out.join(".lock")).unwrap();
    other.lock().unwrap();
    let fit = ["fit", "fit.toml", "--no-figures", "--out", "a"];
    let refused = antumbra(dir.path(), &fit);
    let messages = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1), "{messages}");
    assert!(
        messages.contains("a is in use by another process") && messages.contains("another directory"),
        "{messages}"
    );
    assert_eq!(std::fs::read_dir(&out).unwrap().count(), 1, "only the lock");

    // the file stays, its lock ends with who held it
    drop(other);
    let done = antumbra(dir.path(), &fit);
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    let other = std::fs::File::open(out.join(".lock")).unwrap();
    other.lock().unwrap();
    let reweighted = antumbra(dir.path(), &["reweight", "a", "--out", "a", "--set", "star.mass_msun.value=1.3"]);
    assert_eq!(reweighted.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&reweighted.stderr).contains("in use by another process"));
}

#[test]
fn a_fit_that_was_killed_goes_on_where_it_was() {
    let dir = tempfile::tempdir().unwrap();
    write_velocities(dir.path());
    let fit = |out: &str, more: &[&str]| {
        let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin("antumbra"));
        command.current_dir(dir.path()).args(["fit", "fit.toml", "--no-figures"]);
        for setting in ["sampler.kind=nuts", "sampler.min_ess=1e9", "sampler.max_draws=4000"] {
            command.args(["--set", setting]);
        }
        command.args(["--out", out]).args(more).stdout(std::process::Stdio::null());
        command
    };
    let finish = |out: &str, more: &[&str], code: i32| {
        let done = fit(out, more).output().unwrap();
        let messages = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(code), "{messages}");
        messages
    };
    let checkpoint = |out: &str| dir.path().join(out).join("checkpoint.jsonl");
    let assert_same = |out: &str| {
        for name in FILES {
            let read = |out: &str| std::fs::read(dir.path().join(out).join(name)).unwrap();
            assert!(read("alone") == read(out), "{name} of {out}");
        }
        assert!(!checkpoint(out).exists(), "{out}");
    };
    let begun = std::time::Instant::now();
    // 4: so many effective draws are not to be had
    let messages = finish("alone", &[], 4);
    assert!(messages.starts_with("antumbra: the fit has not converged") && messages.lines().count() == 1, "{messages}");

    // chains warm up for a seventh of the time: these have draws, if the machine is about as busy as before
    let interval = format!("{}", 0.25 * begun.elapsed().as_secs_f64());
    let mut killed =
        fit("killed", &["--checkpoint-every", &interval]).stderr(std::process::Stdio::null()).spawn().unwrap();
    while !checkpoint("killed").exists() {
        assert!(killed.try_wait().unwrap().is_none(), "the fit ended before it could be killed");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let messages = finish("killed", &[], 1);
    assert!(messages.contains("killed is in use by another process") && messages.contains("goes on"), "{messages}");
    assert!(killed.try_wait().unwrap().is_none(), "the fit ended before it could be killed");
    killed.kill().unwrap();
    assert_eq!(killed.wait().unwrap().code(), None, "it was killed");
    assert!(!dir.path().join("killed/posterior.parquet").exists());
    let kept = std::fs::read(checkpoint("killed")).unwrap();
    let messages = finish("killed", &["--threads", "1"], 4);
    let line = messages.lines().next().unwrap_or_default();
    println!("{line}");
    assert!(line.starts_with("antumbra: going on from"), "{messages}");
    assert_same("killed");

    let plant = |out: &str, bytes: &[u8]| {
        std::fs::create_dir_all(dir.path().join(out)).unwrap();
        std::fs::write(checkpoint(out), bytes).unwrap();
    };
    plant("damaged", &kept[..kept.len() / 2]);
    let messages = finish("damaged", &[], 4);
    assert!(messages.contains("is damaged") && messages.contains("starts anew"), "{messages}");
    assert_same("damaged");
    plant("fresh", &kept);
    assert!(!finish("fresh", &["--fresh"], 4).contains("checkpoint"));
    assert_same("fresh");

    // other settings, which take less time
    plant("other", &kept);
    let other = ["--set", "sampler.kind=importance", "--set", "sampler.min_ess=500"];
    let messages = finish("other", &[&other[..], &["--resume"]].concat(), 1);
    assert!(messages.contains("different fit") && checkpoint("other").exists(), "{messages}");
    let messages = finish("other", &other, 0);
    assert!(messages.contains("put aside as") && !checkpoint("other").exists(), "{messages}");
    assert!(std::fs::read(dir.path().join("other/checkpoint-other.jsonl")).unwrap() == kept);
    assert_eq!(
        antumbra(dir.path(), &["fit", "rv.csv", "--period", "4", "--resume", "--out", "x"]).status.code(),
        Some(2)
    );
}
