use super::*;
use nalgebra::{DMatrix, DVector};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use rand_distr::StandardNormal;

const CADENCE: f64 = 10.0 / 1440.0;

struct Curve {
    time: Vec<f64>,
    dip: Vec<f64>,
    weight: Vec<f64>,
}

impl Curve {
    fn columns(&self) -> Columns<'_> {
        Columns { time: &self.time, dip: &self.dip, weight: &self.weight }
    }

    fn model(&self) -> NoiseModel {
        let whole = 0..self.time.len();
        NoiseModel::estimate(self.columns(), &vec![false; self.time.len()], std::slice::from_ref(&whole), &options())
    }

    fn whitened(&self) -> Whitened {
        self.model().whiten(self.columns(), &vec![false; self.time.len()])
    }

    fn keep(mut self, keep: impl Fn(usize) -> bool) -> Self {
        let pick = |c: &[f64]| c.iter().enumerate().filter(|(i, _)| keep(*i)).map(|(_, v)| *v).collect::<Vec<_>>();
        (self.time, self.dip, self.weight) = (pick(&self.time), pick(&self.dip), pick(&self.weight));
        self
    }
}

fn options() -> NoiseOptions {
    NoiseOptions::for_durations(0.04, 0.25)
}

/// White noise of 300 ppm.
fn white(n: usize, seed: u64) -> Curve {
    let mut rng = StdRng::seed_from_u64(seed);
    Curve {
        time: (0..n).map(|i| 2000.0 + CADENCE * i as f64).collect(),
        dip: (0..n).map(|_| 3e-4 * rng.sample::<f64, _>(StandardNormal)).collect(),
        weight: vec![3e-4f64.powi(-2); n],
    }
}

/// With granulation of 200 ppm and 3 h, and rotation of 3,000 ppm and 2.3 d with a harmonic and a phase that wanders.
fn red(n: usize, seed: u64) -> Curve {
    let mut curve = white(n, seed);
    let mut rng = StdRng::seed_from_u64(seed + 1000);
    let keep = f64::exp(-CADENCE / 0.125);
    let (mut granulation, mut phase) = (0.0, 1.0);
    for dip in &mut curve.dip {
        granulation = keep * granulation + 2e-4 * (1.0 - keep * keep).sqrt() * rng.sample::<f64, _>(StandardNormal);
        phase += std::f64::consts::TAU * CADENCE / 2.3 + 1e-2 * rng.sample::<f64, _>(StandardNormal);
        *dip += granulation + 3e-3 * (phase.sin() + 0.4 * (2.0 * phase).cos());
    }
    curve
}

/// (Σ u)/√(Σ w) of boxes of `width` cadences, half of it apart.
fn single_events(whitened: &Whitened, width: usize) -> Vec<f64> {
    let weights = whitened.weights(width as f64 * CADENCE);
    (0..weights.len() - width)
        .step_by(width / 2)
        .map(|i| {
            let sum = |c: &[f64]| c[i..i + width].iter().sum::<f64>();
            sum(&whitened.numerator) / sum(&weights).sqrt()
        })
        .filter(|z| z.is_finite())
        .collect()
}

fn rms(z: &[f64]) -> f64 {
    (z.iter().map(|v| v * v).sum::<f64>() / z.len() as f64).sqrt()
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(p, q)| p * q).sum::<f64>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

#[test]
fn white_noise_leaves_the_plain_box() {
    let curve = white(3600, 1);
    let whitened = curve.whitened();
    let weights = whitened.weights(0.1);
    // The level of the noise is measured: 1/√(2 · 3,600) = 1.2 %, and more from a few orders too many.
    let mean = weights[600..3000].iter().sum::<f64>() / 2400.0;
    assert!((mean / curve.weight[0] - 1.0).abs() < 0.08, "{}", mean / curve.weight[0]);
    let plain: Vec<f64> = curve.dip.iter().zip(&curve.weight).map(|(d, w)| d * w).collect();
    for width in [6, 14, 30] {
        let own = single_events(&whitened, width);
        let plain: Vec<f64> = (0..3600 - width)
            .step_by(width / 2)
            .map(|i| plain[i..i + width].iter().sum::<f64>() / (width as f64 * curve.weight[0]).sqrt())
            .collect();
        assert!(correlation(&own, &plain) > 0.985, "{width} {}", correlation(&own, &plain));
        assert!((rms(&own) / rms(&plain) - 1.0).abs() < 0.04, "{width} {} {}", rms(&own), rms(&plain));
    }
}

