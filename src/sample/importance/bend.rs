//! A smooth rising map of the line that makes draws nearly normal, for one coordinate.

use crate::sample::bits::several as knots;

const KNOTS: usize = 7;
/// Places y of the knots.
const AT: [f64; KNOTS] = [-2.0, -1.2, -0.5, 0.0, 0.5, 1.2, 2.0];
/// Φ of them.
const BELOW: [f64; KNOTS] = [0.022_750_1, 0.115_069_7, 0.308_537_5, 0.5, 0.691_462_5, 0.884_930_3, 0.977_249_9];

/// u(y) by rational quadratics between knots (Gregory & Delbourgo 1982, IMA J. Numer. Anal. 2, 123), lines beyond the
/// outermost.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(super) struct Bend {
    /// u at the knots.
    #[serde(with = "knots")]
    values: [f64; KNOTS],
    /// du/dy there.
    #[serde(with = "knots")]
    slopes: [f64; KNOTS],
}

impl Bend {
    /// That which gives normal draws the quantiles of `draws` (u, weight), which are sorted here; `None` where some of these
    /// are equal.
    pub fn of_quantiles(draws: &mut [(f64, f64)]) -> Option<Self> {
        draws.sort_by(|a, b| a.0.total_cmp(&b.0));
        let total: f64 = draws.iter().map(|d| d.1).sum();
        let mut values = [0.0; KNOTS];
        let (mut sum, mut next) = (0.0, 0);
        for (u, weight) in draws.iter() {
            sum += weight;
            while next < KNOTS && sum >= BELOW[next] * total {
                values[next] = *u;
                next += 1;
            }
        }
        let secants: [f64; KNOTS - 1] = std::array::from_fn(|i| (values[i + 1] - values[i]) / (AT[i + 1] - AT[i]));
        if next < KNOTS || secants.iter().any(|s| !(*s > 0.0 && s.is_finite())) {
            return None;
        }
        // Fritsch & Butland 1984, SIAM J. Sci. Stat. Comput. 5, 300
        let slope = |i: usize| match i {
            0 => secants[0],
            i if i + 1 == KNOTS => secants[i - 1],
            i => {
                let (before, after) = (AT[i] - AT[i - 1], AT[i + 1] - AT[i]);
                let (a, b) = (2.0 * after + before, after + 2.0 * before);
                (a + b) / (a / secants[i - 1] + b / secants[i])
            }
        };
        Some(Self { values, slopes: std::array::from_fn(slope) })
    }

    /// u and ln du/dy.
    pub fn forward(&self, y: f64) -> (f64, f64) {
        let Some(i) = piece(&AT, y) else {
            let end = if y < AT[0] { 0 } else { KNOTS - 1 };
            return (self.values[end] + self.slopes[end] * (y - AT[end]), self.slopes[end].ln());
        };
        let (width, height) = (AT[i + 1] - AT[i], self.values[i + 1] - self.values[i]);
        let (first, last, secant) = (self.slopes[i], self.slopes[i + 1], height / width);
        let t = (y - AT[i]) / width;
        let s = 1.0 - t;
        let below = secant + (first + last - 2.0 * secant) * t * s;
        let u = self.values[i] + height * t * (secant * t + first * s) / below;
        let slope = secant * secant * (last * t * t + 2.0 * secant * t * s + first * s * s) / (below * below);
        (u, slope.ln())
    }

    /// y where `forward` gives u.
    pub fn inverse(&self, u: f64) -> f64 {
        let Some(i) = piece(&self.values, u) else {
            let end = if u < self.values[0] { 0 } else { KNOTS - 1 };
            return AT[end] + (u - self.values[end]) / self.slopes[end];
        };
        let (width, height) = (AT[i + 1] - AT[i], self.values[i + 1] - self.values[i]);
        let (first, last, secant) = (self.slopes[i], self.slopes[i + 1], height / width);
        let (up, bend) = (u - self.values[i], first + last - 2.0 * secant);
        let a = height * (secant - first) + up * bend;
        let b = height * first - up * bend;
        let c = -secant * up;
        // the root that keeps its digits
        let t = 2.0 * c / (-b - (b * b - 4.0 * a * c).max(0.0).sqrt());
        AT[i] + width * t
    }
}

/// Which piece between `knots` x is in.
fn piece(knots: &[f64; KNOTS], x: f64) -> Option<usize> {
    let i = knots.iter().rposition(|k| *k <= x)?;
    (i + 1 < KNOTS).then_some(i)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Draws of an exponential become those of a normal, there and back, with the right slopes.
    #[test]
    fn quantiles_become_those_of_a_normal() {
        let mut draws: Vec<(f64, f64)> =
            (0..20_000).rev().map(|i| (-(1.0 - (f64::from(i) + 0.5) / 20_000.0).ln(), 1.0)).collect();
        let bend = Bend::of_quantiles(&mut draws).unwrap();
        for (y, p) in AT.iter().zip(BELOW) {
            // as far as one draw is from the next
            let error = bend.forward(*y).0 + (1.0 - p).ln();
            assert!(error.abs() < 1.0 / (20_000.0 * (1.0 - p)), "{y}: {error}");
        }
        for i in -40..=40 {
            let y = 0.1 * f64::from(i) + 0.013;
            let (u, ln_slope) = bend.forward(y);
            assert!((bend.inverse(u) - y).abs() < 1e-12, "{y}: {}", bend.inverse(u));
            let h = 1e-6;
            let slope = (bend.forward(y + h).0 - bend.forward(y - h).0) / (2.0 * h);
            assert!((slope.ln() - ln_slope).abs() < 1e-6, "{y}: {slope} {}", ln_slope.exp());
        }
        let written = serde_json::to_string(&bend).unwrap();
        assert_eq!(serde_json::from_str::<Bend>(&written).unwrap(), bend);
        assert!(Bend::of_quantiles(&mut [(1.0, 1.0); 50]).is_none());
    }
}
