//! What detrending leaves of a transit: in mid-piece, at the edges of pieces, beside gaps, under a mask.

use antumbra::detrend::{DetrendConfig, DetrendMethod, detrend};
use antumbra::lightcurve::{CadenceMask, LightCurve, TimeSystem};
use rand::{SeedableRng, rngs::StdRng};
use rand_distr::{Distribution, Normal};
use std::f64::consts::PI;

const CADENCE: f64 = 10.0 / 1440.0;
const DURATION: f64 = 0.3;
const GAP: std::ops::Range<f64> = 12.0..13.5;
const SPAN: f64 = 25.0;

/// A star with `depth` for one transit of 0.3 days centred on `centre`, rotation of `amplitude` in `period` days.
fn star(centre: f64, depth: f64, amplitude: f64, period: f64, sigma: f64, seed: u64) -> LightCurve {
    let mut rng = StdRng::seed_from_u64(seed);
    let normal = Normal::new(0.0, sigma).expect("positive");
    let time: Vec<f64> =
        (0..(SPAN / CADENCE) as usize).map(|i| i as f64 * CADENCE).filter(|t| !GAP.contains(t)).collect();
    let flux = time
        .iter()
        .map(|t| {
            let dip = if (t - centre).abs() < 0.5 * DURATION { depth } else { 0.0 };
            (1.0 + amplitude * (2.0 * PI * t / period + seed as f64).sin()) * (1.0 - dip) + normal.sample(&mut rng)
        })
        .collect();
    let flux_err = vec![sigma; time.len()];
    LightCurve::single_segment("s", time, flux, flux_err, TimeSystem::UNKNOWN).expect("valid by construction")
}

/// Share of the depth that is left when transits of the longest duration are searched (window 0.9 days): the mean of
/// 1 - flux in transit over the true depth, averaged over 40 stars, with its standard error. The same star without the
/// transit is subtracted, so that noise and rotation cancel as far as the detrending is linear.
fn depth_left(method: DetrendMethod, centre: f64, depth: f64, rotation: (f64, f64), masked: bool) -> f64 {
    let sigma = 1e-3;
    let method = DetrendConfig { method, ..DetrendConfig::default() }.build(DURATION).expect("valid");
    let stars = 40;
    let mut total = 0.0;
    for seed in 0..stars {
        let in_transit = |depth: f64| {
            let curve = star(centre, depth, rotation.0, rotation.1, sigma, seed);
            let all = CadenceMask::keep_all(curve.len());
            let mut fit_to = all.clone();
            if masked {
                for (i, t) in curve.time().iter().enumerate() {
                    if (t - centre).abs() < 0.55 * DURATION {
                        fit_to.drop_cadence(i);
                    }
                }
            }
            let flat = detrend(&curve, &all, &fit_to, method.as_ref()).expect("has cadences");
            let inside: Vec<f64> = flat
                .time()
                .iter()
                .zip(flat.flux())
                .filter(|(t, _)| (*t - centre).abs() < 0.5 * DURATION)
                .map(|(_, f)| 1.0 - f)
                .collect();
            inside.iter().sum::<f64>() / inside.len() as f64
        };
        total += (in_transit(depth) - in_transit(0.0)) / depth;
    }
    total / stars as f64
}

/// Centres: mid-piece, flush with the start, flush with the gap on either side, flush with the end.
const MIDDLE: f64 = 6.0;
const EDGES: [f64; 4] = [0.15, GAP.start - 0.16, GAP.end + 0.15, SPAN - 0.16];

/// Deep transits stand out of their window and lose nothing, wherever they are.
#[test]
fn deep_transits_keep_their_depth_everywhere() {
    for method in [DetrendMethod::Biweight, DetrendMethod::Spline] {
        for centre in std::iter::once(MIDDLE).chain(EDGES) {
            for rotation in [(0.0, 5.0), (0.003, 9.0)] {
                let left = depth_left(method, centre, 0.02, rotation, false);
                println!("{method:?} deep at {centre:5.2}, rotation {rotation:?}: {left:.3}");
                assert!((left - 1.0).abs() < 0.03, "{method:?} at {centre}, rotation {rotation:?}: {left}");
            }
        }
    }
}

/// A transit as long as the window is meant for, and shallower than the noise of one cadence, cannot be told from a
/// trend that fills a third of the window: a third of it goes. On a quiet star it is no worse at an edge; on a rotating
/// one the line that removes the rotation there follows the transit too, and a fifth to a third of the depth is left.
#[test]
fn shallow_transits_lose_at_most_their_share_of_the_window() {
    let middle = depth_left(DetrendMethod::Biweight, MIDDLE, 5e-4, (0.0, 5.0), false);
    println!("shallow in mid-piece: {middle:.3}");
    assert!((0.62..0.75).contains(&middle), "{middle}");
    for centre in EDGES {
        let left = depth_left(DetrendMethod::Biweight, centre, 5e-4, (0.0, 5.0), false);
        let rotating = depth_left(DetrendMethod::Biweight, centre, 5e-4, (0.003, 9.0), false);
        println!("shallow at {centre:5.2}: {left:.3}, on a rotating star {rotating:.3}");
        assert!(left > middle - 0.05, "{left} at {centre}");
        assert!(rotating > 0.1, "{rotating} at {centre}");
    }
}

/// With the transit masked nothing of it is lost, in the middle, beside a gap or at an edge.
#[test]
fn masked_transits_keep_their_depth() {
    for method in [DetrendMethod::Biweight, DetrendMethod::Median, DetrendMethod::Spline] {
        for centre in std::iter::once(MIDDLE).chain(EDGES) {
            for depth in [5e-4, 0.02] {
                let left = depth_left(method, centre, depth, (0.003, 9.0), true);
                assert!((left - 1.0).abs() < 0.005, "{method:?} at {centre}, depth {depth}: {left}");
            }
        }
    }
}
