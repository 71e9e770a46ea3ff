//! Vectors of f64, so that one source serves the portable, the AVX2 and the AVX-512 build of each kernel.
//!
//! ```text
//! portable    arrays of four; the compiler makes of them what the target has
//! pair        two vectors as one
//! x86         AVX2 with FMA (four lanes) and AVX-512 (eight)
//! functions   sine, cosine, arctangent, logarithm, exponential over lanes
//! ```
//! A kernel is a [`Kernel`]; [`dispatch`] runs it with the widest vectors of the processor. A point's
//! result does not depend on its neighbours, so that batches and threads may be cut anywhere (but see `distance_series`). Between instruction sets the
//! last digits differ: the portable build has no fused multiply-add, and that for AVX-512 refines the processor's
//! estimates of reciprocals and roots instead of dividing, at half the cost.

pub(super) mod functions;
mod pair;
mod portable;
#[cfg(target_arch = "x86_64")]
mod x86;

use std::ops::{Add, Div, Mul, Neg, Sub};

/// 2⁵², above which the bits of a number count ones.
const TWO_52: f64 = 4_503_599_627_370_496.0;
/// Bias of the exponent field.
const EXPONENT_BIAS: f64 = 1023.0;

/// Most lanes of any implementation.
pub(super) const MAX_LANES: usize = 16;

/// A vector of f64.
pub(super) trait Lanes:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
    /// One truth value a lane.
    type Mask: Copy;
    const LANES: usize;

    fn splat(x: f64) -> Self;
    /// The first `LANES` of `from`.
    fn load(from: &[f64]) -> Self;
    /// Into the first `LANES` of `to`.
    fn store(self, to: &mut [f64]);

    /// self · b + c, fused where the processor does.
    fn mul_add(self, b: Self, c: Self) -> Self;
    fn sqrt(self) -> Self;
    /// The lesser; `other` where either is NaN.
    fn min(self, other: Self) -> Self;
    /// The greater; `other` where either is NaN.
    fn max(self, other: Self) -> Self;
    fn abs(self) -> Self;
    /// The magnitude of self with the sign of `sign`.
    fn copysign(self, sign: Self) -> Self;

    /// Where self < `other`; false for NaN.
    fn lt(self, other: Self) -> Self::Mask;
    /// Where self ≤ `other`; false for NaN.
    fn le(self, other: Self) -> Self::Mask;
    fn is_nan(self) -> Self::Mask;
    fn both(a: Self::Mask, b: Self::Mask) -> Self::Mask;
    fn any(mask: Self::Mask) -> bool;
    fn all(mask: Self::Mask) -> bool;
    /// `yes` where `mask`, else `no`.
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self;

    /// The biased exponent of a positive number, 1023 for 1 ≤ x < 2.
    fn exponent_field(self) -> Self;
    /// 2ⁿ for whole n = self, −1022 ≤ n ≤ 1023.
    fn power_of_two(self) -> Self;

    /// Square root of positive normal numbers, to a unit or two in the last place.
    #[inline(always)]
    fn quick_sqrt(self) -> Self {
        self.sqrt()
    }

    /// 1 / self of normal numbers, to a unit or two in the last place.
    #[inline(always)]
    fn reciprocal(self) -> Self {
        Self::splat(1.0) / self
    }

    /// self · x for a plain number.
    #[inline(always)]
    fn times(self, x: f64) -> Self {
        self * Self::splat(x)
    }

    /// Nearest whole number, for |self| < 2⁵¹.
    #[inline(always)]
    fn round(self) -> Self {
        let shift = Self::splat(6_755_399_441_055_744.0); // 1.5 × 2⁵²
        (self + shift) - shift
    }
}

/// Work to be done with vectors of some width; `run` must be `#[inline(always)]`, to be compiled for each.
pub(super) trait Kernel {
    type Output;
    fn run<L: Lanes>(self) -> Self::Output;
}

/// Which compilation of the kernels runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InstructionSet {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl InstructionSet {
    /// The widest that this processor runs.
    #[inline]
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::is_x86_feature_detected as has;
            if has!("avx512f") && has!("avx512dq") && has!("avx512vl") && has!("fma") && has!("avx2") {
                return Self::Avx512;
            }
            if has!("avx2") && has!("fma") {
                return Self::Avx2;
            }
        }
        Self::Portable
    }

    /// All that this processor runs, the widest first.
    #[cfg(test)]
    pub fn all() -> Vec<Self> {
        let mut all = vec![Self::Portable];
        #[cfg(target_arch = "x86_64")]
        match Self::detect() {
            Self::Avx512 => all.extend([Self::Avx2, Self::Avx512]),
            Self::Avx2 => all.push(Self::Avx2),
            Self::Portable => {}
        }
        all.reverse();
        all
    }

    /// Runs `kernel` with these instructions, which the processor must have.
    #[inline]
    pub fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self {
            Self::Portable => kernel.run::<portable::Array4>(),
            // SAFETY: `detect` and `all` give these only where the processor was found to have the instructions.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { x86::run_avx2(kernel) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => unsafe { x86::run_avx512(kernel) },
        }
    }
}

std::thread_local! {
    static PORTABLE: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Runs `work` with kernels that give the same bits on every processor, at a third of the speed or less: last digits differ
/// between instruction sets. For what is to be made again elsewhere, such as simulated light curves.
pub fn with_portable_kernels<T>(work: impl FnOnce() -> T) -> T {
    /// Puts the flag back also when `work` panics.
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            PORTABLE.set(self.0);
        }
    }
    let _restore = Restore(PORTABLE.replace(true));
    work()
}

/// Runs `kernel` with the widest vectors of this processor.
#[inline]
pub(super) fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    let instructions = if PORTABLE.get() { InstructionSet::Portable } else { InstructionSet::detect() };
    instructions.run(kernel)
}

/// A vector of the first of `from`, at most `LANES`; lanes beyond get the last of them.
#[inline(always)]
pub(super) fn load_padded<L: Lanes>(from: &[f64]) -> L {
    if from.len() >= L::LANES {
        return L::load(from);
    }
    let mut padded = [from.last().copied().unwrap_or_default(); MAX_LANES];
    padded[..from.len()].copy_from_slice(from);
    L::load(&padded)
}

/// Stores as many lanes as `to` has room for.
#[inline(always)]
pub(super) fn store_partial<L: Lanes>(value: L, to: &mut [f64]) {
    if to.len() >= L::LANES {
        value.store(to);
    } else {
        let mut all = [0.0; MAX_LANES];
        value.store(&mut all);
        to.copy_from_slice(&all[..to.len()]);
    }
}
