//! What a lag does to the state of an oscillator, and how that changes with its parameters.

use super::Oscillator;

/// A 2 × 2 matrix by rows.
pub(super) type Block = [f64; 4];

/// Sets `a · b`.
#[inline(always)]
pub(super) fn product(a: &Block, b: &Block) -> Block {
    [a[0] * b[0] + a[1] * b[2], a[0] * b[1] + a[1] * b[3], a[2] * b[0] + a[3] * b[2], a[2] * b[1] + a[3] * b[3]]
}

#[inline(always)]
pub(super) fn transposed(a: &Block) -> Block {
    [a[0], a[2], a[1], a[3]]
}

/// Φ(τ) of the state (position, speed/ω₀), whose stationary covariance is σ² times the identity:
///
/// ```text
/// Φ = exp(ωτ G),   G = (0 1; −1 −1/Q)
///   = e^(−βθ) (C + βS, S; −S, C − βS),   θ = ωτ, β = 1/2Q, η² = 1 − β², C = cos ηθ, S = sin(ηθ)/η
/// ```
/// hyperbolic for η² < 0 and smooth through η = 0, so that no quality is special.
#[derive(Clone, Copy, Debug)]
pub(super) struct Propagator {
    omega0: f64,
    beta: f64,
    /// Lag and matrix of the last full evaluation.
    lag: f64,
    at: Block,
    /// Changes of the lag below this are made by a series.
    nearby: f64,
    /// Lag and ∂Φ/∂Q of the last full evaluation of the derivative.
    slope_lag: f64,
    slope_at: Block,
}

/// (C, S) e^(−βθ) and (θC − S)/η² e^(−βθ).
fn circular(beta: f64, theta: f64) -> (f64, f64, f64) {
    let eta2 = 1.0 - beta * beta;
    let x2 = eta2 * theta * theta;
    if x2.abs() < 1e-2 {
        // sums to x⁸: the next terms are below 1e-16
        let c = 1.0 - x2 / 2.0 * (1.0 - x2 / 12.0 * (1.0 - x2 / 30.0 * (1.0 - x2 / 56.0)));
        let s = theta * (1.0 - x2 / 6.0 * (1.0 - x2 / 20.0 * (1.0 - x2 / 42.0 * (1.0 - x2 / 72.0))));
        let t = -theta.powi(3) / 3.0 * (1.0 - x2 / 10.0 * (1.0 - x2 / 28.0 * (1.0 - x2 / 54.0)));
        let envelope = (-beta * theta).exp();
        return (envelope * c, envelope * s, envelope * t);
    }
    let (c, s) = if eta2 > 0.0 {
        let eta = eta2.sqrt();
        let envelope = (-beta * theta).exp();
        let (sin, cos) = (eta * theta).sin_cos();
        (envelope * cos, envelope * sin / eta)
    } else {
        // β − η without the digits that the difference loses: its product with β + η is 1
        let eta = (-eta2).sqrt();
        let (slow, fast) = ((-theta / (beta + eta)).exp(), (-(beta + eta) * theta).exp());
        (0.5 * (slow + fast), 0.5 * (slow - fast) / eta)
    };
    (c, s, (theta * c - s) / eta2)
}

impl Propagator {
    pub(super) fn new(oscillator: &Oscillator) -> Self {
        let (omega0, beta) = (oscillator.omega0, 0.5 / oscillator.quality);
        // (10⁻⁴)⁴/24 is below the last digit
        Self {
            omega0,
            beta,
            lag: f64::NAN,
            at: [0.0; 4],
            nearby: 1e-4 / (omega0 * (1.0 + 2.0 * beta)),
            slope_lag: f64::NAN,
            slope_at: [0.0; 4],
        }
    }

    /// Φ(lag). Cadences repeat up to the rounding of their times, so a lag near the last one costs no exponential.
    #[inline(always)]
    pub(super) fn matrix(&mut self, lag: f64) -> Block {
        let step = lag - self.lag;
        // (10⁻⁸)²/2 is below the last digit
        if step.abs() < 1e-4 * self.nearby {
            let (e, k, m) = (self.omega0 * step, 2.0 * self.beta, &self.at);
            return [m[0] - e * m[1], m[1] + e * (m[0] - k * m[1]), m[2] - e * m[3], m[3] + e * (m[2] - k * m[3])];
        }
        self.far(lag, step)
    }

