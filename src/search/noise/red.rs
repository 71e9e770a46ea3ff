//! Single-event statistics: the scatter of the depth of one box over that of white noise.

use crate::search::series::slots::Slots;

/// Standard error of a scatter from the median absolute deviation of one normal value, relative.
const MAD_ERROR: f64 = 1.16;

/// What single boxes of one duration scatter by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct EventScatter {
    /// Days.
    pub duration: f64,
    /// Scatter of the single-event S/N over that of white noise of the stated errors; at least 1.
    pub beta: f64,
    /// Median weight of a box with data.
    pub weight: f64,
}

/// β of trial durations, ascending: how much the depth of one transit scatters beyond its white-noise error.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct RedNoise {
    pub events: Vec<EventScatter>,
}

impl RedNoise {
    /// Single-event scatter in boxes of 2, 3, 4, 6, 8, 12 … slots up to `longest` days.
    ///
    /// ```text
    /// z = Σ w·dip / √Σ w            over boxes of the duration, slid along the light curve
    /// β = max(1, s (1 − error of s)),     s = max(1.4826 MAD(z), −q₀.₀₂₂₇₅(z − median)/2)
    /// ```
    /// For white noise of the stated errors z has unit variance. Residual rotation, granulation or systematics that stay
    /// in phase over a transit raise it, which lowers the S/N of a transit search by β since separate transits are
    /// independent (Pont, Zucker & Queloz 2006, MNRAS 373, 231; the Kepler pipeline normalises its multiple-event
    /// statistic alike). The second term sees heavy tails, on the side of brightenings, which no planet makes. Boxes with
    /// less than half of the median weight are left out.
    ///
    /// Under a noise model the variance of z is `variance` of the duration, and takes the place of 1.
    pub fn measure(slots: &Slots, longest: f64, variance: impl Fn(f64) -> f64) -> Self {
        let sums = |column: &[f64]| {
            let mut sum = 0.0;
            let sums = column.iter().map(|v| {
                sum += v;
                sum
            });
            std::iter::once(0.0).chain(sums).collect::<Vec<f64>>()
        };
        let (num, den) = (sums(&slots.num), sums(&slots.den));
        let negligible = 1e-9 * den[slots.len()] / slots.len() as f64;
        let mut weights: Vec<f32> = Vec::new();
        let mut z: Vec<f32> = Vec::new();
        let mut events = Vec::new();
        for width in trial_widths(2) {
            if width > 2 && width as f64 * slots.width > 1.5 * longest || width > slots.len() {
                break;
            }
            // Boxes that overlap by more than half tell nothing new of the scatter, and those that overlap nothing of weights.
            let sums = |start: usize| (num[start + width] - num[start], den[start + width] - den[start]);
            let starts = 0..=slots.len() - width;
            weights.clear();
            weights
                .extend(starts.clone().step_by(width).map(|i| sums(i).1).filter(|w| *w > negligible).map(|w| w as f32));
            let weight = f64::from(median_in_place(&mut weights));
            let least = (0.5 * weight).max(negligible);
            z.clear();
            z.extend(starts.step_by(width / 2).map(sums).filter(|b| b.1 >= least).map(|b| (b.0 / b.1.sqrt()) as f32));
            // Fewer than twenty boxes measure no scatter.
            let duration = width as f64 * slots.width;
            let white = variance(duration).sqrt();
            // The scatter of z.len() boxes that overlap by half is known to this share of itself (1σ). What may be no more
            // than that is not taken for red noise: it would scatter the S/N of quiet stars by as much.
            let error = MAD_ERROR / (0.5 * z.len() as f64).sqrt();
            let beta = if z.len() < 20 { white } else { (beta_of(&mut z) * (1.0 - error)).max(white) };
            let weight = if weight.is_finite() { weight } else { 0.0 };
            events.push(EventScatter { duration, beta, weight });
        }
        Self { events }
    }

    /// β at any duration, by interpolation in ln(duration).
    pub fn beta(&self, duration: f64) -> f64 {
        self.at(duration).map_or(1.0, |e| e.beta)
    }

    /// Median weight of a box of this duration that has data.
    pub fn event_weight(&self, duration: f64) -> f64 {
        self.at(duration).map_or(0.0, |e| e.weight)
    }

