//! Simulated stars, and what the tests ask of their verdicts.

mod cases;
mod centroids;
mod exactness;

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand_distr::{Distribution, Normal};

use super::*;
use crate::ephemeris::{Candidate, Ephemeris};
use crate::lightcurve::{CadenceMask, Detrended, LightCurve, TimeSystem};
use crate::star::{Measured, Star, a_over_rstar, density_from_a_over_rstar};
use crate::transit::{LimbDarkening, Orbit, OrbitElements, Quadratic, TransitShape};
use crate::vet::{Disposition, Profile, Verdict};

const CADENCE: f64 = 10.0 / 1440.0;

struct Sim {
    time: Vec<f64>,
    flux: Vec<f64>,
    noise: f64,
    /// Slow variability, taken out by a perfect detrending.
    trend: Vec<f64>,
}

impl Sim {
    /// `days` of white noise with a gap in the middle.
    fn new(days: f64, noise: f64, seed: u64) -> Self {
        let time: Vec<f64> = (0..(days / CADENCE) as usize)
            .map(|i| 1000.0 + i as f64 * CADENCE)
            .filter(|t| ((t - 1000.0) / days - 0.5).abs() > 0.02)
            .collect();
        let mut rng = StdRng::seed_from_u64(seed);
        let normal = Normal::new(0.0, noise).unwrap();
        let flux = time.iter().map(|_| 1.0 + normal.sample(&mut rng)).collect();
        let trend = vec![1.0; time.len()];
        Self { time, flux, noise, trend }
    }

    fn planet(mut self, ephemeris: Ephemeris, a_rs: f64, b: f64, rp_rs: f64) -> Self {
        let orbit = Orbit::new(OrbitElements::circular(ephemeris.period, ephemeris.transit_time, a_rs, b)).unwrap();
        let ld: LimbDarkening = Quadratic::from_q(0.36, 0.3).into();
        let shape = TransitShape::new(orbit, rp_rs, ld).unwrap();
        shape.subtract_dips(&self.time, CADENCE, &mut self.flux);
        self
    }

    /// Dips of a trapezoid of `depth`, `duration`, `ingress` share at every transit that `keep` takes.
    fn dips(mut self, e: Ephemeris, depth: f64, duration: f64, ingress: f64, keep: impl Fn(i64) -> bool) -> Self {
        for (t, f) in self.time.iter().zip(&mut self.flux) {
            if keep(e.epoch(*t)) {
                *f -= depth * trapezoid::shape(e.time_from_transit(*t), duration, ingress, CADENCE);
            }
        }
        self
    }

    fn add(mut self, f: impl Fn(f64) -> f64) -> Self {
        for (t, flux) in self.time.iter().zip(&mut self.flux) {
            *flux += f(*t);
        }
        self
    }

    fn curves(&self) -> (LightCurve, Detrended) {
        let n = self.time.len();
        let flux = self.flux.iter().zip(&self.trend).map(|(f, t)| f * t).collect();
        let curve =
            LightCurve::single_segment("sim", self.time.clone(), flux, vec![self.noise; n], TimeSystem::BTJD).unwrap();
        let detrended = Detrended::from_trend(&curve, &CadenceMask::keep_all(n), &self.trend).unwrap();
        (curve, detrended)
    }

    fn vet(&self, ephemeris: Ephemeris, duration: f64, depth: f64, star: Option<&Star>) -> (Metrics, Verdict) {
        self.vet_at(ephemeris, duration, depth, star, &[])
    }

    fn vet_at(
        &self,
        ephemeris: Ephemeris,
        duration: f64,
        depth: f64,
        star: Option<&Star>,
        flagged_times: &[f64],
    ) -> (Metrics, Verdict) {
        let (light_curve, detrended) = self.curves();
        let candidate = Candidate::known(ephemeris, duration, depth);
        let input = VetInput {
            light_curve: &light_curve,
            detrended: &detrended,
            candidate: &candidate,
            others: &[],
            star,
            flagged_times,
            seed: 1,
        };
        let metrics = measure(&input).unwrap();
        let verdict = Profile::named("antumbra").unwrap().judge(&metrics);
        (metrics, verdict)
    }
}

fn sun() -> Star {
    let one = Some(Measured { value: 1.0, err: 0.05 });
    Star { mass_msun: one, radius_rsun: one, ..Star::default() }
}

fn show(metrics: &Metrics, verdict: &Verdict) -> String {
    let numbers: Vec<String> = metrics
        .iter()
        .map(|(name, m)| match m {
            Ok(v) => format!("{name} {:.5}", v.value),
            Err(e) => format!("{name}: {e}"),
        })
        .collect();
    format!("{:?} {:?}\n{}", verdict.disposition, verdict.flags(), numbers.join("\n"))
}

fn passes(metrics: &Metrics, verdict: &Verdict) {
    assert_eq!(verdict.disposition, Disposition::Candidate, "{}", show(metrics, verdict));
}

fn fails_with(flag: &str, metrics: &Metrics, verdict: &Verdict) {
    assert!(verdict.flags().contains(&flag), "no {flag}: {}", show(metrics, verdict));
    assert_ne!(verdict.disposition, Disposition::Candidate);
}

const E: Ephemeris = Ephemeris { period: 3.7, transit_time: 1001.3 };

/// Duration of a central transit around the Sun at `E`.
fn sun_duration(b: f64) -> f64 {
    E.period / std::f64::consts::PI * ((1.0 - b * b).sqrt() / a_over_rstar(E.period, 1.0)).asin()
}
