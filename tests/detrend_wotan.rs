//! The biweight against that of wotan on the same input: see `tests/data/biweight/make.py`.

use antumbra::detrend::{Biweight, Detrend};
use antumbra::lightcurve::{CadenceMask, LightCurve, TimeSystem, split_at_gaps};
use std::f64::consts::PI;

struct Lcg(u64);

impl Lcg {
    fn uniform(&mut self) -> f64 {
        self.0 = (1_664_525 * self.0 + 1_013_904_223) % (1 << 32);
        self.0 as f64 / 4_294_967_296.0
    }
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

fn series(times: impl FnOnce(&mut Lcg) -> Vec<f64>, sigma: f64, depth: f64) -> LightCurve {
    let mut lcg = Lcg(20_261_121);
    let time = times(&mut lcg);
    let flux: Vec<f64> = time
        .iter()
        .map(|t| {
            let dip = if (t - 1.234f64).rem_euclid(3.7) < 0.12 { depth } else { 0.0 };
            let slow = 0.005 * (2.0 * PI * t / 7.3).sin() + 0.002 * (2.0 * PI * t / 2.9 + 1.0).sin();
            1.0 - dip + sigma * lcg.normal() + slow
        })
        .collect();
    let flux_err = vec![sigma; time.len()];
    LightCurve::single_segment("s", time, flux, flux_err, TimeSystem::UNKNOWN).expect("valid by construction")
}

/// Largest difference in units of the noise, away from edges; and how many values were compared.
fn compare(curve: &LightCurve, sigma: f64, golden: &str) -> (f64, usize) {
    let method = Biweight { window: 1.0, gap: 0.5, cval: 5.0 };
    let trend = method.trend(curve, &CadenceMask::keep_all(curve.len())).expect("has cadences");
    let inside: Vec<(f64, f64)> = split_at_gaps(curve.time(), 0.5)
        .into_iter()
        .map(|p| (curve.time()[p.start] + 0.5, curve.time()[p.end - 1] - 0.5))
        .collect();
    let (mut worst, mut compared) = (0f64, 0);
    for line in golden.lines().filter(|l| !l.starts_with('#')) {
        let (index, value) = line.split_once(' ').expect("two columns");
        let (index, value): (usize, f64) = (index.parse().expect("index"), value.parse().expect("trend"));
        let t = curve.time()[index];
        if inside.iter().any(|(a, b)| (*a..=*b).contains(&t)) {
            worst = worst.max((trend[index] - value).abs() / sigma);
            compared += 1;
        }
    }
    (worst, compared)
}

/// Tolerance 1e-3 of the noise: wotan stops iterating at 1e-6 of the deviation or later, the file has 12 digits, and the
/// windows are the same half-open ones.
#[test]
fn biweight_equals_wotan_on_a_tess_sector() {
    let every = |_: &mut Lcg| {
        (0..19_440).map(|i| f64::from(i) * 2.0 / 1440.0).filter(|t| (t - 13.5).abs() > 1.0).take(18_000).collect()
    };
    let curve = series(every, 1000e-6, 1000e-6);
    let (worst, compared) = compare(&curve, 1000e-6, include_str!("data/biweight/s1.txt"));
    println!("largest difference {worst:.2e} of the noise over {compared} cadences");
    assert!(compared > 1000 && worst < 1e-3, "{worst} over {compared}");
}

#[test]
fn biweight_equals_wotan_on_four_years_of_kepler() {
    let times = |lcg: &mut Lcg| {
        let cadence = 29.4244 / 1440.0;
        (0..(1460.0 / cadence) as usize)
            .map(|i| i as f64 * cadence)
            .filter(|t| t % 91.25 > 1.6 && lcg.uniform() >= 0.03)
            .collect()
    };
    let curve = series(times, 200e-6, 1500e-6);
    let (worst, compared) = compare(&curve, 200e-6, include_str!("data/biweight/s3.txt"));
    println!("largest difference {worst:.2e} of the noise over {compared} cadences");
    assert!(compared > 1200 && worst < 1e-3, "{worst} over {compared}");
}
