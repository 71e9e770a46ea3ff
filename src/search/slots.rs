//! The light curve in even time slots, and its single-event statistics: the scatter of the depth of one box.

use super::ffa::Pair;
use super::plan::DurationClass;
use super::series::Series;
use crate::math::median_in_place;

/// Sums per time slot, scaled so that a box has Δχ² = num² / (den (1 − den)): `num` = Σ w·dip / √W, `den` = Σ w / W.
pub(crate) fn slotted(series: &Series, width: f64) -> Pair {
    let n = (series.baseline / width).floor() as usize + 1;
    let mut num = vec![0.0f64; n];
    let mut den = vec![0.0f64; n];
    let per_width = 1.0 / width;
    for ((t, dip), w) in series.time.iter().zip(&series.dip).zip(&series.weight) {
        let slot = ((t * per_width) as usize).min(n - 1);
        num[slot] += w * dip;
        den[slot] += w;
    }
    let (num_scale, den_scale) = (1.0 / series.total_weight.sqrt(), 1.0 / series.total_weight);
    Pair {
        num: num.iter().map(|v| (v * num_scale) as f32).collect(),
        den: den.iter().map(|v| (v * den_scale) as f32).collect(),
    }
}

/// What single boxes of one duration scatter by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct EventScatter {
    /// Days.
    pub duration: f64,
    /// Scatter of the single-event S/N over that of white noise of the stated errors; at least 1.
    pub beta: f64,
    /// Median weight of a box with data, as a fraction of all weight.
    pub weight: f64,
}

/// β of every trial duration, ascending: how much the depth of one transit scatters beyond its white-noise error.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct RedNoise {
    pub events: Vec<EventScatter>,
}

impl RedNoise {
    /// β at any duration, by interpolation in ln(duration).
    pub fn beta(&self, duration: f64) -> f64 {
        let above = self.events.partition_point(|e| e.duration < duration);
        match (above.checked_sub(1).and_then(|i| self.events.get(i)), self.events.get(above)) {
            (Some(a), Some(b)) => {
                let x = (duration / a.duration).ln() / (b.duration / a.duration).ln();
                a.beta + x * (b.beta - a.beta)
            }
            (Some(e), None) | (None, Some(e)) => e.beta,
            (None, None) => 1.0,
        }
    }
}

/// Single-event scatter of each duration of `class`.
///
/// ```text
/// z = Σ w·dip / √Σ w            over boxes of the duration, slid along the light curve
/// β = max(1, 1.4826 MAD(z), −q₀.₀₂₂₇₅(z − median)/2)
/// ```
/// For white noise of the stated errors z has unit variance. Residual rotation, granulation or systematics that stay in
/// phase over a transit raise it, which lowers the S/N of a transit search by β since separate transits are independent
/// (Pont, Zucker & Queloz 2006, MNRAS 373, 231; the Kepler pipeline normalises its multiple-event statistic alike). The
/// second term sees heavy tails, on the side of brightenings, which no planet makes. Boxes with less than half of the median
/// weight are left out.
pub(crate) fn event_scatter(slots: &Pair, class: &DurationClass) -> Vec<EventScatter> {
    let n = slots.num.len();
    let mut weights = Vec::new();
    let mut boxes = Vec::new();
    let mut z = Vec::new();
    class
        .widths
        .iter()
        .map(|&width| {
            let duration = width as f64 * class.slot_width;
            boxes.clear();
            weights.clear();
            z.clear();
            // Boxes that overlap by more than half tell nothing new.
            let stride = (width / 2).max(1);
            for start in (0..(n + 1).saturating_sub(width)).step_by(stride) {
                let num: f32 = slots.num[start..start + width].iter().sum();
                let den: f32 = slots.den[start..start + width].iter().sum();
                if den > 0.0 {
                    boxes.push((num, den));
                    weights.push(f64::from(den));
                }
            }
            let weight = median_in_place(&mut weights);
            z.extend(
                boxes
                    .iter()
                    .filter(|b| f64::from(b.1) >= 0.5 * weight)
                    .map(|&(num, den)| f64::from(num) / f64::from(den).sqrt()),
            );
            // Fewer than twenty boxes measure no scatter.
            let beta = if z.len() < 20 { 1.0 } else { beta_of(&mut z) };
            EventScatter { duration, beta, weight: if weight.is_finite() { weight } else { 0.0 } }
        })
        .collect()
}

fn beta_of(z: &mut [f64]) -> f64 {
    let centre = median_in_place(z);
    for v in z.iter_mut() {
        *v -= centre;
    }
    let tail = ((0.022_75 * z.len() as f64) as usize).min(z.len() - 1);
    let (_, &mut low, _) = z.select_nth_unstable_by(tail, f64::total_cmp);
    for v in z.iter_mut() {
        *v = v.abs();
    }
    let core = 1.482_602_218_505_602 * median_in_place(z);
    core.max(-0.5 * low).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng, rngs::StdRng};
    use rand_distr::StandardNormal;

    fn class() -> DurationClass {
        DurationClass { slot_width: 0.03, widths: vec![4, 6], period_min: 1.0, period_max: 2.0 }
    }

    #[test]
    fn slots_keep_the_sums() {
        let time: Vec<f64> = (0..500).map(|i| 100.0 + 0.0113 * f64::from(i)).collect();
        let flux: Vec<f64> = (0..500).map(|i| 1.0 + 1e-3 * f64::from(i % 17)).collect();
        let series = Series::from_columns(&time, &flux, &vec![1e-3; 500]);
        let slots = slotted(&series, 0.03);
        assert!((slots.den.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        assert!(slots.num.iter().sum::<f32>().abs() < 1e-4);
    }

    #[test]
    fn white_noise_has_beta_one_and_red_noise_more() {
        let mut rng = StdRng::seed_from_u64(3);
        let n = 20_000;
        let time: Vec<f64> = (0..n).map(|i| 0.01 * f64::from(i)).collect();
        let white: Vec<f64> = (0..n).map(|_| 1e-3 * rng.sample::<f64, _>(StandardNormal)).collect();
        let err = vec![1e-3; n as usize];
        let beta = |flux: &[f64]| {
            let series = Series::from_columns(&time, flux, &err);
            event_scatter(&slotted(&series, 0.03), &class())[1].beta
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
}
