//! Vectors of the AVX2 (with FMA) and AVX-512 instruction sets.
//!
//! The operations are safe only inside [`run_avx2`] and [`run_avx512`], into which everything is inlined; the types do not
//! leave this module but through these.

use std::arch::x86_64::*;
use std::ops::{Add, Div, Mul, Neg, Sub};

use super::pair::Pair;
use super::{EXPONENT_BIAS, Kernel, Lanes, TWO_52};

/// # Safety
/// The processor must have AVX2 and FMA.
#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn run_avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<Pair<Avx2>>()
}

/// # Safety
/// The processor must have AVX2, FMA and the F, DQ and VL parts of AVX-512.
#[target_feature(enable = "avx2,fma,avx512f,avx512dq,avx512vl")]
pub(super) unsafe fn run_avx512<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<Pair<Avx512>>()
}

#[derive(Clone, Copy, Debug)]
struct Avx2(__m256d);

#[derive(Clone, Copy, Debug)]
struct Avx512(__m512d);

macro_rules! operators {
    ($type:ident: $($trait:ident $method:ident $intrinsic:ident),*; $xor:ident $set1:ident) => {
        $(impl $trait for $type {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                // SAFETY: values of this type exist only where the processor has the instructions.
                Self(unsafe { $intrinsic(self.0, other.0) })
            }
        })*

        impl Neg for $type {
            type Output = Self;
            #[inline(always)]
            fn neg(self) -> Self {
                // SAFETY: as above.
                Self(unsafe { $xor(self.0, $set1(-0.0)) })
            }
        }
    };
}

operators!(Avx2: Add add _mm256_add_pd, Sub sub _mm256_sub_pd, Mul mul _mm256_mul_pd, Div div _mm256_div_pd; _mm256_xor_pd _mm256_set1_pd);
operators!(Avx512: Add add _mm512_add_pd, Sub sub _mm512_sub_pd, Mul mul _mm512_mul_pd, Div div _mm512_div_pd; _mm512_xor_pd _mm512_set1_pd);

/// Methods that differ in the names of intrinsics only.
macro_rules! common {
    ($loadu:ident $storeu:ident $set1:ident $fmadd:ident $sqrt:ident $min:ident $max:ident $and:ident $andnot:ident $or:ident) => {
        #[inline(always)]
        fn splat(x: f64) -> Self {
            // SAFETY: instantiated only in code for processors that have the instructions; so below.
            Self(unsafe { $set1(x) })
        }

        #[inline(always)]
        fn load(from: &[f64]) -> Self {
            let from = &from[..Self::LANES];
            // SAFETY: as above, and the slice is long enough.
            Self(unsafe { $loadu(from.as_ptr()) })
        }

        #[inline(always)]
        fn store(self, to: &mut [f64]) {
            let to = &mut to[..Self::LANES];
            // SAFETY: as above, and the slice is long enough.
            unsafe { $storeu(to.as_mut_ptr(), self.0) }
        }

        #[inline(always)]
        fn mul_add(self, b: Self, c: Self) -> Self {
            // SAFETY: as above; so in all that follow.
            Self(unsafe { $fmadd(self.0, b.0, c.0) })
        }

        #[inline(always)]
        fn sqrt(self) -> Self {
            // SAFETY: see `mul_add`.
            Self(unsafe { $sqrt(self.0) })
        }

        #[inline(always)]
        fn min(self, other: Self) -> Self {
            // SAFETY: see `mul_add`.
            Self(unsafe { $min(self.0, other.0) })
        }

        #[inline(always)]
        fn max(self, other: Self) -> Self {
            // SAFETY: see `mul_add`.
            Self(unsafe { $max(self.0, other.0) })
        }

        #[inline(always)]
        fn abs(self) -> Self {
            // SAFETY: see `mul_add`.
            Self(unsafe { $andnot($set1(-0.0), self.0) })
        }

        #[inline(always)]
        fn copysign(self, sign: Self) -> Self {
            // SAFETY: see `mul_add`.
            Self(unsafe { $or($andnot($set1(-0.0), self.0), $and($set1(-0.0), sign.0)) })
        }
    };
}

impl Lanes for Avx2 {
    type Mask = __m256d;
    const LANES: usize = 4;

    common!(_mm256_loadu_pd _mm256_storeu_pd _mm256_set1_pd _mm256_fmadd_pd _mm256_sqrt_pd _mm256_min_pd _mm256_max_pd _mm256_and_pd _mm256_andnot_pd _mm256_or_pd);

    #[inline(always)]
    fn lt(self, other: Self) -> Self::Mask {
        // SAFETY: see `mul_add`; so below.
        unsafe { _mm256_cmp_pd::<_CMP_LT_OQ>(self.0, other.0) }
    }

    #[inline(always)]
    fn le(self, other: Self) -> Self::Mask {
        // SAFETY: as above.
        unsafe { _mm256_cmp_pd::<_CMP_LE_OQ>(self.0, other.0) }
    }

