//! One transit as pieces of Chebyshev series, integrated exactly: what means over exposures need, however many.
//!
//! ```text
//! F(t) = ∫ dip dt,   mean dip of an exposure E about t = (F(t + E/2) − F(t − E/2)) / E
//! ```
//! The dip goes with half-integer powers of the time from a contact, so that each piece is a series in the square root of
//! the time from the contact (or deepest point) at its end,
//!
//! ```text
//! t = anchor ± length s²,   s = middle + half x,   −1 ≤ x ≤ 1
//! ```
//! Pieces are halved until the last coefficients are small. The error of a mean over an exposure is at most that of the
//! series of the dip, which the last coefficients estimate.

use std::sync::LazyLock;

use super::orbit::Contacts;
use super::series::{Nodes, Root, Stretch};
use super::simd::functions::clenshaw;
use super::simd::{Kernel, Lanes, dispatch, load_padded, store_partial};

/// Nodes, and terms, of each piece's series.
const TERMS: usize = 16;
/// Terms of its integral.
const INTEGRAL_TERMS: usize = TERMS + 2;
/// A series is good enough when the estimate of its error is below this, in units of the flux.
const TOLERANCE: f64 = 3e-9;
/// Halvings of a piece; at this depth one is left as it is, with its estimate.
const MOST_HALVINGS: usize = 12;

static NODES: LazyLock<Nodes<TERMS>> = LazyLock::new(Nodes::new);

#[derive(Clone, Copy, Debug)]
struct Piece {
    stretch: Stretch,
    /// Of F.
    integral: [f64; INTEGRAL_TERMS],
}

/// The integral of the dip of one transit over time.
#[derive(Clone, Debug)]
pub(super) struct Profile {
    /// In order of time, with the later ends of all but the last.
    pieces: Vec<Piece>,
    ends: Vec<f64>,
    start: f64,
    end: f64,
    /// Whether the other half of the transit is the mirror image, and `start` its middle.
    mirrored: bool,
    total: f64,
    /// Largest estimate of the error of a piece.
    error: f64,
}

impl Profile {
    /// A transit with these contacts; `symmetric` about time 0 or not. `dips` puts dips in the place of times.
    pub fn new(contacts: &Contacts, symmetry: Symmetry, mut dips: impl FnMut(&mut [f64])) -> Self {
        let mut edges = [0.0; 5];
        let Contacts { t1, full, deepest, t4 } = *contacts;
        let mirrored = symmetry == Symmetry::Mirror;
        let edges = match (mirrored, full) {
            (true, Some((_, t3))) => fill(&mut edges, &[0.0, t3, t4]),
            (true, None) => fill(&mut edges, &[0.0, t4]),
            (false, Some((t2, t3))) => fill(&mut edges, &[t1, t2, deepest, t3, t4]),
            (false, None) => fill(&mut edges, &[t1, deepest, t4]),
        };
        let mut stretches = Vec::with_capacity(8);
        for pair in edges.windows(2).filter(|pair| pair[1] > pair[0]) {
            let half = 0.5 * (pair[1] - pair[0]);
            stretches
                .extend([(pair[0], half), (pair[1], -half)].map(|(at, way)| Stretch::whole(at, way, Root::Square)));
        }
        let mut out = Self {
            pieces: Vec::with_capacity(stretches.len()),
            ends: Vec::new(),
            start: edges[0],
            end: t4,
            mirrored,
            total: 0.0,
            error: 0.0,
        };
        let values = |at: &[f64], [column]: &mut [Vec<f64>; 1]| {
            column.clear();
            column.extend_from_slice(at);
            dips(column);
        };
        let keep = |stretch, [series]: &[[f64; TERMS]; 1], [error]: [f64; 1]| {
            out.error = out.error.max(error);
            out.pieces.push(Piece::new(stretch, series));
        };
        NODES.refine(stretches, ([TOLERANCE], MOST_HALVINGS), |_| true, values, keep);
        out.pieces.sort_by(|a, b| a.stretch.place(0.0).total_cmp(&b.stretch.place(0.0)));
        let mut below = 0.0;
        for piece in &mut out.pieces {
            below = piece.start_at(below);
            out.ends.push(piece.stretch.place(1.0).max(piece.stretch.place(-1.0)));
        }
        out.ends.pop();
        out.total = below;
        out
    }

    /// Estimate of the largest error of a mean dip.
    pub fn error(&self) -> f64 {
        self.error
    }

    /// Puts the mean dip of an exposure in the place of the time of its middle. Least work where neighbours are at nearly the
    /// same distance from mid-transit.
    pub fn means(&self, exposure_time: f64, at: &mut [f64]) {
        let scattered = dispatch(Means { profile: self, exposure_time, at });
        if !scattered.is_empty() {
            self.means_apart(exposure_time, &scattered, at);
        }
    }

    /// Those at the places `which`, each with the pieces that it needs.
    fn means_apart(&self, exposure_time: f64, which: &[usize], at: &mut [f64]) {
        let (half, frequency) = (0.5 * exposure_time, 1.0 / exposure_time);
        let mut queues = vec![Queue::default(); self.pieces.len()];
        let room = 2 * which.len() / self.pieces.len().max(1) + 16;
        queues.iter_mut().for_each(|queue| queue.reserve(room));
        for &i in which {
            let (low, high) = (at[i] - half, at[i] + half);
            at[i] = 0.0;
            for (edge, weight) in [(high, frequency), (low, -frequency)] {
                let (time, weight) =
                    if self.mirrored { (edge.abs(), weight.copysign(weight * edge)) } else { (edge, weight) };
                if time >= self.end {
                    at[i] += weight * self.total;
                } else if time > self.start {
                    let piece: usize = self.ends.iter().map(|end| usize::from(time >= *end)).sum();
                    queues[piece].push(time, weight, i);
                }
            }
        }
        dispatch(Integrals { pieces: &self.pieces, queues: &mut queues });
        for queue in &queues {
            for ((value, weight), i) in queue.time.iter().zip(&queue.weight).zip(&queue.index) {
                at[*i] += weight * value;
            }
        }
    }

