//! Detrending of one light curve: a TESS sector of 18,000 cadences and four years of Kepler of 65,000, window 1 day.

use antumbra::detrend::{Biweight, Detrend, RunningMedian, SmoothSpline};
use antumbra::lightcurve::{CadenceMask, CleanConfig, LightCurve, RawSegment, RawTarget, TimeSystem, clean};
use criterion::{Criterion, criterion_group, criterion_main};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use rand_distr::{Distribution, StandardNormal};
use std::hint::black_box;

fn series(time: Vec<f64>, sigma: f64) -> LightCurve {
    let mut rng = StdRng::seed_from_u64(101);
    let flux = time
        .iter()
        .map(|t| {
            let e: f64 = StandardNormal.sample(&mut rng);
            let dip = if (t - 1.234f64).rem_euclid(3.7) < 0.12 { 1e-3 } else { 0.0 };
            1.0 - dip + sigma * e + 0.005 * (t * 0.861).sin() + 0.002 * (t * 2.167 + 1.0).sin()
        })
        .collect();
    let flux_err = vec![sigma; time.len()];
    LightCurve::single_segment("bench", time, flux, flux_err, TimeSystem::UNKNOWN).expect("valid by construction")
}

fn sector() -> LightCurve {
    let every = (0..19_440).map(|i| f64::from(i) * 2.0 / 1440.0);
    series(every.filter(|t| (t - 13.5).abs() > 1.0).take(18_000).collect(), 1e-3)
}

fn kepler() -> LightCurve {
    let mut rng = StdRng::seed_from_u64(303);
    let cadence = 29.4244 / 1440.0;
    let every = (0..(1460.0 / cadence) as usize).map(|i| i as f64 * cadence);
    series(every.filter(|t| t % 91.25 > 1.6 && rng.random::<f64>() > 0.073).collect(), 2e-4)
}

fn benches(c: &mut Criterion) {
    for (name, curve) in [("sector", sector()), ("kepler", kepler())] {
        let all = CadenceMask::keep_all(curve.len());
        let (window, gap) = (1.0, 0.5);
        let methods: [(&str, Box<dyn Detrend>); 3] = [
            ("biweight", Box::new(Biweight { window, gap, cval: 5.0 })),
            ("median", Box::new(RunningMedian { window, gap })),
            ("spline", Box::new(SmoothSpline { knot_spacing: window, gap, cval: 5.0 })),
        ];
        for (label, method) in &methods {
            c.bench_function(&format!("detrend/{label}/{name}"), |b| b.iter(|| method.trend(black_box(&curve), &all)));
        }
        let raw = RawTarget {
            target_id: "bench".into(),
            segments: vec![RawSegment {
                label: name.into(),
                source: String::new(),
                time: curve.time().to_vec(),
                flux: curve.flux().to_vec(),
                flux_err: Some(curve.flux_err().to_vec()),
                ..RawSegment::default()
            }],
            star: Default::default(),
        };
        c.bench_function(&format!("clean/{name}"), |b| b.iter(|| clean(black_box(&raw), &CleanConfig::default())));
    }
}

criterion_group! {
    name = detrend;
    config = Criterion::default().sample_size(20).measurement_time(std::time::Duration::from_secs(2));
    targets = benches
}
criterion_main!(detrend);
