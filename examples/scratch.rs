use antumbra::lightcurve::{CadenceMask, Detrended, LightCurve, TimeSystem};
use antumbra::search::{SearchConfig, search};
use antumbra::star::Measured;
use std::time::Instant;
fn npy(path: &str) -> Vec<Vec<f64>> {
    let b = std::fs::read(path).unwrap();
    let h = u16::from_le_bytes([b[8], b[9]]) as usize;
    let head = String::from_utf8_lossy(&b[10..10 + h]).to_string();
    let shape: Vec<usize> = head
        .split("'shape': (")
        .nth(1)
        .unwrap()
        .split(')')
        .next()
        .unwrap()
        .split(',')
        .filter_map(|s| s.trim().parse().ok())
        .collect();
    let v: Vec<f64> = b[10 + h..].chunks(8).map(|c| f64::from_le_bytes(c.try_into().unwrap())).collect();
    if shape.len() == 1 {
        return vec![v];
    }
    v.chunks(shape[1]).map(<[f64]>::to_vec).collect()
}
fn cpu() -> f64 {
    std::fs::read_to_string("/proc/thread-self/schedstat").unwrap().split(' ').next().unwrap().parse::<f64>().unwrap()
        * 1e-6
}
fn main() {
    let over: usize = std::env::args().nth(1).map_or(3, |s| s.parse().unwrap());
    let which = std::env::args().nth(2).unwrap_or("S1 S2 S3 S4 F".into());
    for (case, pmin, pmax) in
        [("S1", 0.5, 13.5), ("S2", 0.5, 100.0), ("S3", 0.5, 400.0), ("S4", 0.5, 50.0), ("F", 0.5, 12.5)]
    {
        if !which.contains(case) {
            continue;
        }
        let z = if case == "F" {
            let t = npy("/work/pdata/injection/time.npy").remove(0);
            let f = npy("/work/pdata/injection/flux.npy").remove(150);
            let n = t.len();
            vec![t, f, vec![500e-6; n]]
        } else {
            npy(&format!("/work/pdata/{case}.npy"))
        };
        let n = z[0].len();
        let make = |f: Vec<f64>| {
            let lc = LightCurve::single_segment("t", z[0].clone(), f, z[2].clone(), TimeSystem::UNKNOWN).unwrap();
            Detrended::already_flat(&lc, &CadenceMask::keep_all(n)).unwrap()
        };
        let planet = make(z[1].clone());
        let mut s = 12345u64;
        let mut g = || {
            let mut a = 0.0;
            for _ in 0..12 {
                s = s.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                a += (s >> 11) as f64 / (1u64 << 53) as f64;
            }
            a - 6.0
        };
        let noise = make(z[2].iter().map(|e| 1.0 + e * g()).collect());
        for (what, density) in [("known", Some(Measured { value: 1.0, err: 0.05 })), ("any", None)] {
            for (kind, data) in [("noise", &noise), ("planet", &planet)] {
                if std::env::args().nth(3).is_some_and(|f| !format!("{what} {kind}").contains(&f)) {
                    continue;
                }
                let config =
                    SearchConfig { period_min: pmin, period_max: Some(pmax), oversampling: over, ..Default::default() };
                let reps = if n < 30000 { 5 } else { 3 };
                let inner = if n < 30000 { 20 } else { 1 };
                let mut times = Vec::new();
                let mut cpus = Vec::new();
                let mut r = None;
                for _ in 0..reps {
                    let a = (Instant::now(), cpu());
                    for _ in 0..inner {
                        r = Some(search(data, &config, density).unwrap());
                    }
                    times.push(a.0.elapsed().as_secs_f64() * 1e3 / inner as f64);
                    cpus.push((cpu() - a.1) / inner as f64);
                }
                cpus.sort_by(f64::total_cmp);
                times.sort_by(f64::total_cmp);
                let r = r.unwrap();
                let top = r.periodogram.snr.iter().fold(0f32, |a, b| a.max(*b));
                let c: Vec<String> =
                    r.candidates.iter().map(|c| format!("P {:.4} snr {:.2}", c.ephemeris.period, c.snr)).collect();
                println!(
                    "{case} {what} {kind}: cpu min {:.3} med {:.3} wall min {:.3} ms; folds {} cells {} passes {} coarse top {top:.2} {c:?}",
                    cpus[0],
                    cpus[cpus.len() / 2],
                    times[0],
                    r.periodogram.n_periods,
                    r.periodogram.snr.len(),
                    r.n_passes
                );
            }
        }
    }
}
