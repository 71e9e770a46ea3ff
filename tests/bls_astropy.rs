//! Plain box least squares beside astropy's `BoxLeastSquares`, and through the command.
//!
//! Golden numbers: astropy 8.0.2, `BoxLeastSquares(t, f, err).power(P, [0.1, 0.3], oversample=10, objective=…)` on the curve
//! of [`curve`], which has no random numbers that two languages would draw differently:
//!
//! ```text
//! noise(i) = ((31 i² + 7919 i + 13) mod 1009) / 1009 − 0.5,     i = 0 … 1999
//! t = 0.01 i + 0.004 (0 at i = 0),   err = 5e-4 (1 + noise(i + 500) / 2)
//! f = 1 − [3e-3 where (t − t0 + 0.15) mod 3.3 < 0.3] + 2e-3 noise(i)
//! ```

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Output};

use antumbra::pipeline::{BlsObjective, power};
use antumbra::search::{BlsBox, bls, oracle};
use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Float64Type;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

const DURATIONS: [f64; 2] = [0.1, 0.3];

struct Curve {
    time: Vec<f64>,
    flux: Vec<f64>,
    flux_err: Vec<f64>,
}

fn noise(i: usize) -> f64 {
    ((31 * i * i + 7919 * i + 13) % 1009) as f64 / 1009.0 - 0.5
}

fn curve(transit_time: f64) -> Curve {
    let time: Vec<f64> = (0..2000).map(|i| 0.01 * i as f64 + if i > 0 { 0.004 } else { 0.0 }).collect();
    let dip = |t: f64| if (t - transit_time + 0.15).rem_euclid(3.3) < 0.3 { 3e-3 } else { 0.0 };
    let flux = time.iter().enumerate().map(|(i, t)| 1.0 - dip(*t) + 2e-3 * noise(i)).collect();
    let flux_err = (0..2000).map(|i| 5e-4 * (1.0 + 0.5 * noise(i + 500))).collect();
    Curve { time, flux, flux_err }
}

fn ours(c: &Curve, periods: &[f64]) -> Vec<BlsBox> {
    let found = bls(&c.time, &c.flux, &c.flux_err, periods, &DURATIONS, 10).unwrap();
    found.into_iter().map(Option::unwrap).collect()
}

/// Share of all weight that lies outside of a box.
fn outside(c: &Curve, b: &BlsBox) -> f64 {
    let weight = |i: usize| c.flux_err[i].powi(-2);
    let out = |i: &usize| !oracle::in_box(c.time[*i], b.period, b.duration, b.transit_time);
    (0..c.time.len()).filter(out).map(weight).sum::<f64>() / (0..c.time.len()).map(weight).sum::<f64>()
}

/// Where periods are whole numbers of phase bins and cadences lie within bins, both try the same boxes: equal to 1e-9, for
/// sums in another order. The transit time differs by half a bin, 0.005 d, since our bins are centred on the first cadence.
/// astropy's likelihood leaves the level outside as known: it is ours, Δχ²/2, over the share of the weight outside.
#[test]
fn equal_to_astropy_on_common_bins() {
    // period, depth, depth_err, depth_snr, duration, transit_time, log_likelihood
    let golden = [
        [3.3, 0.00307505552845123, 3.8042670412909506e-05, 80.83174748447028, 0.3, 1.07, 3581.0734415365296],
        [7.7, 0.0012957113853957001, 6.485120557791201e-05, 19.979757875727337, 0.3, 6.57, 205.41813341402028],
    ];
    let c = curve(1.07);
    for (b, [period, depth, depth_err, snr, duration, transit_time, log_likelihood]) in
        ours(&c, &[3.3, 7.7]).iter().zip(golden)
    {
        let near = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-9;
        assert_eq!(b.period, period);
        assert!(near(b.statistic.depth, depth) && near(b.statistic.depth_err, depth_err), "{b:?}");
        assert!(near(b.statistic.snr, snr) && near(b.duration, duration), "{b:?}");
        assert!((b.transit_time - transit_time).abs() < 0.006, "{b:?}");
        assert_eq!(power(b, BlsObjective::Snr), b.statistic.snr);
        assert!(near(power(b, BlsObjective::Likelihood) / outside(&c, b), log_likelihood), "{b:?}");
    }
}

/// At other periods our bins are a little narrower than astropy's, so that a whole number makes the period: boxes differ by
/// a cadence or two. 2 %, and a bin of 0.01 d (and half of one) in time.
#[test]
fn close_to_astropy_at_any_period() {
    let golden = [
        [3.3021, 0.003036772945127409, 79.67164570072403, 0.3, 1.06],
        [6.6159, 0.002867110002162896, 53.8456282859311, 0.3, 4.3500000000000005],
    ];
    for (b, [period, depth, snr, duration, transit_time]) in ours(&curve(1.07), &[3.3021, 6.6159]).iter().zip(golden) {
        assert_eq!(b.period, period);
        assert!((b.statistic.snr / snr - 1.0).abs() < 0.02, "{b:?}");
        assert!((b.statistic.depth / depth - 1.0).abs() < 0.04, "{b:?}");
        assert!((b.duration / duration - 1.0).abs() < 0.02, "{b:?}");
        // at twice the period either transit
        assert!((b.transit_time - transit_time).rem_euclid(3.30795) < 0.02, "{b:?}");
    }
}

