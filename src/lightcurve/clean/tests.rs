use super::*;
use crate::lightcurve::{TimeSystem, split_at_gaps};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use rand_distr::{Distribution, StandardNormal};

fn normal(n: usize, sigma: f64, seed: u64) -> Vec<f64> {
    let mut rng = StdRng::seed_from_u64(seed);
    (0..n)
        .map(|_| {
            sigma * {
                let x: f64 = StandardNormal.sample(&mut rng);
                x
            }
        })
        .collect()
}

fn raw(label: &str, time: Vec<f64>, flux: Vec<f64>, flux_err: Option<Vec<f64>>) -> RawSegment {
    RawSegment {
        label: label.into(),
        source: format!("{label}.fits"),
        time,
        flux,
        flux_err,
        time_system: TimeSystem::BTJD,
        ..RawSegment::default()
    }
}

fn noisy(label: &str, start: f64, n: usize, sigma: f64) -> RawSegment {
    let time = (0..n).map(|i| start + i as f64 * 0.02).collect();
    let flux = normal(n, sigma, n as u64 + start as u64).iter().map(|x| 500.0 * (1.0 + x)).collect();
    raw(label, time, flux, Some(vec![500.0 * sigma; n]))
}

fn target(segments: Vec<RawSegment>) -> RawTarget {
    RawTarget { target_id: "star".into(), segments, star: Default::default() }
}

fn run(segments: Vec<RawSegment>) -> Result<Cleaned, LightCurveError> {
    clean(&target(segments), &CleanConfig::default())
}

#[test]
fn bad_cadences_are_counted_and_leave() {
    let mut s = noisy("S1", 0.0, 300, 1e-3);
    s.time.swap(10, 200);
    s.time[50] = f64::NAN;
    s.flux[51] = f64::NAN;
    s.flux[60] = f64::INFINITY;
    s.time[70] = s.time[71];
    s.flagged = Some((0..300).map(|i| i == 5 || i == 51).collect());
    let cleaned = run(vec![s]).unwrap();
    let report = &cleaned.report.segments[0];
    assert_eq!((report.flagged, report.not_finite, report.duplicates), (2, 2, 1));
    assert_eq!(report.cadences_out, 295);
    assert_eq!(report.cadences_in, 300);
    assert_eq!(report.errors, ErrorOrigin::File);
    assert_eq!(cleaned.light_curve.len(), 295);
    assert!((median(cleaned.light_curve.flux()) - 1.0).abs() < 1e-12);
    assert!((cleaned.light_curve.segments()[0].exposure_time - 0.02).abs() < 1e-9);
}

#[test]
fn placeholder_and_missing_errors_become_the_scatter() {
    let sigma = 1e-3;
    for (errors, expect_scatter) in [
        (None, true),
        (Some(vec![0.0; 2000]), true),
        (Some(vec![f64::NAN; 2000]), true),
        (Some(vec![1e-6; 2000]), true),
        (Some(vec![1.0 * 500.0; 2000]), true),
        (Some((0..2000).map(|i| 500.0 * sigma * 20.0 * (1.0 + 0.01 * (i % 7) as f64)).collect()), true),
        (Some((0..2000).map(|i| 500.0 * sigma * 2.0 * (1.0 + 0.01 * (i % 7) as f64)).collect()), false),
        (Some(vec![500.0 * sigma * 1.5; 2000]), false),
    ] {
        let mut s = noisy("S1", 0.0, 2000, sigma);
        s.flux_err = errors.clone();
        let cleaned = run(vec![s]).unwrap();
        let report = &cleaned.report.segments[0];
        assert_eq!(report.errors != ErrorOrigin::File, expect_scatter, "{:?}", report.errors);
        if expect_scatter {
            // The scatter of 2,000 cadences is known to 2 % (one sigma) from a median.
            assert!((cleaned.light_curve.flux_err()[0] / sigma - 1.0).abs() < 0.08);
        }
    }
    let mut s = noisy("S1", 0.0, 2000, sigma);
    s.flux_err.as_mut().unwrap()[7] = 0.0;
    assert_eq!(run(vec![s]).unwrap().report.segments[0].errors, ErrorOrigin::FileFilled { filled: 1 });
}

