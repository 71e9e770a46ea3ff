//! The fast folding algorithm: folds an evenly slotted series at every period between two whole numbers of slots.
//!
//! After Staelin 1969 (Proc. IEEE 57, 724) and Morello et al. 2020 (MNRAS 497, 4654). The series is cut into `rows` rows of
//! `base` slots. Fold number k is the sum of the rows when row r is shifted by about k r / (rows − 1) slots, the fold at
//! period
//!
//! ```text
//! P_k = base + k / (rows − 1),      k = 0 … rows − 1
//! ```
//! Folds of all rows are sums of folds of the first and of the second half, so all of them cost rows · base · log₂ rows
//! additions and not rows² · base. Shifts are whole slots; a row is off its place by 0.3 to 0.5 slots (rms, 16 to 257
//! rows), never by more than 1.7, which costs signal to noise only here: what is reported is evaluated on unbinned data.
//!
//! Sums are in f32. Each is a sum along a tree of log₂ rows levels, so its relative error is below
//! ε log₂ rows Σ|terms| with ε = 6e-8: under a part in 10⁶ for any light curve.

use super::kernels::Kernels;

/// Numerator and denominator of an evenly slotted series, folded alike.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pair {
    pub num: Vec<f32>,
    pub den: Vec<f32>,
}

impl Pair {
    #[cfg(test)]
    pub fn zeros(n: usize) -> Self {
        Self { num: vec![0.0; n], den: vec![0.0; n] }
    }
}

/// Some rows, shared.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a> {
    pub num: &'a [f32],
    pub den: &'a [f32],
}

/// Some rows, to be written.
pub(crate) struct RowsMut<'a> {
    pub num: &'a mut [f32],
    pub den: &'a mut [f32],
}

impl<'a> Rows<'a> {
    pub fn split_at(self, at: usize) -> (Self, Self) {
        let (n0, n1) = self.num.split_at(at);
        let (d0, d1) = self.den.split_at(at);
        (Self { num: n0, den: d0 }, Self { num: n1, den: d1 })
    }

    pub fn row(self, base: usize, row: usize) -> Self {
        let range = row * base..(row + 1) * base;
        Self { num: &self.num[range.clone()], den: &self.den[range] }
    }
}

impl RowsMut<'_> {
    pub fn split_at(&mut self, at: usize) -> (RowsMut<'_>, RowsMut<'_>) {
        let (n0, n1) = self.num.split_at_mut(at);
        let (d0, d1) = self.den.split_at_mut(at);
        (RowsMut { num: n0, den: d0 }, RowsMut { num: n1, den: d1 })
    }

    pub fn row(&mut self, base: usize, row: usize) -> RowsMut<'_> {
        let range = row * base..(row + 1) * base;
        RowsMut { num: &mut self.num[range.clone()], den: &mut self.den[range] }
    }

    pub fn shared(&self) -> Rows<'_> {
        Rows { num: self.num, den: self.den }
    }

    pub fn copy(&mut self, from: Rows) {
        self.num.copy_from_slice(from.num);
        self.den.copy_from_slice(from.den);
    }
}

/// Which folds of the two halves make fold `k` of `rows` rows, and by how many slots the second half is shifted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Step {
    pub head: usize,
    pub tail: usize,
    pub shift: usize,
}

#[inline]
pub(crate) fn step(rows: usize, k: usize) -> Step {
    let half = rows / 2;
    // k · x / (rows − 1), rounded to the nearest whole number
    let share = |x: usize| (2 * k * x + rows - 1) / (2 * (rows - 1));
    // The last row is shifted by k exactly, so that rounding does not add up from half to half.
    Step { head: share(half - 1), tail: k - share(half), shift: share(half) }
}

/// Work space for folds; grows to the largest series it has seen.
#[derive(Clone, Debug)]
pub(crate) struct FastFold {
    kernels: Kernels,
    halves: Pair,
    spare: Pair,
    base: usize,
    rows: usize,
}

impl FastFold {
    pub fn new(kernels: Kernels) -> Self {
        Self { kernels, halves: Pair::default(), spare: Pair::default(), base: 1, rows: 2 }
    }

    /// Rows of `base` slots that `slots` slots make: two at least.
    fn rows_of(slots: usize, base: usize) -> usize {
        slots.div_ceil(base).max(2)
    }

    /// Length that a series of `slots` slots must be filled up to with zeros to be folded at up to `base_max` slots.
    pub fn padded_length(slots: usize, base_max: usize) -> usize {
        (slots + base_max).max(2 * base_max)
    }

