//! The inner loops of the coarse pass, compiled for the vector instructions that the processor has.
//!
//! The same source is compiled for the baseline instruction set, for AVX2 and for AVX-512. All is in whole numbers up to
//! the few boxes that are worth an exact comparison, and those are compared alike, so all give the same bits.

use super::ffa::{Rows, RowsMut, Steps};

/// Slots are added and boxes compared this many at a time.
pub(crate) const LANES: usize = 32;

/// A trial duration in a fold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TrialBox {
    /// Slots: 2ᵐ or 3·2ᵐ, at least 2.
    pub width: usize,
    /// Squared S/N of a box of numerator n and denominator d is n² · gain / (d (1 − share · d)).
    pub gain: f32,
    /// Share of all weight in one unit of the denominator.
    pub share: f32,
    /// Least of (1 − share · d) / gain that is reckoned with: boxes with n² below this times S/N² and d are passed over.
    pub bar: f32,
    /// Boxes with less weight than this hold no two transits: they are given the variance of one with as much.
    pub least_weight: u16,
}

/// The best box found so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Best {
    /// Squared S/N.
    pub score: f32,
    /// First slot.
    pub start: u32,
    /// Its width in slots.
    pub width: u32,
}

/// Most trial durations in a fold: 2ᵐ and 3·2ᵐ slots, each octave on folds half as many.
pub(crate) const MAX_BOXES: usize = 40;

