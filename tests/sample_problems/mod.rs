//! Densities whose moments and evidence are known in closed form, for the tests of all samplers.
#![allow(dead_code, reason = "each test binary uses some of them")]

use std::f64::consts::PI;

use antumbra::sample::importance::StartingMode;
use antumbra::sample::nuts::GradientLogDensity;
use antumbra::sample::{Bounds, LogDensity};
use statrs::function::erf::erf;

/// A log density given by a function, with bounds and, if known, the logarithm of its integral.
pub struct Problem {
    pub name: &'static str,
    pub dim: usize,
    pub log_density: fn(&[f64]) -> f64,
    pub bounds: fn(usize) -> Bounds,
    pub log_evidence: f64,
    /// (coordinate, mean, standard deviation) where these are known.
    pub moments: Vec<(usize, f64, f64)>,
    /// Centres and standard deviations, as a caller's optimiser might find them.
    pub modes: Vec<(Vec<f64>, Vec<f64>)>,
}

impl LogDensity for Problem {
    fn dim(&self) -> usize {
        self.dim
    }
    fn log_density(&self, x: &[f64]) -> f64 {
        (self.log_density)(x)
    }
    fn bounds(&self, coordinate: usize) -> Bounds {
        (self.bounds)(coordinate)
    }
}

/// Central differences of fourth order, steps of 1e-3 of the first mode's deviations: relative errors of about 1e-10.
impl GradientLogDensity for Problem {
    fn log_density_gradient(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
        let mut moved = x.to_vec();
        for i in 0..self.dim {
            let h = 1e-3 * self.modes[0].1[i];
            let mut at = |step: f64| {
                moved[i] = x[i] + step * h;
                (self.log_density)(&moved)
            };
            gradient[i] = (8.0 * (at(1.0) - at(-1.0)) - at(2.0) + at(-2.0)) / (12.0 * h);
            // next to a limit, where one of these is impossible
            if !gradient[i].is_finite() {
                let (one, other) = (at(1e-3), at(-1e-3));
                gradient[i] =
                    if one.is_finite() { (one - at(0.0)) / (1e-3 * h) } else { (at(0.0) - other) / (1e-3 * h) };
            }
            moved[i] = x[i];
        }
        (self.log_density)(x)
    }
}

impl Problem {
    pub fn starting_modes(&self) -> Vec<StartingMode> {
        self.modes
            .iter()
            .map(|(centre, deviations)| {
                let mut covariance = vec![0.0; self.dim * self.dim];
                for (i, d) in deviations.iter().enumerate() {
                    covariance[i * self.dim + i] = d * d;
                }
                StartingMode { centre: centre.clone(), covariance }
            })
            .collect()
    }
}

const HALF_LN_2PI: f64 = 0.918_938_533_204_672_7;

/// ln N(x; mean, deviation).
fn normal(x: f64, mean: f64, deviation: f64) -> f64 {
    -0.5 * ((x - mean) / deviation).powi(2) - deviation.ln() - HALF_LN_2PI
}

fn free(_: usize) -> Bounds {
    Bounds::FREE
}

/// Nine dimensions, each correlated with the next by 0.8 (an autoregressive process), scales from 1 to 1e-4.
pub fn correlated_gaussian() -> Problem {
    fn log_density(x: &[f64]) -> f64 {
        let (rho, mut previous, mut sum) = (0.8f64, 0.0, 0.0);
        for (i, x) in x.iter().enumerate() {
            let z = x / 10f64.powf(-0.5 * i as f64);
            let deviation = if i == 0 { 1.0 } else { (1.0 - rho * rho).sqrt() };
            sum += normal(z, if i == 0 { 0.0 } else { rho * previous }, deviation) + 0.5 * i as f64 * 10f64.ln();
            previous = z;
        }
        sum
    }
    let scales: Vec<f64> = (0..9).map(|i| 10f64.powf(-0.5 * f64::from(i))).collect();
    Problem {
        name: "correlated Gaussian, 9",
        dim: 9,
        log_density,
        bounds: free,
        log_evidence: 0.0,
        moments: (0..9).map(|i| (i, 0.0, scales[i])).collect(),
        modes: vec![(vec![0.0; 9], scales)],
    }
}

