use super::*;
use crate::lightcurve::TimeSystem;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use rand_distr::{Distribution, Normal};

pub(super) fn curve(time: Vec<f64>, flux: Vec<f64>) -> LightCurve {
    let flux_err = vec![1e-3; time.len()];
    LightCurve::single_segment("t", time, flux, flux_err, TimeSystem::BTJD).unwrap()
}

pub(super) fn noise(n: usize, sigma: f64, seed: u64) -> Vec<f64> {
    let mut rng = StdRng::seed_from_u64(seed);
    Normal::new(0.0, sigma).unwrap().sample_iter(&mut rng).take(n).collect()
}

#[test]
fn bridge_interpolates_and_extends() {
    let mut trend = [f64::NAN, 1.0, f64::NAN, f64::NAN, 4.0, f64::NAN];
    bridge(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0], &mut trend);
    assert_eq!(trend, [1.0, 1.0, 2.0, 3.0, 4.0, 4.0]);
}

#[test]
fn config_refuses_what_makes_no_window() {
    let config = DetrendConfig { window: Some(0.0), ..DetrendConfig::default() };
    assert!(matches!(config.build(0.2), Err(DetrendError::NotPositive { name: "window", .. })));
    assert!(matches!(DetrendConfig::default().build(f64::NAN), Err(DetrendError::NotPositive { .. })));
    assert!((DetrendConfig::default().window_for(0.3) - 0.9).abs() < 1e-12);
}

/// The fast biweight is the plain one to 1e-4 of the noise; both iterate to 1e-7 of the deviation in the window, which
/// rotation makes larger than the noise.
#[test]
fn fast_biweight_equals_plain() {
    let n = 4000;
    let time: Vec<f64> = (0..n).map(|i| i as f64 * 0.007).filter(|t| !(9.0..10.0).contains(t)).collect();
    for (seed, sigma, amplitude, depth) in
        [(1, 1e-3, 0.0, 0.0), (2, 1e-3, 0.02, 0.01), (3, 1e-5, 0.05, 0.2), (4, 0.3, 0.1, 0.0)]
    {
        let e = noise(n, sigma, seed);
        let flux: Vec<f64> = time
            .iter()
            .zip(&e)
            .map(|(t, e)| {
                let dip = if (t % 3.3) < 0.25 { depth } else { 0.0 };
                // Rounding makes ties.
                ((1.0 + amplitude * (t * 1.3).sin() - dip + e) * 1e5).round() / 1e5
            })
            .collect();
        let curve = curve(time.clone(), flux);
        let mut mask = CadenceMask::keep_all(curve.len());
        (500..560).chain(2000..2300).for_each(|i| mask.drop_cadence(i));
        let method = Biweight { window: 0.9, gap: 0.45, cval: 5.0 };
        let (fast, plain) = (method.trend(&curve, &mask).unwrap(), method.plain_trend(&curve, &mask).unwrap());
        for (i, (f, p)) in fast.iter().zip(&plain).enumerate() {
            assert!((f - p).abs() < 1e-4 * sigma, "cadence {i}, seed {seed}: {f} and {p}");
        }
    }
}

/// Both samplings, with what upsets windows: rotation slow and fast, gaps long and short, missing cadences, outliers, flares,
/// transits, and jumps that give the window two modes. The bound is 1e-3 of the noise.
#[test]
fn fast_biweight_equals_plain_at_every_cadence() {
    let method = Biweight { window: 1.0, gap: 0.5, cval: 5.0 };
    let mut all = 0;
    for (cadence, span, sigma) in [(2.0 / 1440.0, 8.0, 1e-3), (29.4244 / 1440.0, 200.0, 2e-4)] {
        for (seed, amplitude, period) in
            [(11, 0.0, 1.0), (12, 0.004, 7.3), (13, 0.02, 9.1), (14, 0.01, 1.4), (15, 0.05, 23.0)]
        {
            let mut rng = StdRng::seed_from_u64(seed);
            let time: Vec<f64> = (0..(span / cadence) as usize)
                .map(|i| i as f64 * cadence)
                .filter(|t| !(3.0..3.3).contains(t) && !(5.0..5.8).contains(t) && rng.random::<f64>() > 0.05)
                .collect();
            let e = noise(time.len(), sigma, seed);
            let flux: Vec<f64> = time
                .iter()
                .zip(&e)
                .map(|(t, e)| {
                    let rotation = amplitude * (2.0 * std::f64::consts::PI * t / period).sin();
                    let transit = if t % 2.7 < 0.15 { 8.0 * sigma } else { 0.0 };
                    let flare = if *t > 6.5 { 60.0 * sigma * (-(t - 6.5) / 0.03).exp() } else { 0.0 };
                    let jump = if *t > 7.2 { 40.0 * sigma } else { 0.0 };
                    let outlier =
                        if rng.random::<f64>() < 0.005 { 200.0 * sigma * (rng.random::<f64>() - 0.5) } else { 0.0 };
                    1.0 + rotation - transit + flare + jump + outlier + e
                })
                .collect();
            let curve = curve(time, flux);
            let mask = CadenceMask::keep_all(curve.len());
            let (fast, plain) = (method.trend(&curve, &mask).unwrap(), method.plain_trend(&curve, &mask).unwrap());
            let differences = || fast.iter().zip(&plain).map(|(f, p)| (f - p).abs() / sigma);
            let worst = differences().fold(0.0, f64::max);
            println!("cadence {cadence:.4}, amplitude {amplitude}, period {period}: {worst:.1e} of the noise");
            assert!(differences().all(|d| d < 1e-3), "seed {seed}, cadence {cadence}: {worst}");
            all += fast.len();
        }
    }
    assert!(all > 60_000, "{all}");
}

