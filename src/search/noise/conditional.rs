//! K⁻¹ y of a stretch in which bins are missing, or noisier than the rest.

use super::autoregression::Autoregression;

/// Solver for one stretch: noise K₀ of an autoregression, plus variance E of its own in some bins (∞ where nothing was
/// measured).
///
/// ```text
/// (K₀ + E)⁻¹ y = K₀⁻¹ (y − v),     (K₀⁻¹ + E⁻¹) v = K₀⁻¹ y     over the bins with E > 0
/// ```
/// Where E is infinite, y − v is the conditional mean of the bin given all others, whatever y is there. The matrix has no
/// more off-diagonals than the process has orders, so that a bin costs the square of its neighbours in the list.
pub(crate) struct Conditional<'a> {
    model: &'a Autoregression,
    bins: Vec<usize>,
    /// Rows of the Cholesky factor, each from its first column that is not zero.
    rows: Vec<Vec<f64>>,
    first: Vec<usize>,
}

impl<'a> Conditional<'a> {
    /// `excess`: bins, ascending, and the inverse of their variance E, 0 where nothing was measured; of a stretch of
    /// `length` bins.
    pub fn new(model: &'a Autoregression, excess: &[(usize, f64)], length: usize) -> Self {
        let bins: Vec<usize> = excess.iter().map(|e| e.0).collect();
        let mut rows: Vec<Vec<f64>> = Vec::with_capacity(bins.len());
        let mut first: Vec<usize> = Vec::with_capacity(bins.len());
        let mut start = 0;
        for (i, &(bin, inverse_variance)) in excess.iter().enumerate() {
            while bin - bins[start] > model.order() {
                start += 1;
            }
            let mut row = vec![0.0; i - start + 1];
            for j in start..=i {
                let mut element = model.inverse_element(bins[j], bin, length);
                if i == j {
                    element += inverse_variance;
                }
                let shared = start.max(if j < i { first[j] } else { start });
                let other = |k: usize, row: &[f64]| if j < i { rows[j][k - first[j]] } else { row[k - start] };
                for k in shared..j {
                    element -= row[k - start] * other(k, &row);
                }
                row[j - start] = if i == j {
                    // Positive but for rounding.
                    element.max(1e-12 / model.innovation_variance()).sqrt()
                } else {
                    element / rows[j][j - first[j]]
                };
            }
            rows.push(row);
            first.push(start);
        }
        Self { model, bins, rows, first }
    }

    /// (K₀ + E)⁻¹ y; exactly zero where nothing was measured. `y` becomes y − v.
    pub fn inverse_times(&self, y: &mut [f64]) -> Vec<f64> {
        let whitened = self.model.inverse_times(y);
        self.corrected(whitened, y)
    }

    /// (K₀ + E)⁻¹ times ones.
    pub fn inverse_times_ones(&self, length: usize) -> Vec<f64> {
        self.corrected(self.model.inverse_times_ones(length), &mut vec![1.0; length])
    }

    /// From K₀⁻¹ y.
    fn corrected(&self, mut whitened: Vec<f64>, y: &mut [f64]) -> Vec<f64> {
        if self.bins.is_empty() {
            return whitened;
        }
        let mut v: Vec<f64> = self.bins.iter().map(|b| whitened[*b]).collect();
        for i in 0..v.len() {
            let (row, start) = (&self.rows[i], self.first[i]);
            let known: f64 = row.iter().zip(&v[start..i]).map(|(r, v)| r * v).sum();
            v[i] = (v[i] - known) / row[i - start];
        }
        for i in (0..v.len()).rev() {
            let (row, start) = (&self.rows[i], self.first[i]);
            v[i] /= row[i - start];
            let solved = v[i];
            for (v, r) in v[start..i].iter_mut().zip(row) {
                *v -= r * solved;
            }
        }
        let sparse: Vec<(usize, f64)> = self.bins.iter().copied().zip(v).collect();
        for (bin, v) in &sparse {
            y[*bin] -= v;
        }
        self.model.subtract_inverse_times(&sparse, &mut whitened);
        whitened
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::noise::burg::Stretch;
    use nalgebra::{DMatrix, DVector};
    use rand::{RngExt, SeedableRng, rngs::StdRng};
    use rand_distr::StandardNormal;

    #[test]
    fn missing_and_noisy_bins_are_as_in_the_dense_solution() {
        let mut rng = StdRng::seed_from_u64(8);
        let mut y = vec![0.0; 400];
        for t in 1..y.len() {
            y[t] = 0.9 * y[t - 1] + rng.sample::<f64, _>(StandardNormal);
        }
        let model = Autoregression::fit(&[Stretch { value: &y, measured: &[1.0; 400] }], 5).unwrap();
        let n = 60;
        let inverse = DMatrix::from_fn(n, n, |i, j| model.inverse_element(i.min(j), i.max(j), n));
        let covariance = inverse.try_inverse().unwrap();
        let missing = [0, 1, 13, 14, 15, 16, 17, 18, 19, 20, 33, 59];
        let noisy = [(5, 0.5), (34, 3.0), (35, 3.0)];
        let kept: Vec<usize> = (0..n).filter(|i| !missing.contains(i)).collect();
        let mut dense = DMatrix::from_fn(kept.len(), kept.len(), |i, j| covariance[(kept[i], kept[j])]);
        for (bin, variance) in noisy {
            let i = kept.iter().position(|k| *k == bin).unwrap();
            dense[(i, i)] += variance;
        }
        let expected = dense.try_inverse().unwrap() * DVector::from_iterator(kept.len(), kept.iter().map(|i| y[*i]));

        let mut excess: Vec<(usize, f64)> = missing.iter().map(|b| (*b, 0.0)).collect();
        excess.extend(noisy.iter().map(|(b, variance)| (*b, 1.0 / variance)));
        excess.sort_by_key(|e| e.0);
        let mut filled = y[..n].to_vec();
        for bin in missing {
            filled[bin] = 17.0;
        }
        let whitened = Conditional::new(&model, &excess, n).inverse_times(&mut filled);
        for (i, slow) in kept.iter().zip(expected.iter()) {
            assert!((whitened[*i] - slow).abs() < 1e-8, "{i} {} {slow}", whitened[*i]);
        }
        for bin in missing {
            assert!(whitened[bin].abs() < 1e-8);
        }
    }
}
