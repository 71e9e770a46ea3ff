//! Monotone maps of one coordinate from the real line, on which mixtures of Students are fitted, to its bounds.

use std::f64::consts::{FRAC_1_SQRT_2, PI, SQRT_2};

use statrs::function::erf::{erfc, erfc_inv};

use super::bend::Bend;
use crate::sample::{Bounds, bits};

/// How a coordinate x follows from the coordinate y in which proposals are made: by a bend, if there is one, and then by what
/// the limits ask for.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Warp {
    limits: Limits,
    bend: Option<Bend>,
}

/// How a coordinate x follows from one without limits.
///
/// The maps by normal distribution functions make a density that is flat (two limits) or half-normal (one limit) at a
/// limit exactly normal in y, where a logit would leave it with an exponential tail on one side.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
enum Limits {
    /// x = y; no limit is near.
    Identity,
    /// x = limit + scale · Φ⁻¹((1 + Φ(y))/2); a negative scale for an upper limit.
    Half {
        #[serde(with = "bits::one")]
        limit: f64,
        #[serde(with = "bits::one")]
        scale: f64,
    },
    /// x = lower + width · Φ(y).
    Between {
        #[serde(with = "bits::one")]
        lower: f64,
        #[serde(with = "bits::one")]
        width: f64,
    },
}

/// Largest |u| that [`Limits::inverse`] gives where there are limits.
const LARGEST: f64 = 8.0;

/// A limit farther than this many standard deviations from the mean is out of reach.
const NEAR: f64 = 4.0;

impl Warp {
    /// The map that suits places of the given mean and standard deviation.
    pub(super) fn choose(bounds: Bounds, mean: f64, deviation: f64) -> Self {
        Self { limits: Limits::choose(bounds, mean, deviation), bend: None }
    }

    /// The same with a bend.
    pub(super) fn bent(self, bend: Option<Bend>) -> Self {
        Self { bend, ..self }
    }

    /// What `y` would be without the bend.
    pub(super) fn straight(&self, y: f64) -> f64 {
        self.bend.map_or(y, |bend| bend.forward(y).0)
    }

    /// x and ln |dx/dy|.
    pub(super) fn forward(&self, y: f64) -> (f64, f64) {
        let (u, bent) = self.bend.map_or((y, 0.0), |bend| bend.forward(y));
        let (x, log_slope) = self.limits.forward(u);
        (x, log_slope + bent)
    }

    /// y where `forward` gives x; near limits only as far as [`Warp::is_exact`] says.
    pub(super) fn inverse(&self, x: f64) -> f64 {
        let u = self.limits.inverse(x);
        self.bend.map_or(u, |bend| bend.inverse(u))
    }

    /// Whether x at `y` leads back to it.
    pub(super) fn is_exact(&self, y: f64) -> bool {
        self.limits == Limits::Identity || self.straight(y).abs() < LARGEST
    }
}

impl Limits {
    fn choose(bounds: Bounds, mean: f64, deviation: f64) -> Self {
        let near = |limit: f64| limit.is_finite() && (mean - limit).abs() < NEAR * deviation;
        // half-normal: the root mean square distance from the limit is the scale
        let scale = |limit: f64| ((mean - limit).powi(2) + deviation * deviation).sqrt();
        match (near(bounds.lower), near(bounds.upper)) {
            (false, false) => Self::Identity,
            (true, false) => Self::Half { limit: bounds.lower, scale: scale(bounds.lower) },
            (false, true) => Self::Half { limit: bounds.upper, scale: -scale(bounds.upper) },
            (true, true) => Self::Between { lower: bounds.lower, width: bounds.upper - bounds.lower },
        }
    }

    /// x and ln |dx/dy|.
    fn forward(&self, y: f64) -> (f64, f64) {
        match *self {
            Self::Identity => (y, 0.0),
            // Φ(−y) runs out of digits, and u² − y² is 2 ln 2 by then
            Self::Half { limit, scale } if y > 30.0 => {
                (limit + scale * (y + std::f64::consts::LN_2 / y), scale.abs().ln())
            }
            Self::Half { limit, scale } => {
                // Φ⁻¹((1 + Φ(y))/2) = −Φ⁻¹(Φ(−y)/2), which keeps its digits far from the limit
                let u = (-quantile(0.5 * probability(-y))).max(0.0);
                (limit + scale * u, scale.abs().ln() - std::f64::consts::LN_2 + 0.5 * (u * u - y * y))
            }
            Self::Between { lower, width } => {
                (lower + width * probability(y), width.ln() - 0.5 * y * y - 0.5 * (2.0 * PI).ln())
            }
        }
    }

    /// y where `forward` gives x; kept within ±8, beyond which nothing is ever proposed.
    fn inverse(&self, x: f64) -> f64 {
        match *self {
            Self::Identity => x,
            Self::Half { limit, scale } => {
                let u = ((x - limit) / scale).max(0.0);
                let y = if u < 1.0 { quantile(1.0 - 2.0 * probability(-u)) } else { -quantile(2.0 * probability(-u)) };
                // far from the limit y → u, and Φ(−u) underflows only beyond 37
                if u > 30.0 { u } else { y.max(-LARGEST) }
            }
            Self::Between { lower, width } => quantile((x - lower) / width).clamp(-LARGEST, LARGEST),
        }
    }
}

/// Φ(y).
fn probability(y: f64) -> f64 {
    0.5 * erfc(-y * FRAC_1_SQRT_2)
}

/// Φ⁻¹(p).
fn quantile(p: f64) -> f64 {
    -SQRT_2 * erfc_inv(2.0 * p)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_invert_and_their_slopes_are_right() {
        let warps = [
            Limits::Identity,
            Limits::Half { limit: 2.0, scale: 0.3 },
            Limits::Half { limit: 2.0, scale: -0.3 },
            Limits::Between { lower: -1.0, width: 4.0 },
        ];
        for warp in warps {
            for y in [-5.0, -1.0, 0.0, 0.7, 3.0, 5.0] {
                let (x, log_slope) = warp.forward(y);
                assert!((warp.inverse(x) - y).abs() < 1e-6, "{warp:?} {y}: {}", warp.inverse(x));
                let h = 1e-4;
                let slope = (warp.forward(y + h).0 - warp.forward(y - h).0) / (2.0 * h);
                // second-order differences: h² times a third derivative of order 1, relative
                assert!((slope.abs().ln() - log_slope).abs() < 1e-5, "{warp:?} {y}: {slope} {}", log_slope.exp());
            }
        }
        let (x, _) = Limits::Half { limit: 0.0, scale: 1.0 }.forward(40.0);
        assert!((x - 40.0).abs() < 0.1, "{x}");
    }
}
