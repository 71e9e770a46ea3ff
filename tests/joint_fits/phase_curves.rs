//! Phase curves.

use std::path::Path;

use antumbra::io::read::{ReadConfig, read_target, scan};
use antumbra::math::median;

use super::{compare, fit, light_curves};

#[test]
#[ignore = "needs data beside the repository"]
fn wasp_18_phase_curve() {
    let Some(outcome) = fit(
        "WASP-18, binned TESS phase curve, against allesfitter (MCMC)",
        r#"
        [planets.b]
        period = 0.9414576
        transit_time = 0.0
        rp_rs = { uniform = [0.0, 0.2], start = 0.097 }
        a_rs = { uniform = [2.0, 6.0] }
        ecc = 0.0090999995
        omega = -1.58824
        day = { uniform = [0.0, 0.001] }
        night = { uniform = [-0.0005, 0.0005] }
        beaming = { uniform = [0.0, 0.001] }
        ellipsoidal = { uniform = [0.0, 0.001] }
        [instruments.TESS]
        file = "DATA/wasp18/TESS.csv"
        q1 = 0.28291761
        q2 = 0.20605376950554616
        "#,
    ) else {
        return;
    };
    compare(
        &outcome,
        4.0,
        &[
            ("planets.b.rp_rs", 0.09756191, 1.36e-4),
            ("planets.b.a_rs", 3.5321811, 0.0243),
            ("planets.b.cosi", 0.097494, 0.006),
        ],
    );
}

/// Writes time, flux over its median, and error of a file's unflagged cadences as a table.
fn as_table(file: &Path, to: &Path) {
    let config = ReadConfig::default();
    let scan = scan(&[file.display().to_string()], &config);
    let target = read_target(&scan.targets[0], &config).target.unwrap();
    let segment = &target.segments[0];
    let is_bad = |i: &usize| segment.flagged.as_ref().is_some_and(|f| f[*i]);
    let errors = segment.flux_err.as_ref().unwrap();
    let is_usable = |i: &usize| !is_bad(i) && (segment.time[*i] + segment.flux[*i] + errors[*i]).is_finite();
    let rows: Vec<usize> = (0..segment.time.len()).filter(is_usable).collect();
    let level = median(&rows.iter().map(|i| segment.flux[*i]).collect::<Vec<_>>());
    let lines =
        rows.iter().map(|&i| format!("{},{},{}\n", segment.time[i], segment.flux[i] / level, errors[i] / level));
    std::fs::write(to, format!("time,flux,flux_err\n{}", lines.collect::<String>())).unwrap();
}

#[test]
#[ignore = "needs data beside the repository"]
fn hat_p_7_at_a_signal_to_noise_of_1000() {
    let Some(data) = light_curves() else { return };
    let dir = tempfile::tempdir().unwrap();
    let table = dir.path().join("short_cadence.csv");
    as_table(&data.join("hatp7_kepler2_SC_Q0/kplr010666592-2009131110544_slc.fits"), &table);
    let Some(outcome) = fit(
        "HAT-P-7, one-minute cadence of Kepler with its phase curve, against Esteves et al. 2015",
        &r#"
        [star]
        rho_star = { log_normal = [0.19, 0.3] }
        [planets.b]
        period = { normal = [2.204735, 1e-6] }
        transit_time = { uniform = [121.3, 121.42], start = 121.3623 }
        rp_rs = { uniform = [0.0, 0.2], start = 0.0775 }
        day = { uniform = [0.0, 0.0005] }
        night = { uniform = [-0.0002, 0.0002] }
        beaming = { uniform = [0.0, 0.0001] }
        ellipsoidal = { uniform = [0.0, 0.0002] }
        [instruments.SC]
        file = "TABLE"
        exposure_time_s = 58.85
        noise = { kind = "matern32", sigma = { log_uniform = [1e-6, 1e-3] }, rho = { log_uniform = [0.2, 20.0] } }
        "#
        .replace("TABLE", &table.display().to_string()),
    ) else {
        return;
    };
    // four years of Kepler, so that all of the error is ours
    compare(
        &outcome,
        3.0,
        &[
            ("planets.b.rp_rs", 0.07746, 1e-4),
            ("planets.b.a_rs", 4.151, 0.005),
            ("planets.b.impact_parameter", 0.496, 0.003),
        ],
    );
}
