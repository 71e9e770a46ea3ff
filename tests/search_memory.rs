//! Peak memory of the search of four years of Kepler data, by an allocator that counts.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use antumbra::lightcurve::{CadenceMask, Detrended, LightCurve, TimeSystem};
use antumbra::search::{SearchConfig, search};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use rand_distr::StandardNormal;

struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

fn grown(bytes: usize) {
    let now = NOW.fetch_add(bytes, Ordering::Relaxed) + bytes;
    PEAK.fetch_max(now, Ordering::Relaxed);
}

// SAFETY: every call goes to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grown(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A planet, so that peaks are evaluated and a second pass is made, and rotation, so that the light curve is whitened too.
#[test]
fn four_years_of_kepler_take_less_than_64_megabytes() {
    let mut rng = StdRng::seed_from_u64(5);
    let time: Vec<f64> = (0..65_000).map(|i| 1460.0 * f64::from(i) / 64_999.0).collect();
    let flux: Vec<f64> = time
        .iter()
        .map(|t| {
            let dip = if (t - 40.0).rem_euclid(87.31) < 0.3 { 1e-3 } else { 0.0 };
            1.0 - dip + 4e-4 * (t * 2.1).sin() + 2e-4 * rng.sample::<f64, _>(StandardNormal)
        })
        .collect();
    let curve = LightCurve::single_segment("t", time, flux, vec![2e-4; 65_000], TimeSystem::UNKNOWN).unwrap();
    let data = Detrended::already_flat(&curve, &CadenceMask::keep_all(curve.len())).unwrap();
    let config = SearchConfig { period_min: 0.5, period_max: Some(400.0), ..SearchConfig::default() };
    let before = NOW.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    let found = search(&data, &config, None).unwrap();
    let megabytes = (PEAK.load(Ordering::Relaxed) - before) as f64 / 1e6;
    println!("peak of the search: {megabytes:.1} MB");
    assert!(found.candidates.iter().any(|c| (c.ephemeris.period / 87.31 - 1.0).abs() < 1e-3), "{:?}", found.candidates);
    assert!(megabytes < 64.0, "{megabytes} MB");
}
