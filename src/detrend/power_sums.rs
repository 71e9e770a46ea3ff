//! Sums of powers of a set of values, and what they say of Tukey's ψ: a polynomial within its range.

/// Σ (x - m)ᵏ for k = 0..=5 over a set of values that come and go, about a reference m that can be moved.
#[derive(Clone, Debug, Default)]
pub(super) struct PowerSums {
    count: usize,
    reference: f64,
    /// k = 1..=5.
    sums: [f64; 5],
}

impl PowerSums {
    /// Of no values, about `reference`.
    pub(super) fn about(reference: f64) -> Self {
        Self { reference, ..Self::default() }
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    pub(super) fn reference(&self) -> f64 {
        self.reference
    }

    #[inline]
    pub(super) fn add(&mut self, value: f64) {
        self.count += 1;
        self.update(value, 1.0);
    }

    #[inline]
    pub(super) fn subtract(&mut self, value: f64) {
        self.count -= 1;
        self.update(value, -1.0);
    }

    /// [`PowerSums::subtract`] and [`PowerSums::add`] in one.
    #[inline]
    pub(super) fn replace(&mut self, old: f64, new: f64) {
        let (x, y) = (old - self.reference, new - self.reference);
        let (x2, y2) = (x * x, y * y);
        let (x3, y3) = (x2 * x, y2 * y);
        let [s1, s2, s3, s4, s5] = &mut self.sums;
        *s1 += y - x;
        *s2 += y2 - x2;
        *s3 += y3 - x3;
        *s4 += y2 * y2 - x2 * x2;
        *s5 += y2 * y3 - x2 * x3;
    }

    #[inline]
    fn update(&mut self, value: f64, sign: f64) {
        let y = value - self.reference;
        let square = y * y;
        let (first, second) = (sign * y, sign * square);
        let third = first * square;
        let [s1, s2, s3, s4, s5] = &mut self.sums;
        *s1 += first;
        *s2 += second;
        *s3 += third;
        *s4 += second * square;
        *s5 += third * square;
    }

    /// Moves the reference by the binomial theorem; no value is needed.
    pub(super) fn move_to(&mut self, reference: f64) {
        let a = reference - self.reference;
        let s0 = self.count as f64;
        let [s1, s2, s3, s4, s5] = self.sums;
        self.reference = reference;
        self.sums = [
            s1 - a * s0,
            s2 - a * (2.0 * s1 - a * s0),
            s3 - a * (3.0 * s2 - a * (3.0 * s1 - a * s0)),
            s4 - a * (4.0 * s3 - a * (6.0 * s2 - a * (4.0 * s1 - a * s0))),
            s5 - a * (5.0 * s4 - a * (10.0 * s3 - a * (10.0 * s2 - a * (5.0 * s1 - a * s0)))),
        ];
    }

    /// Σ ψ(x - m - δ) as a polynomial in δ, with ψ(y) = y (reach² - y²)².
    #[inline]
    pub(super) fn psi(&self, reach: f64) -> PsiSum {
        let n = self.count as f64;
        let r = reach * reach;
        let [s1, s2, s3, s4, s5] = self.sums;
        PsiSum {
            terms: [
                r * (r * s1 - 2.0 * s3) + s5,
                r * (6.0 * s2 - r * n) - 5.0 * s4,
                10.0 * s3 - 6.0 * r * s1,
                2.0 * r * n - 10.0 * s2,
                5.0 * s1,
                -n,
            ],
            weight: r * (r * n - 2.0 * s2) + s4,
            fourth_powers: s4,
        }
    }
}

/// A root of [`PsiSum`], or what a step in its direction finds.
pub(super) struct Root {
    pub(super) delta: f64,
    /// How fast the sum falls, close to there.
    pub(super) slope: f64,
    /// About the error of `delta`: what the last step leaves out.
    pub(super) error: f64,
}

/// Σ ψ(x - m - δ) over a set of values, as long as none of them crosses the ends of the range of ψ.
pub(super) struct PsiSum {
    /// Coefficients of δ⁰ to δ⁵.
    terms: [f64; 6],
    /// Σ (reach² - (x - m)²)².
    pub(super) weight: f64,
    /// Σ (x - m)⁴.
    pub(super) fourth_powers: f64,
}

impl PsiSum {
    /// The sum at δ = 0.
    pub(super) fn value(&self) -> f64 {
        self.terms[0]
    }

    /// How fast the sum falls with δ, at `delta`.
    #[inline]
    pub(super) fn slope(&self, delta: f64) -> f64 {
        let [_, c1, c2, c3, c4, c5] = self.terms;
        let square = delta * delta;
        -((c1 + square * (3.0 * c3 + square * (5.0 * c5))) + delta * (2.0 * c2 + square * (4.0 * c4)))
    }

    /// Second derivative at `delta`.
    #[inline]
    pub(super) fn curvature(&self, delta: f64) -> f64 {
        let [_, _, c2, c3, c4, c5] = self.terms;
        2.0 * c2 + delta * (6.0 * c3 + delta * (12.0 * c4 + delta * 20.0 * c5))
    }

    /// The root near zero: by its series to third order in Newton's step, and one step of Newton's from there.
    #[inline]
    pub(super) fn root(&self) -> Root {
        let [c0, c1, c2, c3, c4, c5] = self.terms;
        let per_slope = -1.0 / c1;
        let newton = c0 * per_slope;
        let near = newton + newton * newton * per_slope * (c2 + newton * c3);
        // Horner's scheme in the square of `near`, whose two halves run side by side.
        let square = near * near;
        let value = (c0 + square * (c2 + square * c4)) + near * (c1 + square * (c3 + square * c5));
        // 1 / slope there, without another division.
        let slope = self.slope(near);
        let change = 1.0 - slope * per_slope;
        let step = value * per_slope * (1.0 + change * (1.0 + change));
        Root { delta: near + step, slope, error: (step * change * change * change).abs() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn psi(y: f64, reach: f64) -> f64 {
        y * (reach * reach - y * y).powi(2)
    }

    #[test]
    fn sums_are_those_of_the_values() {
        let values = [1.0, 1.2, 0.7, 0.95, 1.3];
        let mut sums = PowerSums::about(0.9);
        values.iter().for_each(|v| sums.add(*v));
        sums.add(0.8);
        sums.subtract(0.7);
        sums.move_to(1.05);
        sums.replace(0.8, 0.7);
        let reach = 0.6;
        let polynomial = sums.psi(reach);
        let at = |delta: f64| values.iter().map(|v| psi(v - 1.05 - delta, reach)).sum::<f64>();
        assert!((polynomial.value() - at(0.0)).abs() < 1e-14);
        for delta in [0.0, 0.1, -0.2] {
            let slope = (at(delta - 1e-4) - at(delta + 1e-4)) / 2e-4;
            let curvature = (at(delta - 1e-4) - 2.0 * at(delta) + at(delta + 1e-4)) / 1e-8;
            // Errors of the differences.
            assert!((polynomial.slope(delta) - slope).abs() < 1e-6, "slope at {delta}");
            assert!((polynomial.curvature(delta) - curvature).abs() < 1e-5, "curvature at {delta}");
        }
        let root = polynomial.root();
        let exact = (0..20).fold(0.0, |delta, _| delta + at(delta) / polynomial.slope(delta));
        assert!(at(exact).abs() < 1e-15 && exact.abs() > 1e-3, "{exact}");
        let left = (root.delta - exact).abs();
        assert!(left < 2.0 * root.error + 1e-12 && root.error < 1e-4 * reach, "{left}, said to be {}", root.error);
    }
}
