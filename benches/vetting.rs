//! CPU time of vetting one candidate, and of drawing its page.
//!
//! Light curves of 65,000 cadences with a planet: four years at 29.4 min and three months at 2 min, with centroids, and periods from
//! below a day to a year.
//!
//! ```text
//! cargo bench --profile dev --bench vetting
//! ```

use std::hint::black_box;

use antumbra::ephemeris::{Candidate, Ephemeris};
use antumbra::lightcurve::{CadenceMask, Centroid, Detrended, LightCurve, TimeSystem};
use antumbra::report::draw::pdf::pdf;
use antumbra::report::draw::png::png;
use antumbra::report::page::{PageData, PeriodogramData, Provenance, Vetting, page};
use antumbra::star::{Measured, Star};
use antumbra::vet::{Profile, VetInput, measure, score};
use criterion::{Criterion, criterion_group, criterion_main};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use rand_distr::StandardNormal;

const CADENCES: usize = 65_000;
const DEPTH: f64 = 1e-3;
const SIGMA: f64 = 3e-4;

struct Observed {
    light_curve: LightCurve,
    detrended: Detrended,
    candidate: Candidate,
    star: Star,
}

impl Observed {
    fn input(&self) -> VetInput<'_> {
        VetInput {
            light_curve: &self.light_curve,
            detrended: &self.detrended,
            candidate: &self.candidate,
            others: &[],
            star: Some(&self.star),
            flagged_times: &[],
            seed: 1,
        }
    }
}

fn star(cadence: f64, period: f64) -> Observed {
    let mut rng = StdRng::seed_from_u64(7);
    let mut noise = |sigma: f64| sigma * rng.sample::<f64, _>(StandardNormal);
    let time: Vec<f64> = (0..CADENCES).map(|i| cadence * i as f64).collect();
    let ephemeris = Ephemeris { period, transit_time: 0.3 * period };
    let duration = 0.12 * (period / 3.0f64).cbrt();
    let flux = time.iter().map(|t| {
        let dip = if ephemeris.in_transit(*t, 0.5 * duration) { DEPTH } else { 0.0 };
        1.0 - dip + noise(SIGMA)
    });
    let flux: Vec<f64> = flux.collect();
    let place = |noise: &mut dyn FnMut(f64) -> f64| (0..CADENCES).map(|_| 500.0 + noise(1e-3)).collect::<Vec<f64>>();
    let centroid = Centroid { column: place(&mut noise), row: place(&mut noise) };
    let light_curve = LightCurve::single_segment("bench", time, flux, vec![SIGMA; CADENCES], TimeSystem::BKJD)
        .and_then(|c| c.with_centroid(centroid))
        .expect("a valid light curve");
    let detrended =
        Detrended::already_flat(&light_curve, &CadenceMask::keep_all(CADENCES)).expect("a valid light curve");
    let candidate = Candidate::known(ephemeris, duration, DEPTH);
    let one = Some(Measured { value: 1.0, err: 0.05 });
    Observed { light_curve, detrended, candidate, star: Star { mass_msun: one, radius_rsun: one, ..Star::default() } }
}

fn vetting(criterion: &mut Criterion) {
    let profile = Profile::named("antumbra").expect("a profile of the crate");
    let (long, short) = (29.4 / 1440.0, 2.0 / 1440.0);
    for (name, cadence, period) in [
        ("four years, 0.8 d", long, 0.8),
        ("four years, 10 d", long, 10.0),
        ("four years, 365 d", long, 365.0),
        ("three months, 0.8 d", short, 0.8),
        ("three months, 10 d", short, 10.0),
    ] {
        let s = star(cadence, period);
        let input = s.input();
        let metrics = measure(&input).expect("a candidate with transits");
        let mut group = criterion.benchmark_group(name);
        group.sample_size(20);
        group.bench_function("metrics", |b| b.iter(|| measure(black_box(&input))));
        group.bench_function("score, 200 draws", |b| b.iter(|| score(&profile, black_box(&metrics), 200, 1)));
        group.finish();
    }
}

fn pages(criterion: &mut Criterion) {
    let s = star(29.4 / 1440.0, 10.0);
    let profile = Profile::named("antumbra").expect("a profile of the crate");
    let input = s.input();
    let metrics = measure(&input).expect("a candidate with transits");
    let verdict = profile.judge(&metrics);
    let period: Vec<f64> = (0..300_000).map(|i| 0.5 * 800f64.powf(f64::from(i) / 3e5)).collect();
    let snr: Vec<f32> = (0..300_000).map(|i| 4.0 + (i % 7) as f32).collect();
    let provenance = Provenance { run_id: "bench".into(), version: "0".into(), seed: 1, config: String::new() };
    let data = PageData {
        light_curve: &s.light_curve,
        detrended: &s.detrended,
        candidate: &s.candidate,
        others: &[],
        left_out: &[],
        periodogram: Some(PeriodogramData { period: &period, snr: &snr }),
        fit: None,
        vetting: Some(Vetting {
            profile: "antumbra",
            verdict: &verdict,
            metrics: &metrics,
            score: Some(1.0),
            probability: None,
        }),
        model_shift: None,
        provenance: &provenance,
    };
    let mut group = criterion.benchmark_group("page, four years, 10 d");
    group.sample_size(10);
    group.bench_function("HTML", |b| b.iter(|| page(black_box(&data))));
    let made = page(&data);
    group.bench_function("PDF of the summary", |b| b.iter(|| pdf(black_box(&made.summary))));
    group.bench_function("PNG of the summary", |b| b.iter(|| png(black_box(&made.summary), 150.0 / 72.0)));
    group.finish();
}

criterion_group!(benches, vetting, pages);
criterion_main!(benches);
