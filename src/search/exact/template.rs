//! A transit-shaped dip: limb darkening between slopes of ingress and egress, smeared over the exposure.

/// Limb darkening of a dip: none, which is a box with slopes, or that of a star.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Darkening {
    None,
    Star,
}

impl Darkening {
    pub const ALL: [Self; 2] = [Self::None, Self::Star];

    /// Coefficients of the quadratic law: round numbers between those of Sun-like stars in Kepler's band and of M dwarfs in
    /// TESS's, 0.5 to 0.3 and 0.2, which make nearly the same dip.
    fn quadratic(self) -> (f64, f64) {
        match self {
            Self::None => (0.0, 0.0),
            Self::Star => (0.42, 0.2),
        }
    }
}

/// A dip of unit depth at mid-transit before it is smeared. Days.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Dip {
    /// First to last contact.
    pub duration: f64,
    /// First to second contact.
    pub ingress: f64,
    pub darkening: Darkening,
    /// Exposure that it is averaged over.
    pub exposure: f64,
}

/// Times from mid-transit at which the profile is taken, as shares of that from mid-transit to second contact.
const NODES: [f64; 7] = [0.0, 0.34, 0.6, 0.78, 0.9, 0.97, 1.0];
/// Share of ingress over which a line of its mean slope takes the dip to zero: the planet's disc covers the last of the limb
/// slowly, and the limb is dark. So the lines make the dip of an exact transit, its duration and depth right to 0.3 %.
const RAMP: f64 = 0.9;
const KNOTS: usize = NODES.len() + 1;

/// The dip as a sum of ramps r(x) = max(x, 0), which begin at `at` to both sides of mid-transit:
///
/// ```text
/// s(x) = 1 + Σ_k slope_k [r(x − at_k) + r(−x − at_k)]
/// ```
/// and the mean of a ramp over the exposure e, with u = x + e/2 cut to 0 … e, is u²/2e + r(x − e/2).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ramps {
    at: [f32; KNOTS],
    slope: [f32; KNOTS],
    half_exposure: f32,
    /// Time from mid-transit beyond which there is nothing.
    pub end: f64,
}

impl Dip {
    pub fn of_exposure(self, exposure: f64) -> Self {
        Self { exposure, ..self }
    }

    /// Straight lines between the nodes of (1 − u₁ (1 − μ) − u₂ (1 − μ)²), μ² = 1 − r², with the centre of the planet at
    /// r = 1 in the middle of ingress (a small planet on a central chord; other chords are like it for a weaker law).
    pub fn ramps(&self) -> Ramps {
        let contact = 0.5 * self.duration;
        let inner = contact - self.ingress;
        let limb = contact - 0.5 * self.ingress;
        let (u1, u2) = self.darkening.quadratic();
        let mut at = [0.0; KNOTS];
        let mut value = [0.0; KNOTS];
        for (k, node) in NODES.into_iter().enumerate() {
            at[k] = node * inner;
            let shade = 1.0 - (1.0 - (at[k] / limb).powi(2)).max(0.0).sqrt();
            value[k] = 1.0 - shade * (u1 + u2 * shade);
        }
        at[KNOTS - 1] = if self.darkening == Darkening::None { contact } else { inner + RAMP * self.ingress };
        let mut before = 0.0;
        let mut slope = [0.0f32; KNOTS];
        for k in 0..KNOTS {
            let after = if k + 1 < KNOTS && at[k + 1] > at[k] {
                (value[k + 1] - value[k]) / (at[k + 1] - at[k])
            } else if k + 1 < KNOTS {
                before
            } else {
                0.0
            };
            slope[k] = (after - before) as f32;
            before = after;
        }
        let half_exposure = 0.5 * self.exposure;
        let end = contact + half_exposure;
        Ramps { at: at.map(|x| x as f32), slope, half_exposure: half_exposure as f32, end }
    }
}

impl Ramps {
    /// The dip at time `x` from mid-transit.
    #[cfg(test)]
    pub fn at(&self, x: f64) -> f64 {
        let mut value = [0.0];
        self.fill(&[x.abs() as f32], &mut value);
        f64::from(value[0])
    }

