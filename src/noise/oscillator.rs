//! A stochastically driven, damped harmonic oscillator: granulation and rotation as Gaussian processes, drawn exactly.

use std::f64::consts::PI;

use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

/// A process x with x'' + (ω₀/Q) x' + ω₀² x = white noise.
///
/// Its covariance is the SHO term of celerite (Foreman-Mackey et al. 2017, AJ 154, 220, eq. 23):
///
/// ```text
/// k(τ) = σ² exp(-ω₀τ / 2Q) [cos(ητ) + (ω₀ / 2Qη) sin(ητ)],   η = ω₀ √(1 - 1/4Q²)
/// ```
///
/// with hyperbolic functions for Q < 1/2. Position and speed together are Markovian, so a draw at N times, however
/// spaced, takes N steps of two numbers and is exact.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Oscillator {
    /// Standard deviation σ.
    pub sigma: f64,
    /// Undamped angular frequency ω₀ (radians a day).
    pub omega0: f64,
    /// Quality Q: 1/√2 for granulation, several for rotation.
    pub quality: f64,
}

/// What a step of time does: the new state is `mean` times the old one plus `spread` times two standard normal numbers.
struct Step {
    mean: [[f64; 2]; 2],
    spread: [[f64; 2]; 2],
}

impl Oscillator {
    /// Granulation of this standard deviation whose power falls off at `timescale` days: Q = 1/√2, ω₀ = 2π / timescale
    /// (Kallinger et al. 2014, A&A 570, A41 for the shape).
    pub fn granulation(sigma: f64, timescale: f64) -> Self {
        Self { sigma, omega0: 2.0 * PI / timescale, quality: std::f64::consts::FRAC_1_SQRT_2 }
    }

    /// The Matérn process of order 3/2, k(τ) = σ² (1 + √3 τ/ρ) exp(−√3 τ/ρ), of length scale `rho` days. An oscillator at
    /// critical damping is just that, so nothing is approximated.
    pub fn matern_32(sigma: f64, rho: f64) -> Self {
        Self { sigma, omega0: 3f64.sqrt() / rho, quality: 0.5 }
    }

    /// k(τ) for a lag in days.
    pub fn covariance(&self, lag: f64) -> f64 {
        self.sigma * self.sigma * self.decay(lag.abs())[0][0]
    }

    /// exp(F τ) of the state (position, speed).
    fn decay(&self, lag: f64) -> [[f64; 2]; 2] {
        let b = 0.5 * self.omega0 / self.quality;
        let square = self.omega0 * self.omega0 - b * b;
        // cosine and sine / frequency, both times exp(-b τ)
        let (c, s) = if square > 1e-12 * b * b {
            let eta = square.sqrt();
            let envelope = (-b * lag).exp();
            (envelope * (eta * lag).cos(), envelope * (eta * lag).sin() / eta)
        } else if square < -1e-12 * b * b {
            let eta = (-square).sqrt();
            let (slow, fast) = ((-(b - eta) * lag).exp(), (-(b + eta) * lag).exp());
            (0.5 * (slow + fast), 0.5 * (slow - fast) / eta)
        } else {
            let envelope = (-b * lag).exp();
            (envelope, envelope * lag)
        };
        [[c + b * s, s], [-self.omega0 * self.omega0 * s, c - b * s]]
    }

    fn step(&self, lag: f64) -> Step {
        let a = self.decay(lag);
        let (px, pv) = self.stationary();
        // What is lost of the stationary covariance diag(px, pv) is put back: P - A P Aᵀ, and its Cholesky factor.
        let q00 = (px - a[0][0] * a[0][0] * px - a[0][1] * a[0][1] * pv).max(0.0);
        let q01 = -(a[0][0] * a[1][0] * px + a[0][1] * a[1][1] * pv);
        let q11 = (pv - a[1][0] * a[1][0] * px - a[1][1] * a[1][1] * pv).max(0.0);
        let l00 = q00.sqrt();
        let l10 = if l00 > 0.0 { q01 / l00 } else { 0.0 };
        let l11 = (q11 - l10 * l10).max(0.0).sqrt();
        Step { mean: a, spread: [[l00, 0.0], [l10, l11]] }
    }

    /// Variances of position and speed.
    fn stationary(&self) -> (f64, f64) {
        let variance = self.sigma * self.sigma;
        (variance, variance * self.omega0 * self.omega0)
    }

