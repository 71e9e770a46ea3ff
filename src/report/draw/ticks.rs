//! Round numbers on an axis, and how they are written.

/// Marks of an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Ticks {
    /// Where there is a number.
    pub major: Vec<f64>,
    /// Where there is a mark without one.
    pub minor: Vec<f64>,
    /// Digits after the point that all numbers need.
    pub decimals: usize,
}

/// Steps of 1, 2 or 5 times a power of ten between `low` and `high`: `most` numbers at most, but never fewer than 2.
pub fn linear(low: f64, high: f64, most: usize) -> Ticks {
    let range = high - low;
    if !(range > 0.0 && range.is_finite()) {
        return Ticks { major: Vec::new(), minor: Vec::new(), decimals: 0 };
    }
    let count = |step: f64| ((high / step + 1e-9).floor() - (low / step - 1e-9).ceil() + 1.0) as usize;
    let mut exponent = (range / most.max(2) as f64).log10().floor() as i32 - 1;
    let mut finer = (f64::NAN, 1);
    let (step, parts) = 'found: loop {
        for (factor, parts) in [(1.0, 5), (2.0, 4), (5.0, 5)] {
            let step = factor * 10f64.powi(exponent);
            match count(step) {
                // one number says nothing of the scale
                0 | 1 => break 'found finer,
                n if n <= most.max(2) => break 'found (step, parts),
                _ => finer = (step, parts),
            }
        }
        exponent += 1;
    };
    let multiples = |step: f64| {
        let (first, last) = ((low / step - 1e-9).ceil() as i64, (high / step + 1e-9).floor() as i64);
        (first..=last).map(move |i| (i, i as f64 * step))
    };
    let fine = step / f64::from(parts);
    let minor = multiples(fine).filter(|(i, _)| i % i64::from(parts) != 0).map(|m| m.1).collect();
    Ticks { major: multiples(step).map(|m| m.1).collect(), minor, decimals: decimals(step) }
}

/// Digits after the point of multiples of a round step.
fn decimals(step: f64) -> usize {
    (-(step.log10() + 1e-9).floor()).max(0.0) as usize
}

/// Powers of ten, and 2 and 5 times these where there are few.
pub fn logarithmic(low: f64, high: f64) -> Ticks {
    if !(low > 0.0 && high > low && high.is_finite()) {
        return Ticks { major: Vec::new(), minor: Vec::new(), decimals: 0 };
    }
    let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
    let inside = |v: &f64| *v >= low * (1.0 - 1e-9) && *v <= high * (1.0 + 1e-9);
    let of = |factors: &[f64]| -> Vec<f64> {
        (first..=last).flat_map(|e| factors.iter().map(move |f| f * 10f64.powi(e))).filter(inside).collect()
    };
    let mut major = of(&[1.0]);
    if major.len() < 3 {
        major = of(&[1.0, 2.0, 5.0]);
    }
    let minor = of(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]);
    let least = major.first().copied().unwrap_or(1.0);
    Ticks { minor: minor.into_iter().filter(|v| !major.contains(v)).collect(), decimals: decimals(least), major }
}

/// A number with a proper minus sign; zero has none.
pub fn written(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    if text.bytes().any(|b| b.is_ascii_digit() && b != b'0') {
        text.replace('-', "−")
    } else {
        text.trim_start_matches('-').to_string()
    }
}

/// What is taken off the numbers of an axis, and the power of ten that they are divided by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shift {
    pub offset: f64,
    pub exponent: i32,
}

impl Shift {
    pub const NONE: Self = Self { offset: 0.0, exponent: 0 };

    /// Keeps the numbers between `low` and `high` short: an offset where all start with the same three digits or more, a
    /// power of ten where they are below 0.01 or above 99999.
    pub fn choose(low: f64, high: f64) -> Self {
        let range = high - low;
        let largest = low.abs().max(high.abs());
        if !(range > 0.0 && range.is_finite()) {
            return Self::NONE;
        }
        let mut offset = 0.0;
        if largest > 1e3 * range {
            // a number of few digits below the axis
            let places = (-range.log10().ceil()).clamp(-300.0, 300.0) as i32;
            // a number just above the low end serves as well; multiplied or divided by a whole power of ten, which is exact
            let least = low + 0.05 * range;
            offset = if places > 0 {
                (least * 10f64.powi(places)).floor() / 10f64.powi(places)
            } else {
                (least / 10f64.powi(-places)).floor() * 10f64.powi(-places)
            };
        }
        let largest = (low - offset).abs().max((high - offset).abs());
        // after an offset has gone the rest is short of digits anyway
        let least = if offset == 0.0 { 0.01 } else { 0.1 };
        let exponent = if (least..1e5).contains(&largest) { 0 } else { largest.log10().floor() as i32 };
        Self { offset, exponent }
    }