#[test]
fn a_constant_has_a_constant_trend() {
    let time: Vec<f64> = (0..500).map(|i| f64::from(i) * 0.02).collect();
    let curve = curve(time, vec![1.0; 500]);
    for method in [DetrendMethod::Biweight, DetrendMethod::Median, DetrendMethod::Spline, DetrendMethod::None] {
        let config = DetrendConfig { method, ..DetrendConfig::default() };
        let trend = config.build(0.3).unwrap().trend(&curve, &CadenceMask::keep_all(500)).unwrap();
        assert!(trend.iter().all(|t| (t - 1.0).abs() < 1e-12), "{method:?}");
    }
}

#[test]
fn slow_rotation_leaves_little_at_edges_gaps_and_masks() {
    let time: Vec<f64> = (0..3600).map(|i| f64::from(i) * 0.007).filter(|t| !(11.0..12.0).contains(t)).collect();
    let (amplitude, period) = (0.005, 9.0);
    let signal = |t: f64| 1.0 + amplitude * (2.0 * std::f64::consts::PI * t / period + 0.7).sin();
    let e = noise(time.len(), 1e-4, 9);
    let flux: Vec<f64> = time.iter().zip(&e).map(|(t, e)| signal(*t) + e).collect();
    let curve = curve(time.clone(), flux);
    let mut mask = CadenceMask::keep_all(curve.len());
    for (i, t) in time.iter().enumerate() {
        if (5.0..5.3).contains(t) || *t < 0.15 {
            mask.drop_cadence(i);
        }
    }
    // Without a line at the edges 1,500 ppm would be left there; the curvature over 0.6 days leaves 400.
    for (method, largest) in
        [(DetrendMethod::Biweight, 4.5e-4), (DetrendMethod::Median, 4.5e-4), (DetrendMethod::Spline, 2e-4)]
    {
        let config = DetrendConfig { method, ..DetrendConfig::default() };
        let trend = config.build(0.3).unwrap().trend(&curve, &mask).unwrap();
        let worst = time.iter().zip(&trend).map(|(t, x)| (x - signal(*t)).abs()).fold(0.0, f64::max);
        assert!(worst < largest, "{method:?}: {worst}");
    }
}

#[test]
fn masked_pieces_have_no_trend_and_empty_masks_fail() {
    let time: Vec<f64> = (0..200).map(|i| f64::from(i) * 0.02 + if i >= 100 { 3.0 } else { 0.0 }).collect();
    let curve = curve(time, noise(200, 1e-3, 4).iter().map(|e| 1.0 + e).collect());
    let method = Biweight { window: 1.0, gap: 0.5, cval: 5.0 };
    let keep = CadenceMask::from_keep((0..200).map(|i| i < 100).collect());
    let trend = method.trend(&curve, &keep).unwrap();
    assert!(trend[..100].iter().all(|t| t.is_finite()) && trend[100..].iter().all(|t| t.is_nan()));
    assert_eq!(method.trend(&curve, &CadenceMask::from_keep(vec![false; 200])), Err(DetrendError::NothingToFit));
    assert!(matches!(method.trend(&curve, &CadenceMask::keep_all(3)), Err(DetrendError::MaskLength { .. })));
}
