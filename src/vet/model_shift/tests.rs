use std::path::Path;

use super::*;

fn column(text: &str, index: usize) -> Vec<f64> {
    text.lines().filter_map(|l| l.split_whitespace().nth(index)?.parse().ok()).collect()
}

/// The 17 numbers that the source publishes for KOI-1126.01, to 1e-6 of each.
#[test]
fn published_numbers_of_koi_1126() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/reference/model_shift");
    let Ok(text) = std::fs::read_to_string(folder.join("006307521-01.txt")) else {
        println!("skipped: no reference light curve");
        return;
    };
    let expected = std::fs::read_to_string(folder.join("expected.csv")).unwrap();
    let (time, flux, model) = (column(&text, 0), column(&text, 1), column(&text, 2));
    let ephemeris = Ephemeris { period: 29.744936, transit_time: 157.388555 };
    let got = model_shift(&time, &flux, &model, ephemeris).unwrap();
    let mut best = f64::INFINITY;
    for _ in 0..20 {
        let start = std::time::Instant::now();
        std::hint::black_box(model_shift(&time, &flux, &model, ephemeris).unwrap());
        best = best.min(start.elapsed().as_secs_f64());
    }
    println!("{} points: {:.1} ms", time.len(), 1e3 * best);

    let (secondary, tertiary, positive) = (got.secondary.unwrap(), got.tertiary.unwrap(), got.positive.unwrap());
    let value = |name: &str| match name {
        "sig_primary" => got.primary.significance,
        "sig_secondary" => secondary.significance,
        "sig_tertiary" => tertiary.significance,
        "sig_positive" => positive.significance,
        "sig_odd_even" => got.odd_even_sigma.unwrap(),
        "depth_mean_to_median" => got.depth_mean_to_median.unwrap(),
        "shape" => got.shape,
        "sig_asymmetry" => got.asymmetry_sigma.unwrap(),
        "false_alarm_threshold_1" => got.false_alarm_threshold_1,
        "false_alarm_threshold_2" => got.false_alarm_threshold_2,
        "f_red" => got.f_red,
        "phase_primary" => got.primary.phase,
        "phase_secondary" => secondary.phase,
        "phase_tertiary" => tertiary.phase,
        "phase_positive" => positive.phase,
        "depth_secondary" => secondary.depth,
        "depth_secondary_err" => got.depth_err,
        other => panic!("unknown number {other}"),
    };
    let mut count = 0;
    let mut wrong = Vec::new();
    for line in expected.lines().filter(|l| !l.starts_with('#') && !l.starts_with("name")) {
        let (name, number) = line.split_once(',').unwrap();
        let want: f64 = number.parse().unwrap();
        // Published with ten decimals.
        let error = ((value(name) - want).abs() - 0.5e-10).max(0.0) / want.abs();
        println!("{name:24} {want:16.10} {:16.10} {error:8.1e}", value(name));
        count += 1;
        if error > 1e-6 {
            wrong.push(name);
        }
    }
    assert_eq!(count, 17);
    assert!(wrong.is_empty(), "{wrong:?}");
}