    /// Folds the first `n` slots, which zeros follow (see [`FastFold::padded_length`]), for all periods from `base` to
    /// `base + 1` slots, all but the last step, which [`FastFold::write_fold`] takes.
    pub fn prepare(&mut self, slots: &Pair, n: usize, base: usize) {
        let rows = Self::rows_of(n, base);
        (self.base, self.rows) = (base, rows);
        let n = base * rows;
        for buffer in [&mut self.halves.num, &mut self.halves.den, &mut self.spare.num, &mut self.spare.den] {
            if buffer.len() < n {
                buffer.resize(n, 0.0);
            }
        }
        let half = rows / 2;
        let input = Rows { num: &slots.num[..n], den: &slots.den[..n] };
        let (head, tail) = input.split_at(half * base);
        let mut halves = RowsMut { num: &mut self.halves.num[..n], den: &mut self.halves.den[..n] };
        let mut spare = RowsMut { num: &mut self.spare.num[..n], den: &mut self.spare.den[..n] };
        let (head_out, tail_out) = halves.split_at(half * base);
        let (head_tmp, tail_tmp) = spare.split_at(half * base);
        self.kernels.fold_all(head, base, half, head_out, head_tmp);
        self.kernels.fold_all(tail, base, rows - half, tail_out, tail_tmp);
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Period of fold `k` in slots.
    pub fn period(&self, k: usize) -> f64 {
        self.base as f64 + k as f64 / (self.rows - 1) as f64
    }

    /// Writes fold `k` into `out`, continued periodically to the length of `out`, which is at least one period.
    pub fn write_fold(&self, k: usize, out: &mut Pair) {
        let s = step(self.rows, k);
        let halves = Rows { num: &self.halves.num, den: &self.halves.den };
        let (head, tail) = halves.split_at(self.rows / 2 * self.base);
        let (head, tail) = (head.row(self.base, s.head), tail.row(self.base, s.tail));
        let mut whole = RowsMut { num: &mut out.num, den: &mut out.den };
        let (one, rest) = whole.split_at(self.base);
        self.kernels.add_rolled(RowsMut { num: one.num, den: one.den }, head, tail, s.shift);
        for (one, rest) in [(one.num, rest.num), (one.den, rest.den)] {
            for piece in rest.chunks_mut(self.base) {
                piece.copy_from_slice(&one[..piece.len()]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::kernels::TrialBox;

    /// Shift that row `r` gets in fold `k`, followed down the tree.
    fn total_shift(rows: usize, k: usize, r: usize) -> usize {
        if rows == 1 {
            return 0;
        }
        let s = step(rows, k);
        let half = rows / 2;
        if r < half { total_shift(half, s.head, r) } else { s.shift + total_shift(rows - half, s.tail, r - half) }
    }

    #[test]
    fn rows_stay_near_their_place() {
        for rows in [2, 3, 4, 5, 7, 16, 31, 100, 257] {
            let (mut worst, mut squares): (f64, f64) = (0.0, 0.0);
            for k in 0..rows {
                for r in 0..rows {
                    let exact = k as f64 * r as f64 / (rows - 1) as f64;
                    let off = (total_shift(rows, k, r) as f64 - exact).abs();
                    worst = worst.max(off);
                    squares += off * off;
                }
            }
            let rms = squares.sqrt() / rows as f64;
            assert!(worst <= 1.7 && rms <= 0.47, "{rows}: {worst} {rms}");
        }
    }

    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        let (n, base) = (5000, 61);
        let mut slots = Pair {
            num: (0..n).map(|i| (i as f32 * 0.7371).sin() * 1e-3).collect(),
            den: (0..n).map(|i| 1e-4 + (i as f32 * 0.31).cos().abs() * 1e-4).collect(),
        };
        slots.num.resize(FastFold::padded_length(n, base), 0.0);
        slots.den.resize(FastFold::padded_length(n, base), 0.0);
        let boxes = [3, 4, 5].map(|width| TrialBox { width, scale: 0.9, least_weight: 1e-3 });
        let best = [Kernels::detect(), Kernels::portable()].map(|kernels| {
            let mut fold = FastFold::new(kernels);
            fold.prepare(&slots, n, base);
            let mut out = Pair::zeros(base + 128);
            let best = |k| {
                fold.write_fold(k, &mut out);
                kernels.best_box(Rows { num: &out.num, den: &out.den }, base, &boxes, 0.0).to_bits()
            };
            (0..fold.rows()).map(best).collect::<Vec<u32>>()
        });
        assert_eq!(best[0], best[1]);
        assert!(best[0].iter().any(|b| f32::from_bits(*b) > 0.0));
    }

    #[test]
    fn folds_are_sums_of_shifted_rows() {
        let mut fold = FastFold::new(Kernels::detect());
        // the second, shorter series also checks that nothing is left over in the buffers
        for (n, base) in [(1003, 37), (400, 23), (45, 30), (90, 90)] {
            let mut slots = Pair {
                num: (0..n).map(|i| ((i * 7919) % 101) as f32 - 50.0).collect(),
                den: (0..n).map(|i| ((i * 31) % 7) as f32).collect(),
            };
            slots.num.resize(FastFold::padded_length(n, base), 0.0);
            slots.den.resize(FastFold::padded_length(n, base), 0.0);
            fold.prepare(&slots, n, base);
            let rows = fold.rows();
            let mut out = Pair::zeros(base + 40);
            for k in 0..rows {
                fold.write_fold(k, &mut out);
                for j in 0..base + 40 {
                    let (mut num, mut den) = (0.0, 0.0);
                    for r in 0..rows {
                        let i = r * base + (j + total_shift(rows, k, r)) % base;
                        num += slots.num.get(i).copied().unwrap_or(0.0);
                        den += slots.den.get(i).copied().unwrap_or(0.0);
                    }
                    // small whole numbers: exact in f32
                    assert_eq!((out.num[j], out.den[j]), (num, den), "n {n} base {base} k {k} j {j}");
                }
            }
        }
    }
}
