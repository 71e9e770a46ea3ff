//! A slotted series as whole numbers of 16 bits, which fold several times faster than floating point.

use super::kernels::LANES;
use crate::search::series::slots::Slots;

/// Standard deviation of the numerator of one slot of a fold.
const NOISE_LEVEL: f64 = 256.0;

/// Numerators and denominators in units of [`Scale`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Quantised {
    pub num: Vec<i16>,
    /// The 16 bits of unsigned numbers.
    pub den: Vec<i16>,
}

/// Whole numbers per unit of Σ w·dip and of Σ w.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    pub num: f64,
    pub den: f64,
}

impl Scale {
    /// For folds of at least `base` slots, and boxes of up to `widest` slots, of noise with a single-box scatter of `beta`
    /// times white noise.
    ///
    /// One slot of a fold is never above 2¹⁵ − 1 by the sum of the largest slot of each row, so that dips do not saturate;
    /// the denominators of `widest` slots are below 2¹⁶. Wide boxes of a dip of more than a hundred sigma may still saturate,
    /// and are ranked as the largest number.
    pub fn new(slots: &Slots, base: usize, widest: usize, beta: f64) -> Self {
        let total: f64 = slots.den.iter().sum();
        let (mut largest_num, mut largest_den) = (0.0, 0.0);
        for (num, den) in slots.num.chunks(base).zip(slots.den.chunks(base)) {
            largest_num += num.iter().fold(0.0, |a: f64, b| a.max(*b));
            largest_den += den.iter().fold(0.0, |a: f64, b| a.max(*b));
        }
        let sigma = beta * (total / base as f64).sqrt();
        let limit = |level: f64, largest: f64| if largest > 0.0 { level / largest } else { 1.0 };
        Self {
            num: limit(NOISE_LEVEL, sigma).min(limit(f64::from(i16::MAX), largest_num)),
            den: limit(f64::from(u16::MAX), largest_den * widest as f64),
        }
    }
}

/// Rounds `slots` to whole numbers and fills up with zeros to `length`.
///
/// What is lost in rounding one slot is carried to the next, so the sum of any run of slots is off by at most one unit, not by
/// a number that grows with the run. A fold of M rows is then off by √(M/6) units (rms): with a noise of 256 units, of
/// √(M/6)/256, at most 0.14 of sigma for 7300 rows (four years at 0.2 d) in a box of any width, or one part in a hundred
/// of variance.
pub(crate) fn quantise(slots: &Slots, scale: Scale, length: usize, out: &mut Quantised) {
    out.num.clear();
    out.den.clear();
    let (mut num_left, mut den_left) = (0.0, 0.0);
    for (num, den) in slots.num.iter().zip(&slots.den) {
        if *den <= 0.0 {
            out.num.push(0);
            out.den.push(0);
            continue;
        }
        let (num, den) = (num * scale.num + num_left, den * scale.den + den_left);
        // Conversions saturate and cut off; `round` would be a call on the baseline instruction set.
        let whole_num = ((num + 32_768.5) as i32 - 32_768).min(i32::from(i16::MAX)) as i16;
        let whole_den = (den + 0.5) as u16;
        num_left = (num - f64::from(whole_num)).clamp(-1.0, 1.0);
        den_left = (den - f64::from(whole_den)).clamp(-1.0, 1.0);
        out.num.push(whole_num);
        out.den.push(whole_den as i16);
    }
    let length = length.next_multiple_of(LANES);
    out.num.resize(length, 0);
    out.den.resize(length, 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_slots_keep_their_sums() {
        let n = 3000;
        let slots = Slots {
            width: 0.1,
            num: (0..n).map(|i| (f64::from(i) * 1.7371).sin() * 12.3).collect(),
            den: (0..n).map(|i| 5.0 + (f64::from(i) * 0.31).cos()).collect(),
        };
        let scale = Scale::new(&slots, 41, 6, 1.0);
        let mut whole = Quantised::default();
        quantise(&slots, scale, n as usize, &mut whole);
        for start in (0..2900).step_by(37) {
            for width in [1, 2, 7, 90] {
                let num: f64 = slots.num[start..start + width].iter().sum::<f64>() * scale.num;
                let den: f64 = slots.den[start..start + width].iter().sum::<f64>() * scale.den;
                let whole_num: f64 = whole.num[start..start + width].iter().map(|v| f64::from(*v)).sum();
                let whole_den: f64 = whole.den[start..start + width].iter().map(|v| f64::from(*v as u16)).sum();
                assert!((num - whole_num).abs() <= 1.0 + 1e-9 && (den - whole_den).abs() <= 1.0 + 1e-9);
            }
        }
    }

    #[test]
    fn no_dip_saturates_a_fold() {
        let n = 5000;
        let mut slots = Slots { width: 0.1, num: vec![1.0; n], den: vec![4.0; n] };
        for i in (0..n).step_by(50) {
            slots.num[i] = 500.0;
        }
        let scale = Scale::new(&slots, 50, 6, 1.0);
        let mut whole = Quantised::default();
        quantise(&slots, scale, n, &mut whole);
        let deepest: i32 = whole.num.iter().step_by(50).map(|v| i32::from(*v)).sum();
        assert!(deepest <= i32::from(i16::MAX) + 1 && deepest > 32_000, "{deepest}");
        let box_weight: u32 = whole.den.iter().map(|v| u32::from(*v as u16)).sum::<u32>() / 50 * 6;
        assert!(box_weight <= 65_536 && box_weight > 60_000, "{box_weight}");
    }
}
