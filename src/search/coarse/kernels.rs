//! The inner loops of the coarse pass, compiled for the vector instructions that the processor has.
//!
//! The same source is compiled for the baseline instruction set, for AVX2 and for AVX-512. All is in whole numbers up to
//! the few boxes that are worth an exact comparison, and those are compared alike, so all give the same bits.

use super::ffa::{Fold, Layout, Steps};
use super::quantise::Quantised;

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

            // Rows of a few vectors are most of the work; their loops are unrolled.
            $(#[$attribute])?
            pub fn fold_all(
                layout: Layout, slots: &Quantised, first: usize, rows: usize, out: &mut [i16], spare: &mut [i16],
            ) {
                match (layout.vectors, layout.more) {
                    (1, 1) => fold::<1, 1>(layout, slots, first, rows, out, spare),
                    (2, 1) => fold::<2, 1>(layout, slots, first, rows, out, spare),
                    (2, 2) => fold::<2, 2>(layout, slots, first, rows, out, spare),
                    (3, 1) => fold::<3, 1>(layout, slots, first, rows, out, spare),
                    (4, 1) => fold::<4, 1>(layout, slots, first, rows, out, spare),
                    _ => fold::<0, 0>(layout, slots, first, rows, out, spare),
                }
            }

            $(#[$attribute])?
            fn fold<const V: usize, const E: usize>(
                layout: Layout, slots: &Quantised, first: usize, rows: usize, out: &mut [i16], spare: &mut [i16],
            ) {
                let (half, stride) = (sized::<V, E>(layout).half(), sized::<V, E>(layout).stride());
                if rows == 1 {
                    leaf::<V, E>(layout, slots, first, out);
                    return;
                }
                let heads = rows / 2;
                let (head, tail) = spare.split_at_mut(heads * stride);
                {
                    let (head_out, tail_out) = out.split_at_mut(heads * stride);
                    fold::<V, E>(layout, slots, first, heads, head, head_out);
                    fold::<V, E>(layout, slots, first + heads, rows - heads, tail, tail_out);
                }
                let mut steps = Steps::new(rows);
                for to in out[..rows * stride].chunks_exact_mut(stride) {
                    let s = steps.advance();
                    let head = &head[s.head * stride..(s.head + 1) * stride];
                    let tail = &tail[s.tail * stride..(s.tail + 1) * stride];
                    let shift = wrapped(s.shift, layout.base);
                    let (to_num, to_den) = to.split_at_mut(half);
                    add::<V, E>(layout, to_num, &head[..half], &tail[shift..half], i16::saturating_add);
                    add::<V, E>(layout, to_den, &head[half..], &tail[half + shift..], add_unsigned);
                }
            }

            $(#[$attribute])?
            pub fn add_last(
                layout: Layout, head: &[i16], tail: &[i16], shift: usize, num: &mut [i16], den: &mut [i16], length: usize,
            ) {
                match layout.vectors {
                    1 => last_body::<1>(layout, head, tail, shift, num, den, length),
                    2 => last_body::<2>(layout, head, tail, shift, num, den, length),
                    _ => last_body::<0>(layout, head, tail, shift, num, den, length),
                }
            }

            $(#[$attribute])?
            pub fn best_box(fold: Fold, base: usize, boxes: &[TrialBox], best: &mut Best) {
                best_box_body(fold, base, boxes, best, |trial, start, num, den, best| {
                    improve(trial, start, num, den, best);
                });
            }

            // Apart, so that the vectors of the loop above stay in registers.
            $(#[$attribute])?
            #[inline(never)]
            fn improve(trial: &TrialBox, start: usize, num: [i16; LANES], den: [i16; LANES], best: &mut Best) {
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

    /// All `rows` folds of the rows of `slots` from number `first` on, into `out`; `spare` is as large.
    pub fn fold_all(
        self,
        layout: Layout,
        slots: &Quantised,
        first: usize,
        rows: usize,
        out: &mut [i16],
        spare: &mut [i16],
    ) {
        dispatch!(self, fold_all(layout, slots, first, rows, out, spare))
    }

    /// head[j] + tail[(j + shift) mod base] for j < `length`, continued periodically; the last vector may reach beyond.
    #[expect(clippy::too_many_arguments)]
    pub fn add_last(
        self,
        layout: Layout,
        head: &[i16],
        tail: &[i16],
        shift: usize,
        num: &mut [i16],
        den: &mut [i16],
        length: usize,
    ) {
        dispatch!(self, add_last(layout, head, tail, shift, num, den, length))
    }

    /// Puts the best of `best` and of all boxes that start in the first `base` slots of a fold into `best`.
    ///
    /// `fold` is continued periodically by the widest box and [`LANES`]; `boxes` ascend in width and are at most
    /// [`MAX_BOXES`].
    pub fn best_box(self, fold: Fold, base: usize, boxes: &[TrialBox], best: &mut Best) {
        dispatch!(self, best_box(fold, base, boxes, best))
    }
}

/// `layout`, its sizes known to the compiler unless `V` is 0.
#[inline(always)]
fn sized<const V: usize, const E: usize>(layout: Layout) -> Layout {
    if V == 0 { layout } else { Layout { vectors: V, more: E, ..layout } }
}

/// Shifts are at most half the number of rows; rows may be longer or shorter than that.
#[inline(always)]
fn wrapped(shift: usize, base: usize) -> usize {
    if shift < base { shift } else { shift % base }
}

#[inline(always)]
fn add_unsigned(a: i16, b: i16) -> i16 {
    (a as u16).saturating_add(b as u16) as i16
}

/// to[i] = sum(a[i], b[i]), vector by vector.
#[inline(always)]
fn sums(to: &mut [i16], a: &[i16], b: &[i16], sum: impl Fn(i16, i16) -> i16) {
    let (to, a, b) = (to.as_chunks_mut::<LANES>().0, a.as_chunks::<LANES>().0, b.as_chunks::<LANES>().0);
    for ((to, a), b) in to.iter_mut().zip(a).zip(b) {
        for l in 0..LANES {
            to[l] = sum(a[l], b[l]);
        }
    }
}

#[inline(always)]
fn copy(to: &mut [i16], from: &[i16]) {
    for (to, from) in to.as_chunks_mut::<LANES>().0.iter_mut().zip(from.as_chunks::<LANES>().0) {
        *to = *from;
    }
}

/// Row `number` of the slots, continued periodically.
#[inline(always)]
fn leaf<const V: usize, const E: usize>(layout: Layout, slots: &Quantised, number: usize, out: &mut [i16]) {
    let Layout { base, vectors, more } = sized::<V, E>(layout);
    let start = number * base;
    let (num, den) = out.split_at_mut((vectors + more) * LANES);
    for (to, from) in [(num, &slots.num[start..]), (den, &slots.den[start..])] {
        copy(&mut to[..vectors * LANES], &from[..vectors * LANES]);
        // What was written beyond `base` is overwritten here.
        copy(&mut to[base..base + more * LANES], &from[..more * LANES]);
    }
}

/// to[j] = head[j] + tail[j], continued periodically from `base` on.
#[inline(always)]
fn add<const V: usize, const E: usize>(
    layout: Layout,
    to: &mut [i16],
    head: &[i16],
    tail: &[i16],
    sum: impl Fn(i16, i16) -> i16 + Copy,
) {
    let Layout { base, vectors, more } = sized::<V, E>(layout);
    sums(&mut to[..vectors * LANES], &head[..vectors * LANES], &tail[..vectors * LANES], sum);
    // As in `leaf`. To add again is faster than to wait for what was just stored.
    sums(&mut to[base..base + more * LANES], &head[..more * LANES], &tail[..more * LANES], sum);
}

#[inline(always)]
fn last_body<const V: usize>(
    layout: Layout,
    head: &[i16],
    tail: &[i16],
    shift: usize,
    num: &mut [i16],
    den: &mut [i16],
    length: usize,
) {
    let (half, base) = (layout.half(), layout.base);
    let shift = wrapped(shift, base);
    last_half::<V>(layout, &head[..half], &tail[shift..half], num, length, i16::saturating_add);
    last_half::<V>(layout, &head[half..], &tail[half + shift..], den, length, add_unsigned);
}

#[inline(always)]
fn last_half<const V: usize>(
    layout: Layout,
    head: &[i16],
    tail: &[i16],
    to: &mut [i16],
    length: usize,
    add: impl Fn(i16, i16) -> i16 + Copy,
) {
    let length_of_row = if V == 0 { layout.vectors } else { V } * LANES;
    let (head, tail) = (&head[..length_of_row], &tail[..length_of_row]);
    let mut written = 0;
    while written < length {
        sums(&mut to[written..written + length_of_row], head, tail, add);
        written += layout.base;
    }
}

/// n² > best · d (1 − share·d) / gain is first asked in whole numbers, of the high halves of products of 16 bits, with
/// the least that 1 − share·d can be; only where a box may be better is it evaluated.
#[inline(always)]
fn best_box_body(
    fold: Fold,
    base: usize,
    boxes: &[TrialBox],
    best: &mut Best,
    improve: impl Fn(&TrialBox, usize, [i16; LANES], [i16; LANES], &mut Best),
) {
    let boxes = &boxes[..boxes.len().min(MAX_BOXES)];
    let Some(widest) = boxes.last() else { return };
    let mut bars = [0u16; MAX_BOXES];
    set_bars(&mut bars, boxes, best);
    for start in (0..base).step_by(LANES) {
        let (mut num, mut den) = ([0i16; LANES], [0i16; LANES]);
        let end = start + widest.width + LANES - 1;
        let mut slots = fold.num[start..end].windows(LANES).zip(fold.den[start..end].windows(LANES));
        let mut summed = 0;
        for (trial, bar) in boxes.iter().zip(&mut bars) {
            for (n, d) in slots.by_ref().take(trial.width - summed) {
                for l in 0..LANES {
                    num[l] = num[l].saturating_add(n[l]);
                    den[l] = add_unsigned(den[l], d[l]);
                }
            }
            summed = trial.width;
            // Bars rise as better boxes are found; one that is too low passes more on to the exact comparison.
            if any_above(&num, &den, trial.least_weight, *bar) {
                improve(trial, start, num, den, best);
                *bar = bar_of(trial, best);
            }
        }
    }
}

#[inline(always)]
fn set_bars(bars: &mut [u16; MAX_BOXES], boxes: &[TrialBox], best: &Best) {
    for (bar, trial) in bars.iter_mut().zip(boxes) {
        *bar = bar_of(trial, best);
    }
}

#[inline(always)]
fn bar_of(trial: &TrialBox, best: &Best) -> u16 {
    (2.0 * best.score * trial.bar).min(32_767.0) as u16
}

/// Whether num² > bar · max(den, least) / 2 in any lane, to the high 16 bits.
#[inline(always)]
fn any_above(num: &[i16; LANES], den: &[i16; LANES], least: u16, bar: u16) -> bool {
    let high = |a: i16, b: i16| ((i32::from(a) * i32::from(b)) >> 16) as i16;
    let bar = bar as i16;
    let mut above = 0u16;
    for l in 0..LANES {
        // Half the weight and twice the bar: signed products are what compilers know a single instruction for.
        let weight = ((den[l] as u16).max(least) >> 1) as i16;
        let dip = num[l].max(0);
        above |= u16::from(high(dip, dip) > high(weight, bar));
    }
    above != 0
}

/// Evaluates the boxes of one width that start in one vector of slots.
#[inline(always)]
fn improve_body(trial: &TrialBox, start: usize, num: [i16; LANES], den: [i16; LANES], best: &mut Best) {
    let TrialBox { gain, share, least_weight, width, .. } = *trial;
    let mut score = [0.0f32; LANES];
    let mut highest = best.score;
    for l in 0..LANES {
        let (n, d) = (f32::from(num[l].max(0)), f32::from((den[l] as u16).max(least_weight)));
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
            let den: Vec<i16> = (0..room).map(|i| 900 + (((i % base) * 31) % 700) as i16).collect();
            let boxes: Vec<TrialBox> = widths
                .iter()
                .map(|&width| TrialBox { width, gain: 0.0123, share: 1e-6, bar: 0.9 / 0.0123, least_weight: 1300 })
                .collect();
            let mut expected = Best::default();
            for trial in &boxes {
                for start in 0..base {
                    let n: i32 = num[start..start + trial.width].iter().map(|v| i32::from(*v)).sum();
                    let d: u32 = den[start..start + trial.width].iter().map(|v| *v as u32).sum();
                    let d = d.max(1300) as f32;
                    let score = (n.max(0) * n.max(0)) as f32 * trial.gain / (d * (1.0 - trial.share * d));
                    if score > expected.score {
                        expected = Best { score, start: start as u32, width: trial.width as u32 };
                    }
                }
            }
            for kernels in Kernels::all() {
                let mut best = Best::default();
                kernels.best_box(Fold { num: &num, den: &den }, base, &boxes, &mut best);
                assert!((best.score / expected.score - 1.0).abs() < 1e-5, "{kernels:?} {best:?} {expected:?}");
                assert_eq!((best.start, best.width), (expected.start, expected.width), "{kernels:?}");
            }
        }
    }
}