#[test]
fn events_of_red_noise_have_unit_variance() {
    for seed in [3, 4, 5] {
        let whitened = red(5000, seed).whitened();
        for width in [6, 12, 24, 36] {
            let z = single_events(&whitened, width);
            // 5,000/36 = 140 independent boxes at the least: 6 %, twice that allowed
            assert!((rms(&z) - 1.0).abs() < 0.13, "seed {seed}, width {width}: {}", rms(&z));
        }
        let beta: Vec<f64> = [6, 24].iter().map(|w| rms(&single_events(&red(5000, seed).whitened(), *w))).collect();
        assert!((beta[1] / beta[0] - 1.0).abs() < 0.15, "{beta:?}");
    }
}

#[test]
fn numerators_and_weights_are_those_of_the_dense_inverse() {
    // Missing cadences, a noisy one, and a gap that parts the pieces.
    let mut curve = red(420, 6).keep(|i| !(40..46).contains(&i) && i != 99 && !(200..290).contains(&i));
    curve.weight[60] *= 0.2;
    let model = curve.model();
    assert_eq!(model.pieces.len(), 2);
    assert!(model.orders()[0] >= 3);
    let whitened = model.whiten(curve.columns(), &vec![false; curve.time.len()]);
    for (number, piece) in model.pieces.iter().enumerate() {
        let noise = &model.models[model.model_of[number]];
        let n = piece.len();
        let covariance =
            DMatrix::from_fn(n, n, |i, j| noise.inverse_element(i.min(j), i.max(j), n)).try_inverse().unwrap();
        let own = piece.range.clone();
        let bins: Vec<usize> = own.clone().map(|i| piece.bin(curve.time[i])).collect();
        let typical = curve.weight[0];
        let mut dense = DMatrix::from_fn(bins.len(), bins.len(), |i, j| covariance[(bins[i], bins[j])]);
        for (k, i) in own.clone().enumerate() {
            dense[(k, k)] += 1.0 / curve.weight[i] - 1.0 / typical;
        }
        let inverse = dense.try_inverse().unwrap();
        let ones = &inverse * DVector::from_element(bins.len(), 1.0);
        let projected = &inverse - &ones * ones.transpose() / ones.sum();
        let y = DVector::from_iterator(bins.len(), own.clone().map(|i| curve.dip[i]));
        let expected = &projected * &y;
        let scale = expected.amax();
        for (k, i) in own.clone().enumerate() {
            assert!((whitened.numerator[i] - expected[k]).abs() < 1e-6 * scale, "piece {number} cadence {k}");
        }
        if number == 0 {
            // A box in full coverage. Weights leave out the level (the 1 ᵀ-term) and what the next gap hides: 3 %.
            let inside = 120..135;
            let form: f64 = inside.clone().flat_map(|i| inside.clone().map(move |j| (i, j))).map(|p| inverse[p]).sum();
            let weights = whitened.weights(15.0 * CADENCE);
            let own: f64 = inside.map(|i| weights[i]).sum();
            assert!((own / form - 1.0).abs() < 0.03, "{own} {form}");
        }
    }
}

#[test]
fn transits_are_not_taken_for_noise() {
    let inside = |t: f64| (t - 2000.4).rem_euclid(2.9) < 0.125;
    let without = red(3600, 7);
    let own: Vec<bool> = without.time.iter().map(|t| inside(*t)).collect();
    let sum = |column: &[f64]| -> f64 { column.iter().zip(&own).filter(|(_, own)| **own).map(|(v, _)| v).sum() };
    let quiet = sum(&without.whitened().weights(0.125));
    // Single transits of S/N 5, of 20, and of 100: the first are too weak to be left out, and weigh as noise.
    for (depth, least) in [(1e-3, 0.65), (4e-3, 0.9), (2e-2, 0.9)] {
        let mut curve = red(3600, 7);
        for (dip, own) in curve.dip.iter_mut().zip(&own) {
            *dip += if *own { depth } else { 0.0 };
        }
        let estimate = |masked: &[bool]| {
            let model = NoiseModel::estimate(curve.columns(), masked, std::slice::from_ref(&(0..3600)), &options());
            assert_eq!(model.flares[0].iter().filter(|f| **f).count(), 0);
            let whitened = model.whiten(curve.columns(), &[false; 3600]);
            (sum(&whitened.numerator), sum(&whitened.weights(0.125)))
        };
        let (numerator, information) = estimate(&[false; 3600]);
        // 2 σ of the S/N of 18 that 1,000 ppm have
        assert!((numerator / information - depth).abs() < 1.2e-4, "{depth} {}", numerator / information);
        assert!(information / quiet > least, "{depth}: {}", information / quiet);
        // With the transits masked the estimate does not know of them; an eighth of the data is gone, and the order differs.
        let (_, masked) = estimate(&own);
        assert!((masked / quiet - 1.0).abs() < 0.2, "{depth}: {}", masked / quiet);
    }
}

