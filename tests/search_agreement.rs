//! The fast searches against the brute-force oracle.

use antumbra::lightcurve::{CadenceMask, Detrended, LightCurve, TimeSystem};
use antumbra::search::{SearchConfig, bls, oracle, phase_bins, search};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use rand_distr::StandardNormal;

struct Curve {
    time: Vec<f64>,
    flux: Vec<f64>,
    flux_err: Vec<f64>,
}

/// Random times with a gap, unequal errors, and a box.
fn curve(seed: u64, n: usize, baseline: f64, period: f64, duration: f64, transit_time: f64) -> Curve {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut time: Vec<f64> = (0..n)
        .map(|_| {
            let t = baseline * rng.random::<f64>();
            if t > 0.4 * baseline && t < 0.5 * baseline { t + 0.1 * baseline } else { t }
        })
        .collect();
    time.sort_by(f64::total_cmp);
    let flux_err: Vec<f64> = (0..n).map(|_| 1e-3 * (0.5 + rng.random::<f64>())).collect();
    let flux = time
        .iter()
        .zip(&flux_err)
        .map(|(t, e)| {
            let dip = if oracle::in_box(*t, period, duration, transit_time) { 3e-3 } else { 0.0 };
            1.0 - dip + e * rng.sample::<f64, _>(StandardNormal)
        })
        .collect();
    Curve { time, flux, flux_err }
}

fn flat(curve: &Curve) -> Detrended {
    let n = curve.time.len();
    let lc = LightCurve::single_segment(
        "t",
        curve.time.clone(),
        curve.flux.clone(),
        curve.flux_err.clone(),
        TimeSystem::UNKNOWN,
    )
    .unwrap();
    Detrended::already_flat(&lc, &CadenceMask::keep_all(n)).unwrap()
}

/// Power, depth, duration and transit time of `bls` are those of the oracle on the same phase grid: the transit straddles
/// the first time stamp, the longest duration is eight times the shortest, periods reach beyond the baseline, and the
/// smallest curve has five points. Tolerance: 1e-9 relative, for sums of up to 400 terms taken in another order.
#[test]
fn plain_bls_is_the_oracle() {
    for (seed, n) in [(1, 400), (2, 60), (3, 5)] {
        let c = curve(seed, n, 20.0, 3.3, 0.3, 0.05);
        let periods = [0.7, 1.65, 3.3, 6.6, 13.0, 31.0];
        let durations = [0.1, 0.17, 0.3, 0.8];
        let oversample = 5;
        let fast = bls(&c.time, &c.flux, &c.flux_err, &periods, &durations, oversample).unwrap();
        for (&period, fast) in periods.iter().zip(&fast) {
            let bins = phase_bins(period, 0.1, oversample);
            let bin = period / bins as f64;
            let mut expected: Option<oracle::OracleBox> = None;
            for duration in durations {
                let width = (duration / bin).round().max(1.0);
                if width as usize >= bins {
                    continue;
                }
                let times: Vec<f64> = (0..bins).map(|i| c.time[0] + bin * (i as f64 - 0.5 + 0.5 * width)).collect();
                let Some(best) = oracle::best_box(&c.time, &c.flux, &c.flux_err, period, &[width * bin], &times) else {
                    continue;
                };
                if expected.is_none_or(|e| best.statistic.snr > e.statistic.snr * (1.0 + 1e-12)) {
                    expected = Some(best);
                }
            }
            let (fast, expected) = (fast.unwrap(), expected.unwrap());
            let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * b.abs().max(1e-3);
            let what = format!("seed {seed} period {period}: {fast:?} {expected:?}");
            assert!(near(fast.statistic.snr, expected.statistic.snr), "{what}");
            assert!(near(fast.statistic.depth, expected.statistic.depth), "{what}");
            assert!(near(fast.statistic.depth_err, expected.statistic.depth_err), "{what}");
            assert!(near(fast.statistic.delta_chi2, expected.statistic.delta_chi2), "{what}");
            assert!(near(fast.duration, expected.duration), "{what}");
            // Boxes that differ by empty bins are the same box.
            let same = oracle::box_statistic(&c.time, &c.flux, &c.flux_err, period, fast.duration, fast.transit_time);
            assert!(near(same.unwrap().snr, expected.statistic.snr), "{what}");
        }
    }
}

/// The S/N that candidates report is that of the best box nearby: not below that of the box from first to last contact of
/// the polished shape, nor 5 % above it, and no box of that period and duration at any transit time is better by 2 %.
#[test]
fn candidates_report_the_best_box() {
    for (seed, transit_time) in [(11, 0.03), (12, 1.0), (13, 3.25)] {
        let c = curve(seed, 3000, 27.0, 3.3, 0.15, transit_time);
        let result = search(&flat(&c), &SearchConfig::default(), None).unwrap();
        let found = &result.candidates[0];
        assert!((found.ephemeris.period / 3.3 - 1.0).abs() < 1e-3, "{found:?}");
        let (p, t) = (found.ephemeris.period, found.ephemeris.transit_time);
        let own = oracle::box_statistic(&c.time, &c.flux, &c.flux_err, p, found.duration, t).unwrap();
        let ratio = own.snr / found.snr;
        assert!((0.95..1.001).contains(&ratio), "{own:?} {found:?}");
        assert!((found.delta_chi2 / found.snr.powi(2) - 1.0).abs() < 1e-12);
        let best = oracle::exact_best_transit_time(&c.time, &c.flux, &c.flux_err, p, found.duration).unwrap();
        assert!(found.snr > 0.98 * best.statistic.snr, "{} {}", found.snr, best.statistic.snr);
    }
}