#[test]
fn what_cannot_be_used_is_refused_with_a_reason() {
    let time = || (0..50).map(f64::from).collect::<Vec<_>>();
    assert!(matches!(run(vec![]), Err(LightCurveError::TooFewCadences { found: 0, .. })));
    assert!(matches!(
        run(vec![raw("a", vec![1.0, 2.0], vec![1.0, 2.0], None)]),
        Err(LightCurveError::TooFewCadences { found: 2, .. })
    ));
    assert!(matches!(
        run(vec![raw("a", time(), vec![f64::NAN; 50], None)]),
        Err(LightCurveError::TooFewCadences { found: 0, .. })
    ));
    assert!(matches!(
        run(vec![raw("a", time(), vec![3.0; 50], None)]),
        Err(LightCurveError::Constant { cadences: 50, value: 3.0 })
    ));
    let around_zero = normal(50, 1.0, 3);
    assert!(matches!(run(vec![raw("a", time(), around_zero, None)]), Err(LightCurveError::Median { .. })));
    let negative: Vec<f64> = normal(50, 1.0, 3).iter().map(|x| x - 100.0).collect();
    assert!(matches!(run(vec![raw("a", time(), negative, None)]), Err(LightCurveError::Median { .. })));
    let mut bad_error = noisy("a", 0.0, 50, 0.1);
    bad_error.flux_err.as_mut().unwrap()[4] = -1.0;
    assert!(matches!(run(vec![bad_error]), Err(LightCurveError::NegativeError { row: 4, .. })));
    assert!(matches!(run(vec![raw("a", time(), vec![1.0; 49], None)]), Err(LightCurveError::Lengths { .. })));
    let two = run(vec![raw("a", time(), vec![3.0; 50], None), raw("b", time(), vec![3.0; 50], None)]);
    assert!(matches!(two, Err(LightCurveError::NoUsableSegment { segments: 2, .. })));
}

#[test]
fn a_bad_segment_costs_itself() {
    let bad = raw("S2", (0..50).map(|i| 30.0 + f64::from(i)).collect(), vec![3.0; 50], None);
    let cleaned = run(vec![noisy("S1", 0.0, 300, 1e-3), bad]).unwrap();
    assert_eq!(cleaned.report.segments.len(), 1);
    assert_eq!(cleaned.report.dropped[0].label, "S2");
    assert!(matches!(cleaned.report.dropped[0].reason, LightCurveError::Constant { .. }));
}

#[test]
fn time_systems_are_made_one() {
    let mut kepler = noisy("Q1", 100.0, 300, 1e-3);
    kepler.time_system = TimeSystem::BKJD;
    let cleaned = run(vec![noisy("S1", 5.0, 300, 1e-3), kepler.clone()]).unwrap();
    let curve = &cleaned.light_curve;
    assert_eq!(curve.time_system(), TimeSystem::BKJD);
    assert_eq!(curve.segments()[0].label, "Q1");
    assert!((curve.time()[300] - (5.0 + 2_457_000.0 - 2_454_833.0)).abs() < 1e-9);
    kepler.time_system = TimeSystem::UNKNOWN;
    assert!(matches!(run(vec![noisy("S1", 5.0, 300, 1e-3), kepler]), Err(LightCurveError::TimeSystems { .. })));
}

#[test]
fn bands_of_the_same_night_leave_the_longer_one() {
    let mut g = noisy("g", 3.005, 80, 1e-3);
    g.band = Some("g".into());
    let mut r = noisy("r", 3.0, 90, 1e-3);
    r.band = Some("r".into());
    let cleaned = run(vec![g.clone(), r.clone()]).unwrap();
    assert_eq!(cleaned.report.segments[0].label, "r");
    assert!(
        matches!(&cleaned.report.dropped[0].reason, LightCurveError::Overlap { segment, other, .. } if segment == "g" && other == "r")
    );
    g.preference = 1;
    assert_eq!(run(vec![r, g]).unwrap().report.segments[0].label, "g");
}

#[test]
fn a_segment_may_lie_in_a_break_of_another() {
    let mut long = noisy("long", 0.0, 1000, 1e-3);
    for t in long.time.iter_mut().skip(500) {
        *t += 5.0;
    }
    let inside = noisy("inside", 12.0, 60, 1e-3);
    // The last 20 of 60 cadences are observed while the other is; they leave, the rest stays.
    let straddling = noisy("straddling", 14.2, 60, 1e-3);
    let cleaned = run(vec![inside, long, straddling]).unwrap();
    let labels: Vec<&str> = cleaned.light_curve.segments().iter().map(|s| s.label.as_str()).collect();
    assert_eq!(labels, ["long", "inside", "straddling", "long"]);
    let report = cleaned.report.segments.iter().find(|s| s.label == "straddling").unwrap();
    assert_eq!((report.overlapping, report.cadences_out), (20, 40));
}

#[test]
fn the_order_of_segments_does_not_matter() {
    let parts = vec![noisy("S1", 0.0, 300, 1e-3), noisy("S2", 27.0, 300, 1e-3), noisy("S1b", 0.01, 300, 1e-3)];
    let mut reversed = parts.clone();
    reversed.reverse();
    let (a, b) = (run(parts).unwrap(), run(reversed).unwrap());
    assert_eq!(a, b);
    assert_eq!(a.report.dropped[0].label, "S1b");
}

