//! The flux kernel against arrays that other code, or 30-digit arithmetic, has made.

use std::path::Path;

use antumbra::transit::kepler::{eccentric_anomalies_into, eccentric_anomaly};
use antumbra::transit::{Quadratic, quadratic_dip_into, quadratic_flux};

/// The files in tests/reference are made by the scripts beside them (mpmath 1.3.0, 30 digits, 2026-11-21); the second holds
/// the neighbourhoods of contacts, of z = k and of z = 1.
#[test]
fn quadratic_flux_agrees_with_thirty_digit_integration() {
    let mut rows = 0;
    let mut worst = [(0.0, ""), (0.0, "")];
    let files = [include_str!("reference/quadratic_flux.csv"), include_str!("reference/quadratic_flux_edges.csv")];
    for line in files.iter().flat_map(|file| file.lines().skip(1)) {
        let v: Vec<f64> = line.split(',').map(|x| x.parse().unwrap()).collect();
        let [k, z, u1, u2, dip] = v[..] else { panic!("{line}") };
        let law = Quadratic { u1, u2 };
        let mut fast = [0.0];
        quadratic_dip_into(&[z], k, &law, &mut fast);
        for (worst, value) in worst.iter_mut().zip([1.0 - quadratic_flux(z, k, &law), fast[0]]) {
            let error = (value - dip).abs();
            if error > worst.0 {
                *worst = (error, line);
            }
        }
        rows += 1;
    }
    println!("{rows} rows, worst of one point {:?}, of arrays {:?}", worst[0], worst[1]);
    assert!(rows > 800);
    // a few roundings of numbers of order one
    assert!(worst[0].0 < 4e-15 && worst[1].0 < 1e-14, "{worst:?}");
}

/// Rows z and flux for u = 0.4804, 0.1867; the arrays' own accuracy is some 1e-8 or better.
#[test]
fn quadratic_flux_agrees_with_shared_arrays() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/reference/quadratic_limb_darkening");
    if !folder.is_dir() {
        println!("skipped: no ../shared/data/reference/quadratic_limb_darkening");
        return;
    }
    for k in ["0.01", "0.1", "0.3"] {
        let values = read_npy(&folder.join(format!("quad_ref_k{k}.npy")));
        let (z, flux) = values.split_at(values.len() / 2);
        let law = Quadratic { u1: 0.4804, u2: 0.1867 };
        let k: f64 = k.parse().unwrap();
        let worst = z.iter().zip(flux).map(|(&z, f)| (quadratic_flux(z, k, &law) - f).abs()).fold(0.0, f64::max);
        println!("k = {k}: {} points, worst {worst:e}", z.len());
        assert!(worst < 1e-14, "k = {k}: {worst:e}");
    }
}

/// Little-endian f64 array of a version 1 .npy file, flattened.
fn read_npy(path: &Path) -> Vec<f64> {
    let bytes = std::fs::read(path).unwrap();
    assert_eq!(&bytes[..6], b"\x93NUMPY");
    let header = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    assert!(String::from_utf8_lossy(&bytes[10..header]).contains("'<f8'"));
    bytes[header..].chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect()
}

/// tests/reference/kepler.csv is made by the script beside it (mpmath 1.3.0, 50 digits, 2026-11-21).
#[test]
fn eccentric_anomalies_agree_with_fifty_digit_solutions() {
    let mut worst = (0.0, String::new());
    for line in include_str!("reference/kepler.csv").lines().skip(1) {
        let v: Vec<f64> = line.split(',').map(|x| x.parse().unwrap()).collect();
        let [m, ecc, expected] = v[..] else { panic!("{line}") };
        for sign in [1.0, -1.0] {
            let mut fast = [0.0];
            eccentric_anomalies_into(&[sign * m], ecc, &mut fast);
            for value in [eccentric_anomaly(sign * m, ecc), fast[0]] {
                let error = (sign * value / expected - 1.0).abs();
                if error > worst.0 {
                    worst = (error, line.to_owned());
                }
            }
        }
    }
    println!("worst relative error {worst:?}");
    // three units in the last place
    assert!(worst.0 < 7e-16, "{worst:?}");
}
