//! Pareto-smoothed importance sampling: how heavy the tail of the weights is, and weights with that tail smoothed.

/// A generalised Pareto distribution fitted to excesses over a threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GeneralisedPareto {
    /// Shape k: moments of order 1/k and higher do not exist.
    pub shape: f64,
    pub scale: f64,
}

impl GeneralisedPareto {
    /// Fit to `excesses` (positive, ascending): the approximate posterior mean of Zhang & Stephens 2009 (Technometrics 51,
    /// 316), shape drawn towards 0.5 with the weight of ten excesses as in Vehtari et al. 2024 (JMLR 25, 72, appendix G).
    pub fn fit(excesses: &[f64]) -> Self {
        let n = excesses.len();
        let size = n as f64;
        let grid = 30 + (size.sqrt() as usize);
        let quartile = excesses[((size / 4.0 + 0.5).floor() as usize).clamp(1, n) - 1];
        let largest = excesses[n - 1];
        // minus the mean of ln(1 − θ x): the shape that is best for each θ
        let shape = |theta: f64| excesses.iter().map(|x| (-theta * x).ln_1p()).sum::<f64>() / size;
        let candidates: Vec<(f64, f64)> = (1..=grid)
            .map(|j| {
                let theta = 1.0 / largest + (1.0 - (grid as f64 / (j as f64 - 0.5)).sqrt()) / (3.0 * quartile);
                let k = shape(theta);
                (theta, size * ((-theta / k).ln() - k - 1.0))
            })
            .collect();
        let highest = candidates.iter().map(|c| c.1).fold(f64::NEG_INFINITY, f64::max);
        let (mut sum, mut theta) = (0.0, 0.0);
        for (candidate, log_likelihood) in candidates.iter().filter(|c| c.1.is_finite()) {
            let weight = (log_likelihood - highest).exp();
            sum += weight;
            theta += weight * candidate;
        }
        let theta = theta / sum;
        let raw = shape(theta);
        Self { shape: (raw * size + 5.0) / (size + 10.0), scale: -raw / theta }
    }

    pub fn quantile(&self, probability: f64) -> f64 {
        if self.shape.abs() < 1e-12 {
            return -self.scale * (-probability).ln_1p();
        }
        self.scale * (-self.shape * (-probability).ln_1p()).exp_m1() / self.shape
    }
}

/// Replaces the largest of the weights, given by their logarithms, by the quantiles of the Pareto distribution fitted to
/// them, and returns its shape, the diagnostic k-hat. NaN, and nothing replaced, for fewer than 25 weights.
///
/// The tail is the largest min(0.2 n, 3 √n) weights; none gets larger than the largest was (Vehtari et al. 2024).
pub fn smooth_tail(log_weights: &mut [f64]) -> f64 {
    let n = log_weights.len();
    let tail = (0.2 * n as f64).min(3.0 * (n as f64).sqrt()).ceil() as usize;
    if tail < 5 {
        return f64::NAN;
    }
    let mut order: Vec<usize> = (0..n).collect();
    let by_weight = |a: &usize, b: &usize| log_weights[*a].total_cmp(&log_weights[*b]);
    order.select_nth_unstable_by(n - tail - 1, by_weight);
    order[n - tail..].sort_unstable_by(by_weight);
    let largest = log_weights[order[n - 1]];
    let threshold = (log_weights[order[n - tail - 1]] - largest).exp();
    let top = &order[n - tail..];
    let excesses: Vec<f64> = top.iter().map(|i| (log_weights[*i] - largest).exp() - threshold).collect();
    // equal weights have no tail
    if excesses[tail - 1] <= 1e-12 {
        return f64::NEG_INFINITY;
    }
    let positive: Vec<f64> = excesses.iter().map(|e| e.max(1e-300)).collect();
    let fit = GeneralisedPareto::fit(&positive);
    if !fit.shape.is_finite() {
        return f64::INFINITY;
    }
    for (rank, i) in top.iter().enumerate() {
        let smoothed = threshold + fit.quantile((rank as f64 + 0.5) / tail as f64);
        log_weights[*i] = largest + smoothed.min(1.0).ln();
    }
    fit.shape
}

/// The k-hat up to which weights of `n` draws can be relied on: min(1 − 1/log₁₀ n, 0.7) (Vehtari et al. 2024, section 3.2).
pub fn reliable_shape(n: usize) -> f64 {
    (1.0 - 1.0 / (n as f64).log10()).min(0.7)
}
