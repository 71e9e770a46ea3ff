//! Log-likelihoods of sums of oscillators against dense Cholesky factors, and their gradients against differences.

use antumbra::noise::{
    Gradient, NoiseError, Oscillator, log_likelihood, log_likelihood_gradient, rotation, smooth, solve,
};
use nalgebra::{Cholesky, DMatrix, DVector};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::StandardNormal;

fn dense(process: &[Oscillator], time: &[f64], y: &[f64], variance: &[f64]) -> f64 {
    let n = time.len();
    let k = DMatrix::from_fn(n, n, |i, j| {
        let white = if i == j { variance[i] } else { 0.0 };
        process.iter().map(|o| o.covariance(time[i] - time[j])).sum::<f64>() + white
    });
    let factor = Cholesky::new(k).unwrap();
    let y = DVector::from_column_slice(y);
    let log_det: f64 = factor.l_dirty().diagonal().iter().map(|l| 2.0 * l.ln()).sum();
    -0.5 * (y.dot(&factor.solve(&y)) + log_det + n as f64 * (2.0 * std::f64::consts::PI).ln())
}

fn processes() -> Vec<Vec<Oscillator>> {
    let one = |quality: f64| Oscillator { sigma: 1.3, omega0: 2.1, quality };
    vec![
        vec![],
        vec![one(0.2)],
        vec![one(0.5)],
        vec![one(std::f64::consts::FRAC_1_SQRT_2)],
        vec![one(7.0)],
        vec![Oscillator::matern_32(0.7, 0.4)],
        rotation(1.1, 3.0, 5.0).to_vec(),
        [rotation(1.1, 3.0, 5.0).to_vec(), vec![Oscillator::granulation(0.5, 0.3)]].concat(),
        [rotation(1.1, 3.0, 5.0).to_vec(), vec![one(0.3), Oscillator::matern_32(0.7, 0.4)]].concat(),
    ]
}

/// Regular cadence with rounded times, a gap, and uneven points.
fn data(n: usize) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let mut rng = StdRng::seed_from_u64(4);
    let time: Vec<f64> = (0..n)
        .map(|i| 2000.0 + 0.02 * i as f64 + if i > n / 2 { 3.0 } else { 0.0 } + if i % 9 == 0 { 0.004 } else { 0.0 })
        .collect();
    let y = (0..n).map(|i| (0.3 * i as f64).sin() + 0.3 * rng.sample::<f64, _>(StandardNormal)).collect();
    let variance = (0..n).map(|_| 0.09 * (0.5 + rng.random::<f64>())).collect();
    (time, y, variance)
}

#[test]
fn equals_the_dense_factor() {
    let (time, y, variance) = data(150);
    for process in processes() {
        let fast = log_likelihood(&process, &time, &y, &variance).unwrap();
        let slow = dense(&process, &time, &y, &variance);
        // the condition of K, some 1e4, times the last digit
        assert!((fast - slow).abs() < 1e-9 * slow.abs().max(1.0), "{process:?}: {fast} {slow}");
    }
    // of very different scales, as flux in parts per million is
    let small: Vec<f64> = y.iter().map(|v| 1e-4 * v).collect();
    let white: Vec<f64> = variance.iter().map(|v| 1e-8 * v).collect();
    let process = [Oscillator { sigma: 1e-4, omega0: 2.0, quality: 3.0 }];
    let (fast, slow) =
        (log_likelihood(&process, &time, &small, &white).unwrap(), dense(&process, &time, &small, &white));
    assert!((fast - slow).abs() < 1e-9 * slow.abs(), "{fast} {slow}");
}

#[test]
fn solution_and_smooth_equal_the_dense_ones() {
    let (time, y, variance) = data(90);
    for process in processes() {
        let covariance = |i: usize, j: usize| process.iter().map(|o| o.covariance(time[i] - time[j])).sum::<f64>();
        let k = DMatrix::from_fn(90, 90, &covariance);
        let full = &k + DMatrix::from_diagonal(&DVector::from_column_slice(&variance));
        let solved = Cholesky::new(full).unwrap().solve(&DVector::from_column_slice(&y));
        let mean = &k * &solved;
        let found = (solve(&process, &time, &y, &variance).unwrap(), smooth(&process, &time, &y, &variance).unwrap());
        for i in 0..90 {
            assert!((found.0[i] - solved[i]).abs() < 1e-9 * solved.amax(), "{process:?} {i}");
            assert!((found.1[i] - mean[i]).abs() < 1e-9, "{process:?} {i}");
        }
    }
}

