//! The loops of the noise model, compiled for the vector instructions that the processor has.

use crate::math::for_this_processor;

/// Lanes that sums are kept in: fixed, so that the bits do not depend on the machine. 64 bytes of either precision.
const WIDE: usize = 8;
const NARROW: usize = 16;

for_this_processor! {
    /// K⁻¹ `value` of the process with these coefficients and innovation variances of each order, added to `result`.
    pub fn inverse_times(coefficients: &[Vec<f64>], variance: &[f64], value: &[f64], result: &mut [f64]) =
        inverse_times_body
}

/// Numbers of either precision, and the loops over prediction errors of it.
pub trait Precision: Copy {
    fn narrowed(value: f64) -> Self;

    /// Σ f b and Σ (f² + b²) of the pairs measured at both ends.
    fn sums(forward: &[Self], backward: &[Self], last: &[Self], first: &[Self]) -> (f64, f64);

    /// The prediction errors of the next order.
    fn reflect(forward: &mut [Self], backward: &mut [Self], reflection: Self);
}

macro_rules! precision {
    ($type:ident, $lanes:ident, $sums:ident, $reflect:ident) => {
        for_this_processor! {
            fn $sums(forward: &[$type], backward: &[$type], last: &[$type], first: &[$type]) -> (f64, f64) =
                sums_body::<$type, $lanes>
        }

        for_this_processor! {
            fn $reflect(forward: &mut [$type], backward: &mut [$type], reflection: $type) = reflect_body::<$type>
        }

        impl Precision for $type {
            fn narrowed(value: f64) -> Self {
                value as $type
            }

            fn sums(forward: &[Self], backward: &[Self], last: &[Self], first: &[Self]) -> (f64, f64) {
                $sums(forward, backward, last, first)
            }

            fn reflect(forward: &mut [Self], backward: &mut [Self], reflection: Self) {
                $reflect(forward, backward, reflection);
            }
        }
    };
}

precision!(f64, WIDE, sums_f64, reflect_f64);
precision!(f32, NARROW, sums_f32, reflect_f32);

for_this_processor! {
    /// Whether (Σ u)² is above `limit` times the bins measured in any box of `width` bins that is at least half measured.
    /// `sums` and `measured` are cumulative, from 0 on.
    pub fn any_box_above(sums: &[f64], measured: &[f64], width: usize, limit: f64) -> bool = any_box_above_body
}

#[inline(always)]
fn inverse_times_body(coefficients: &[Vec<f64>], variance: &[f64], value: &[f64], result: &mut [f64]) {
    let (order, n) = (coefficients.len() - 1, value.len());
    // Prediction errors over their variance. The first values are predicted from the few there are.
    let few = order.min(n);
    let mut errors = vec![0.0; n];
    for t in 0..few {
        let known: f64 = coefficients[t].iter().zip(value).map(|(c, v)| c * v).sum();
        errors[t] = (value[t] - known) / variance[t];
    }
    errors[few..].copy_from_slice(&value[few..]);
    subtract_filtered(&coefficients[order], value, &mut errors[few..]);
    errors[few..].iter_mut().for_each(|e| *e /= variance[order]);

    for (t, error) in errors[..few].iter().enumerate() {
        for (r, c) in result.iter_mut().zip(&coefficients[t]) {
            *r -= c * error;
        }
    }
    result.iter_mut().zip(&errors).for_each(|(r, e)| *r += e);
    // Each value is gathered from the errors of the full order after it, of which the last has fewer and fewer.
    let mut later = errors;
    later[..few].fill(0.0);
    later.resize(n + order, 0.0);
    let newest_first: Vec<f64> = coefficients[order].iter().rev().copied().collect();
    subtract_filtered(&newest_first, &later[1.min(order)..], result);
}

/// Values of a filter's result that are worked on together.
const BLOCK: usize = 32;

