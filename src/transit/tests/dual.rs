//! Derivatives of the flux against dual numbers: the definition of a dip, integrated with numbers that carry their own derivatives.

use std::f64::consts::PI;
use std::ops::{Add, Div, Mul, Sub};

use proptest::prelude::*;

use crate::transit::{Quadratic, quadratic_flux_gradient};

/// A value and its derivatives by z, k, u1 and u2.
#[derive(Clone, Copy)]
struct Dual(f64, [f64; 4]);

impl Dual {
    fn constant(value: f64) -> Self {
        Self(value, [0.0; 4])
    }

    fn variable(value: f64, which: usize) -> Self {
        Self(value, std::array::from_fn(|i| f64::from(u8::from(i == which))))
    }

    /// f(x), the value and the slope there being given.
    fn of(self, value: f64, slope: f64) -> Self {
        Self(value, self.1.map(|d| slope * d))
    }

    fn sqrt(self) -> Self {
        let root = self.0.max(0.0).sqrt();
        self.of(root, if root > 0.0 { 0.5 / root } else { 0.0 })
    }

    fn acos(self) -> Self {
        let x = self.0.clamp(-1.0, 1.0);
        let sine = (1.0 - x * x).sqrt();
        self.of(x.acos(), if sine > 0.0 { -1.0 / sine } else { 0.0 })
    }

    fn times(self, factor: f64) -> Self {
        Self(factor * self.0, self.1.map(|d| factor * d))
    }
}

impl Add for Dual {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0, std::array::from_fn(|i| self.1[i] + other.1[i]))
    }
}

impl Sub for Dual {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + other.times(-1.0)
    }
}

impl Mul for Dual {
    type Output = Self;
    // the product rule has a sum
    #[allow(clippy::suspicious_arithmetic_impl)]
    fn mul(self, other: Self) -> Self {
        Self(self.0 * other.0, std::array::from_fn(|i| self.1[i] * other.0 + self.0 * other.1[i]))
    }
}

impl Div for Dual {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        self * other.of(1.0 / other.0, -1.0 / (other.0 * other.0))
    }
}

/// Nodes and weights on −1 to 1 of the Gauss–Legendre rule of `n` nodes, by Newton's method.
fn gauss_legendre(n: usize) -> Vec<(f64, f64)> {
    let node = |i: usize| {
        let mut x = (PI * (i as f64 + 0.75) / (n as f64 + 0.5)).cos();
        let mut slope = 1.0;
        for _ in 0..8 {
            let (mut before, mut here) = (1.0, x);
            for k in 2..=n {
                let k = k as f64;
                (before, here) = (here, ((2.0 * k - 1.0) * x * here - (k - 1.0) * before) / k);
            }
            slope = n as f64 * (x * here - before) / (x * x - 1.0);
            x -= here / slope;
        }
        (x, 2.0 / ((1.0 - x * x) * slope * slope))
    };
    (0..n).map(node).collect()
}

/// What a planet of radius k at distance z hides: the intensity times 2 r κ over the annuli of radius r of which it covers the angle 2 κ.
fn dip(z: Dual, k: Dual, u1: Dual, u2: Dual, rule: &[(f64, f64)]) -> Dual {
    let one = Dual::constant(1.0);
    let intensity = |r: Dual| {
        let dark = one - (one - r * r).sqrt();
        one - u1 * dark - u2 * dark * dark
    };
    let angle = |r: Dual| ((r * r + z * z - k * k) / (r * z).times(2.0)).acos();
    // r = middle − half cos θ takes the roots at both ends away
    let over = |from: Dual, to: Dual, covered: &dyn Fn(Dual) -> Dual| {
        let (middle, half) = ((from + to).times(0.5), (to - from).times(0.5));
        rule.iter().fold(Dual::constant(0.0), |sum, (node, weight)| {
            let theta = 0.5 * PI * (1.0 + node);
            let r = middle - half.times(theta.cos());
            sum + (intensity(r) * r * covered(r) * half).times(2.0 * 0.5 * PI * weight * theta.sin())
        })
    };
    let outer = if z.0 + k.0 < 1.0 { z + k } else { one };
    let inner = if z.0 < k.0 { k - z } else { z - k };
    let mut hidden = over(inner, outer, &angle);
    if z.0 < k.0 {
        hidden = hidden + over(Dual::constant(0.0), inner, &|_| Dual::constant(PI));
    }
    hidden / (one - u1.times(1.0 / 3.0) - u2.times(1.0 / 6.0)).times(PI)
}

proptest! {
    #[test]
    fn gradient_agrees_with_dual_numbers(k in 0.02..0.9f64, x in 0.0..1.0f64, q1 in 0.0..1.0f64, q2 in 0.0..1.0f64) {
        let (z, law) = (x * (1.0 + k), Quadratic::from_q(q1, q2));
        // next to z = 0 and the contacts the rule of the integral, not the derivative, needs more nodes
        let edges = [0.0, k, 1.0 - k, 1.0 + k];
        prop_assume!(edges.iter().all(|edge| (z - edge).abs() > 0.02 * k));
        let variable = Dual::variable;
        let rule = gauss_legendre(160);
        let dip = dip(variable(z, 0), variable(k, 1), variable(law.u1, 2), variable(law.u2, 3), &rule);
        let g = quadratic_flux_gradient(z, k, &law);
        prop_assert!((1.0 - g.flux - dip.0).abs() < 1e-11, "{} {}", 1.0 - g.flux, dip.0);
        for (ours, exact) in [g.dz, g.dk, g.du1, g.du2].into_iter().zip(dip.1) {
            prop_assert!((ours + exact).abs() < 1e-8, "{} {}", ours, -exact);
        }
    }
}
