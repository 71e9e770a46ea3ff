//! Means over exposures of a flux that is smooth between contacts and not at them.

use super::orbit::Contacts;

/// A stretch of time between two points where the flux is not smooth: contacts, or the deepest point.
///
/// Near a contact at t = c the flux goes as a constant and powers (t − c)^{3/2}, (t − c)², …. With s in 0..1 and
///
/// ```text
/// t = start + length x(s),   x(s) = s² (3 − 2s)
/// ```
/// half-integer powers of the distance to either end become whole powers of s or 1 − s, so that a Gauss–Legendre rule in s
/// converges as fast as for an analytic function, wherever in the stretch the exposure lies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    pub start: f64,
    pub end: f64,
}

impl Stretch {
    /// Calls `visit` with nodes and weights of an integral over the part of `low..high` that lies in the stretch, for the
    /// dip of a disc of radius `k` or its derivatives.
    #[inline]
    pub fn nodes(self, low: f64, high: f64, k: f64, mut visit: impl FnMut(f64, f64)) {
        if low.max(self.start) >= high.min(self.end) {
            return;
        }
        let length = self.end - self.start;
        let s_low = if low <= self.start { 0.0 } else { inverse((low - self.start) / length) };
        let s_high = if high >= self.end { 1.0 } else { inverse((high - self.start) / length) };
        let (middle, half) = (0.5 * (s_low + s_high), 0.5 * (s_high - s_low));
        let mut at = |s: f64, weight: f64| {
            visit(self.start + length * s * s * (3.0 - 2.0 * s), 6.0 * length * half * weight * s * (1.0 - s));
        };
        for &(node, weight) in rule(half, k) {
            at(middle - half * node, weight);
            at(middle + half * node, weight);
        }
    }
}

/// Nodes of the mean over an exposure from `low` to `high` days from a mid-transit with these contacts; the weights add up
/// to the share of the exposure in transit.
pub(super) fn mean_nodes(contacts: &Contacts, low: f64, high: f64, k: f64, mut visit: impl FnMut(f64, f64)) {
    let (t2, t3) = contacts.full.unwrap_or((contacts.deepest, contacts.deepest));
    let edges = [contacts.t1, t2, contacts.deepest, t3, contacts.t4];
    for pair in edges.windows(2) {
        let stretch = Stretch { start: pair[0], end: pair[1] };
        stretch.nodes(low, high, k, |t, weight| visit(t, weight / (high - low)));
    }
}

/// The s in 0..=1 where s² (3 − 2s) = x: the middle root of a cubic with three real ones.
#[inline]
fn inverse(x: f64) -> f64 {
    0.5 - ((1.0 - 2.0 * x).clamp(-1.0, 1.0).asin() / 3.0).sin()
}

/// The Gauss–Legendre rule for a piece of half width `half` in s, crossed by a disc of radius `k`.
///
/// The shorter the piece, the fewer nodes give the error of the longest one; and a disc nearly as large as the star has
/// structure on the scale of 1 − k within a stretch.
#[inline]
fn rule(half: f64, k: f64) -> &'static [(f64, f64)] {
    let class = RULES.partition_point(|&(widest, _)| widest < half);
    let finer = LARGE_DISCS.iter().filter(|&&large| k > large).count();
    RULES[(class + finer).min(RULES.len() - 1)].1
}

/// Radii beyond each of which the next finer rule is used; with [`RULES`], found by halving the pieces until nothing changed
/// by 1e-8 (see the test of the bound).
const LARGE_DISCS: [f64; 3] = [0.35, 0.65, 0.85];

/// The positive half of each symmetric rule, with the widest piece that it is for.
const RULES: [(f64, &[(f64, f64)]); 6] = [
    (0.06, &GAUSS_LEGENDRE_4),
    (0.15, &GAUSS_LEGENDRE_6),
    (0.3, &GAUSS_LEGENDRE_8),
    (1.0, &GAUSS_LEGENDRE_10),
    (f64::INFINITY, &GAUSS_LEGENDRE_16),
    (f64::INFINITY, &GAUSS_LEGENDRE_24),
];

// Nodes and weights on −1..1 (Abramowitz & Stegun, table 25.4; numpy 2 polynomial.legendre.leggauss).

const GAUSS_LEGENDRE_4: [(f64, f64); 2] =
    [(0.33998104358485626, 0.6521451548625464), (0.8611363115940526, 0.34785484513745357)];

const GAUSS_LEGENDRE_6: [(f64, f64); 3] = [
    (0.2386191860831969, 0.46791393457269104),
    (0.6612093864662645, 0.3607615730481387),
    (0.9324695142031519, 0.17132449237917027),
];

const GAUSS_LEGENDRE_8: [(f64, f64); 4] = [
    (0.18343464249564978, 0.36268378337836166),
    (0.525532409916329, 0.3137066458778869),
    (0.7966664774136267, 0.22238103445337443),
    (0.9602898564975362, 0.10122853629037706),
];

const GAUSS_LEGENDRE_10: [(f64, f64); 5] = [
    (0.14887433898163122, 0.2955242247147528),
    (0.4333953941292472, 0.2692667193099965),
    (0.6794095682990244, 0.219086362515982),
    (0.8650633666889845, 0.1494513491505804),
    (0.9739065285171717, 0.06667134430868814),
];

const GAUSS_LEGENDRE_16: [(f64, f64); 8] = [
    (0.09501250983763744, 0.18945061045506864),
    (0.2816035507792589, 0.18260341504492364),
    (0.45801677765722737, 0.16915651939500265),
    (0.6178762444026438, 0.1495959888165767),
    (0.755404408355003, 0.12462897125553407),
    (0.8656312023878318, 0.0951585116824926),
    (0.9445750230732326, 0.062253523938647456),
    (0.9894009349916499, 0.027152459411754176),
];

const GAUSS_LEGENDRE_24: [(f64, f64); 12] = [
    (0.06405689286260563, 0.12793819534675202),
    (0.1911188674736163, 0.12583745634682825),
    (0.3150426796961634, 0.1216704729278033),
    (0.4337935076260451, 0.11550566805372552),
    (0.5454214713888396, 0.10744427011596556),
    (0.6480936519369755, 0.09761865210411393),
    (0.7401241915785544, 0.0861901615319532),
    (0.820001985973903, 0.07334648141108016),
    (0.8864155270044011, 0.05929858491543636),
    (0.9382745520027328, 0.04427743881741941),
    (0.9747285559713095, 0.02853138862893356),
    (0.9951872199970213, 0.01234122979998869),
];