    pub fn apply(&self, value: f64) -> f64 {
        (value - self.offset) / 10f64.powi(self.exponent)
    }

    /// The label of an axis of `name` in `unit` (empty for a plain number).
    pub fn label(&self, name: &str, unit: &str) -> String {
        let mut out = name.to_string();
        if self.offset != 0.0 {
            let sign = if self.offset > 0.0 { "−" } else { "+" };
            out += &format!(" {sign} {}", self.offset.abs());
        }
        match (self.exponent, unit) {
            (0, "") => {}
            (0, unit) => out += &format!(" ({unit})"),
            (e, "") => out += &format!(" (10^{{{}}})", written(f64::from(e), 0)),
            (e, unit) => out += &format!(" (10^{{{}}} {unit})", written(f64::from(e), 0)),
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_are_round_inside_and_neither_few_nor_many(
            low in -1e4f64..1e4, log_range in -6.0f64..6.0, most in 3usize..12,
        ) {
            let high = low + 10f64.powf(log_range);
            let t = linear(low, high, most);
            // more than asked for only where a coarser step leaves one number: at most 2.5 times finer, so up to 5
            prop_assert!(t.major.len() <= most.max(5), "{t:?}");
            // steps of 1, 2, 5: at worst the next finer one would have given just over `most`
            prop_assert!(t.major.len() >= (most / 3).max(2), "{t:?}");
            let slack = 1e-9 * (high - low) + 1e-9 * low.abs().max(high.abs());
            for v in t.major.iter().chain(&t.minor) {
                prop_assert!(*v >= low - slack && *v <= high + slack);
            }
            let texts: Vec<String> = t.major.iter().map(|v| written(*v, t.decimals)).collect();
            for pair in texts.windows(2) {
                prop_assert!(pair[0] != pair[1], "numbers that read the same: {texts:?}");
            }
            for (v, text) in t.major.iter().zip(&texts) {
                let read: f64 = text.replace('−', "-").parse().unwrap();
                prop_assert!((read - v).abs() <= 1e-6 * (high - low) + 1e-15 * v.abs(), "{text} is not {v}");
            }
        }

        #[test]
        fn shifted_numbers_are_short_and_come_back(low in -3e6f64..3e6, log_range in -5.0f64..5.0) {
            let high = low + 10f64.powf(log_range);
            let s = Shift::choose(low, high);
            let (a, b) = (s.apply(low), s.apply(high));
            prop_assert!(a.abs().max(b.abs()) < 1e5 && b - a >= 9e-4, "{s:?}: {a} {b}");
            prop_assert!((a * 10f64.powi(s.exponent) + s.offset - low).abs() <= 1e-9 * low.abs() + 1e-12);
        }
    }

    #[test]
    fn times_and_periods_lose_what_they_have_in_common() {
        let s = Shift::choose(2_458_354.1, 2_458_381.3);
        assert_eq!((s.offset, s.exponent), (2_458_300.0, 0));
        assert_eq!(s.label("Time", "d"), "Time − 2458300 (d)");
        let s = Shift::choose(3.400_012, 3.400_019);
        assert_eq!((s.offset, s.exponent), (3.40001, -6));
        assert_eq!(s.label("P", "d"), "P − 3.40001 (10^{−6} d)");
        assert_eq!(Shift::choose(2_458_999.72, 2_459_014.2).offset, 2_459_000.0);
        assert_eq!(Shift::choose(0.1, 0.4), Shift::NONE);
        assert_eq!(written(-0.0004, 2), "0.00");
        assert_eq!(written(-1.25, 1), "−1.2");
    }

    #[test]
    fn logarithmic_axes_have_decades() {
        assert_eq!(logarithmic(0.5, 2000.0).major, [1.0, 10.0, 100.0, 1000.0]);
        assert_eq!(logarithmic(0.5, 13.0).major, [0.5, 1.0, 2.0, 5.0, 10.0]);
        assert!(logarithmic(-1.0, 10.0).major.is_empty());
    }
}
