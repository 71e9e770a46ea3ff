//! Autoregressive noise: the fit to an evenly binned series (Burg), and its inverse covariance.

/// A stationary process in which each value is predicted from those before it.
///
/// ```text
/// y_t = Σ_k φ_k y_{t−k} + e_t,     var e_t = σ²
/// ```
/// All lower orders are kept: the first values of a stretch are predicted from the few there are, which makes the
/// factorisation K⁻¹ = Aᵀ S⁻¹ A of the inverse covariance exact for a finite stretch.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Autoregression {
    /// Row m: the coefficients of order m, oldest value first (φ_m … φ_1).
    coefficients: Vec<Vec<f64>>,
    /// Innovation variance of each order.
    variance: Vec<f64>,
    /// Σ_t a_t a_{t+l} / σ² of the prediction-error filter a = (1, −φ_1, … −φ_p): K⁻¹ away from the ends.
    inverse_covariance: Vec<f64>,
}

/// A stretch of even bins without a long gap.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stretch<'a> {
    pub value: &'a [f64],
    /// 1 for bins that were measured, 0 for those filled in.
    pub measured: &'a [f64],
}

impl Autoregression {
    /// Fits stretches of one process of zero mean by Burg's method, pooled over the stretches; the order, up to
    /// `max_order`, is the one of lowest n ln σ² + 2 order (Akaike 1974). `None` when nothing varies.
    ///
    /// Terms with a filled bin at either end of the prediction are left out of the reflection coefficients
    /// (Burg 1975, PhD thesis, Stanford; weights after Swingler 1979), which keeps |k| ≤ 1 and hence the process stable.
    pub fn fit(stretches: &[Stretch<'_>], max_order: usize) -> Option<Self> {
        let n: f64 = stretches.iter().flat_map(|s| s.measured).sum();
        let power: f64 = stretches.iter().map(|s| weighted_power(s.value, s.measured)).sum::<f64>() / n;
        if !(power.is_finite() && power > 0.0) {
            return None;
        }
        let mut forward: Vec<Vec<f64>> = stretches.iter().map(|s| s.value.to_vec()).collect();
        let mut backward = forward.clone();
        let mut coefficients = vec![Vec::new()];
        let mut variance = vec![power];
        let mut lowest = (n * power.ln(), 0);
        for order in 1..=max_order {
            let (mut product, mut squares) = (0.0, 0.0);
            for ((f, b), s) in forward.iter().zip(&backward).zip(stretches) {
                if f.len() > order {
                    let pairs = f.len() - order;
                    let sums = reflection_sums(&f[order..], &b[..pairs], &s.measured[order..], &s.measured[..pairs]);
                    product += sums.0;
                    squares += sums.1;
                }
            }
            let reflection = 2.0 * product / squares;
            // Nothing left to predict, or (by rounding) a process without noise.
            if !reflection.is_finite() || reflection.abs() >= 1.0 {
                break;
            }
            for (f, b) in forward.iter_mut().zip(&mut backward) {
                if f.len() > order {
                    reflect(&mut f[order..], b, reflection);
                }
            }
            let row = next_order(&coefficients[order - 1], reflection);
            let next = variance[order - 1] * (1.0 - reflection * reflection);
            coefficients.push(row);
            variance.push(next);
            let criterion = n * next.ln() + 2.0 * order as f64;
            if criterion < lowest.0 {
                lowest = (criterion, order);
            } else if order > 2 * lowest.1 + PATIENCE {
                break;
            }
        }
        coefficients.truncate(lowest.1 + 1);
        variance.truncate(lowest.1 + 1);
        Some(Self::new(coefficients, variance))
    }

    /// White noise of this variance.
    pub fn white(variance: f64) -> Self {
        Self::new(vec![Vec::new()], vec![variance])
    }

    fn new(coefficients: Vec<Vec<f64>>, variance: Vec<f64>) -> Self {
        let mut model = Self { coefficients, variance, inverse_covariance: Vec::new() };
        let filter = model.error_filter();
        model.inverse_covariance = (0..filter.len())
            .map(|lag| dot(&filter[lag..], &filter[..filter.len() - lag]) / model.innovation_variance())
            .collect();
        model
    }

    pub fn order(&self) -> usize {
        self.coefficients.len() - 1
    }

    /// σ² at the full order.
    pub fn innovation_variance(&self) -> f64 {
        self.variance[self.order()]
    }

    /// (1, −φ_1, … −φ_p).
    fn error_filter(&self) -> Vec<f64> {
        std::iter::once(1.0).chain(self.coefficients[self.order()].iter().rev().map(|c| -c)).collect()
    }

    /// K⁻¹ `value`, K being the covariance of a stretch of this length.
    pub fn inverse_times(&self, value: &[f64]) -> Vec<f64> {
        let mut result = vec![0.0; value.len()];
        inverse_times(&self.coefficients, &self.variance, value, &mut result);
        result
    }

    /// Element (i, j), i ≤ j, of K⁻¹ of a stretch of `length` bins.
    pub fn inverse_element(&self, i: usize, j: usize, length: usize) -> f64 {
        let order = self.order();
        if j - i > order {
            return 0.0;
        }
        if i >= order && i + order < length {
            return self.inverse_covariance[j - i];
        }
        let entry = |t: usize, column: usize| match t - column {
            0 => 1.0,
            back if back <= t.min(order) => -self.coefficients[t.min(order)][t.min(order) - back],
            _ => 0.0,
        };
        (j..length.min(i + order + 1)).map(|t| entry(t, i) * entry(t, j) / self.variance[t.min(order)]).sum()
    }

    /// TᵀK⁻¹T of boxes T of 0, 1, … `longest` bins, far from the ends of the data.
    pub fn box_information(&self, longest: usize) -> Vec<f64> {
        let mut step_response = 0.0;
        let step: Vec<f64> = self
            .error_filter()
            .iter()
            .map(|a| {
                step_response += a;
                step_response
            })
            .collect();
        let settled = step_response;
        let at = |k: usize| step.get(k).copied().unwrap_or(settled);
        (0..=longest)
            .map(|width| {
                let response = |k: usize| at(k) - if k >= width { at(k - width) } else { 0.0 };
                (0..self.order() + width).map(|k| response(k).powi(2)).sum::<f64>() / self.innovation_variance()
            })
            .collect()
    }
}

/// Orders tried beyond twice the best so far.
const PATIENCE: usize = 24;

/// Levinson's recursion, coefficients oldest value first.
fn next_order(row: &[f64], reflection: f64) -> Vec<f64> {
    let newer = row.iter().zip(row.iter().rev()).map(|(c, mirror)| c - reflection * mirror);
    std::iter::once(reflection).chain(newer).collect()
}

/// Lanes that sums are kept in: fixed, so that the bits do not depend on the machine.
const LANES: usize = 8;

/// Compiles a function for the vector instructions that the processor has (which takes opt-level 3). Products and sums are rounded apart in all, so
/// that all give the same bits.
macro_rules! for_this_processor {
    ($(#[$doc:meta])* fn $name:ident($($argument:ident: $type:ty),*) $(-> $result:ty)? = $body:ident) => {
        $(#[$doc])*
        fn $name($($argument: $type),*) $(-> $result)? {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512vl,avx512dq")]
                fn avx512($($argument: $type),*) $(-> $result)? {
                    $body($($argument),*)
                }
                #[target_feature(enable = "avx2")]
                fn avx2($($argument: $type),*) $(-> $result)? {
                    $body($($argument),*)
                }
                use std::arch::is_x86_feature_detected as has;
                if has!("avx512f") && has!("avx512vl") && has!("avx512dq") {
                    // SAFETY: the processor was found to have the instructions.
                    return unsafe { avx512($($argument),*) };
                }
                if has!("avx2") {
                    // SAFETY: as above.
                    return unsafe { avx2($($argument),*) };
                }
            }
            $body($($argument),*)
        }
    };
}

for_this_processor! {
    /// K⁻¹ `value` of the process with these coefficients and innovation variances of each order, added to `result`.
    fn inverse_times(coefficients: &[Vec<f64>], variance: &[f64], value: &[f64], result: &mut [f64]) = inverse_times_body
}

for_this_processor! {
    /// The prediction errors of the next order.
    fn reflect(forward: &mut [f64], backward: &mut [f64], reflection: f64) = reflect_body
}

for_this_processor! {
    /// Σ f b and Σ (f² + b²) of the pairs measured at both ends.
    fn reflection_sums(forward: &[f64], backward: &[f64], last: &[f64], first: &[f64]) -> (f64, f64) =
        reflection_sums_body
}

/// Each value of the result is gathered from the prediction errors, and not each error spread over the result: what was just
/// stored is slow to read again in other vectors.
#[inline(always)]
fn inverse_times_body(coefficients: &[Vec<f64>], variance: &[f64], value: &[f64], result: &mut [f64]) {
    let order = coefficients.len() - 1;
    let mut errors = Vec::with_capacity(value.len());
    for t in 0..value.len() {
        let m = t.min(order);
        errors.push((value[t] - dot(&coefficients[m][..m], &value[t - m..t])) / variance[m]);
    }
    // The first values are predicted from the few there are.
    for (t, error) in errors.iter().enumerate().take(order) {
        for (r, c) in result.iter_mut().zip(&coefficients[t]) {
            *r -= c * error;
        }
    }
    let newest_first: Vec<f64> = coefficients[order].iter().rev().copied().collect();
    for (j, r) in result.iter_mut().enumerate() {
        let from = (j + 1).max(order);
        let later = errors.get(from..(j + 1 + order).min(errors.len())).unwrap_or_default();
        *r += errors[j] - dot(&newest_first[from - j - 1..][..later.len()], later);
    }
}

#[inline(always)]
fn reflect_body(forward: &mut [f64], backward: &mut [f64], reflection: f64) {
    for (f, b) in forward.iter_mut().zip(backward) {
        (*f, *b) = (*f - reflection * *b, *b - reflection * *f);
    }
}

#[inline(always)]
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0; LANES];
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(x, y)| x * y).sum();
    for (x, y) in a.iter().zip(b) {
        for l in 0..LANES {
            lanes[l] += x[l] * y[l];
        }
    }
    rest + total(lanes)
}

