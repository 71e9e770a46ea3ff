//! Documents that are refused, and a run from files to files.

use std::fs;
use std::path::Path;

use super::{Figures, JointExecution, JointRunError, run_joint};

/// Without figures.
fn plain() -> JointExecution<'static> {
    JointExecution { figures: Figures::LeaveOut, ..JointExecution::default() }
}

/// A directory with a light curve of one planet and its document.
fn system(extra: &str) -> tempfile::TempDir {
    use crate::transit::{Orbit, OrbitElements, Quadratic, TransitShape, light_curve};
    let dir = tempfile::tempdir().unwrap();
    let time: Vec<f64> = (0..1200).map(|i| 0.005 * f64::from(i)).collect();
    let orbit = Orbit::new(OrbitElements::circular(2.5, 1.1, 8.0, 0.3)).unwrap();
    let flux = light_curve(&TransitShape::new(orbit, 0.1, Quadratic { u1: 0.3, u2: 0.2 }).unwrap(), &time, 0.0);
    let mut table = String::from("# time flux flux_err band\n");
    for (i, (t, f)) in time.iter().zip(&flux).enumerate() {
        // a fixed pattern in place of noise
        let noise = 5e-4 * ((i * i) as f64 * 1.7).sin();
        table += &format!("{t} {} 5e-4 {}\n", f + noise, if i == 7 { "other" } else { "V" });
    }
    table += "6.1 nan 5e-4 V\n";
    fs::write(dir.path().join("lc.dat"), table).unwrap();
    let document = format!(
        r#"title = "made up"
[sampler]
min_ess = 300
[planets.b]
period = {{ normal = [2.5, 0.01] }}
transit_time = {{ normal = [1.1, 0.02] }}
rp_rs = {{ uniform = [0.0, 0.3] }}
[instruments.V]
file = "lc.dat"
columns = {{ time = "time", value = 2, error = "flux_err", only = ["band", "V"] }}
jitter = 0.0
{extra}"#
    );
    fs::write(dir.path().join("fit.toml"), document).unwrap();
    dir
}

fn run(dir: &Path, assignments: &[&str], out: &str) -> Result<super::JointOutcome, JointRunError> {
    let assignments: Vec<String> = assignments.iter().map(|a| a.to_string()).collect();
    run_joint(&dir.join("fit.toml"), &assignments, None, &dir.join(out), &plain())
}

fn refusal(extra: &str, assignments: &[&str]) -> String {
    let dir = system(extra);
    match run(dir.path(), assignments, "out") {
        Err(e @ JointRunError::Config(_)) => {
            assert!(!dir.path().join("out").exists(), "refused before anything is written");
            e.to_string()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn bad_configuration_is_refused_with_line_value_and_what_is_valid() {
    for (extra, assignments, words) in [
        ("no_such_key = 1\n", vec![], vec!["line 12", "no_such_key", "expected one of", "baseline"]),
        ("q1 = { uniform = [0.0, 2.0] }\n", vec![], vec!["line 12", "instruments.V.q1", "[0.0, 2.0]", "from 0 to 1"]),
        ("q1 = { gaussian = [0.5, 0.1] }\n", vec![], vec!["line 12", "gaussian", "normal = [mean, sigma]"]),
        ("q1 = { normal = [0.5, -0.1] }\n", vec![], vec!["line 12", "-0.1", "sigma > 0"]),
        ("q1 = \"@instruments.W.q1\"\n", vec![], vec!["line 12", "@instruments.W.q1", "valid"]),
        ("u1 = 0.3\nq1 = 0.2\n", vec![], vec!["line 13", "instruments.V.q1", "u1, u2"]),
        ("likelihood = \"student\"\ndecorrelate = [1]\n", vec![], vec!["line 12", "student", "gaussian"]),
        ("", vec!["planets.b.ecc=1.5", "planets.b.omega=0"], vec!["--set planets.b.ecc=1.5", "0.999"]),
        ("", vec!["planets.b.rp_rs=-0.1"], vec!["--set planets.b.rp_rs=-0.1", "at least 0"]),
        ("", vec!["planets.b.color=1"], vec!["--set planets.b.color=1", "unknown field"]),
        ("", vec!["instruments.V.file=\"\""], vec!["instruments.V.file"]),
        ("", vec!["instruments.V.columns.time=\"t\""], vec!["no column `t`", "time, flux, flux_err, band"]),
    ] {
        let message = refusal(extra, &assignments);
        for word in words {
            assert!(message.contains(word), "{extra}{assignments:?}: no `{word}` in\n{message}");
        }
    }
}

#[test]
fn a_run_writes_the_same_bytes_again_and_from_its_own_configuration() {
    let dir = system("");
    let outcome = run(dir.path(), &[], "a").unwrap();
    assert!(outcome.fit.is_converged(), "{:?}", outcome.fit.status);
    assert_eq!((outcome.inputs[0].points, outcome.inputs[0].rows_skipped), (1199, 1));
    let rp_rs = outcome.fit.get("planets.b.rp_rs").unwrap();
    assert!((rp_rs.median - 0.1).abs() < 4.0 * rp_rs.sigma(), "{rp_rs:?}");
    run(dir.path(), &[], "b").unwrap();
    let resolved = dir.path().join("a/config.toml");
    run_joint(&resolved, &[], None, &dir.path().join("c"), &plain()).unwrap();
    let names = ["posterior.parquet", "summary.parquet", "summary.csv", "summary.tex", "transits.parquet"];
    for name in names {
        let read = |out: &str| fs::read(dir.path().join(out).join(name)).unwrap();
        assert!(read("a") == read("b"), "{name} differs from run to run");
        assert!(read("a") == read("c"), "{name} differs for the resolved configuration");
    }
    let rows = super::compare(&dir.path().join("a"), &dir.path().join("b")).unwrap();
    assert!(rows.iter().all(|r| r.difference_in_sigma().is_none_or(|d| d == 0.0 || d.is_nan())), "{rows:?}");
    let fixed = run(dir.path(), &["planets.b.impact_parameter=0.3"], "d").unwrap();
    assert!(fixed.fit.get("planets.b.impact_parameter").is_none());
    let rows = super::compare(&dir.path().join("a"), &dir.path().join("d")).unwrap();
    assert!(rows.iter().any(|r| r.name == "planets.b.impact_parameter" && r.second.is_none()));
}

#[test]
fn the_example_is_a_valid_document() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/joint_fit.toml");
    let loaded = super::LoadedJoint::load(&path, &["planets.b.ecc=0".into()]).unwrap();
    let planet = &loaded.config.planets["b"];
    assert!(planet.sqrt_ecc_cos_omega.is_none() && planet.ecc == Some(0.0.into()), "one word makes the orbit circular");
    let text = toml::to_string(&loaded.config).unwrap();
    assert_eq!(toml::from_str::<crate::fit::joint::JointConfig>(&text).unwrap(), loaded.config);
}
