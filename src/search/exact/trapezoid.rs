//! A transit-shaped dip, smeared over the exposure, with its derivatives.

/// A trapezoid of unit depth: first to last contact `duration`, of which the first and last `ingress` are slopes, averaged
/// over exposures of length `exposure`. Days.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Trapezoid {
    pub duration: f64,
    pub ingress: f64,
    pub exposure: f64,
}

/// The template at one time from mid-transit, and its derivatives.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct TemplateValue {
    pub value: f64,
    pub by_time: f64,
    pub by_duration: f64,
    pub by_ingress: f64,
}

impl Trapezoid {
    /// The trapezoid is four ramps, r(x) = max(x, 0), and the mean of a ramp over the exposure e is a difference of its
    /// integrals, r²/2:
    ///
    /// ```text
    /// s(x) = [a(x + T/2) − a(x + T/2 − τ) − a(x − T/2 + τ) + a(x − T/2)] / τ
    /// a(y) = [r²(y + e/2) − r²(y − e/2)] / 2e,     a'(y) = [r(y + e/2) − r(y − e/2)] / e
    /// ```
    pub fn at(&self, x: f64) -> TemplateValue {
        let half = 0.5 * self.duration;
        if x.abs() >= half + 0.5 * self.exposure {
            return TemplateValue::default();
        }
        let contacts = [x + half, x + half - self.ingress, x - half + self.ingress, x - half];
        let [a1, a2, a3, a4] = contacts.map(|y| self.ramp(y));
        let per_ingress = 1.0 / self.ingress;
        let value = (a1.0 - a2.0 - a3.0 + a4.0) * per_ingress;
        TemplateValue {
            value,
            by_time: (a1.1 - a2.1 - a3.1 + a4.1) * per_ingress,
            by_duration: 0.5 * (a1.1 - a2.1 + a3.1 - a4.1) * per_ingress,
            by_ingress: (a2.1 - a3.1 - value) * per_ingress,
        }
    }

    /// Mean of a ramp over the exposure, and its derivative.
    fn ramp(&self, y: f64) -> (f64, f64) {
        let half = 0.5 * self.exposure;
        if y <= -half {
            (0.0, 0.0)
        } else if y >= half {
            (y, 1.0)
        } else {
            // only here is the exposure sure to be positive
            ((y + half) * (y + half) / (2.0 * self.exposure), (y + half) / self.exposure)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPES: [Trapezoid; 3] = [
        Trapezoid { duration: 0.2, ingress: 0.03, exposure: 0.02 },
        Trapezoid { duration: 0.1, ingress: 0.05, exposure: 0.0 },
        Trapezoid { duration: 0.03, ingress: 0.002, exposure: 0.05 },
    ];

    #[test]
    fn it_is_the_mean_of_a_trapezoid() {
        for shape in SHAPES {
            for i in -30..30 {
                let x = 0.005 * f64::from(i);
                let n = 20_000;
                let sum: f64 = (0..n)
                    .map(|k| {
                        let x = x + ((f64::from(k) + 0.5) / f64::from(n) - 0.5) * shape.exposure;
                        ((0.5 * shape.duration - x.abs()) / shape.ingress).clamp(0.0, 1.0)
                    })
                    .sum();
                assert!((shape.at(x).value - sum / f64::from(n)).abs() < 1e-7, "{shape:?} {x}");
            }
        }
    }

    #[test]
    fn derivatives_are_those_of_differences() {
        let h = 1e-7;
        for shape in SHAPES.into_iter().filter(|s| s.exposure > 0.0) {
            for i in -30..30 {
                let x = 0.0047 * f64::from(i) + 1e-4;
                let at = shape.at(x);
                let differ = |a: f64, b: f64| (a - b) / (2.0 * h);
                let time = differ(shape.at(x + h).value, shape.at(x - h).value);
                let longer = |s: f64| Trapezoid { duration: shape.duration + s, ..shape }.at(x).value;
                let slower = |s: f64| Trapezoid { ingress: shape.ingress + s, ..shape }.at(x).value;
                // central differences of a curve with second derivatives up to 1/(τ e)
                let tolerance = 2.0 * h / (shape.ingress * shape.exposure) + 1e-5 / shape.ingress;
                assert!((at.by_time - time).abs() < tolerance);
                assert!((at.by_duration - differ(longer(h), longer(-h))).abs() < tolerance);
                assert!((at.by_ingress - differ(slower(h), slower(-h))).abs() < tolerance);
            }
        }
    }
}
