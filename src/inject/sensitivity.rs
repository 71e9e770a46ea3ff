//! What signals a light curve can show: its cadences, their errors, and how much dips scatter beyond those.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::lightcurve::{Detrended, TimeSystem};
use crate::math::mad_sigma;
use crate::transit::{TransitShape, with_portable_kernels};

/// Durations (days) at which the excess is measured; between them it is interpolated.
const DURATIONS: [f64; 10] = [0.03, 0.05, 0.08, 0.12, 0.18, 0.27, 0.4, 0.6, 0.9, 1.4];
/// Boxes that an excess needs.
const FEWEST_BOXES: usize = 20;
/// Share of the usual weight that a box needs.
const FULL: f64 = 0.5;

/// Cadences of a flattened light curve with their weights, and the excess of its noise.
#[derive(Clone, Debug, PartialEq)]
pub struct Sensitivity {
    time: Vec<f64>,
    weight: Vec<f64>,
    segments: Vec<Range<usize>>,
    exposure_time: Vec<f64>,
    time_system: TimeSystem,
    /// (duration, excess), durations ascending.
    excess: Vec<(f64, f64)>,
}

/// How strong one planet's signal is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Strength {
    /// √Σ (dip / error)².
    pub snr_white: f64,
    /// Transits with a cadence between first and last contact.
    pub n_transits: usize,
}

impl Sensitivity {
    /// Of a flattened light curve. The excess is measured in the cadences whose time is `quiet`: those without transits.
    pub fn new(flat: &Detrended, quiet: impl Fn(f64) -> bool) -> Self {
        let mut out = Self {
            time: flat.time().to_vec(),
            weight: flat.flux_err().iter().map(|e| e.powi(-2)).collect(),
            segments: flat.segments().to_vec(),
            exposure_time: flat.exposure_time().to_vec(),
            time_system: flat.time_system(),
            excess: Vec::new(),
        };
        let quiet: Vec<bool> = out.time.iter().map(|t| quiet(*t)).collect();
        let measured = DURATIONS.into_iter().filter_map(|d| Some((d, out.measure(flat.flux(), &quiet, d)?)));
        out.excess = measured.collect();
        out
    }

    /// Scatter of the mean of boxes of a duration over that of white noise of the stated errors.
    ///
    /// ```text
    /// z = Σ w·dip / √Σ w      over boxes one after the other, and again half a box later
    /// excess = 1.4826 MAD(z)
    /// ```
    fn measure(&self, flux: &[f64], quiet: &[bool], duration: f64) -> Option<f64> {
        let mut boxes: Vec<(f64, f64)> = Vec::new();
        for offset in [0.0, 0.5] {
            let mut current = (0, 0.0, 0.0);
            for segment in &self.segments {
                for i in segment.clone().filter(|i| quiet[*i]) {
                    let number = ((self.time[i] - self.start()) / duration + offset).floor() as i64 + 1;
                    if number != current.0 {
                        boxes.push((current.1, current.2));
                        current = (number, 0.0, 0.0);
                    }
                    current.1 += self.weight[i];
                    current.2 += self.weight[i] * (1.0 - flux[i]);
                }
            }
            boxes.push((current.1, current.2));
        }
        boxes.retain(|b| b.0 > 0.0);
        let usual = crate::math::median(&boxes.iter().map(|b| b.0).collect::<Vec<_>>());
        let z: Vec<f64> = boxes.iter().filter(|b| b.0 >= FULL * usual).map(|b| b.1 / b.0.sqrt()).collect();
        (z.len() >= FEWEST_BOXES).then(|| mad_sigma(&z))
    }

    /// By how much dips of a duration (days) scatter beyond white noise of the stated errors, at least 1; 1 where the
    /// light curve is too short to tell. After the red-noise factor of Pont, Zucker & Queloz 2006 (MNRAS 373, 231).
    pub fn excess(&self, duration: f64) -> f64 {
        let above = self.excess.partition_point(|e| e.0 < duration);
        let value = match (above.checked_sub(1).and_then(|i| self.excess.get(i)), self.excess.get(above)) {
            (Some(a), Some(b)) => a.1 + (duration / a.0).ln() / (b.0 / a.0).ln() * (b.1 - a.1),
            (Some(e), None) | (None, Some(e)) => e.1,
            (None, None) => 1.0,
        };
        value.max(1.0)
    }

    /// Time of the first cadence.
    pub fn start(&self) -> f64 {
        self.time[0]
    }

    /// Days from the first to the last cadence.
    pub fn baseline(&self) -> f64 {
        self.time[self.time.len() - 1] - self.start()
    }