fn weighted_power(value: &[f64], measured: &[f64]) -> f64 {
    value.iter().zip(measured).map(|(v, m)| m * v * v).sum()
}

#[inline(always)]
fn reflection_sums_body(forward: &[f64], backward: &[f64], last: &[f64], first: &[f64]) -> (f64, f64) {
    let mut products = [0.0; LANES];
    let mut squares = [0.0; LANES];
    let ((f, f_rest), (b, b_rest)) = (forward.as_chunks::<LANES>(), backward.as_chunks::<LANES>());
    let ((w, w_rest), (v, v_rest)) = (last.as_chunks::<LANES>(), first.as_chunks::<LANES>());
    for ((f, b), (w, v)) in f.iter().zip(b).zip(w.iter().zip(v)) {
        let weight: [f64; LANES] = std::array::from_fn(|l| w[l] * v[l]);
        for l in 0..LANES {
            products[l] += weight[l] * f[l] * b[l];
        }
        for l in 0..LANES {
            squares[l] += weight[l] * (f[l] * f[l] + b[l] * b[l]);
        }
    }
    for (l, ((f, b), (w, v))) in f_rest.iter().zip(b_rest).zip(w_rest.iter().zip(v_rest)).enumerate() {
        products[l] += w * v * f * b;
        squares[l] += w * v * (f * f + b * b);
    }
    (total(products), total(squares))
}