    /// Adds a draw at `time` (days, ascending) to `out`.
    pub fn add_draw(&self, time: &[f64], rng: &mut impl Rng, out: &mut [f64]) {
        let mut normal = || -> f64 { StandardNormal.sample(rng) };
        let (px, pv) = self.stationary();
        let mut state = [px.sqrt() * normal(), pv.sqrt() * normal()];
        let mut previous = match time.first() {
            Some(&t) => t,
            None => return,
        };
        for (out, &t) in out.iter_mut().zip(time) {
            if t > previous {
                let Step { mean, spread } = self.step(t - previous);
                let (u, v) = (normal(), normal());
                state = [
                    mean[0][0] * state[0] + mean[0][1] * state[1] + spread[0][0] * u,
                    mean[1][0] * state[0] + mean[1][1] * state[1] + spread[1][0] * u + spread[1][1] * v,
                ];
                previous = t;
            }
            *out += state[0];
        }
    }
}

/// Rotational modulation of standard deviation `sigma`: oscillators at the rotation period and its half, the second with
/// 30 % of the variance of the first, as spots on two sides make it. `quality` is the number of periods (times π) over
/// which the pattern is remembered.
pub fn rotation(sigma: f64, period: f64, quality: f64) -> [Oscillator; 2] {
    const SECOND: f64 = 0.3;
    let first = sigma / (1.0 + SECOND).sqrt();
    let at = |sigma: f64, period: f64| {
        // ω₀ such that the damped oscillation has this period.
        let omega0 = 2.0 * PI / period / (1.0 - 0.25 / (quality * quality)).max(0.01).sqrt();
        Oscillator { sigma, omega0, quality }
    };
    [at(first, period), at(first * SECOND.sqrt(), 0.5 * period)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{SeedableRng, rngs::StdRng};

    #[test]
    fn covariance_is_the_published_one() {
        let tau = 0.37;
        let under = Oscillator { sigma: 2.0, omega0: 3.0, quality: 4.0 };
        let eta = 3.0 * (1.0f64 - 1.0 / 64.0).sqrt();
        let k = 4.0 * (-3.0 * tau / 8.0f64).exp() * ((eta * tau).cos() + 3.0 / (8.0 * eta) * (eta * tau).sin());
        assert!((under.covariance(tau) - k).abs() < 1e-14);
        let over = Oscillator { quality: 0.3, ..under };
        let eta = 3.0 * (1.0f64 / 0.36 - 1.0).sqrt();
        let k = 4.0 * (-5.0 * tau).exp() * ((eta * tau).cosh() + 5.0 / eta * (eta * tau).sinh());
        assert!((over.covariance(tau) - k).abs() < 1e-13);
        let critical = Oscillator { quality: 0.5, ..under };
        let beside = Oscillator { quality: 0.5 + 1e-9, ..under };
        assert!((critical.covariance(tau) - beside.covariance(tau)).abs() < 1e-7);
    }

    /// Second moments of 20,000 draws at uneven times against k(τ); their standard errors are below 0.015 σ².
    #[test]
    fn draws_have_the_covariance() {
        let time = [0.0, 0.05, 0.4, 0.41, 1.7, 3.0];
        let mut rng = StdRng::seed_from_u64(3);
        for quality in [0.3, 0.5, std::f64::consts::FRAC_1_SQRT_2, 6.0] {
            let process = Oscillator { sigma: 1.0, omega0: 2.5, quality };
            let n = 20_000;
            let mut moments = [[0.0; 6]; 6];
            for _ in 0..n {
                let mut x = [0.0; 6];
                process.add_draw(&time, &mut rng, &mut x);
                for i in 0..6 {
                    for j in 0..6 {
                        moments[i][j] += x[i] * x[j] / f64::from(n);
                    }
                }
            }
            for i in 0..6 {
                for j in 0..6 {
                    let expected = process.covariance(time[i] - time[j]);
                    assert!(
                        (moments[i][j] - expected).abs() < 0.05,
                        "Q {quality}, {i} {j}: {} {expected}",
                        moments[i][j]
                    );
                }
            }
        }
    }

    /// Steps of a thousandth of the period, where the added variance is a tiny difference of large numbers.
    #[test]
    fn short_steps_stay_finite_and_smooth() {
        let time: Vec<f64> = (0..50_000).map(|i| f64::from(i) * 1e-3).collect();
        let mut rng = StdRng::seed_from_u64(4);
        let mut x = vec![0.0; time.len()];
        for part in rotation(1.0, 10.0, 6.0) {
            part.add_draw(&time, &mut rng, &mut x);
        }
        let roughest = x.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f64::max);
        assert!(x.iter().all(|v| v.is_finite()) && roughest < 5e-3, "{roughest}");
    }
}
