//! Whose light is lost, from where it falls.

use super::*;
use crate::lightcurve::Centroid;
use crate::vet::Missing;

const DEPTH: f64 = 0.004;
const DURATION: f64 = 0.12;

/// The candidate of a star whose light comes with that of a neighbour at (column, row) pixels, with `share` of the light
/// in the aperture; what dims by [`DEPTH`] of all light is at `dims`.
fn vet(ephemeris: Ephemeris, share: f64, neighbour: [f64; 2], dims: [f64; 2], jitter: f64) -> (Metrics, Verdict) {
    let sim = Sim::new(54.0, 4e-4, 7).dips(ephemeris, DEPTH, DURATION, 0.1, |_| true);
    let (light_curve, detrended) = sim.curves();
    let mut rng = StdRng::seed_from_u64(9);
    let normal = Normal::new(0.0, jitter).unwrap();
    let mut place = |axis: usize| -> Vec<f64> {
        let column = sim.time.iter().map(|t| {
            let lost = DEPTH * trapezoid::shape(ephemeris.time_from_transit(*t), DURATION, 0.1, CADENCE);
            let light = share * neighbour[axis] - lost * dims[axis];
            // and the pointing drifts
            800.0 + light / (1.0 - lost) + 0.01 * (t / 3.0).sin() + normal.sample(&mut rng)
        });
        column.collect()
    };
    let centroid = Centroid { column: place(0), row: place(1) };
    let light_curve = light_curve.with_centroid(centroid).unwrap();
    let candidate = Candidate::known(ephemeris, DURATION, DEPTH);
    let input = VetInput {
        light_curve: &light_curve,
        detrended: &detrended,
        candidate: &candidate,
        others: &[],
        star: None,
        flagged_times: &[],
        seed: 1,
    };
    let metrics = measure(&input).unwrap();
    let verdict = Profile::named("antumbra").unwrap().judge(&metrics);
    (metrics, verdict)
}

#[test]
fn a_dimming_neighbour_moves_the_light_and_fails() {
    // many transits, and few
    for period in [3.7, 13.1] {
        let e = Ephemeris { period, transit_time: 1001.3 };
        let (metrics, verdict) = vet(e, 0.1, [2.0, -1.0], [2.0, -1.0], 1e-3);
        fails_with("CENTROID_OFFSET", &metrics, &verdict);
        // The light is at (0.2, −0.1), what dims at (2, −1).
        let expected = 1.8f64.hypot(0.9);
        let (offset, err) = (metrics.value("centroid_offset"), metrics.look_up("centroid_offset_err").unwrap());
        assert!((offset - expected).abs() < 4.0 * err && err < 0.15, "{offset} ± {err}, not {expected}");
        let shift = metrics.value("centroid_shift");
        assert!((shift - expected * DEPTH / (1.0 - DEPTH)).abs() < 1e-3, "{shift}");
    }
}

#[test]
fn the_target_passes_though_a_neighbour_moves_its_light() {
    let (metrics, verdict) = vet(E, 0.1, [2.0, -1.0], [0.0, 0.0], 1e-4);
    assert!(!verdict.flags().contains(&"CENTROID_OFFSET"), "{}", show(&metrics, &verdict));
    let offset = metrics.value("centroid_offset");
    assert!((offset - 0.2f64.hypot(0.1)).abs() < 0.05, "{offset}");
    assert!(metrics.value("centroid_shift_sigma") > 5.0);
}

/// The significance of nothing is that of a Gaussian deviate.
#[test]
fn noise_moves_nothing() {
    let mut beyond_two = 0;
    for i in 0..60 {
        let e = Ephemeris { period: 2.5 + 0.31 * f64::from(i % 30), transit_time: 1001.3 + 0.011 * f64::from(i) };
        let (metrics, _) = vet(e, 0.0, [0.0; 2], [0.0; 2], 1e-3);
        beyond_two += usize::from(metrics.value("centroid_shift_sigma") > 2.0);
    }
    // 4.6 % of 60 are 2.7, and the scatter of a few transits is not well known.
    assert!(beyond_two <= 12, "{beyond_two} of 60");
}

#[test]
fn without_centroids_nothing_is_said() {
    let sim = Sim::new(54.0, 4e-4, 7).dips(E, DEPTH, DURATION, 0.1, |_| true);
    let (metrics, verdict) = sim.vet(E, DURATION, DEPTH, None);
    assert_eq!(metrics.get("centroid_offset"), Err(Missing::NoCentroids));
    assert!(!verdict.flags().contains(&"CENTROID_OFFSET"));
}
