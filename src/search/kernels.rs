//! The inner loops of the coarse pass, compiled for the vector instructions that the processor has.
//!
//! The same source is compiled twice, for the baseline instruction set and for AVX2. Neither reorders nor fuses
//! floating-point operations, so both give the same bits.

use super::ffa::{Rows, RowsMut, step};

/// Boxes are compared this many at a time.
pub(crate) const LANES: usize = 32;

/// A trial duration in a fold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TrialBox {
    /// Slots.
    pub width: usize,
    /// 1 / β²
    pub scale: f32,
    /// Boxes with less weight than this hold no two transits: they are given the variance of one with as much.
    pub least_weight: f32,
}

macro_rules! kernels {
    ($name:ident $(, $attribute:meta)?) => {
        mod $name {
            use super::*;

            $(#[$attribute])?
            pub fn fold_all(input: Rows, base: usize, rows: usize, mut out: RowsMut, mut tmp: RowsMut) {
                let half = rows / 2;
                let at = half * base;
                let (head_in, tail_in) = input.split_at(at);
                if rows == 1 {
                    out.copy(input);
                    return;
                }
                // The only fold of a single row is the row itself.
                if rows - half > 1 {
                    let (head_tmp, tail_tmp) = tmp.split_at(at);
                    let (head_out, tail_out) = out.split_at(at);
                    if half > 1 {
                        fold_all(head_in, base, half, head_tmp, head_out);
                    }
                    fold_all(tail_in, base, rows - half, tail_tmp, tail_out);
                }
                let (head_tmp, tail_tmp) = tmp.shared().split_at(at);
                let head = if half > 1 { head_tmp } else { head_in };
                let tail = if rows - half > 1 { tail_tmp } else { tail_in };
                for k in 0..rows {
                    let s = step(rows, k);
                    let (head, tail) = (head.row(base, s.head), tail.row(base, s.tail));
                    let to = out.row(base, k);
                    add_rolled(to.num, head.num, tail.num, s.shift);
                    add_rolled(to.den, head.den, tail.den, s.shift);
                }
            }

            $(#[$attribute])?
            pub fn add(to: RowsMut, head: Rows, tail: Rows, shift: usize) {
                add_rolled(to.num, head.num, tail.num, shift);
                add_rolled(to.den, head.den, tail.den, shift);
            }

            $(#[$attribute])?
            pub fn best_box(row: Rows, base: usize, boxes: &[TrialBox], best: f32) -> f32 {
                best_box_body(row, base, boxes, best)
            }
        }
    };
}

kernels!(portable);
#[cfg(target_arch = "x86_64")]
kernels!(avx2, target_feature(enable = "avx2"));

/// Which compilation of the loops runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kernels {
    #[cfg(target_arch = "x86_64")]
    avx2: bool,
}

macro_rules! dispatch {
    ($self:ident, $name:ident ( $($argument:expr),* )) => {{
        #[cfg(target_arch = "x86_64")]
        if $self.avx2 {
            // SAFETY: `avx2` is true only where the processor was found to have AVX2.
            return unsafe { avx2::$name($($argument),*) };
        }
        portable::$name($($argument),*)
    }};
}

impl Kernels {
    /// The best for this processor.
    pub fn detect() -> Self {
        Self {
            #[cfg(target_arch = "x86_64")]
            avx2: std::arch::is_x86_feature_detected!("avx2"),
        }
    }

    /// The baseline, which runs everywhere.
    #[cfg(test)]
    pub fn portable() -> Self {
        Self {
            #[cfg(target_arch = "x86_64")]
            avx2: false,
        }
    }

    /// All `rows` folds of `rows` rows of `base` slots, into `out`; `tmp` is as long.
    pub fn fold_all(self, input: Rows, base: usize, rows: usize, out: RowsMut, tmp: RowsMut) {
        dispatch!(self, fold_all(input, base, rows, out, tmp))
    }

    /// to[j] = head[j] + tail[(j + shift) mod n], numerators and denominators alike.
    pub fn add_rolled(self, to: RowsMut, head: Rows, tail: Rows, shift: usize) {
        dispatch!(self, add(to, head, tail, shift))
    }

    /// The highest squared S/N of the boxes that start in the first `base` slots of `row`, or `best` if that is higher.
    ///
    /// `row` is continued periodically by the widest box and [`LANES`] rounded up; `boxes` ascend in width. Squared S/N is
    /// num² / (den (1 − den) β²), and the division is made only where the product with `best` says that it is worth it.
    pub fn best_box(self, row: Rows, base: usize, boxes: &[TrialBox], best: f32) -> f32 {
        dispatch!(self, best_box(row, base, boxes, best))
    }
}

/// out[j] = a[j] + b[(j + shift) mod n]
#[inline(always)]
fn add_rolled(out: &mut [f32], a: &[f32], b: &[f32], shift: usize) {
    let n = out.len();
    // shifts are at most one more than the number of rows; rows may be longer or shorter than that
    let shift = if shift < n { shift } else { shift % n };
    let (low, high) = out.split_at_mut(n - shift);
    let (a_low, a_high) = a.split_at(n - shift);
    let (b_high, b_low) = b.split_at(shift);
    add(low, a_low, b_low);
    add(high, a_high, b_high);
}

#[inline(always)]
fn add(out: &mut [f32], a: &[f32], b: &[f32]) {
    for ((o, a), b) in out.iter_mut().zip(a).zip(b) {
        *o = a + b;
    }
}

#[inline(always)]
fn best_box_body(row: Rows, base: usize, boxes: &[TrialBox], mut best: f32) -> f32 {
    for start in (0..base).step_by(LANES) {
        let mut num = [0.0f32; LANES];
        let mut den = [0.0f32; LANES];
        let mut summed = 0;
        for trial in boxes {
            for j in start + summed..start + trial.width {
                let (n, d) = (&row.num[j..j + LANES], &row.den[j..j + LANES]);
                for l in 0..LANES {
                    num[l] += n[l];
                    den[l] += d[l];
                }
            }
            summed = trial.width;
            let scaled = best / trial.scale;
            let mut better = 0u32;
            for l in 0..LANES {
                let dip = num[l].max(0.0);
                let weight = den[l].max(trial.least_weight);
                better |= u32::from(dip * dip > scaled * (weight - weight * weight));
            }
            if better != 0 {
                for l in 0..LANES {
                    let dip = num[l].max(0.0);
                    let weight = den[l].max(trial.least_weight);
                    let variance = weight - weight * weight;
                    if variance > 0.0 {
                        best = best.max(dip * dip * trial.scale / variance);
                    }
                }
            }
        }
    }
    best
}
