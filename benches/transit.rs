//! Cost of the transit model: per point in transit, per point of a whole light curve, with and without exposures.

use std::hint::black_box;

use antumbra::transit::kepler::eccentric_anomaly;
use antumbra::transit::{Orbit, OrbitElements, Quadratic, TransitShape, quadratic_flux, quadratic_flux_gradient};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const LAW: Quadratic = Quadratic { u1: 0.4, u2: 0.25 };
const POINTS: usize = 1000;

/// Time for an element of the throughput is the figure to read.
fn kernel(c: &mut Criterion) {
    let mut group = c.benchmark_group("kernel");
    group.throughput(Throughput::Elements(POINTS as u64));
    let inside: Vec<f64> = (0..POINTS).map(|i| 0.9 * i as f64 / POINTS as f64).collect();
    let ingress: Vec<f64> = (0..POINTS).map(|i| 0.9 + 0.2 * (i as f64 + 0.5) / POINTS as f64).collect();
    for (name, z) in [("inside", &inside), ("ingress", &ingress)] {
        group.bench_function(format!("flux, {name}"), |b| {
            b.iter(|| z.iter().map(|&z| quadratic_flux(black_box(z), 0.1, &LAW)).sum::<f64>());
        });
        group.bench_function(format!("flux and derivatives, {name}"), |b| {
            b.iter(|| z.iter().map(|&z| quadratic_flux_gradient(black_box(z), 0.1, &LAW).dk).sum::<f64>());
        });
    }
    group.bench_function("Kepler's equation, e = 0.3", |b| {
        b.iter(|| inside.iter().map(|&z| eccentric_anomaly(black_box(3.5 * z), 0.3)).sum::<f64>());
    });
    group.finish();
}

fn light_curve(c: &mut Criterion) {
    for (orbit, ecc) in [("circular", 0.0), ("e = 0.3", 0.3)] {
        let elements = OrbitElements { ecc, omega: 0.7, ..OrbitElements::circular(3.3, 0.0, 9.0, 0.3) };
        let shape = TransitShape::new(Orbit::new(elements).unwrap(), 0.1, LAW).unwrap();
        let contacts = shape.contacts().unwrap();
        let in_transit: Vec<f64> =
            (0..POINTS).map(|i| contacts.t1 + shape.duration() * (i as f64 + 0.5) / POINTS as f64).collect();
        // 27 days at 2 minutes, some 4 % of it in transit
        let whole: Vec<f64> = (0..19_440).map(|i| 0.3 + i as f64 / 720.0).collect();
        for (name, times) in [("in transit", &in_transit), ("whole curve", &whole)] {
            let mut group = c.benchmark_group(format!("{orbit}, {name}"));
            group.throughput(Throughput::Elements(times.len() as u64));
            let mut out = vec![0.0; times.len()];
            for (label, exposure) in [("instantaneous", 0.0), ("2 min", 2.0 / 1440.0), ("30 min", 30.0 / 1440.0)] {
                group.bench_function(label, |b| b.iter(|| shape.flux_into(black_box(times), exposure, &mut out)));
            }
            group.finish();
        }
    }
}

fn set_up(c: &mut Criterion) {
    let elements = OrbitElements { ecc: 0.3, omega: 0.7, ..OrbitElements::circular(3.3, 0.0, 9.0, 0.3) };
    c.bench_function("orbit and contacts, e = 0.3", |b| {
        b.iter(|| TransitShape::new(Orbit::new(black_box(elements)).unwrap(), 0.1, LAW).unwrap());
    });
}

criterion_group!(benches, kernel, light_curve, set_up);
criterion_main!(benches);
