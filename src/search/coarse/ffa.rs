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
//! Sums are whole numbers of 16 bits that saturate; [`super::quantise`] says what that costs. Rows are stored in whole
//! vectors and go on periodically beyond their end by as much as they are shifted, so that a shifted row is read in one go.

use super::aligned::Aligned;
use super::kernels::{Kernels, LANES};
use super::quantise::Quantised;

/// How rows of `base` slots lie in memory: numerators, then denominators (their 16 bits), each in whole vectors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Layout {
    pub base: usize,
    /// Vectors that hold `base` slots.
    pub vectors: usize,
    /// Vectors from `base` on in which a row is continued periodically.
    pub more: usize,
}

impl Layout {
    /// For rows of `base` slots that are shifted by up to `farthest` slots.
    pub fn new(base: usize, farthest: usize) -> Self {
        Self { base, vectors: base.div_ceil(LANES), more: farthest.min(base - 1).div_ceil(LANES).max(1) }
    }

    /// From the numerators of a row to its denominators.
    #[inline(always)]
    pub fn half(self) -> usize {
        (self.vectors + self.more) * LANES
    }

    /// From the start of one row to the next.
    #[inline(always)]
    pub fn stride(self) -> usize {
        2 * self.half()
    }
}

/// A fold, continued periodically. Denominators are the 16 bits of unsigned numbers.
#[derive(Clone, Copy)]
pub(crate) struct Fold<'a> {
    pub num: &'a [i16],
    pub den: &'a [i16],
}

/// Which folds of the two halves make fold `k` of `rows` rows, and by how many slots the second half is shifted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Step {
    pub head: usize,
    pub tail: usize,
    pub shift: usize,
}

/// The steps of folds 0, 1, 2, … of `rows` rows.
///
/// The halves of h and rows − h rows are shifted within themselves by k (h − 1) / (rows − 1) and so on, rounded to the nearest
/// whole number; the second half as a whole by k h / (rows − 1), and its own last row by what is left of k, so that
/// rounding does not add up from half to half. Quotients grow by less than one from fold to fold and are carried along.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Steps {
    k: usize,
    head: Quotient,
    shift: Quotient,
}

/// k · by / of, rounded to the nearest whole number, for k = 0, 1, 2, …
#[derive(Clone, Copy, Debug)]
struct Quotient {
    value: usize,
    rest: usize,
    by: usize,
    of: usize,
}

impl Quotient {
    #[inline(always)]
    fn advance(&mut self) {
        self.rest += 2 * self.by;
        if self.rest >= 2 * self.of {
            self.rest -= 2 * self.of;
            self.value += 1;
        }
    }
}

impl Steps {
    /// For two rows or more.
    #[inline(always)]
    pub fn new(rows: usize) -> Self {
        let half = rows / 2;
        let quotient = |by| Quotient { value: 0, rest: rows - 1, by, of: rows - 1 };
        Self { k: 0, head: quotient(half - 1), shift: quotient(half) }
    }

    /// The step of the next fold.
    #[inline(always)]
    pub fn advance(&mut self) -> Step {
        let step = Step { head: self.head.value, tail: self.k - self.shift.value, shift: self.shift.value };
        self.k += 1;
        self.head.advance();
        self.shift.advance();
        step
    }
}

/// Folds of numerators and denominators; work space that grows to the largest series it has seen.
#[derive(Clone, Debug)]
pub(crate) struct FastFold {
    kernels: Kernels,
    folds: Aligned<i16>,
    spare: Aligned<i16>,
    last: Aligned<i16>,
    layout: Layout,
    rows: usize,
    steps: Steps,
}

impl FastFold {
    pub fn new(kernels: Kernels) -> Self {
        Self {
            kernels,
            folds: Aligned::default(),
            spare: Aligned::default(),
            last: Aligned::default(),
            layout: Layout::new(1, 0),
            rows: 2,
            steps: Steps::new(2),
        }
    }

    /// Rows of `base` slots that `slots` slots make: two at least.
    pub fn rows_of(slots: usize, base: usize) -> usize {
        slots.div_ceil(base).max(2)
    }

