//! Nodes and weights for means over a piece of an exposure between two points where the flux is not smooth.

/// Nodes and weights of the 10-point Gauss–Legendre rule on −1..1, the positive half. Abramowitz & Stegun, table 25.4.
const GAUSS_LEGENDRE_10: [(f64, f64); 5] = [
    (0.148_874_338_981_631_2, 0.295_524_224_714_752_87),
    (0.433_395_394_129_247_2, 0.269_266_719_309_996_35),
    (0.679_409_568_299_024_4, 0.219_086_362_515_982_04),
    (0.865_063_366_688_984_5, 0.149_451_349_150_580_6),
    (0.973_906_528_517_171_7, 0.066_671_344_308_688_14),
];

/// Integral of `f` over `low..high`, with `f` smooth inside and behaving as a power 3/2 or 1/2 at the ends.
///
/// Substituting x = s² (3 − 2s) turns half-integer powers of the distance to either end into whole ones of s, so that
/// the Gauss rule converges as it does for a smooth function.
#[inline]
pub(super) fn integrate(low: f64, high: f64, mut f: impl FnMut(f64) -> f64) -> f64 {
    let length = high - low;
    let mut sum = 0.0;
    for (node, weight) in GAUSS_LEGENDRE_10 {
        for node in [-node, node] {
            let s = 0.5 * (1.0 + node);
            let x = s * s * (3.0 - 2.0 * s);
            sum += weight * 3.0 * s * (1.0 - s) * f(low + length * x);
        }
    }
    sum * length
}