/// Nine dimensions, two pairs of which are bent into bananas: x₁ ~ N(0.4 x₀², 1), x₃ ~ N(x₂ + 0.3 x₂², 0.5).
pub fn banana() -> Problem {
    fn log_density(x: &[f64]) -> f64 {
        normal(x[0], 0.0, 1.0)
            + normal(x[1], 0.4 * x[0] * x[0], 1.0)
            + normal(x[2], 0.0, 1.0)
            + normal(x[3], x[2] + 0.3 * x[2] * x[2], 0.5)
            + x[4..].iter().map(|v| normal(*v, 0.0, 1.0)).sum::<f64>()
    }
    let mut moments: Vec<(usize, f64, f64)> = (4..9).map(|i| (i, 0.0, 1.0)).collect();
    moments.extend([(0, 0.0, 1.0), (2, 0.0, 1.0)]);
    moments.push((1, 0.4, (1.0f64 + 0.16 * 2.0).sqrt()));
    moments.push((3, 0.3, (0.25f64 + 1.0 + 0.09 * 2.0).sqrt()));
    Problem {
        name: "two bananas, 9",
        dim: 9,
        log_density,
        bounds: free,
        log_evidence: 0.0,
        moments,
        modes: vec![(vec![0.0; 9], vec![1.0; 9])],
    }
}

/// The shape of a transit fit: an impact parameter piled up at 0, two limb-darkening coordinates filling 0..1, radius
/// ratio and scaled axis bent along the impact parameter, three kind coordinates.
pub fn transit_like() -> Problem {
    fn log_density(x: &[f64]) -> f64 {
        let [b, q1, q2] = [x[0], x[1], x[2]];
        if !(0.0..=1.0).contains(&b) || !(0.0..=1.0).contains(&q1) || !(0.0..=1.0).contains(&q2) {
            return f64::NEG_INFINITY;
        }
        -0.5 * (b / 0.3).powi(2) - 0.5 * ((q1 - 0.3) / 0.25).powi(2) - 0.5 * ((q2 - 0.4) / 0.4).powi(2)
            + normal(x[3], 0.1 + 0.003 * b * b + 0.002 * (q1 - 0.3), 0.001)
            + normal(x[4], 12.0 - 2.0 * b * b, 0.3)
            + x[5..].iter().map(|v| normal(*v, 0.0, 1e-3)).sum::<f64>()
    }
    // half-normal cut at c = 1/0.3 standard deviations
    let cut: f64 = 1.0 / 0.3;
    let inside = erf(cut / 2f64.sqrt());
    let b_mean = 0.3 * (2.0 / PI).sqrt() * (1.0 - (-0.5 * cut * cut).exp()) / inside;
    let b_square = 0.09 * (1.0 - (2.0 / PI).sqrt() * cut * (-0.5 * cut * cut).exp() / inside);
    let truncated = |m: f64, s: f64| {
        let phi = |x: f64| erf((x - m) / (s * 2f64.sqrt()));
        (s * (PI / 2.0).sqrt() * (phi(1.0) - phi(0.0))).ln()
    };
    Problem {
        name: "transit-like, 8",
        dim: 8,
        log_density,
        bounds: |i| if i < 3 { Bounds { lower: 0.0, upper: 1.0 } } else { Bounds::FREE },
        log_evidence: truncated(0.0, 0.3) + truncated(0.3, 0.25) + truncated(0.4, 0.4),
        moments: vec![(0, b_mean, (b_square - b_mean * b_mean).sqrt()), (5, 0.0, 1e-3), (6, 0.0, 1e-3), (7, 0.0, 1e-3)],
        modes: vec![(
            vec![0.0, 0.3, 0.4, 0.1, 12.0, 0.0, 0.0, 0.0],
            vec![0.3, 0.25, 0.4, 0.001, 0.3, 1e-3, 1e-3, 1e-3],
        )],
    }
}

