use antumbra::detrend::{Biweight, Detrend, detrend};
use antumbra::lightcurve::{CadenceMask, Detrended, LightCurve, TimeSystem};
use antumbra::search::{NoiseTreatment, SearchConfig, search};
use antumbra::star::Measured;
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
    let a: Vec<String> = std::env::args().collect();
    let dir = &a[1];
    let over: usize = a[2].parse().unwrap();
    let noise = match a[3].as_str() {
        "white" => NoiseTreatment::White,
        "whiten" => NoiseTreatment::Whiten,
        _ => NoiseTreatment::Auto,
    };
    let flat = a[4] == "flat";
    let density = (a[5] == "known").then_some(Measured { value: 1.0, err: 0.05 });
    let t = npy(&format!("{dir}/time.npy")).remove(0);
    let f = npy(&format!("{dir}/flux.npy"));
    let truth: Vec<Vec<f64>> = std::fs::read_to_string(format!("{dir}/truth.csv"))
        .unwrap()
        .lines()
        .skip(1)
        .map(|l| l.split(',').map(|x| x.parse().unwrap_or(f64::NAN)).collect())
        .collect();
    let sig = if dir.contains("red") { 300e-6 } else { 500e-6 };
    let config = SearchConfig {
        period_min: 0.6,
        period_max: Some(12.5),
        oversampling: over,
        noise,
        snr_threshold: 4.5,
        max_candidates: 1,
        max_set_aside: 0,
        max_peaks: std::env::var("MP").map_or(16, |v| v.parse().unwrap()),
        max_single_transits: 0,
        ..Default::default()
    };
    let n = t.len();
    let mut out = Vec::new();
    let c0 = cpu();
    for (i, flux) in f.into_iter().enumerate() {
        let lc = LightCurve::single_segment("t", t.clone(), flux, vec![sig; n], TimeSystem::UNKNOWN).unwrap();
        let keep = CadenceMask::keep_all(n);
        let d = if flat {
            Detrended::already_flat(&lc, &keep).unwrap()
        } else {
            let w = 3.0 * config.longest_duration(25.0, 10.0 / 1440.0, density);
            detrend(&lc, &keep, &keep, &Biweight { window: w, gap: 0.5 * w, cval: 5.0 } as &dyn Detrend).unwrap()
        };
        let r = search(&d, &config, density).unwrap();
        let c = r.candidates.first();
        let p0 = truth[i][2];
        let right = c.is_some_and(|c| (c.ephemeris.period / p0 - 1.0).abs() < 0.01);
        out.push((
            truth[i][1] == 1.0,
            c.map_or(0.0, |c| c.snr_red),
            right,
            c.map_or(0.0, |c| c.snr),
            c.map_or(0.0, |c| c.ephemeris.period),
            p0,
        ));
    }
    for (name, get) in [("snr_red", 0), ("snr", 1)] {
        let s = |o: &(bool, f64, bool, f64, f64, f64)| if get == 0 { o.1 } else { o.3 };
        let mut null: Vec<f64> = out.iter().filter(|o| !o.0).map(s).collect();
        null.sort_by(f64::total_cmp);
        // numpy's linear quantile
        let q = 0.99 * (null.len() - 1) as f64;
        let k = q as usize;
        let thr = null[k] + (q - k as f64) * (null[(k + 1).min(null.len() - 1)] - null[k]);
        let hit = out.iter().filter(|o| o.0 && o.2 && s(o) > thr).count();
        let right = out.iter().filter(|o| o.0 && o.2).count();
        println!(
            "{name}: threshold {thr:.3} recovered {hit} right peak {right} cpu per curve {:.2} ms; nulls without candidate {}",
            (cpu() - c0) / out.len() as f64,
            null.iter().filter(|v| **v == 0.0).count()
        );
    }
    if a.len() > 6 {
        for o in &out {
            println!("{o:?}");
        }
    }
}