    fn at(&self, duration: f64) -> Option<EventScatter> {
        let above = self.events.partition_point(|e| e.duration < duration);
        match (above.checked_sub(1).and_then(|i| self.events.get(i)), self.events.get(above)) {
            (Some(a), Some(b)) => {
                let x = (duration / a.duration).ln() / (b.duration / a.duration).ln();
                let mix = |a: f64, b: f64| a + x * (b - a);
                Some(EventScatter { duration, beta: mix(a.beta, b.beta), weight: mix(a.weight, b.weight) })
            }
            (Some(e), None) | (None, Some(e)) => {
                Some(EventScatter { duration, weight: e.weight * duration / e.duration, ..*e })
            }
            (None, None) => None,
        }
    }
}

/// Widths of boxes in slots, 2ᵐ and 3·2ᵐ, from `least` on.
pub(crate) fn trial_widths(least: usize) -> impl Iterator<Item = usize> {
    (0..20).flat_map(|m| [2 << m, 3 << m]).filter(move |w| *w >= least)
}

/// Upper median; single precision is ample for a scatter that is known to a per cent.
fn median_in_place(values: &mut [f32]) -> f32 {
    let middle = values.len() / 2;
    if values.is_empty() { f32::NAN } else { *values.select_nth_unstable_by(middle, f32::total_cmp).1 }
}

fn beta_of(z: &mut [f32]) -> f64 {
    let centre = median_in_place(z);
    for v in z.iter_mut() {
        *v -= centre;
    }
    let tail = ((0.022_75 * z.len() as f64) as usize).min(z.len() - 1);
    let (_, &mut low, _) = z.select_nth_unstable_by(tail, f32::total_cmp);
    for v in z.iter_mut() {
        *v = v.abs();
    }
    let core = 1.482_602_2 * median_in_place(z);
    f64::from(core.max(-0.5 * low))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::series::cumulative::Cumulative;
    use crate::search::series::dips::Series;
    use rand::{RngExt, SeedableRng, rngs::StdRng};
    use rand_distr::StandardNormal;

    #[test]
    fn white_noise_has_beta_one_and_red_noise_more() {
        let mut rng = StdRng::seed_from_u64(3);
        let n = 20_000;
        let time: Vec<f64> = (0..n).map(|i| 0.01 * f64::from(i)).collect();
        let white: Vec<f64> = (0..n).map(|_| 1e-3 * rng.sample::<f64, _>(StandardNormal)).collect();
        let err = vec![1e-3; n as usize];
        let beta = |flux: &[f64]| {
            let series = Series::from_columns(&time, flux, &err);
            RedNoise::measure(&Slots::new(&Cumulative::new(&series), 0.03), 0.2, |_| 1.0).beta(0.18)
        };
        let flat: Vec<f64> = white.iter().map(|e| 1.0 + e).collect();
        assert!(beta(&flat) < 1.08, "{}", beta(&flat));
        // Gaussian steps of 1 σ that last 400 cadences: 18 of them in phase, so β² is near 1 + 18.
        let steps: Vec<f64> = (0..n / 400).map(|_| 1e-3 * rng.sample::<f64, _>(StandardNormal)).collect();
        let red: Vec<f64> = flat.iter().enumerate().map(|(i, f)| f + steps[i / 400]).collect();
        assert!((beta(&red) / 19f64.sqrt() - 1.0).abs() < 0.25, "{}", beta(&red));
    }

    #[test]
    fn beta_is_interpolated() {
        let e = |duration, beta| EventScatter { duration, beta, weight: 0.1 };
        let noise = RedNoise { events: vec![e(0.1, 1.0), e(0.4, 3.0)] };
        assert_eq!(noise.beta(0.05), 1.0);
        assert!((noise.beta(0.2) - 2.0).abs() < 1e-12);
        assert_eq!(noise.beta(1.0), 3.0);
    }

    #[test]
    fn widths_are_powers_of_two_and_half_again() {
        assert_eq!(trial_widths(3).take(6).collect::<Vec<_>>(), [3, 4, 6, 8, 12, 16]);
    }
}