/// Two Gaussians in five dimensions, 20 standard deviations apart, one four times as heavy as the other.
pub fn bimodal() -> Problem {
    fn log_density(x: &[f64]) -> f64 {
        let at =
            |c: f64, w: f64| w.ln() + normal(x[0], c, 1.0) + x[1..].iter().map(|v| normal(*v, 0.0, 1.0)).sum::<f64>();
        let (a, b) = (at(-10.0, 0.2), at(10.0, 0.8));
        a.max(b) + (-(a - b).abs()).exp().ln_1p()
    }
    let mode = |c: f64| (vec![c, 0.0, 0.0, 0.0, 0.0], vec![1.0; 5]);
    Problem {
        name: "two modes, 5",
        dim: 5,
        log_density,
        bounds: free,
        log_evidence: 0.0,
        moments: vec![(0, 6.0, 65f64.sqrt()), (1, 0.0, 1.0), (4, 0.0, 1.0)],
        modes: vec![mode(-10.0), mode(10.0)],
    }
}

/// Rosenbrock's valley in two dimensions: x ~ N(1, √10), y ~ N(x², √0.1).
pub fn rosenbrock() -> Problem {
    Problem {
        name: "Rosenbrock, 2",
        dim: 2,
        log_density: |x| -(1.0 - x[0]).powi(2) / 20.0 - 5.0 * (x[1] - x[0] * x[0]).powi(2),
        bounds: free,
        log_evidence: (2.0 * PI).ln(),
        moments: vec![(0, 1.0, 10f64.sqrt()), (1, 11.0, (0.1f64 + 40.0 + 200.0).sqrt())],
        modes: vec![(vec![1.0, 1.0], vec![1.0, 2.0])],
    }
}

/// Neal's funnel in five dimensions: v ~ N(0, 3), the others ~ N(0, e^(v/2)).
pub fn funnel() -> Problem {
    Problem {
        name: "funnel, 5",
        dim: 5,
        log_density: |x| {
            normal(x[0], 0.0, 3.0) + x[1..].iter().map(|v| normal(*v, 0.0, (0.5 * x[0]).exp())).sum::<f64>()
        },
        bounds: free,
        log_evidence: 0.0,
        moments: vec![(0, 0.0, 3.0)],
        modes: vec![(vec![0.0; 5], vec![3.0, 1.0, 1.0, 1.0, 1.0])],
    }
}

/// Two Gaussian shells of radius 2 and width 0.1 about ±3.5 on the first axis (Feroz, Hobson & Bridges 2009, MNRAS 398,
/// 1601, section 6.2), within ±6 in `dim` dimensions; the integral over the box is that of two whole shells.
pub fn shells_2() -> Problem {
    shells(2)
}
pub fn shells_5() -> Problem {
    shells(5)
}

fn shells(dim: usize) -> Problem {
    fn log_density(x: &[f64]) -> f64 {
        if x.iter().any(|v| v.abs() > 6.0) {
            return f64::NEG_INFINITY;
        }
        let rest: f64 = x[1..].iter().map(|v| v * v).sum();
        let shell = |c: f64| normal(((x[0] - c).powi(2) + rest).sqrt(), 2.0, 0.1);
        let (a, b) = (shell(-3.5), shell(3.5));
        a.max(b) + (-(a - b).abs()).exp().ln_1p()
    }
    // ∫ over one shell: surface of the unit sphere times E[r^(d−1)] for r ~ N(2, 0.1)
    let d = dim as f64;
    let surface = 2.0 * PI.powf(d / 2.0) / statrs::function::gamma::gamma(d / 2.0);
    let radial = |n: i32| {
        let steps = 4000;
        (0..steps)
            .map(|i| {
                let z = -8.0 + 16.0 * (f64::from(i) + 0.5) / f64::from(steps);
                (2.0 + 0.1 * z).powi(n) * (-0.5 * z * z).exp() * 16.0 / f64::from(steps) / (2.0 * PI).sqrt()
            })
            .sum::<f64>()
    };
    Problem {
        name: if dim == 2 { "shells, 2" } else { "shells, 5" },
        dim,
        log_density,
        bounds: |_| Bounds { lower: -6.0, upper: 6.0 },
        log_evidence: (2.0 * surface * radial(dim as i32 - 1)).ln(),
        moments: vec![(0, 0.0, (3.5f64.powi(2) + (4.0 + 3.0 * 0.01) / d).sqrt())],
        modes: [-3.5, 3.5]
            .iter()
            .map(|c| {
                let mut centre = vec![0.0; dim];
                centre[0] = c + 2.0;
                (centre, vec![1.0; dim])
            })
            .collect(),
    }
}
