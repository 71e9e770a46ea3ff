//! Several bands and instruments, and transits that come early and late.

use std::path::Path;

use super::{compare, fit, light_curves};

const K2_100: &str = r#"
    [star]
    rho_star = { log_normal = [0.60, 0.13] }
    [planets.b]
    period = { normal = [1.6739035, 1e-5] }
    transit_time = { uniform = [2307.3, 2308.2], start = 2307.72 }
    rp_rs = { uniform = [0.0, 0.1], start = 0.0287 }
    [instruments.LC]
    file = "DATA/k2-100_multiband/multi_band_K2-100.dat"
    columns = { only = [4, "K2"] }
    exposure_time_s = 1765.5
    window_days = 0.25
    [instruments.SC]
    file = "DATA/k2-100_multiband/multi_band_K2-100.dat"
    columns = { only = [4, "SC"] }
    exposure_time_s = 58.85
    window_days = 0.25
    q1 = "@instruments.LC.q1"
    q2 = "@instruments.LC.q2"
"#;

#[test]
#[ignore = "needs data beside the repository"]
fn k2_100_in_two_space_cadences() {
    let Some(outcome) = fit("K2-100, half-hour and one-minute cadences of K2, against Barragán et al. 2019", K2_100)
    else {
        return;
    };
    compare(&outcome, 3.0, &[("planets.b.period", 1.6739035, 4e-7), ("planets.b.rp_rs", 0.02867, 2.8e-4)]);
}

#[test]
#[ignore = "needs data beside the repository"]
fn k2_100_in_two_space_cadences_and_four_ground_bands() {
    let ground = |band: &str, name: &str| {
        format!(
            "[instruments.{name}]\nfile = \"DATA/k2-100_multiband/multi_band_K2-100.dat\"\ncolumns = {{ only = [4, \"{band}\"] }}\n\
             baseline_slope = {{ normal = [0.0, 0.05] }}\n"
        )
    };
    let ground = [("G", "G"), ("band1", "B1"), ("band2", "B2"), ("band3", "B3")].map(|(b, n)| ground(b, n)).concat();
    let Some(outcome) = fit(
        "K2-100, two space cadences and four bands from the ground, against Barragán et al. 2019",
        &format!("{K2_100}{ground}"),
    ) else {
        return;
    };
    compare(&outcome, 3.0, &[("planets.b.period", 1.6739035, 4e-7), ("planets.b.rp_rs", 0.02867, 2.8e-4)]);
    assert!(outcome.fit.is_converged());
}

/// A table for an instrument from those of several visits: time, flux and error, in the order of time.
fn together(data: &Path, files: &[&str], to: &Path) -> Vec<(f64, f64)> {
    let mut rows: Vec<[f64; 3]> = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(data.join("toi1130_multi").join(file)).unwrap();
        for line in text.lines().filter(|l| !l.starts_with('#')) {
            let mut numbers = line.split_whitespace().map(|n| n.parse::<f64>().unwrap());
            rows.push(std::array::from_fn(|_| numbers.next().unwrap()));
        }
    }
    rows.sort_by(|a, b| a[0].total_cmp(&b[0]));
    let lines: String = rows.iter().map(|[t, f, e]| format!("{t} {f} {e}\n")).collect();
    std::fs::write(to, lines).unwrap();
    rows.iter().map(|r| (r[0], r[1])).collect()
}

/// Where within `range` the flux within 50 minutes of a time is lowest.
fn deepest(points: &[(f64, f64)], range: (f64, f64)) -> f64 {
    let mean = |t: f64| {
        let near: Vec<f64> = points.iter().filter(|p| (p.0 - t).abs() < 0.035).map(|p| p.1).collect();
        if near.is_empty() { f64::INFINITY } else { near.iter().sum::<f64>() / near.len() as f64 }
    };
    let places = (0..400).map(|i| range.0 + (range.1 - range.0) * f64::from(i) / 400.0);
    places.min_by(|a, b| mean(*a).total_cmp(&mean(*b))).unwrap()
}

