//! Two vectors as one: twice the independent work hides the latency of the long chains of the kernels.

use std::ops::{Add, Div, Mul, Neg, Sub};

use super::Lanes;

#[derive(Clone, Copy, Debug)]
pub(super) struct Pair<L>(L, L);

macro_rules! operator {
    ($trait:ident $method:ident) => {
        impl<L: Lanes> $trait for Pair<L> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(self.0.$method(other.0), self.1.$method(other.1))
            }
        }
    };
}

operator!(Add add);
operator!(Sub sub);
operator!(Mul mul);
operator!(Div div);

impl<L: Lanes> Neg for Pair<L> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Self(-self.0, -self.1)
    }
}

/// Methods that act on each half.
macro_rules! each {
    ($($method:ident($($argument:ident),*) -> $out:ident;)*) => {
        $(#[inline(always)]
        fn $method(self $(, $argument: Self)*) -> each!(type $out) {
            each!($out self.0.$method($($argument.0),*), self.1.$method($($argument.1),*))
        })*
    };
    (type lanes) => { Self };
    (type mask) => { Self::Mask };
    (lanes $a:expr, $b:expr) => { Self($a, $b) };
    (mask $a:expr, $b:expr) => { ($a, $b) };
}

impl<L: Lanes> Lanes for Pair<L> {
    type Mask = (L::Mask, L::Mask);
    const LANES: usize = 2 * L::LANES;

    #[inline(always)]
    fn splat(x: f64) -> Self {
        Self(L::splat(x), L::splat(x))
    }

    #[inline(always)]
    fn load(from: &[f64]) -> Self {
        Self(L::load(from), L::load(&from[L::LANES..]))
    }

    #[inline(always)]
    fn store(self, to: &mut [f64]) {
        self.0.store(to);
        self.1.store(&mut to[L::LANES..]);
    }

    each! {
        mul_add(b, c) -> lanes;
        sqrt() -> lanes;
        quick_sqrt() -> lanes;
        reciprocal() -> lanes;
        min(other) -> lanes;
        max(other) -> lanes;
        abs() -> lanes;
        copysign(sign) -> lanes;
        exponent_field() -> lanes;
        power_of_two() -> lanes;
        lt(other) -> mask;
        le(other) -> mask;
        is_nan() -> mask;
    }

    #[inline(always)]
    fn both(a: Self::Mask, b: Self::Mask) -> Self::Mask {
        (L::both(a.0, b.0), L::both(a.1, b.1))
    }

    #[inline(always)]
    fn any(mask: Self::Mask) -> bool {
        L::any(mask.0) | L::any(mask.1)
    }

    #[inline(always)]
    fn all(mask: Self::Mask) -> bool {
        L::all(mask.0) & L::all(mask.1)
    }

    #[inline(always)]
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self {
        Self(L::select(mask.0, yes.0, no.0), L::select(mask.1, yes.1, no.1))
    }
}
