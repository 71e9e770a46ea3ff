//! The values of a sliding window kept in order, so that median and absolute deviation are look-ups.

/// Finite values in ascending order, updated as a window slides. One update moves the values between the two places
/// and no others; one look-up of the median absolute deviation is amortised constant, because it starts from the last.
#[derive(Clone, Debug, Default)]
pub struct SortedWindow {
    values: Vec<f64>,
    /// Where the central half began at the last look-up of the deviation; a hint, never wrong.
    central: usize,
}

impl SortedWindow {
    pub fn new() -> Self {
        Self::default()
    }

    /// All values, ascending.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Empties the window and takes `values` in any order.
    pub fn reset(&mut self, values: impl Iterator<Item = f64>) {
        self.values.clear();
        self.values.extend(values);
        self.values.sort_unstable_by(f64::total_cmp);
        self.central = 0;
    }

    /// Adds a value and returns its place.
    pub fn insert(&mut self, value: f64) -> usize {
        let place = self.place(value);
        self.values.insert(place, value);
        place
    }

    /// Takes one copy of a value out and returns where it was; `None` if it is not there.
    pub fn remove(&mut self, value: f64) -> Option<usize> {
        let place = self.place(value);
        if self.values.get(place) != Some(&value) {
            return None;
        }
        self.values.remove(place);
        Some(place)
    }

    /// [`SortedWindow::remove`] and [`SortedWindow::insert`] in one move: the old place and the new one.
    pub fn replace(&mut self, old: f64, new: f64) -> Option<(usize, usize)> {
        let from = self.place(old);
        if self.values.get(from) != Some(&old) {
            return None;
        }
        let to = if new > old {
            let to = from + self.values[from..].partition_point(|v| *v < new) - 1;
            self.values.copy_within(from + 1..to + 1, from);
            to
        } else {
            let to = self.values[..from].partition_point(|v| *v < new);
            self.values.copy_within(to..from, to + 1);
            to
        };
        self.values[to] = new;
        Some((from, to))
    }

    /// First place whose value is not below `value`.
    fn place(&self, value: f64) -> usize {
        self.values.partition_point(|v| *v < value)
    }

    /// Median, the mean of the middle two for an even count; NaN if empty.
    pub fn median(&self) -> f64 {
        let (s, n) = (&self.values, self.values.len());
        match n {
            0 => f64::NAN,
            _ if n % 2 == 1 => s[n / 2],
            _ => 0.5 * (s[n / 2 - 1] + s[n / 2]),
        }
    }

    /// Median of |value − `median`|, where `median` is the window's own; NaN if empty.
    ///
    /// The `k` values nearest the median lie side by side in the sorted window; of all runs of `k` it is the one whose
    /// farther end is nearest, and that end moves one way as the run moves, so it is found by walking.
    pub fn absolute_deviation(&mut self, median: f64) -> f64 {
        let (s, n) = (&self.values, self.values.len());
        if n == 0 {
            return f64::NAN;
        }
        let k = n.div_ceil(2);
        let mut p = self.central.min(n - k);
        // Moving the run up by one swaps s[p] for s[p + k]: worth it while the latter is the nearer.
        while p + k < n && s[p + k] - median < median - s[p] {
            p += 1;
        }
        while p > 0 && median - s[p - 1] < s[p + k - 1] - median {
            p -= 1;
        }
        let nearest = (median - s[p]).max(s[p + k - 1] - median);
        let deviation = if n % 2 == 1 {
            nearest
        } else {
            let below = if p > 0 { median - s[p - 1] } else { f64::INFINITY };
            let above = if p + k < n { s[p + k] - median } else { f64::INFINITY };
            0.5 * (nearest + below.min(above))
        };
        self.central = p;
        deviation
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::median;
    use rand::{RngExt, SeedableRng, rngs::StdRng};

    #[test]
    fn sliding_equals_sorting() {
        let mut rng = StdRng::seed_from_u64(1);
        // Rounded, so that there are ties.
        let x: Vec<f64> = (0..800).map(|_| (rng.random::<f64>() * 50.0).round() / 10.0).collect();
        for n in [1, 2, 3, 10, 37] {
            let mut window = SortedWindow::new();
            window.reset(x[..n].iter().copied());
            for start in 0..x.len() - n {
                if start > 0 {
                    match start % 3 {
                        0 => {
                            window.remove(x[start - 1]).unwrap();
                            window.insert(x[start + n - 1]);
                        }
                        _ => {
                            window.replace(x[start - 1], x[start + n - 1]).unwrap();
                        }
                    }
                }
                let now = &x[start..start + n];
                let m = median(now);
                let d = median(&now.iter().map(|v| (v - m).abs()).collect::<Vec<_>>());
                assert!(window.values().is_sorted());
                assert_eq!(window.median(), m);
                assert!((window.absolute_deviation(m) - d).abs() < 1e-15);
            }
        }
        assert_eq!(SortedWindow::new().remove(1.0), None);
    }
}