    pub fn time_system(&self) -> TimeSystem {
        self.time_system
    }

    /// Σ 1/error² over all cadences.
    pub fn total_weight(&self) -> f64 {
        self.weight.iter().sum()
    }

    /// Exposure time of the segment with the most weight (days).
    pub fn typical_exposure(&self) -> f64 {
        let weight = |r: &Range<usize>| self.weight[r.clone()].iter().sum::<f64>();
        let heaviest = self.segments.iter().zip(&self.exposure_time).max_by(|a, b| weight(a.0).total_cmp(&weight(b.0)));
        heaviest.map_or(0.0, |(_, e)| *e)
    }

    /// Strength of the signal of one planet, exposures averaged.
    pub fn strength(&self, shape: &TransitShape) -> Strength {
        let mut sum = 0.0;
        let mut seen = BTreeSet::new();
        let mut flux = vec![1.0; self.time.len()];
        let e = shape.orbit().elements();
        for (segment, exposure) in self.segments.iter().zip(&self.exposure_time) {
            let time = &self.time[segment.clone()];
            with_portable_kernels(|| shape.flux_into(time, *exposure, &mut flux[segment.clone()]));
            for (i, t) in segment.clone().zip(time) {
                sum += self.weight[i] * (1.0 - flux[i]).powi(2);
                if shape.orbit().time_from_transit(*t).abs() <= 0.5 * shape.duration() {
                    seen.insert(((t - e.transit_time) / e.period).round() as i64);
                }
            }
        }
        Strength { snr_white: sum.sqrt(), n_transits: seen.len() }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::lightcurve::{CadenceMask, LightCurve};
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};
    use rand_distr::StandardNormal;

    /// White noise of the stated error without gaps.
    pub fn flat(days: f64, cadence: f64, err: f64) -> Detrended {
        let mut rng = StdRng::seed_from_u64(4);
        let n = (days / cadence) as usize;
        let time: Vec<f64> = (0..n).map(|i| 100.0 + i as f64 * cadence).collect();
        let flux = (0..n).map(|_| 1.0 + err * rng.sample::<f64, _>(StandardNormal)).collect();
        let curve = LightCurve::single_segment("t", time, flux, vec![err; n], TimeSystem::BTJD).unwrap();
        Detrended::already_flat(&curve, &CadenceMask::keep_all(n)).unwrap()
    }

    #[test]
    fn excess_is_one_for_white_noise_and_more_for_red() {
        let white = flat(200.0, 0.01, 1e-3);
        let curve = Sensitivity::new(&white, |_| true);
        for duration in [0.01, 0.1, 0.3, 3.0] {
            // 285 boxes and more, each counted about once and a half: MAD is known to 6 %, and below 1 is cut
            assert!((1.0..1.2).contains(&curve.excess(duration)), "{duration}: {}", curve.excess(duration));
        }
        // steps of one error that last a day: a box of 0.27 d has 27 of them in phase
        let mut rng = StdRng::seed_from_u64(5);
        let steps: Vec<f64> = (0..201).map(|_| 1e-3 * rng.sample::<f64, _>(StandardNormal)).collect();
        let flux = white.time().iter().zip(white.flux()).map(|(t, f)| f + steps[(t - 100.0) as usize]).collect();
        let n = white.len();
        let red = LightCurve::single_segment("t", white.time().to_vec(), flux, vec![1e-3; n], TimeSystem::BTJD);
        let red = Detrended::already_flat(&red.unwrap(), &CadenceMask::keep_all(n)).unwrap();
        let excess = Sensitivity::new(&red, |_| true).excess(0.27);
        // 200 independent steps: the scatter is known to 8 %
        assert!((excess / 28f64.sqrt() - 1.0).abs() < 0.2, "{excess}");
    }

    #[test]
    fn strength_of_a_box_like_transit_is_depth_times_root_n_over_error() {
        use crate::transit::{LimbDarkening, Orbit, OrbitElements};
        let curve = Sensitivity::new(&flat(20.0, 0.002, 1e-3), |_| true);
        let orbit = Orbit::new(OrbitElements::circular(4.0, 101.0, 12.0, 0.0)).unwrap();
        let shape = TransitShape::new(orbit, 0.01, LimbDarkening::Uniform).unwrap();
        let got = curve.strength(&shape);
        assert_eq!(got.n_transits, 5);
        let n = 5.0 * shape.full_duration() / 0.002;
        let ideal = 1e-4 / 1e-3 * n.sqrt();
        // ingress and egress of 2 % of the duration add a little
        assert!((got.snr_white / ideal - 1.0).abs() < 0.01, "{} {ideal}", got.snr_white);
    }
}
