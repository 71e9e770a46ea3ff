//! Robust location and scale of a sample.

use super::select::pair_at;

/// Ratio of the standard deviation to the median absolute deviation of a Gaussian, 1 / Φ⁻¹(3/4).
pub const MAD_TO_SIGMA: f64 = 1.482_602_218_505_602;

/// Median of a sample (mean of the middle two for an even count); NaN if it is empty.
///
/// May reorder `values`. Panics on NaN only in debug builds: callers pass finite numbers.
pub fn median_in_place(values: &mut [f64]) -> f64 {
    let n = values.len();
    if n == 0 {
        return f64::NAN;
    }
    debug_assert!(values.iter().all(|v| !v.is_nan()));
    let (lower, upper) = pair_at(values, n / 2);
    if n % 2 == 1 { upper } else { 0.5 * (lower + upper) }
}

/// Median of a sample, which is left as it is; NaN if it is empty.
pub fn median(values: &[f64]) -> f64 {
    median_in_place(&mut values.to_vec())
}

/// Standard deviation of the Gaussian core of a sample: 1.4826 times the median absolute deviation from the median.
pub fn mad_sigma(values: &[f64]) -> f64 {
    let mut work = values.to_vec();
    let centre = median_in_place(&mut work);
    for (w, v) in work.iter_mut().zip(values) {
        *w = (v - centre).abs();
    }
    MAD_TO_SIGMA * median_in_place(&mut work)
}

/// White-noise standard deviation from successive differences, 1.4826 median|xᵢ₊₁ − xᵢ| / √2.
///
/// Slow variability cancels in the differences, so this is the noise of a single point of a star that varies. NaN for
/// fewer than two values.
pub fn point_to_point_sigma(values: &[f64]) -> f64 {
    let mut differences: Vec<f64> = values.windows(2).map(|w| (w[1] - w[0]).abs()).collect();
    MAD_TO_SIGMA * median_in_place(&mut differences) / std::f64::consts::SQRT_2
}

/// Quantile `q` in 0..=1 of an ascending sample, interpolated linearly; NaN if it is empty.
pub fn quantile_sorted(sorted: &[f64], q: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let position = q.clamp(0.0, 1.0) * last as f64;
    let lower = position.floor() as usize;
    let upper = (lower + 1).min(last);
    sorted[lower] + (position - lower as f64) * (sorted[upper] - sorted[lower])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_of_even_and_odd_counts() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn point_to_point_ignores_a_slope() {
        let ramp: Vec<f64> = (0..100).map(|i| i as f64 + if i % 2 == 0 { 0.01 } else { -0.01 }).collect();
        let flat: Vec<f64> = ramp.iter().enumerate().map(|(i, v)| v - i as f64).collect();
        assert!(mad_sigma(&ramp) > 30.0);
        assert!(point_to_point_sigma(&flat) < 0.03);
    }

    #[test]
    fn quantiles_interpolate() {
        assert_eq!(quantile_sorted(&[0.0, 1.0, 2.0], 0.25), 0.5);
        assert_eq!(quantile_sorted(&[5.0], 0.9), 5.0);
    }
}
