//! Autoregressive noise, and its inverse covariance.

use super::vectors::{dot, inverse_times};

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

impl Autoregression {
    /// White noise of this variance.
    pub fn white(variance: f64) -> Self {
        Self::new(vec![Vec::new()], vec![variance])
    }

    pub fn new(coefficients: Vec<Vec<f64>>, variance: Vec<f64>) -> Self {
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

    /// K⁻¹ times ones over a stretch of `length` bins: the same everywhere but within an order of either end.
    pub fn inverse_times_ones(&self, length: usize) -> Vec<f64> {
        let order = self.order();
        let short = 2 * order + 1;
        if length <= short {
            return self.inverse_times(&vec![1.0; length]);
        }
        let ends = self.inverse_times(&vec![1.0; short]);
        let mut result = vec![ends[order]; length];
        result[..order].copy_from_slice(&ends[..order]);
        result[length - order..].copy_from_slice(&ends[short - order..]);
        result
    }

    /// Takes K⁻¹ v from `result`, v being zero but in the bins (ascending) of `sparse`.
    pub fn subtract_inverse_times(&self, sparse: &[(usize, f64)], result: &mut [f64]) {
        let (order, length) = (self.order(), result.len());
        let subtract = |result: &mut [f64], v: &[f64]| {
            for (r, w) in result.iter_mut().zip(self.inverse_times(v)) {
                *r -= w;
            }
        };
        // Whatever reaches neither end has the same column of K⁻¹; an end has what lies within two orders of it.
        let reach = 2 * order;
        if 2 * sparse.len() > length || length <= 2 * reach {
            let mut v = vec![0.0; length];
            sparse.iter().for_each(|(bin, value)| v[*bin] = *value);
            return subtract(result, &v);
        }
        let column: Vec<f64> = (0..=2 * order).map(|i| self.inverse_covariance[i.abs_diff(order)]).collect();
        let (mut first, mut last) = (vec![0.0; reach], vec![0.0; reach]);
        for &(bin, value) in sparse {
            if bin < order {
                first[bin] = value;
            } else if bin + order >= length {
                last[bin + reach - length] = value;
            } else {
                for (r, c) in result[bin - order..].iter_mut().zip(&column) {
                    *r -= c * value;
                }
            }
        }
        subtract(&mut result[..reach], &first);
        subtract(&mut result[length - reach..], &last);
    }

    /// TᵀK⁻¹T of boxes T of 0, 1, … `longest` bins, far from the ends of the data.
    ///
    /// K⁻¹ depends there on how far two bins are apart, so that a further bin adds its own element and twice those with the bins before it.
    pub fn box_information(&self, longest: usize) -> Vec<f64> {
        let mut with_others = 0.0;
        let mut information = 0.0;
        let added = (0..longest).map(|before| {
            if before > 0 {
                with_others += self.inverse_covariance.get(before).copied().unwrap_or(0.0);
            }
            information += self.inverse_covariance[0] + 2.0 * with_others;
            information
        });
        std::iter::once(0.0).chain(added).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::burg::Stretch;
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
    fn sparse_vectors_and_ones_are_as_dense_ones() {
        let model = fit(&resonance(300, 2), 6);
        let order = model.order();
        assert!(order >= 2);
        for n in [2 * order, 4 * order + 1, 100] {
            for (own, dense) in model.inverse_times_ones(n).iter().zip(model.inverse_times(&vec![1.0; n])) {
                assert!((own - dense).abs() < 1e-12, "{n}: {own} {dense}");
            }
            let sparse: Vec<(usize, f64)> =
                [0, 1, order, n / 2, n - 2].iter().enumerate().map(|(i, bin)| (*bin, i as f64 - 2.5)).collect();
            let mut v = vec![0.0; n];
            sparse.iter().for_each(|(bin, value)| v[*bin] = *value);
            let mut own = vec![1.0; n];
            model.subtract_inverse_times(&sparse, &mut own);
            for (i, (own, dense)) in own.iter().zip(model.inverse_times(&v)).enumerate() {
                assert!((own - (1.0 - dense)).abs() < 1e-12, "{n}, {i}: {own} {}", 1.0 - dense);
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