    #[inline(always)]
    fn is_nan(self) -> Self::Mask {
        // SAFETY: as above.
        unsafe { _mm256_cmp_pd::<_CMP_UNORD_Q>(self.0, self.0) }
    }

    #[inline(always)]
    fn both(a: Self::Mask, b: Self::Mask) -> Self::Mask {
        // SAFETY: as above.
        unsafe { _mm256_and_pd(a, b) }
    }

    #[inline(always)]
    fn any(mask: Self::Mask) -> bool {
        // SAFETY: as above.
        unsafe { _mm256_movemask_pd(mask) != 0 }
    }

    #[inline(always)]
    fn all(mask: Self::Mask) -> bool {
        // SAFETY: as above.
        unsafe { _mm256_movemask_pd(mask) == 0b1111 }
    }

    #[inline(always)]
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm256_blendv_pd(no.0, yes.0, mask) })
    }

    #[inline(always)]
    fn exponent_field(self) -> Self {
        // SAFETY: as above.
        unsafe {
            // The field in the low bits of 2⁵² as a number adds itself.
            let field = _mm256_srli_epi64::<52>(_mm256_castpd_si256(self.0));
            let number = _mm256_or_si256(field, _mm256_castpd_si256(_mm256_set1_pd(TWO_52)));
            Self(_mm256_sub_pd(_mm256_castsi256_pd(number), _mm256_set1_pd(TWO_52)))
        }
    }

    #[inline(always)]
    fn power_of_two(self) -> Self {
        // SAFETY: as above.
        unsafe {
            let number = _mm256_add_pd(self.0, _mm256_set1_pd(EXPONENT_BIAS + TWO_52));
            Self(_mm256_castsi256_pd(_mm256_slli_epi64::<52>(_mm256_castpd_si256(number))))
        }
    }
}

impl Lanes for Avx512 {
    type Mask = __mmask8;
    const LANES: usize = 8;

    #[inline(always)]
    fn quick_sqrt(self) -> Self {
        let half = Self::splat(0.5);
        // SAFETY: as above.
        let estimate = Self(unsafe { _mm512_rsqrt14_pd(self.0) });
        // 14 bits become 28, and then all (Markstein)
        let (g, h) = (self * estimate, half * estimate);
        let r = (-g).mul_add(h, half);
        let (g, h) = (g.mul_add(r, g), h.mul_add(r, h));
        (-g).mul_add(g, self).mul_add(h, g)
    }

    #[inline(always)]
    fn reciprocal(self) -> Self {
        let one = Self::splat(1.0);
        // SAFETY: as above.
        let y = Self(unsafe { _mm512_rcp14_pd(self.0) });
        let y = (-self).mul_add(y, one).mul_add(y, y);
        (-self).mul_add(y, one).mul_add(y, y)
    }

    common!(_mm512_loadu_pd _mm512_storeu_pd _mm512_set1_pd _mm512_fmadd_pd _mm512_sqrt_pd _mm512_min_pd _mm512_max_pd _mm512_and_pd _mm512_andnot_pd _mm512_or_pd);

    #[inline(always)]
    fn lt(self, other: Self) -> Self::Mask {
        // SAFETY: see `mul_add`; so below.
        unsafe { _mm512_cmp_pd_mask::<_CMP_LT_OQ>(self.0, other.0) }
    }

    #[inline(always)]
    fn le(self, other: Self) -> Self::Mask {
        // SAFETY: as above.
        unsafe { _mm512_cmp_pd_mask::<_CMP_LE_OQ>(self.0, other.0) }
    }

    #[inline(always)]
    fn is_nan(self) -> Self::Mask {
        // SAFETY: as above.
        unsafe { _mm512_cmp_pd_mask::<_CMP_UNORD_Q>(self.0, self.0) }
    }

    #[inline(always)]
    fn both(a: Self::Mask, b: Self::Mask) -> Self::Mask {
        a & b
    }

    #[inline(always)]
    fn any(mask: Self::Mask) -> bool {
        mask != 0
    }

    #[inline(always)]
    fn all(mask: Self::Mask) -> bool {
        mask == u8::MAX
    }

    #[inline(always)]
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm512_mask_blend_pd(mask, no.0, yes.0) })
    }

    #[inline(always)]
    fn exponent_field(self) -> Self {
        // SAFETY: as above.
        unsafe {
            let field = _mm512_srli_epi64::<52>(_mm512_castpd_si512(self.0));
            let number = _mm512_or_si512(field, _mm512_castpd_si512(_mm512_set1_pd(TWO_52)));
            Self(_mm512_sub_pd(_mm512_castsi512_pd(number), _mm512_set1_pd(TWO_52)))
        }
    }

    #[inline(always)]
    fn power_of_two(self) -> Self {
        // SAFETY: as above.
        unsafe {
            let number = _mm512_add_pd(self.0, _mm512_set1_pd(EXPONENT_BIAS + TWO_52));
            Self(_mm512_castsi512_pd(_mm512_slli_epi64::<52>(_mm512_castpd_si512(number))))
        }
    }
}