    /// F at `time`; nothing if that takes more than [`MOST_PIECES`]. The same bits as piece by piece, so that it does not matter
    /// which points are neighbours.
    #[inline(always)]
    fn integral<L: Lanes>(&self, time: L) -> Option<L> {
        let place = if self.mirrored { time.abs() } else { time };
        let (start, end) = (L::splat(self.start), L::splat(self.end));
        let mut value = L::select(end.le(place), L::splat(self.total), L::splat(0.0));
        let mut used = 0;
        let mut from = L::splat(f64::NEG_INFINITY);
        for (i, piece) in self.pieces.iter().enumerate() {
            let to = L::splat(self.ends.get(i).copied().unwrap_or(self.end));
            let here = L::both(from.le(place), L::both(start.lt(place), place.lt(to)));
            from = to;
            if L::any(here) {
                used += 1;
                if used > MOST_PIECES {
                    return None;
                }
                value = L::select(here, piece.at(place), value);
            }
        }
        // the other half is the mirror image, counted from the middle
        Some(if self.mirrored { value.copysign(time) } else { value })
    }
}

/// Pieces up to which a vector of points is worked on together, each piece for all of them.
const MOST_PIECES: usize = 3;

/// Puts means in the place of times where few pieces do for a vector of points, and says where they do not.
struct Means<'a> {
    profile: &'a Profile,
    exposure_time: f64,
    at: &'a mut [f64],
}

impl Kernel for Means<'_> {
    type Output = Vec<usize>;

    #[inline(always)]
    fn run<L: Lanes>(self) -> Vec<usize> {
        let (half, frequency) = (L::splat(0.5 * self.exposure_time), L::splat(1.0 / self.exposure_time));
        let mut scattered = Vec::new();
        for (block, at) in self.at.chunks_mut(L::LANES).enumerate() {
            let time = load_padded::<L>(at);
            match (self.profile.integral(time + half), self.profile.integral(time - half)) {
                (Some(high), Some(low)) => store_partial(high * frequency - low * frequency, at),
                _ => scattered.extend(block * L::LANES..block * L::LANES + at.len()),
            }
        }
        scattered
    }
}

/// Whether a transit is its own mirror image about time 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Symmetry {
    Mirror,
    None,
}

/// Copies `values` to the front of `room`.
fn fill<'a>(room: &'a mut [f64; 5], values: &[f64]) -> &'a [f64] {
    room[..values.len()].copy_from_slice(values);
    &room[..values.len()]
}

/// Times at which one piece is wanted, which its integrals then replace; where they go, and with which weight.
#[derive(Clone, Debug, Default)]
struct Queue {
    time: Vec<f64>,
    weight: Vec<f64>,
    index: Vec<usize>,
}

impl Queue {
    fn reserve(&mut self, room: usize) {
        self.time.reserve(room);
        self.weight.reserve(room);
        self.index.reserve(room);
    }

    #[inline]
    fn push(&mut self, time: f64, weight: f64, index: usize) {
        self.time.push(time);
        self.weight.push(weight);
        self.index.push(index);
    }
}

struct Integrals<'a> {
    pieces: &'a [Piece],
    queues: &'a mut [Queue],
}

impl Kernel for Integrals<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        for (piece, queue) in self.pieces.iter().zip(self.queues) {
            for time in queue.time.chunks_mut(L::LANES) {
                store_partial(piece.at(load_padded::<L>(time)), time);
            }
        }
    }
}

impl Piece {
    fn new(stretch: Stretch, series: &[f64; TERMS]) -> Self {
        let Stretch { length, middle, half, .. } = stretch;
        // dt = 2 length s ds = 2 length half (middle + half x) dx, and x T₀ = T₁, x T_j = (T_{j−1} + T_{j+1})/2
        let mut product = [0.0; INTEGRAL_TERMS + 1];
        for (j, c) in series.iter().enumerate() {
            product[j] += middle * c;
            if j == 0 {
                product[1] += half * c;
            } else {
                product[j - 1] += 0.5 * half * c;
                product[j + 1] += 0.5 * half * c;
            }
        }
        let scale = 2.0 * length * half;
        let mut integral = [0.0; INTEGRAL_TERMS];
        for j in 1..INTEGRAL_TERMS {
            let before = if j == 1 { 2.0 * product[0] } else { product[j - 1] };
            integral[j] = scale * (before - product[j + 1]) / (2 * j) as f64;
        }
        Self { stretch, integral }
    }

    /// F.
    #[inline(always)]
    fn at<L: Lanes>(&self, time: L) -> L {
        clenshaw(&self.integral, self.stretch.x(time))
    }

    /// Adds the constant that makes F `below` at the piece's earlier end; returns F at its later end.
    fn start_at(&mut self, below: f64) -> f64 {
        let (mut first, mut last) = (0.0, 0.0);
        for (j, c) in self.integral.iter().enumerate() {
            last += c;
            first += if j % 2 == 0 { *c } else { -c };
        }
        if self.stretch.length < 0.0 {
            std::mem::swap(&mut first, &mut last);
        }
        self.integral[0] += below - first;
        below + last - first
    }
}