macro_rules! kernels {
    ($name:ident $(, $attribute:meta)?) => {
        mod $name {
            use super::*;

            $(#[$attribute])?
            pub fn fold_all(input: Rows, base: usize, rows: usize, mut out: RowsMut, mut spare: RowsMut) {
                // The only fold of a single row is the row itself, which is taken from the input.
                if rows == 1 {
                    let room = base.next_multiple_of(LANES);
                    out.num[..room].copy_from_slice(&input.num[..room]);
                    out.den[..room].copy_from_slice(&input.den[..room]);
                    return;
                }
                let half = rows / 2;
                {
                    let (head_spare, tail_spare) = spare.split_at(half);
                    let (head_out, tail_out) = out.split_at(half);
                    if half > 1 {
                        fold_all(input, base, half, head_spare, head_out);
                    }
                    if rows - half > 1 {
                        fold_all(input.starting_at(half), base, rows - half, tail_spare, tail_out);
                    }
                }
                let folded = spare.shared();
                let head = if half > 1 { folded } else { input };
                let tail = if rows - half > 1 { folded.starting_at(half) } else { input.starting_at(half) };
                let mut steps = Steps::new(rows);
                for k in 0..rows {
                    let s = steps.advance();
                    let (head, tail) = (head.starting_at(s.head), tail.starting_at(s.tail));
                    let to = out.row(k);
                    add_rolled_body(to, head, tail, base, s.shift);
                }
            }

            $(#[$attribute])?
            pub fn add_rolled(to: RowsMut, head: Rows, tail: Rows, base: usize, shift: usize) {
                add_rolled_body(to, head, tail, base, shift);
            }

            $(#[$attribute])?
            pub fn best_box(row: Rows, base: usize, boxes: &[TrialBox], best: &mut Best) {
                best_box_body(row, base, boxes, best, |trial, start, num, den, best| {
                    improve(trial, start, num, den, best);
                });
            }

            // Apart, so that the vectors of the loop above stay in registers.
            $(#[$attribute])?
            #[inline(never)]
            fn improve(trial: &TrialBox, start: usize, num: [i16; LANES], den: [u16; LANES], best: &mut Best) {
                improve_body(trial, start, num, den, best);
            }
        }
    };
}

kernels!(portable);
#[cfg(target_arch = "x86_64")]
kernels!(avx2, target_feature(enable = "avx2"));
#[cfg(target_arch = "x86_64")]
kernels!(avx512, target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq"));

/// Which compilation of the loops runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kernels {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

macro_rules! dispatch {
    ($self:ident, $name:ident ( $($argument:expr),* )) => {
        match $self {
            Kernels::Portable => portable::$name($($argument),*),
            // SAFETY: `detect` and `all` make these variants only where the processor was found to have the instructions.
            #[cfg(target_arch = "x86_64")]
            Kernels::Avx2 => unsafe { avx2::$name($($argument),*) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Kernels::Avx512 => unsafe { avx512::$name($($argument),*) },
        }
    };
}

impl Kernels {
    /// All that this processor runs, the best first.
    pub fn all() -> Vec<Self> {
        let mut all = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::is_x86_feature_detected as has;
            if has!("avx512f") && has!("avx512bw") && has!("avx512vl") && has!("avx512dq") {
                all.push(Self::Avx512);
            }
            if has!("avx2") {
                all.push(Self::Avx2);
            }
        }
        all.push(Self::Portable);
        all
    }

    /// The best for this processor.
    pub fn detect() -> Self {
        Self::all()[0]
    }

    /// All `rows` folds of the first `rows` rows of `base` slots of `input`, into `out`; `spare` is as large.
    pub fn fold_all(self, input: Rows, base: usize, rows: usize, out: RowsMut, spare: RowsMut) {
        dispatch!(self, fold_all(input, base, rows, out, spare))
    }

    /// to[j] = head[j] + tail[(j + shift) mod base], numerators and denominators alike. Reads and writes whole vectors.
    pub fn add_rolled(self, to: RowsMut, head: Rows, tail: Rows, base: usize, shift: usize) {
        dispatch!(self, add_rolled(to, head, tail, base, shift))
    }

    /// Puts the best of `best` and of all boxes that start in the first `base` slots of a fold into `best`.
    ///
    /// `row` is the fold, continued periodically by the widest box and [`LANES`]; `boxes` ascend in width and are at most
    /// [`MAX_BOXES`].
    pub fn best_box(self, row: Rows, base: usize, boxes: &[TrialBox], best: &mut Best) {
        dispatch!(self, best_box(row, base, boxes, best))
    }
}

#[inline(always)]
fn add_rolled_body(to: RowsMut, head: Rows, tail: Rows, base: usize, shift: usize) {
    // shifts are at most one more than the number of rows; rows may be longer or shorter than that
    let shift = if shift < base { shift } else { shift % base };
    let low = base - shift;
    add(to.num, head.num, &tail.num[shift..], low, i16::saturating_add);
    add(to.den, head.den, &tail.den[shift..], low, u16::saturating_add);
    // What was written beyond `low` is overwritten here.
    add(&mut to.num[low..], &head.num[low..], tail.num, shift, i16::saturating_add);
    add(&mut to.den[low..], &head.den[low..], tail.den, shift, u16::saturating_add);
}

/// The first `n` sums, rounded up to whole vectors.
#[inline(always)]
fn add<T: Copy>(to: &mut [T], a: &[T], b: &[T], n: usize, sum: impl Fn(T, T) -> T) {
    let n = n.next_multiple_of(LANES);
    let (to, a, b) = (&mut to[..n], &a[..n], &b[..n]);
    for ((to, a), b) in to.chunks_exact_mut(LANES).zip(a.chunks_exact(LANES)).zip(b.chunks_exact(LANES)) {
        for l in 0..LANES {
            to[l] = sum(a[l], b[l]);
        }
    }
}

/// n² > best · d (1 − share·d) / gain is first asked in whole numbers, of the high halves of products of 16 bits, with
/// the least that 1 − share·d can be; only where a box may be better is it evaluated.
#[inline(always)]
fn best_box_body(
    row: Rows,
    base: usize,
    boxes: &[TrialBox],
    best: &mut Best,
    improve: impl Fn(&TrialBox, usize, [i16; LANES], [u16; LANES], &mut Best),
) {
    let boxes = &boxes[..boxes.len().min(MAX_BOXES)];
    let mut bars = [0u16; MAX_BOXES];
    set_bars(&mut bars, boxes, best);
    for start in (0..base).step_by(LANES) {
        let (mut num, mut den) = ([0i16; LANES], [0u16; LANES]);
        let mut summed = start;
        for (i, trial) in boxes.iter().enumerate() {
            let end = start + trial.width;
            while summed < end {
                let (n, d) = (&row.num[summed..summed + LANES], &row.den[summed..summed + LANES]);
                for l in 0..LANES {
                    num[l] = num[l].saturating_add(n[l]);
                    den[l] = den[l].saturating_add(d[l]);
                }
                summed += 1;
            }
            if any_above(&num, &den, trial.least_weight, bars[i]) {
                improve(trial, start, num, den, best);
                set_bars(&mut bars, boxes, best);
            }
        }
    }
}

#[inline(always)]
fn set_bars(bars: &mut [u16; MAX_BOXES], boxes: &[TrialBox], best: &Best) {
    for (bar, trial) in bars.iter_mut().zip(boxes) {
        *bar = (2.0 * best.score * trial.bar).min(32_767.0) as u16;
    }
}

/// Whether num² > bar · max(den, least) / 2 in any lane, to the high 16 bits.
#[inline(always)]
fn any_above(num: &[i16; LANES], den: &[u16; LANES], least: u16, bar: u16) -> bool {
    let high = |a: i16, b: i16| ((i32::from(a) * i32::from(b)) >> 16) as i16;
    let bar = bar as i16;
    let mut above = 0u16;
    for l in 0..LANES {
        // Half the weight and twice the bar: signed products are what compilers know a single instruction for.
        let weight = (den[l].max(least) >> 1) as i16;
        let dip = num[l].max(0);
        above |= u16::from(high(dip, dip) > high(weight, bar));
    }
    above != 0
}

/// Evaluates the boxes of one width that start in one vector of slots.
#[inline(always)]
fn improve_body(trial: &TrialBox, start: usize, num: [i16; LANES], den: [u16; LANES], best: &mut Best) {
    let TrialBox { gain, share, least_weight, width, .. } = *trial;
    let mut score = [0.0f32; LANES];
    let mut highest = best.score;
    for l in 0..LANES {
        let (n, d) = (f32::from(num[l].max(0)), f32::from(den[l].max(least_weight)));
        score[l] = n * n * gain / (d * (1.0 - share * d));
    }
    for s in score {
        highest = if s > highest { s } else { highest };
    }
    if highest > best.score {
        let lane = score.iter().position(|s| *s == highest).unwrap_or_default();
        *best = Best { score: highest, start: (start + lane) as u32, width: width as u32 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_instruction_set_finds_the_best_box() {
        for (base, widths) in [(61usize, vec![2, 3, 4, 6]), (100, vec![3, 4, 6, 8, 12]), (32, vec![2, 3])] {
            let widest = *widths.last().unwrap();
            let room = base.next_multiple_of(LANES) + widest + 2 * LANES;
            let num: Vec<i16> = (0..room).map(|i| (((i % base) * 7919) % 2003) as i16 - 1000).collect();
            let den: Vec<u16> = (0..room).map(|i| 900 + (((i % base) * 31) % 700) as u16).collect();
            let boxes: Vec<TrialBox> = widths
                .iter()
                .map(|&width| TrialBox { width, gain: 0.0123, share: 1e-6, bar: 0.9 / 0.0123, least_weight: 1300 })
                .collect();
            let mut expected = Best::default();
            for trial in &boxes {
                for start in 0..base {
                    let n: i32 = num[start..start + trial.width].iter().map(|v| i32::from(*v)).sum();
                    let d: u32 = den[start..start + trial.width].iter().map(|v| u32::from(*v)).sum();
                    let d = d.max(1300) as f32;
                    let score = (n.max(0) * n.max(0)) as f32 * trial.gain / (d * (1.0 - trial.share * d));
                    if score > expected.score {
                        expected = Best { score, start: start as u32, width: trial.width as u32 };
                    }
                }
            }
            for kernels in Kernels::all() {
                let mut best = Best::default();
                kernels.best_box(Rows { num: &num, den: &den, stride: room }, base, &boxes, &mut best);
                assert!((best.score / expected.score - 1.0).abs() < 1e-5, "{kernels:?} {best:?} {expected:?}");
                assert_eq!((best.start, best.width), (expected.start, expected.width), "{kernels:?}");
            }
        }
    }
}