/// Two-minute star: rotation of 1 % in 3 days, noise of 0.1 %, transits, flares, one bad cadence.
#[test]
fn flares_are_masked_and_dips_are_not() {
    let n = 18_000;
    let time: Vec<f64> = (0..n).map(|i| f64::from(i) * 2.0 / 1440.0).collect();
    let noise = normal(n as usize, 1e-3, 5);
    let mut flux: Vec<f64> =
        time.iter().zip(&noise).map(|(t, e)| 1.0 + e + 0.01 * (2.0 * std::f64::consts::PI * t / 3.0).sin()).collect();
    let clean_flux = flux.clone();
    let in_transit = |t: f64| ((t - 1.0) / 4.0 - ((t - 1.0) / 4.0).round()).abs() * 4.0 < 0.08;
    for (i, t) in time.iter().enumerate() {
        if in_transit(*t) {
            flux[i] -= 0.02;
        }
        for start in [6.3, 9.37, 20.111] {
            if *t >= start {
                flux[i] += 0.03 * (-(t - start) / 0.02).exp();
            }
        }
    }
    flux[4000] += 0.0075;
    let high = outliers::upward(&time, &flux, &CleanConfig::default());
    for (i, t) in time.iter().enumerate() {
        let flare = [6.3, 9.37, 20.111].iter().any(|s| *t >= *s && t - s < 0.03); // above 6.7 sigma
        if flare {
            assert!(high[i], "flare cadence at {t} is not masked");
        }
    }
    assert!(high[4000]);
    let dips = (0..n as usize).filter(|&i| high[i] && in_transit(time[i])).count();
    assert_eq!(dips, 0);
    let others = (0..n as usize).filter(|&i| high[i] && flux[i] == clean_flux[i]).count();
    assert!(others <= 10, "{others} quiet cadences masked"); // 0.6 expected from the Gaussian tail, plus neighbours
}

/// Eclipses that fill whole stretches, at gaps and in the middle, leave their neighbours alone.
#[test]
fn neighbours_of_deep_eclipses_stay() {
    let time: Vec<f64> = (0..1300)
        .map(|i| f64::from(i) * 0.0204)
        .filter(|t| !(6.0..7.0).contains(t) && !(13.3..14.5).contains(t))
        .collect();
    let noise = normal(time.len(), 2e-4, 6);
    let mut rng = StdRng::seed_from_u64(11);
    for _ in 0..50 {
        let (period, epoch) = (rng.random_range(1.0..6.0), rng.random_range(0.0..6.0));
        let flux: Vec<f64> = time
            .iter()
            .zip(&noise)
            .map(|(t, e)| {
                let x: f64 = (t - epoch) / period;
                let phase = (x - x.round()).abs() * period;
                1.0 + e - 0.2 * (1.0 - phase / 0.2).max(0.0)
            })
            .collect();
        let high = outliers::upward(&time, &flux, &CleanConfig::default()).iter().filter(|h| **h).count();
        assert!(high <= 5, "{high} masked at period {period}, epoch {epoch}");
    }
}

#[test]
fn white_noise_ignores_rotation_and_gaps() {
    let time: Vec<f64> = (0..3000).map(|i| f64::from(i) * 0.0204).filter(|t| t % 5.0 > 1.0).collect();
    let noise = normal(time.len(), 1e-4, 8);
    let flux: Vec<f64> = time.iter().zip(&noise).map(|(t, e)| 1.0 + e + 0.01 * (3.0 * t).sin()).collect();
    let sigma = white_noise(&time, &flux);
    assert!((sigma / 1e-4 - 1.0).abs() < 0.1, "{sigma}");
    assert!(split_at_gaps(&time, 0.5).len() > 5);
    assert!(white_noise(&[0.0, 1.0], &[1.0, 2.0]).is_nan());
}

/// Thirteen cadences with a transit among them say little about the noise: a constant error of theirs stays.
#[test]
fn constant_errors_of_a_short_segment_stay() {
    let mut s = noisy("window", 0.0, 13, 4e-4);
    for i in 5..9 {
        s.flux[i] *= 0.98;
    }
    assert_eq!(run(vec![s]).unwrap().report.segments[0].errors, ErrorOrigin::File);
}

#[test]
fn centroids_and_momentum_dumps_stay_with_their_cadences() {
    let mut first = noisy("S1", 0.0, 300, 1e-3);
    first.time.swap(10, 200);
    first.flux[51] = f64::NAN;
    // The centroid tells the time of its cadence.
    first.centroid = Some(Centroid { column: first.time.clone(), row: first.time.iter().map(|t| -t).collect() });
    first.momentum_dumps = vec![3.0];
    let mut second = noisy("S2", 5.0, 300, 1e-3);
    second.time_system = TimeSystem::BJD;
    second.time.iter_mut().for_each(|t| *t += 2_457_002.0);
    second.momentum_dumps = vec![2_457_008.0];
    let curve = run(vec![second, first]).unwrap().light_curve;
    let (split, centroid) = (curve.segments()[0].range.end, curve.centroid().unwrap());
    assert_eq!(&centroid.column[..split], &curve.time()[..split]);
    assert!(centroid.row[..split].iter().zip(curve.time()).all(|(r, t)| *r == -t));
    assert!(centroid.column[split..].iter().all(|c| c.is_nan()) && centroid.column.len() == curve.len());
    assert_eq!(curve.momentum_dumps(), [3.0, 8.0]);

    let mut wrong = noisy("S1", 0.0, 300, 1e-3);
    wrong.centroid = Some(Centroid { column: vec![0.0; 300], row: vec![0.0; 299] });
    assert_eq!(run(vec![wrong]).unwrap_err(), LightCurveError::CentroidLength { found: 299, expected: 300 });
}