#[test]
#[ignore = "needs data beside the repository"]
fn toi_1130_with_transits_early_and_late() {
    let Some(data) = light_curves() else { return };
    let dir = tempfile::tempdir().unwrap();
    let table = |name: &str| dir.path().join(name);
    let long = ["b_TESS_S13_06", "c_TESS_S13_01", "c_TESS_S13_02", "c_TESS_S13_03"].map(|n| format!("TOI-1130{n}.dat"));
    let short_27 = [
        "b_TESS_S27_01",
        "b_TESS_S27_02",
        "b_TESS_S27_03",
        "b_TESS_S27_04",
        "bc_TESS_S27_01",
        "bc_TESS_S27_02",
        "c_TESS_S27_01",
    ];
    let short_67 = ["b+184", "b+185", "b+186", "b+188", "b+189", "c+125", "c+126", "c+127"];
    let short: Vec<String> = short_27
        .iter()
        .map(|n| format!("TOI-1130{n}.dat"))
        .chain(short_67.iter().map(|n| format!("TOI-1130_TESS-S67_{n}_texp20s.dat")))
        .collect();
    let mut cheops: Vec<String> = std::fs::read_dir(data.join("toi1130_multi"))
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .filter(|n| n.starts_with("CHEOPS") && n.ends_with("detrended.dat"))
        .collect();
    cheops.sort();
    let names = |v: &[String]| -> Vec<String> { v.to_vec() };
    let mut points = Vec::new();
    for (name, files) in [("long", names(&long)), ("short", names(&short)), ("cheops", names(&cheops))] {
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        points.extend(together(&data, &files, &table(name)));
    }
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    // where a transit of which planet is: the name of a file says so, and the depth where it names both
    let span = |file: &str| {
        let one = together(&data, &[file], &table("one"));
        (one.clone(), (one[0].0, one[one.len() - 1].0))
    };
    let (mut b, mut c) = (Vec::new(), Vec::new());
    for file in long.iter().chain(&short).chain(&cheops) {
        let (one, (first, last)) = span(file);
        let inside = (first + 0.04, last - 0.04);
        if file.contains("130bc") {
            c.push(deepest(&one, inside));
            // near or under that of c: a period after the one before
            let before = b.iter().copied().filter(|t| *t < first).fold(f64::NEG_INFINITY, f64::max);
            b.push(before + 4.0744);
        } else if file.contains("130c") || file.contains("_c+") {
            c.push(deepest(&one, inside));
        } else {
            b.push(deepest(&one, inside));
        }
    }
    let mut ground = String::new();
    for (planet, night) in
        [("01", "20230623"), ("01", "20230709"), ("01", "20230718"), ("02", "20230602"), ("02", "20230721")]
    {
        for band in ["R", "B"] {
            let file = format!("TOI-1130.{planet}_{night}_{band}_full.dat");
            let (one, (first, last)) = span(&file);
            let times = if planet == "01" { &mut c } else { &mut b };
            if band == "R" && !times.iter().any(|t| (first..last).contains(t)) {
                times.push(deepest(&one, (first + 0.04, last - 0.04)));
            }
            let law = if night == "20230623" {
                String::new()
            } else {
                format!("q1 = \"@instruments.{band}20230623.q1\"\nq2 = \"@instruments.{band}20230623.q2\"\n")
            };
            ground += &format!(
                "[instruments.{band}{night}]\nfile = \"DATA/toi1130_multi/{file}\"\ndecorrelate = [\"airmass\", \"fwhm\"]\n\
                 decorrelation_sigma = 0.01\n{law}"
            );
        }
    }
    let times = |mut v: Vec<f64>| {
        v.sort_by(f64::total_cmp);
        let specs = v.iter().map(|t| format!("{{ uniform = [{}, {}], start = {t} }}", t - 0.04, t + 0.04));
        specs.collect::<Vec<_>>().join(", ")
    };
    println!("{} transits of b, {} of c", b.len(), c.len());
    let file = |name: &str| table(name).display().to_string();
    let document = format!(
        r#"
        [sampler]
        min_ess = 400
        [star]
        rho_star = {{ log_normal = [2.1, 0.15] }}
        [planets.b]
        period = 4.07445
        transit_time = 1658.7454
        transit_times = [{}]
        rp_rs = {{ uniform = [0.0, 0.2], start = 0.047 }}
        [planets.c]
        period = 8.35019
        transit_time = 1657.9052
        transit_times = [{}]
        rp_rs = {{ uniform = [0.0, 0.5], start = 0.18 }}
        impact_parameter = {{ uniform = [0.0, 1.5], start = 0.97 }}
        [instruments.TESS]
        file = "{}"
        exposure_time_s = 20.0
        [instruments.TESS30]
        file = "{}"
        exposure_time_s = 1800.0
        q1 = "@instruments.TESS.q1"
        q2 = "@instruments.TESS.q2"
        [instruments.CHEOPS]
        file = "{}"
        exposure_time_s = 60.0
        {ground}"#,
        times(b),
        times(c),
        file("short"),
        file("long"),
        file("cheops")
    );
    let Some(outcome) = fit("TOI-1130, TESS, CHEOPS and the ground, a time for each transit", &document) else {
        return;
    };
    // radius ratios beside the data, of TESS and the ground alone
    let published = [("planets.b.rp_rs", 0.0486, 0.0011), ("planets.c.rp_rs", 0.218, 0.037)];
    compare(&outcome, 3.0, &published);
    assert!(outcome.fit.is_converged());
}