    /// Where ramps begin, and their slopes.
    fn knots(&self) -> impl Iterator<Item = (f32, f32)> {
        self.at.into_iter().zip(self.slope).filter(|knot| knot.1 != 0.0)
    }

    /// The dip at 0, `step`, 2 `step` … from mid-transit.
    pub fn fill_even(&self, from_middle: &[f32], step: f32, out: &mut [f32]) {
        let e = self.half_exposure;
        let per_four = if e > 0.0 { 0.25 / e } else { 0.0 };
        out.fill(1.0);
        for (at, slope) in self.knots() {
            // Before it begins a ramp adds nothing.
            let first = (((at - e) / step).max(0.0) as usize).min(out.len());
            for (value, x) in out[first..].iter_mut().zip(&from_middle[first..]) {
                let y = x - at;
                let inside = (y + e).max(0.0).min(2.0 * e);
                *value += slope * (inside * inside * per_four + (y - e).max(0.0));
            }
            let last = (((e - at) / step).max(-1.0) + 1.0) as usize;
            for (value, x) in out.iter_mut().zip(from_middle).take(last) {
                let y = -x - at;
                let inside = (y + e).max(0.0).min(2.0 * e);
                *value += slope * (inside * inside * per_four + (y - e).max(0.0));
            }
        }
        let end = ((self.end as f32 / step).ceil() as usize).min(out.len());
        out[end..].fill(0.0);
    }

    /// The dip at times from mid-transit, all of them taken to be positive.
    pub fn fill(&self, from_middle: &[f32], out: &mut [f32]) {
        let e = self.half_exposure;
        let per_four = if e > 0.0 { 0.25 / e } else { 0.0 };
        out.fill(1.0);
        for (at, slope) in self.knots() {
            for (value, x) in out.iter_mut().zip(from_middle) {
                let y = x - at;
                let inside = (y + e).max(0.0).min(2.0 * e);
                *value += slope * (inside * inside * per_four + (y - e).max(0.0));
            }
            if at < e {
                for (value, x) in out.iter_mut().zip(from_middle) {
                    let y = -x - at;
                    let inside = (y + e).max(0.0).min(2.0 * e);
                    *value += slope * (inside * inside * per_four + (y - e).max(0.0));
                }
            }
        }
        let end = self.end as f32;
        for (value, x) in out.iter_mut().zip(from_middle) {
            *value = if *x < end { value.max(0.0) } else { 0.0 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_mean_of_a_limb_darkened_dip() {
        for (duration, ingress, exposure) in [(0.2, 0.02, 0.02), (0.1, 0.05, 0.0), (0.03, 0.002, 0.05)] {
            for darkening in Darkening::ALL {
                let dip = Dip { duration, ingress, darkening, exposure };
                let ramps = dip.ramps();
                let (u1, u2) = darkening.quadratic();
                let exact = |x: f64| {
                    let limb = 0.5 * (duration - ingress);
                    let bottom = |x: f64| {
                        let shade = 1.0 - (1.0 - (x / limb).powi(2)).max(0.0).sqrt();
                        1.0 - u1 * shade - u2 * shade * shade
                    };
                    let inner = 0.5 * duration - ingress;
                    let share = if darkening == Darkening::None { 1.0 } else { RAMP };
                    let slope = ((inner + share * ingress - x.abs()) / (share * ingress)).clamp(0.0, 1.0);
                    slope * bottom(x.abs().min(inner))
                };
                for i in -40..40 {
                    let x = 0.0049 * f64::from(i);
                    let n = 2000;
                    let mean = (0..n).map(|k| exact(x + ((f64::from(k) + 0.5) / f64::from(n) - 0.5) * exposure));
                    let mean = mean.sum::<f64>() / f64::from(n);
                    // straight lines between the nodes of the bottom
                    let tolerance = if darkening == Darkening::None { 1e-3 } else { 0.01 };
                    assert!((ramps.at(x) - mean).abs() < tolerance, "{dip:?} {x} {} {mean}", ramps.at(x));
                }
            }
        }
    }
}
