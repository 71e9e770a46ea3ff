//! The light curves that peers are measured on.

use std::f64::consts::TAU;
use std::path::Path;

use antumbra::lightcurve::{CadenceMask, Detrended, LightCurve, TimeSystem};
use antumbra::transit::{Orbit, OrbitElements, Quadratic, TransitShape, light_curve};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use rand_distr::StandardNormal;

use crate::npy;

const MINUTE: f64 = 1.0 / 1440.0;

/// A light curve, and the periods at which it is searched.
pub struct Workload {
    pub name: &'static str,
    pub what: &'static str,
    pub time: Vec<f64>,
    pub flux: Vec<f64>,
    pub sigma: f64,
    /// Days.
    pub periods: (f64, f64),
    /// Seconds of CPU that were aimed at.
    pub aim: f64,
}

struct Kind {
    name: &'static str,
    what: &'static str,
    sigma: f64,
    /// Transit time, period, radius ratio of the planet in it.
    planet: (f64, f64, f64),
    exposure: f64,
    periods: (f64, f64),
    aim: f64,
    time: fn() -> Vec<f64>,
}

const KINDS: [Kind; 5] = [
    Kind {
        name: "S1",
        what: "TESS, one sector of 2 min, 18,000 points, 0.5 to 13.5 d",
        sigma: 1e-3,
        planet: (1.234, 3.7, 0.03),
        exposure: 2.0 * MINUTE,
        periods: (0.5, 13.5),
        aim: 1.5e-3,
        time: sector,
    },
    Kind {
        name: "FFI",
        what: "TESS, one sector of 10 min, 3,600 points, 0.5 to 12.5 d",
        sigma: 5e-4,
        planet: (1.234, 3.7, 0.03),
        exposure: 10.0 * MINUTE,
        periods: (0.5, 12.5),
        aim: 1e-3,
        time: full_frame,
    },
    Kind {
        name: "S2",
        what: "TESS, 13 sectors of 10 min, 46,800 points, 0.5 to 100 d",
        sigma: 6e-4,
        planet: (4.321, 17.31, 0.03),
        exposure: 10.0 * MINUTE,
        periods: (0.5, 100.0),
        aim: 60e-3,
        time: || (0..13).flat_map(|i| full_frame().into_iter().map(move |t| t + 27.4 * f64::from(i))).collect(),
    },
    Kind {
        name: "S3",
        what: "Kepler, four years of 29.4 min, 65,000 points, 0.5 to 400 d",
        sigma: 2e-4,
        planet: (23.45, 87.31, 0.015),
        exposure: 29.4244 * MINUTE,
        periods: (0.5, 400.0),
        aim: 0.25,
        time: kepler,
    },
    Kind {
        name: "S4",
        what: "ground, 250 nights in 3.5 years, 10,000 uneven points, 0.5 to 50 d",
        sigma: 5e-3,
        planet: (0.777, 3.313, 0.1),
        exposure: 0.0,
        periods: (0.5, 50.0),
        aim: 0.5,
        time: nights,
    },
];

fn sector() -> Vec<f64> {
    let every = (0..19_440).map(|i| f64::from(i) * 2.0 * MINUTE);
    every.filter(|t| (t - 13.5).abs() > 0.997).take(18_000).collect()
}

fn full_frame() -> Vec<f64> {
    (0..3600).map(|i| f64::from(i) * 10.0 * MINUTE).collect()
}

fn kepler() -> Vec<f64> {
    let mut rng = StdRng::seed_from_u64(303);
    let cadence = 29.4244 * MINUTE;
    let every = (0..(1460.0 / cadence) as usize).map(|i| i as f64 * cadence);
    every.filter(|t| t % 91.25 > 1.6 && rng.random::<f64>() > 0.073).collect()
}

fn nights() -> Vec<f64> {
    let mut rng = StdRng::seed_from_u64(404);
    let mut out = Vec::new();
    for season in 0..4 {
        for night in 0..180 {
            if rng.random::<f64>() < 250.0 / 720.0 {
                let start = f64::from(night) + 365.25 * f64::from(season);
                out.extend((0..40).map(|_| start + rng.random::<f64>() / 3.0));
            }
        }
    }
    out.sort_by(f64::total_cmp);
    out
}

impl Workload {
    /// The workloads called `names`, or all: from NAME.npy (rows of time, flux and error) in `directory` where it is there,
    /// made here otherwise, by the same recipe and with other random numbers.
    pub fn load(names: &[String], directory: Option<&Path>) -> Result<Vec<Self>, String> {
        let chosen = KINDS.iter().filter(|k| names.is_empty() || names.iter().any(|n| n == k.name));
        chosen.map(|kind| kind.load(directory)).collect()
    }

    /// The same cadences without the planet.
    pub fn noise(&self) -> Vec<f64> {
        noise(self.time.len(), self.sigma, 7)
    }

    pub fn data(&self, flux: Vec<f64>) -> Detrended {
        flattened(self.time.clone(), flux, self.sigma)
    }
}

impl Kind {
    fn load(&self, directory: Option<&Path>) -> Result<Workload, String> {
        let file = directory.map(|d| d.join(format!("{}.npy", self.name))).filter(|f| f.exists());
        let (time, flux) = match file {
            Some(file) => {
                let mut rows = npy::rows(&file)?.into_iter();
                let (Some(time), Some(flux)) = (rows.next(), rows.next()) else {
                    return Err(format!("{}: less than two rows", file.display()));
                };
                (time, flux)
            }
            None => self.make(),
        };
        let &Kind { name, what, sigma, periods, aim, .. } = self;
        Ok(Workload { name, what, time, flux, sigma, periods, aim })
    }

    fn make(&self) -> (Vec<f64>, Vec<f64>) {
        let time = (self.time)();
        let (transit_time, period, rp_rs) = self.planet;
        let a_rs = antumbra::star::a_over_rstar(period, 1.0);
        let orbit = Orbit::new(OrbitElements::circular(period, transit_time, a_rs, 0.3)).expect("a valid orbit");
        let planet = TransitShape::new(orbit, rp_rs, Quadratic { u1: 0.4804, u2: 0.1867 }).expect("a valid planet");
        let model = light_curve(&planet, &time, self.exposure);
        let flux = model.iter().zip(noise(time.len(), self.sigma, 101)).map(|(m, n)| m + n - 1.0).collect();
        (time, flux)
    }
}

/// White noise about one.
pub fn noise(n: usize, sigma: f64, seed: u64) -> Vec<f64> {
    let mut rng = StdRng::seed_from_u64(seed);
    (0..n).map(|_| 1.0 + sigma * rng.sample::<f64, _>(StandardNormal)).collect()
}

/// Two slow waves, for a detrending to follow.
pub fn variability(time: &[f64]) -> impl Iterator<Item = f64> + '_ {
    time.iter().map(|t| 0.005 * (TAU * t / 7.3).sin() + 0.002 * (TAU * t / 2.9 + 1.0).sin())
}

pub fn light_curve_of(time: Vec<f64>, flux: Vec<f64>, sigma: f64) -> LightCurve {
    let err = vec![sigma; time.len()];
    LightCurve::single_segment("bench", time, flux, err, TimeSystem::UNKNOWN).expect("a valid light curve")
}

pub fn flattened(time: Vec<f64>, flux: Vec<f64>, sigma: f64) -> Detrended {
    let curve = light_curve_of(time, flux, sigma);
    Detrended::already_flat(&curve, &CadenceMask::keep_all(curve.len())).expect("a valid light curve")
}
