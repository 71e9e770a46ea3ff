//! Cost of the transit model, a figure a line: nanoseconds per point on one core, the least of many short runs, which is the
//! time on a processor that does nothing else meanwhile; and the median, which tells how busy it was.
//!
//! Run: `cargo bench --bench transit`. With a word as argument, only figures whose name has it.

use std::hint::black_box;
use std::time::{Duration, Instant};

use antumbra::transit::kepler::{eccentric_anomalies_into, eccentric_anomaly};
use antumbra::transit::{
    DipColumns, DipGradients, LimbDarkening, Orbit, OrbitElements, OrbitShape, Quadratic, SortedTimes, TransitShape,
    dip_gradient_into, dip_into, quadratic_dip_gradient_into, quadratic_flux, quadratic_flux_gradient,
    quadratic_flux_into,
};

const LAW: Quadratic = Quadratic { u1: 0.4804, u2: 0.1867 };
const POINTS: usize = 1000;

fn main() {
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let bench = Bench { filter };
    println!("{:<66} {:>9} {:>9}", "ns per point, one core", "least", "median");
    kernels(&bench);
    laws(&bench);
    kepler(&bench);
    light_curves(&bench);
}

struct Bench {
    filter: Option<String>,
}

impl Bench {
    /// Runs `work`, which does `points` points, for half a second.
    fn time(&self, name: &str, points: usize, mut work: impl FnMut()) {
        if self.filter.as_ref().is_some_and(|filter| !name.contains(filter)) {
            return;
        }
        let mut runs = Vec::new();
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(500) {
            let run = Instant::now();
            work();
            runs.push(run.elapsed().as_secs_f64() * 1e9 / points as f64);
        }
        runs.sort_by(f64::total_cmp);
        println!("{name:<66} {:>9.3} {:>9.3}", runs[0], runs[runs.len() / 2]);
    }
}

/// Distances evenly spread over time from first to last contact for k = 0.1 and b = 0.3, and within parts of it.
fn distances() -> [(&'static str, Vec<f64>); 3] {
    let even =
        |low: f64, high: f64| (0..POINTS).map(|i| low + (high - low) * (i as f64 + 0.5) / POINTS as f64).collect();
    let half = (1.21f64 - 0.09).sqrt();
    let transit = |x: f64| (0.09 + half * half * (2.0 * x - 1.0) * (2.0 * x - 1.0)).sqrt();
    [
        ("transit", (0..POINTS).map(|i| transit((i as f64 + 0.5) / POINTS as f64)).collect()),
        ("inside", even(0.0, 0.9)),
        ("limb", even(0.9, 1.1)),
    ]
}

fn kernels(bench: &Bench) {
    for (part, z) in distances() {
        let mut out = vec![0.0; POINTS];
        bench.time(&format!("quadratic flux, {part}"), POINTS, || {
            quadratic_flux_into(black_box(&z), 0.1, &LAW, &mut out);
        });
        bench.time(&format!("quadratic flux, {part}, one by one"), POINTS, || {
            z.iter().zip(&mut out).for_each(|(z, out)| *out = quadratic_flux(black_box(*z), 0.1, &LAW));
        });
        let mut columns = vec![vec![0.0; POINTS]; 5];
        let [dip, dz, dk, du1, du2] = &mut columns[..] else { unreachable!() };
        bench.time(&format!("quadratic flux and derivatives, {part}"), POINTS, || {
            quadratic_dip_gradient_into(black_box(&z), 0.1, &LAW, DipColumns { dip, dz, dk, du1, du2 });
        });
        bench.time(&format!("quadratic flux and derivatives, {part}, one by one"), POINTS, || {
            z.iter().zip(&mut out).for_each(|(z, out)| *out = quadratic_flux_gradient(black_box(*z), 0.1, &LAW).dk);
        });
    }
}

fn laws(bench: &Bench) {
    let [(_, z), ..] = distances();
    for (name, ld) in [
        ("uniform", LimbDarkening::Uniform),
        ("linear", LimbDarkening::Linear { u: 0.5 }),
        ("square-root", LimbDarkening::SquareRoot { u1: 0.2, u2: 0.5 }),
        ("logarithmic", LimbDarkening::Logarithmic { u1: 0.6, u2: 0.3 }),
        ("power-2", LimbDarkening::Power2 { c: 0.7, alpha: 0.6 }),
        ("nonlinear", LimbDarkening::Nonlinear { c: [0.5, -0.3, 0.9, -0.4] }),
    ] {
        let mut out = vec![0.0; POINTS];
        bench.time(&format!("{name} flux, transit"), POINTS, || dip_into(black_box(&z), 0.1, &ld, &mut out));
        let mut columns = Default::default();
        bench.time(&format!("{name} flux and derivatives, transit"), POINTS, || {
            dip_gradient_into(black_box(&z), 0.1, &ld, &mut columns);
        });
    }
}

fn kepler(bench: &Bench) {
    let m: Vec<f64> = (0..POINTS).map(|i| std::f64::consts::PI * (i as f64 + 0.5) / POINTS as f64).collect();
    let mut out = vec![0.0; POINTS];
    for ecc in [0.3, 0.9, 0.999] {
        bench.time(&format!("Kepler's equation, e = {ecc}"), POINTS, || {
            eccentric_anomalies_into(black_box(&m), ecc, &mut out);
        });
    }
    bench.time("Kepler's equation, e = 0.3, one by one", POINTS, || {
        m.iter().zip(&mut out).for_each(|(m, out)| *out = eccentric_anomaly(black_box(*m), 0.3));
    });
}

fn light_curves(bench: &Bench) {
    for ecc in [0.0, 0.3] {
        let elements = OrbitElements { ecc, omega: 0.7, ..OrbitElements::circular(3.3, 0.0, 9.0, 0.3) };
        let make = || TransitShape::new(Orbit::new(black_box(elements)).unwrap(), 0.1, LAW).unwrap();
        let shape = make();
        bench.time(&format!("orbit and contacts, e = {ecc}, per call"), 1, || {
            black_box(make());
        });
        let contacts = shape.contacts().unwrap();
        let in_transit: Vec<f64> =
            (0..POINTS).map(|i| contacts.t1 + shape.duration() * (i as f64 + 0.5) / POINTS as f64).collect();
        // 27 days at 2 minutes, some 4 % of it in transit
        let whole: Vec<f64> = (0..19_440).map(|i| 0.3 + i as f64 / 720.0).collect();
        let mut out = vec![0.0; whole.len()];
        for (label, exposure) in [("instantaneous", 0.0), ("2 min", 2.0 / 1440.0), ("30 min", 30.0 / 1440.0)] {
            let name = |what: &str| format!("light curve, e = {ecc}, {label}, {what}");
            bench.time(&name("all in transit"), POINTS, || {
                shape.flux_into(black_box(&in_transit), exposure, &mut out[..POINTS]);
            });
            bench.time(&name("4 % in transit"), whole.len(), || {
                shape.flux_into(black_box(&whole), exposure, &mut out);
            });
            let sorted = SortedTimes::new(&whole).unwrap();
            bench.time(&name("4 % in transit, times known to be in order"), whole.len(), || {
                out.fill(1.0);
                shape.subtract_dips_sorted(black_box(sorted), exposure, &mut out);
            });
            let mut gradients = DipGradients::default();
            bench.time(&name("all in transit, all derivatives"), POINTS, || {
                shape.dip_gradients_into(black_box(&in_transit), exposure, OrbitShape::CircularIfZero, &mut gradients);
            });
        }
    }
}