#[test]
fn a_flare_leaves_no_dips_and_a_mask_no_trace() {
    let mut curve = red(3600, 9);
    let before = curve.whitened();
    for (k, dip) in curve.dip[1500..1512].iter_mut().enumerate() {
        *dip -= 0.02 * f64::exp(-(k as f64) / 3.0);
    }
    let after = curve.whitened();
    let weights = after.weights(0.1);
    assert!(weights[1500..1508].iter().all(|w| *w == 0.0));
    let z = |w: &Whitened, i: usize| {
        let weights: f64 = w.weights(0.1)[i..i + 14].iter().sum();
        w.numerator[i..i + 14].iter().sum::<f64>() / weights.sqrt()
    };
    for start in [1450, 1480, 1486, 1530, 1560] {
        assert!(
            (z(&after, start) - z(&before, start)).abs() < 1.0,
            "{start} {} {}",
            z(&after, start),
            z(&before, start)
        );
    }
    // The same cadences masked and dropped: the flare might as well be anything.
    let masked: Vec<bool> = (0..3600).map(|i| (1495..1520).contains(&i)).collect();
    let whitened = |curve: &Curve| {
        let model = NoiseModel::estimate(curve.columns(), &masked, std::slice::from_ref(&(0..3600)), &options());
        model.whiten(curve.columns(), &masked).numerator
    };
    let one = whitened(&curve);
    curve.dip[1500..1512].fill(0.3);
    assert!(one.iter().zip(whitened(&curve)).all(|(a, b)| (a - b).abs() < 1e-6 * a.abs().max(1.0)));
}

#[test]
fn faster_cadences_whiten_alike() {
    // The same curve at five cadences a bin: sums over bins are those of the binned curve.
    let slow = red(3000, 10);
    let mut rng = StdRng::seed_from_u64(11);
    let mut fast = Curve { time: Vec::new(), dip: Vec::new(), weight: Vec::new() };
    for (t, d) in slow.time.iter().zip(&slow.dip) {
        let noise: Vec<f64> = (0..5).map(|_| 6.7e-4 * rng.sample::<f64, _>(StandardNormal)).collect();
        let mean = noise.iter().sum::<f64>() / 5.0;
        for (k, e) in noise.iter().enumerate() {
            fast.time.push(t + CADENCE * (k as f64 - 2.0) / 5.0);
            fast.dip.push(d + e - mean);
            fast.weight.push(3e-4f64.powi(-2) / 5.0);
        }
    }
    let options = NoiseOptions::for_durations(0.029, 0.25);
    let whitened = |curve: &Curve| {
        let none = vec![false; curve.time.len()];
        let model = NoiseModel::estimate(curve.columns(), &none, std::slice::from_ref(&(0..none.len())), &options);
        model.whiten(curve.columns(), &none)
    };
    let (a, b) = (whitened(&slow), whitened(&fast));
    let summed: Vec<f64> = b.numerator.chunks(5).map(|c| c.iter().sum()).collect();
    // Level and model are those of the same bins but for rounding and the median level.
    assert!(correlation(&a.numerator, &summed) > 0.999, "{}", correlation(&a.numerator, &summed));
    let (w, v) = (a.weights(0.1), b.weights(0.1));
    assert!((v.iter().sum::<f64>() / w.iter().sum::<f64>() - 1.0).abs() < 0.02);
}

#[test]
fn nothing_to_see_is_no_harm() {
    let constant = Curve { time: vec![1.0, 2.0, 3.0], dip: vec![0.0; 3], weight: vec![1.0; 3] };
    assert!(constant.whitened().numerator.iter().all(|u| *u == 0.0));
    let single = Curve { time: vec![1.0], dip: vec![0.5], weight: vec![1.0] };
    assert!(single.whitened().numerator[0].abs() < 1e-12);
    let empty = Curve { time: vec![], dip: vec![], weight: vec![] };
    assert!(empty.whitened().numerator.is_empty());
    let all = red(300, 2);
    let model = NoiseModel::estimate(all.columns(), &[true; 300], std::slice::from_ref(&(0..300)), &options());
    assert!(model.whiten(all.columns(), &[true; 300]).numerator.iter().all(|u| *u == 0.0));
}

#[test]
fn pieces_share_models_until_there_is_enough() {
    // Nights of 30 cadences: models of at least 500 bins.
    let curve = red(144 * 60, 13).keep(|i| i % 144 < 30);
    let model = curve.model();
    assert_eq!(model.pieces.len(), 60);
    assert_eq!(model.models.len(), 3);
    let z = single_events(&model.whiten(curve.columns(), &vec![false; curve.time.len()]), 6);
    assert!((rms(&z) - 1.0).abs() < 0.2, "{}", rms(&z));
}