/// out[i] −= Σ_k filter[k] input[i + k].
#[inline(always)]
fn subtract_filtered(filter: &[f64], input: &[f64], out: &mut [f64]) {
    let (blocks, rest) = out.as_chunks_mut::<BLOCK>();
    let mut start = 0;
    for block in blocks {
        let mut sums = *block;
        for (k, c) in filter.iter().enumerate() {
            let values = &input[start + k..start + k + BLOCK];
            for l in 0..BLOCK {
                sums[l] -= c * values[l];
            }
        }
        *block = sums;
        start += BLOCK;
    }
    for (i, out) in rest.iter_mut().enumerate() {
        *out -= filter.iter().zip(&input[start + i..]).map(|(c, v)| c * v).sum::<f64>();
    }
}

#[inline(always)]
fn reflect_body<T: Real>(forward: &mut [T], backward: &mut [T], reflection: T) {
    for (f, b) in forward.iter_mut().zip(backward) {
        (*f, *b) = (*f - reflection * *b, *b - reflection * *f);
    }
}

/// Σ a b.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    dot_body(a, b)
}

#[inline(always)]
fn dot_body(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0; WIDE];
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<WIDE>(), b.as_chunks::<WIDE>());
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(x, y)| x * y).sum();
    for (x, y) in a.iter().zip(b) {
        for l in 0..WIDE {
            lanes[l] += x[l] * y[l];
        }
    }
    rest + total(&lanes)
}

/// Values that are added up in lanes before they are added up in double precision.
const RUN: usize = 1024;

#[inline(always)]
fn sums_body<T: Real, const LANES: usize>(forward: &[T], backward: &[T], last: &[T], first: &[T]) -> (f64, f64) {
    // No closures: they would not be compiled for the instructions of the functions above.
    let mut sums = (0.0, 0.0);
    for start in (0..forward.len()).step_by(RUN) {
        let run = start..(start + RUN).min(forward.len());
        let own =
            sums_of_run::<T, LANES>(&forward[run.clone()], &backward[run.clone()], &last[run.clone()], &first[run]);
        sums.0 += own.0;
        sums.1 += own.1;
    }
    sums
}

#[inline(always)]
fn sums_of_run<T: Real, const LANES: usize>(forward: &[T], backward: &[T], last: &[T], first: &[T]) -> (f64, f64) {
    let mut products = [T::default(); LANES];
    let mut squares = [T::default(); LANES];
    let ((f, f_rest), (b, b_rest)) = (forward.as_chunks::<LANES>(), backward.as_chunks::<LANES>());
    let ((w, w_rest), (v, v_rest)) = (last.as_chunks::<LANES>(), first.as_chunks::<LANES>());
    for ((f, b), (w, v)) in f.iter().zip(b).zip(w.iter().zip(v)) {
        for l in 0..LANES {
            products[l] = products[l] + w[l] * v[l] * f[l] * b[l];
        }
        for l in 0..LANES {
            squares[l] = squares[l] + w[l] * v[l] * (f[l] * f[l] + b[l] * b[l]);
        }
    }
    for (l, ((f, b), (w, v))) in f_rest.iter().zip(b_rest).zip(w_rest.iter().zip(v_rest)).enumerate() {
        products[l] = products[l] + *w * *v * *f * *b;
        squares[l] = squares[l] + *w * *v * (*f * *f + *b * *b);
    }
    (total(&products), total(&squares))
}

#[inline(always)]
fn any_box_above_body(sums: &[f64], measured: &[f64], width: usize, limit: f64) -> bool {
    let Some(boxes) = sums.len().checked_sub(width) else { return false };
    let least = (0.5 * width as f64).max(1.0);
    let mut any = 0u64;
    let ends = sums[width..].iter().zip(&measured[width..]);
    for ((start, begun), (end, ended)) in sums[..boxes].iter().zip(&measured[..boxes]).zip(ends) {
        let (sum, n) = (end - start, ended - begun);
        any |= u64::from((n >= least) & (sum * sum > limit * n));
    }
    any != 0
}

/// Either precision.
trait Real:
    Copy + Default + Into<f64> + std::ops::Add<Output = Self> + std::ops::Sub<Output = Self> + std::ops::Mul<Output = Self>
{
}

impl Real for f32 {}
impl Real for f64 {}

/// Σ lanes. A call, since compilers that see how lanes are added take the loops before it apart, lane by lane.
#[inline(never)]
fn total<T: Real, const LANES: usize>(lanes: &[T; LANES]) -> f64 {
    lanes.iter().map(|lane| -> f64 { (*lane).into() }).sum()
}