/// A transit that runs over the first cadence: astropy wraps boxes of the shortest duration only and loses a third of the
/// S/N of a longer one. Ours has all of it, as the brute force has.
#[test]
fn transits_over_the_first_cadence_are_whole() {
    let astropy = [(3.3, 61.17561035748128), (3.3021, 65.06615377381105)];
    let c = curve(0.02);
    let elsewhere = ours(&curve(1.07), &[3.3])[0].statistic.snr;
    for (b, (period, snr)) in ours(&c, &[3.3, 3.3021]).iter().zip(astropy) {
        assert!(b.statistic.snr > 1.15 * snr && (b.statistic.snr / elsewhere - 1.0).abs() < 0.05, "{b:?}");
        let same = oracle::box_statistic(&c.time, &c.flux, &c.flux_err, period, b.duration, b.transit_time).unwrap();
        assert!((b.statistic.snr / same.snr - 1.0).abs() < 1e-9, "{b:?} {same:?}");
    }
}

fn antumbra(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_antumbra")).args(args).output().unwrap()
}

fn read_table(path: &Path) -> RecordBatch {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap().build().unwrap();
    let batches: Vec<RecordBatch> = reader.map(Result::unwrap).collect();
    arrow::compute::concat_batches(&batches[0].schema(), &batches).unwrap()
}

fn floats(batch: &RecordBatch, name: &str) -> Vec<f64> {
    batch.column_by_name(name).unwrap().as_primitive::<Float64Type>().values().to_vec()
}

#[test]
fn the_command_writes_peaks_and_periodograms() {
    let dir = tempfile::tempdir().unwrap();
    let c = curve(0.02);
    let input = dir.path().join("star.csv");
    let rows: Vec<String> =
        (0..2000).map(|i| format!("{:.3},{:.15},{:.15}", c.time[i], c.flux[i], c.flux_err[i])).collect();
    fs::write(&input, format!("time,flux,flux_err\n{}\n", rows.join("\n"))).unwrap();
    let periods = dir.path().join("periods.txt");
    fs::write(&periods, "# days\n2.5\n3.3\n3.3021 # off\n\n7.7\n").unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    let run = |more: &[&str]| {
        let mut args = vec!["search", "--method", "bls", "--progress", "none", "--set", "detrend.method=none"];
        let (input, out) = (path("star.csv"), path("bls.parquet"));
        args.extend([input.as_str(), "--out", out.as_str()]);
        args.extend(more);
        let result = antumbra(&args);
        (result.status.code().unwrap(), String::from_utf8_lossy(&result.stderr).into_owned())
    };
    let (code, stderr) =
        run(&["--period-grid", &path("periods.txt"), "--durations", "0.1,0.3", "--periodogram", &path("all")]);
    assert_eq!(code, 0, "{stderr}");
    let peak = read_table(&dir.path().join("bls.parquet"));
    assert_eq!((peak.num_rows(), floats(&peak, "period")[0]), (1, 3.3));
    let all = read_table(&dir.path().join("all").join("star.parquet"));
    assert_eq!(floats(&all, "period"), [2.5, 3.3, 3.3021, 7.7]);
    // Cleaning divides flux and errors by the median flux; the S/N is that of the input, to the digits of the CSV.
    for (i, snr) in floats(&all, "snr").into_iter().enumerate() {
        let (period, duration) = (floats(&all, "period")[i], floats(&all, "duration")[i]);
        let t = floats(&all, "transit_time")[i];
        let same = oracle::box_statistic(&c.time, &c.flux, &c.flux_err, period, duration, t).unwrap();
        assert!((snr / same.snr - 1.0).abs() < 1e-6, "{snr} {same:?}");
        assert!((floats(&all, "power")[i] / (0.5 * snr * snr) - 1.0).abs() < 1e-12);
        assert_eq!(floats(&all, "power")[i], floats(&all, "log_likelihood")[i]);
    }
    let (code, stderr) = run(&["--period-grid", "1:8:500:log", "--durations", "0.3", "--objective", "snr"]);
    assert_eq!(code, 0, "{stderr}");
    let peak = read_table(&dir.path().join("bls.parquet"));
    assert!((floats(&peak, "period")[0] / 3.3 - 1.0).abs() < 0.01);
    assert_eq!(floats(&peak, "power"), floats(&peak, "snr"));
    assert_eq!(run(&["--durations", "0.1,0.3"]).0, 0);
    for (wrong, word) in [
        (vec!["--period-grid", "1:8:500"], "--durations"),
        (vec!["--period-grid", "8:1:500", "--durations", "0.1"], "period"),
        (vec!["--period-grid", "1:8:500:cubic", "--durations", "0.1"], "cubic"),
        (vec!["--period-grid", "/no/such/file", "--durations", "0.1"], "no such file"),
        (vec!["--durations=-0.1"], "duration"),
        (vec!["--durations=0.1", "--oversample", "0"], "oversample"),
    ] {
        let (code, stderr) = run(&wrong);
        assert!(code == 2 && stderr.contains(word), "{wrong:?}: {code} {stderr}");
    }
    let plain = antumbra(&["search", &path("star.csv"), "--out", &path("c.parquet"), "--durations", "0.1"]);
    assert_eq!(plain.status.code(), Some(2));
}