    /// Length that a series of `slots` slots must be filled up to with zeros to be folded at up to `base_max` slots.
    pub fn padded_length(slots: usize, base_max: usize) -> usize {
        (slots + base_max).max(2 * base_max) + 2 * LANES
    }

    /// Folds the first `n` slots, which zeros follow (see [`FastFold::padded_length`]), for all periods from `base` to
    /// `base + 1` slots, all but the last step, which
    /// [`FastFold::next_fold`] takes.
    pub fn prepare(&mut self, slots: &Quantised, n: usize, base: usize) {
        let rows = Self::rows_of(n, base);
        // No part of a fold is shifted by more than its half of the rows.
        let layout = Layout::new(base, rows.div_ceil(2));
        (self.layout, self.rows) = (layout, rows);
        self.steps = Steps::new(rows);
        let length = rows * layout.stride();
        self.folds.grow(length);
        self.spare.grow(length);
        let half = rows / 2;
        let (head, tail) = self.folds.split_at_mut(half * layout.stride());
        self.kernels.fold_all(layout, slots, 0, half, head, &mut self.spare);
        self.kernels.fold_all(layout, slots, half, rows - half, tail, &mut self.spare);
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Period of fold `k` in slots.
    pub fn period(&self, k: usize) -> f64 {
        self.layout.base as f64 + k as f64 / (self.rows - 1) as f64
    }

    /// Passes over the next fold.
    pub fn skip(&mut self) {
        self.steps.advance();
    }

    /// The next fold, continued periodically over `length` slots, which is at least `base`; what is beyond is undefined.
    ///
    /// Folds come in the order of their periods and there is none after number `rows − 1`.
    pub fn next_fold(&mut self, length: usize) -> Fold<'_> {
        let s = self.steps.advance();
        let layout = self.layout;
        // The last copy begins within `length`.
        let room = length.next_multiple_of(LANES) + layout.vectors * LANES;
        self.last.grow(2 * room);
        let (num, den) = self.last[..2 * room].split_at_mut(room);
        let row = |row: usize| &self.folds[row * layout.stride()..(row + 1) * layout.stride()];
        let (head, tail) = (row(s.head), row(self.rows / 2 + s.tail));
        self.kernels.add_last(layout, head, tail, s.shift, num, den, length);
        Fold { num, den }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shift that row `r` gets in fold `k`, followed down the tree.
    fn total_shift(rows: usize, k: usize, r: usize) -> usize {
        if rows == 1 {
            return 0;
        }
        let mut steps = Steps::new(rows);
        let s = (0..=k).map(|_| steps.advance()).last().unwrap();
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

    fn series(n: usize, base: usize) -> Quantised {
        let mut slots = Quantised {
            num: (0..n).map(|i| ((i * 7919) % 101) as i16 - 50).collect(),
            den: (0..n).map(|i| ((i * 31) % 7) as i16).collect(),
        };
        slots.num.resize(FastFold::padded_length(n, base), 0);
        slots.den.resize(FastFold::padded_length(n, base), 0);
        slots
    }

    #[test]
    fn folds_are_sums_of_shifted_rows() {
        for kernels in Kernels::all() {
            let mut fold = FastFold::new(kernels);
            // the later, shorter series also check that nothing is left over in the buffers
            for (n, base) in [(1003, 37), (5000, 61), (400, 23), (45, 30), (90, 90), (1000, 64), (700, 129)] {
                let slots = series(n, base);
                fold.prepare(&slots, n, base);
                let rows = fold.rows();
                let length = base + 40;
                for k in 0..rows {
                    let out = fold.next_fold(length);
                    for j in 0..length {
                        let (mut num, mut den) = (0, 0);
                        for r in 0..rows {
                            let i = r * base + (j + total_shift(rows, k, r)) % base;
                            num += slots.num.get(i).copied().unwrap_or(0);
                            den += slots.den.get(i).copied().unwrap_or(0);
                        }
                        assert_eq!((out.num[j], out.den[j]), (num, den), "{kernels:?} n {n} base {base} k {k} j {j}");
                    }
                }
            }
        }
    }
}
