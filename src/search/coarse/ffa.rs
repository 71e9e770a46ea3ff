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
//! Sums are whole numbers of 16 bits that saturate; [`super::quantise`] says what that costs. Rows are stored at a stride
//! of whole vectors, so that inner loops run over whole vectors and may write beyond the end of a row.

use super::aligned::Aligned;
use super::kernels::{Kernels, LANES};
use super::quantise::Quantised;

/// Rows of numerators and denominators, shared.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a> {
    pub num: &'a [i16],
    pub den: &'a [u16],
    /// From the start of one row to the next.
    pub stride: usize,
}

/// Rows of numerators and denominators, to be written.
pub(crate) struct RowsMut<'a> {
    pub num: &'a mut [i16],
    pub den: &'a mut [u16],
    pub stride: usize,
}

impl<'a> Rows<'a> {
    /// What is from the start of `row` on.
    pub fn starting_at(self, row: usize) -> Self {
        Self { num: &self.num[row * self.stride..], den: &self.den[row * self.stride..], ..self }
    }
}

impl RowsMut<'_> {
    /// The first `rows` rows, and the others.
    pub fn split_at(&mut self, rows: usize) -> (RowsMut<'_>, RowsMut<'_>) {
        let stride = self.stride;
        let (n0, n1) = self.num.split_at_mut(rows * stride);
        let (d0, d1) = self.den.split_at_mut(rows * stride);
        (RowsMut { num: n0, den: d0, stride }, RowsMut { num: n1, den: d1, stride })
    }

    pub fn row(&mut self, row: usize) -> RowsMut<'_> {
        let range = row * self.stride..(row + 1) * self.stride;
        RowsMut { num: &mut self.num[range.clone()], den: &mut self.den[range], stride: self.stride }
    }

    pub fn shared(&self) -> Rows<'_> {
        Rows { num: self.num, den: self.den, stride: self.stride }
    }
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
    num: Aligned<i16>,
    den: Aligned<u16>,
    spare_num: Aligned<i16>,
    spare_den: Aligned<u16>,
    row_num: Aligned<i16>,
    row_den: Aligned<u16>,
    base: usize,
    rows: usize,
    stride: usize,
    steps: Steps,
}

impl FastFold {
    pub fn new(kernels: Kernels) -> Self {
        Self {
            kernels,
            num: Aligned::default(),
            den: Aligned::default(),
            spare_num: Aligned::default(),
            spare_den: Aligned::default(),
            row_num: Aligned::default(),
            row_den: Aligned::default(),
            base: 1,
            rows: 2,
            stride: 2 * LANES,
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
        let stride = (base + LANES - 1).next_multiple_of(LANES);
        (self.base, self.rows, self.stride) = (base, rows, stride);
        self.steps = Steps::new(rows);
        // Whole vectors are read from where a row is shifted to, so a little beyond the last row.
        let length = stride * rows + LANES;
        self.num.grow(length);
        self.den.grow(length);
        self.spare_num.grow(length);
        self.spare_den.grow(length);
        let half = rows / 2;
        let input = Rows { num: &slots.num, den: &slots.den, stride: base };
        let mut out = RowsMut { num: &mut self.num, den: &mut self.den, stride };
        let mut spare = RowsMut { num: &mut self.spare_num, den: &mut self.spare_den, stride };
        let (head_out, tail_out) = out.split_at(half);
        let (head_spare, tail_spare) = spare.split_at(half);
        self.kernels.fold_all(input, base, half, head_out, head_spare);
        self.kernels.fold_all(input.starting_at(half), base, rows - half, tail_out, tail_spare);
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Period of fold `k` in slots.
    pub fn period(&self, k: usize) -> f64 {
        self.base as f64 + k as f64 / (self.rows - 1) as f64
    }

    /// Passes over the next fold.
    pub fn skip(&mut self) {
        self.steps.advance();
    }

    /// The next fold, continued periodically over `length` slots, which is at least `base`; what is beyond is undefined.
    ///
    /// Folds come in the order of their periods and there is none after number `rows − 1`.
    pub fn next_fold(&mut self, length: usize) -> Rows<'_> {
        let s = self.steps.advance();
        let half = self.rows / 2;
        let room = length.max(self.base) + 2 * LANES;
        self.row_num.grow(room);
        self.row_den.grow(room);
        let folds = Rows { num: &self.num, den: &self.den, stride: self.stride };
        let row = RowsMut { num: &mut self.row_num, den: &mut self.row_den, stride: self.stride };
        self.kernels.add_rolled(row, folds.starting_at(s.head), folds.starting_at(half + s.tail), self.base, s.shift);
        let mut written = self.base;
        while written < length {
            let more = written.min(length - written);
            self.row_num.copy_within(..more, written);
            self.row_den.copy_within(..more, written);
            written += more;
        }
        Rows { num: &self.row_num, den: &self.row_den, stride: self.stride }
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
            den: (0..n).map(|i| ((i * 31) % 7) as u16).collect(),
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