    fn far(&mut self, lag: f64, step: f64) -> Block {
        if step.abs() < self.nearby {
            // Φ (1 + εG (1 + εG/2 (1 + εG/3)))
            let (e, k) = (self.omega0 * step, 2.0 * self.beta);
            let times = |m: Block, scale: f64| -> Block {
                let s = e * scale;
                // 1 + s G m
                [1.0 + s * m[2], s * m[3], -s * (m[0] + k * m[2]), 1.0 - s * (m[1] + k * m[3])]
            };
            let near = times(times(times([1.0, 0.0, 0.0, 1.0], 1.0 / 3.0), 0.5), 1.0);
            return product(&self.at, &near);
        }
        let (c, s, _) = circular(self.beta, self.omega0 * lag);
        self.lag = lag;
        self.at = [c + self.beta * s, s, -s, c - self.beta * s];
        self.at
    }

    /// ∂Φ/∂ω₀ and ∂Φ/∂Q, given Φ.
    #[inline(always)]
    pub(super) fn derivatives(&mut self, lag: f64, matrix: &Block) -> (Block, Block) {
        let k = 2.0 * self.beta;
        let m = matrix;
        let by_omega = [m[2], m[3], -m[0] - k * m[2], -m[1] - k * m[3]].map(|v| v * lag);
        let step = lag - self.slope_lag;
        if step.abs() < 1e-4 * self.nearby {
            // (∂Φ/∂Q G + Φ ∂G/∂Q) ω δ, ∂G/∂Q = (0 0; 0 1/Q²)
            let (e, d) = (self.omega0 * step, &self.slope_at);
            let by_quality = [
                d[0] - e * d[1],
                d[1] + e * (d[0] - k * d[1] + m[1] * k * k),
                d[2] - e * d[3],
                d[3] + e * (d[2] - k * d[3] + m[3] * k * k),
            ];
            return (by_omega, by_quality);
        }
        self.slope_lag = lag;
        self.slope_at = self.by_quality(lag);
        (by_omega, self.slope_at)
    }

    fn by_quality(&self, lag: f64) -> Block {
        let theta = self.omega0 * lag;
        let (c, s, t) = circular(self.beta, theta);
        let beta = self.beta;
        // dC/dβ = θβS, dS/dβ = −βt, both times the envelope, whose own derivative is −θ
        let (dc, ds) = (theta * beta * s - theta * c, -beta * t - theta * s);
        // dβ/dQ = −2β²
        [dc + beta * ds + s, ds, -ds, dc - beta * ds - s].map(|v| v * (-2.0 * beta * beta))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearby_lags_and_derivatives() {
        for quality in [0.1, 0.45, 0.5, 0.5 + 1e-9, 0.52, std::f64::consts::FRAC_1_SQRT_2, 8.0] {
            let o = Oscillator { sigma: 1.0, omega0: 2.3, quality };
            for lag in [1e-4, 0.02, 0.7, 5.0] {
                let mut near = Propagator::new(&o);
                near.matrix(lag);
                for step in [0.9 * near.nearby, 0.9e-4 * near.nearby, -0.5e-4 * near.nearby] {
                    let fast = near.matrix(lag + step);
                    let full = Propagator::new(&o).matrix(lag + step);
                    for (f, g) in fast.iter().zip(full) {
                        assert!((f - g).abs() < 1e-14, "Q {quality}, lag {lag}: {f} {g}");
                    }
                }
                let (by_omega, by_quality) = Propagator::new(&o).derivatives(lag, &Propagator::new(&o).matrix(lag));
                let h = 1e-5;
                let at = |omega0: f64, quality: f64| {
                    Propagator::new(&Oscillator { sigma: 1.0, omega0, quality }).matrix(lag)
                };
                let (up, down) = (at(2.3 + h, quality), at(2.3 - h, quality));
                let (more, less) = (at(2.3, quality + h), at(2.3, quality - h));
                for i in 0..4 {
                    let omega = (up[i] - down[i]) / (2.0 * h);
                    let q = (more[i] - less[i]) / (2.0 * h);
                    // second-order differences; third derivatives grow as 1/Q⁴ for small Q
                    assert!((by_omega[i] - omega).abs() < 1e-7, "ω, Q {quality}, lag {lag}: {} {omega}", by_omega[i]);
                    assert!((by_quality[i] - q).abs() < 3e-6, "Q {quality}, lag {lag}: {} {q}", by_quality[i]);
                }
            }
        }
    }
}