/// Σ lanes, by halves: a sum in order would make compilers take the loops before it apart, lane by lane.
#[inline(always)]
fn total(lanes: [f64; LANES]) -> f64 {
    let four: [f64; 4] = std::array::from_fn(|l| lanes[l] + lanes[l + 4]);
    let two = [four[0] + four[2], four[1] + four[3]];
    two[0] + two[1]
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::{DMatrix, DVector};
    use rand::{RngExt, SeedableRng, rngs::StdRng};
    use rand_distr::StandardNormal;

    /// An order-2 resonance with noise of unit variance.
    fn resonance(n: usize, seed: u64) -> Vec<f64> {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut y = vec![0.0; n + 500];
        for t in 2..y.len() {
            y[t] = 1.6 * y[t - 1] - 0.8 * y[t - 2] + rng.sample::<f64, _>(StandardNormal);
        }
        y.split_off(500)
    }

    fn fit(y: &[f64], max_order: usize) -> Autoregression {
        Autoregression::fit(&[Stretch { value: y, measured: &vec![1.0; y.len()] }], max_order).unwrap()
    }

    /// K of the process by the Yule-Walker equations: r(l) from K⁻¹ of a long stretch, read off its middle.
    fn covariance(model: &Autoregression, n: usize) -> DMatrix<f64> {
        let long = 400;
        let inverse = DMatrix::from_fn(long, long, |i, j| model.inverse_element(i.min(j), i.max(j), long));
        let r = inverse.try_inverse().unwrap();
        DMatrix::from_fn(n, n, |i, j| r[(200, 200 + i.abs_diff(j))])
    }

    #[test]
    fn the_process_is_recovered() {
        let model = fit(&resonance(20_000, 1), 30);
        // 20,000 values measure a coefficient to about 1/√20,000; orders beyond 2 take little away.
        assert!((model.innovation_variance() - 1.0).abs() < 0.03, "{}", model.innovation_variance());
        let own = model.box_information(10)[10];
        let known = Autoregression::new(
            vec![vec![], vec![1.6 / 1.8], vec![-0.8, 1.6]],
            vec![1.0 / (0.36 * (1.0 - (1.6f64 / 1.8).powi(2))), 1.0 / 0.36, 1.0],
        );
        assert!((own / known.box_information(10)[10] - 1.0).abs() < 0.1, "{own} {}", known.box_information(10)[10]);
    }

    #[test]
    fn the_inverse_is_that_of_the_dense_covariance() {
        let n = 40;
        let model = fit(&resonance(300, 2), 6);
        assert!(model.order() >= 2);
        let inverse = covariance(&model, n).try_inverse().unwrap();
        let y = resonance(n, 3);
        let dense = &inverse * DVector::from_column_slice(&y);
        for (fast, slow) in model.inverse_times(&y).iter().zip(dense.iter()) {
            // the dense inverse is the less accurate one
            assert!((fast - slow).abs() < 1e-7, "{fast} {slow}");
        }
        for i in 0..n {
            for j in i..n {
                assert!((model.inverse_element(i, j, n) - inverse[(i, j)]).abs() < 1e-7);
            }
        }
    }

    #[test]
    fn box_information_is_the_quadratic_form() {
        let model = fit(&resonance(500, 4), 12);
        let n = 100;
        for width in [1, 3, 17] {
            let template: Vec<f64> = (0..n).map(|i| if (40..40 + width).contains(&i) { 1.0 } else { 0.0 }).collect();
            let form = dot(&template, &model.inverse_times(&template));
            assert!((model.box_information(20)[width] / form - 1.0).abs() < 1e-10);
        }
    }

    #[test]
    fn white_noise_has_a_low_order() {
        let mut rng = StdRng::seed_from_u64(5);
        let white: Vec<f64> = (0..4000).map(|_| 2.0 * rng.sample::<f64, _>(StandardNormal)).collect();
        let model = fit(&white, 100);
        assert!(model.order() <= 8, "{}", model.order());
        // information of a box is its length over the variance, to the scatter of a low-order fit
        assert!((model.box_information(20)[20] / 5.0 - 1.0).abs() < 0.15);
        assert_eq!(Autoregression::fit(&[Stretch { value: &[0.0; 9], measured: &[1.0; 9] }], 3), None);
    }

    #[test]
    fn filled_bins_do_not_count() {
        let y = resonance(5000, 6);
        let measured: Vec<f64> = (0..y.len()).map(|i| if i % 10 == 3 { 0.0 } else { 1.0 }).collect();
        let spoilt: Vec<f64> = y.iter().zip(&measured).map(|(v, m)| if *m > 0.0 { *v } else { 0.0 }).collect();
        let naive = fit(&spoilt, 2);
        let model = Autoregression::fit(&[Stretch { value: &spoilt, measured: &measured }], 2).unwrap();
        let whole = fit(&y, 2);
        let distance =
            |m: &Autoregression| (m.variance[1] / m.variance[0] - whole.variance[1] / whole.variance[0]).abs();
        assert!(distance(&model) < 0.3 * distance(&naive), "{} {}", distance(&model), distance(&naive));
    }
}