#[test]
fn gradient_equals_differences() {
    let (time, y, variance) = data(80);
    for process in processes() {
        let mut gradient = Gradient::default();
        let value = log_likelihood_gradient(&process, &time, &y, &variance, &mut gradient).unwrap();
        assert_eq!(value, log_likelihood(&process, &time, &y, &variance).unwrap());
        let close = |what: &str, found: f64, at: &dyn Fn(f64) -> f64, h: f64| {
            // fourth-order differences: rounding of 1e-13/h, and h⁴ times a fifth derivative
            let difference = (8.0 * (at(h) - at(-h)) - at(2.0 * h) + at(-2.0 * h)) / (12.0 * h);
            assert!(
                (found - difference).abs() < 2e-6 * (1.0 + difference.abs()),
                "{process:?} {what}: {found} {difference}"
            );
        };
        for i in 0..process.len() {
            let moved = |f: &dyn Fn(&mut Oscillator)| {
                let mut p = process.clone();
                f(&mut p[i]);
                log_likelihood(&p, &time, &y, &variance).unwrap()
            };
            let g = gradient.oscillators[i];
            close("σ", g[0], &|h| moved(&|o| o.sigma += h), 1e-3);
            close("ω₀", g[1], &|h| moved(&|o| o.omega0 += h), 1e-3);
            close("Q", g[2], &|h| moved(&|o| o.quality += h), 1e-3);
        }
        for i in [0, 1, 17, 40, 41, 79] {
            let with = |values: &[f64], h: f64| {
                let mut v = values.to_vec();
                v[i] += h;
                v
            };
            close(
                "y",
                gradient.residuals[i],
                &|h| log_likelihood(&process, &time, &with(&y, h), &variance).unwrap(),
                1e-3,
            );
            let by = |h: f64| log_likelihood(&process, &time, &y, &with(&variance, h)).unwrap();
            close("variance", gradient.variances[i], &by, 1e-3 * variance[i]);
        }
    }
}

#[test]
fn bad_input_is_refused() {
    let (time, y, variance) = data(10);
    let fine = Oscillator { sigma: 1.0, omega0: 1.0, quality: 1.0 };
    let run = |p: &[Oscillator], t: &[f64]| log_likelihood(p, t, &y, &variance).unwrap_err();
    assert_eq!(run(&[fine; 5], &time), NoiseError::Oscillators { found: 5, most: 4 });
    assert_eq!(run(&[Oscillator { quality: 0.0, ..fine }], &time), NoiseError::Parameters { index: 0 });
    assert_eq!(run(&[fine], &time[1..]), NoiseError::Lengths { time: 9, residuals: 10, variance: 10 });
    let mut back = time.clone();
    back[4] = 0.0;
    assert_eq!(run(&[fine], &back), NoiseError::Order { index: 4 });
    assert!(log_likelihood(&[fine], &time, &y, &[-5.0; 10]).unwrap() == f64::NEG_INFINITY);
    assert_eq!(log_likelihood(&[], &[], &[], &[]).unwrap(), 0.0);
}

/// Prints what a point costs; asserts only that doubling the points doubles the time, within a factor of 2 (more on a loaded machine).
#[test]
fn cost_grows_as_the_number_of_points() {
    let cost = |n: usize, process: &[Oscillator]| {
        let (_, y, variance) = data(n);
        let time: Vec<f64> = (0..n).map(|i| 2000.0 + i as f64 / 720.0 + if i > n / 2 { 3.0 } else { 0.0 }).collect();
        let mut gradient = Gradient::default();
        let best = |f: &mut dyn FnMut()| {
            let once = |f: &mut dyn FnMut()| {
                let start = std::time::Instant::now();
                f();
                start.elapsed().as_secs_f64()
            };
            (0..7).map(|_| once(f)).fold(f64::INFINITY, f64::min) / n as f64 * 1e9
        };
        let value = best(&mut || assert!(log_likelihood(process, &time, &y, &variance).unwrap().is_finite()));
        let with = best(&mut || {
            assert!(log_likelihood_gradient(process, &time, &y, &variance, &mut gradient).unwrap().is_finite())
        });
        println!("{} oscillators, {n} points: {value:.1} ns a point, {with:.1} with gradient", process.len());
        value
    };
    let one = [Oscillator::granulation(1.0, 0.5)];
    let (short, long) = (cost(20_000, &one), cost(40_000, &one));
    assert!(long < 4.0 * short, "{short} {long}");
    cost(20_000, &rotation(1.0, 3.0, 4.0));
}
