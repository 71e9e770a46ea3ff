//! Places in blocks, coordinate by coordinate, and the loops over them that mixtures spend their time in.

use crate::math::for_this_processor;

/// Places that are worked on together.
pub(super) const LANES: usize = 8;

/// One number for each place of a block.
pub(super) type Lane = [f64; LANES];

/// Places (n × dim) in blocks of [`LANES`], the last one filled up with its last place.
#[derive(Clone, Debug)]
pub(super) struct Blocks {
    dim: usize,
    places: usize,
    /// Blocks × dim.
    at: Vec<Lane>,
}

impl Blocks {
    pub fn new(dim: usize, ys: &[f64]) -> Self {
        let places = ys.len() / dim;
        let mut at = vec![[0.0; LANES]; places.div_ceil(LANES) * dim];
        for (block, ys) in at.chunks_exact_mut(dim).zip(ys.chunks(LANES * dim)) {
            let last = ys.len() / dim - 1;
            for (i, coordinate) in block.iter_mut().enumerate() {
                for (lane, value) in coordinate.iter_mut().enumerate() {
                    *value = ys[lane.min(last) * dim + i];
                }
            }
        }
        Self { dim, places, at }
    }

    pub fn dim(&self) -> usize {
        self.dim
    }

    /// How many places.
    pub fn places(&self) -> usize {
        self.places
    }

    /// How many blocks.
    pub fn len(&self) -> usize {
        self.at.len() / self.dim
    }

    /// Coordinates of one place.
    pub fn place(&self, i: usize) -> Vec<f64> {
        let block = &self.at[i / LANES * self.dim..(i / LANES + 1) * self.dim];
        block.iter().map(|coordinate| coordinate[i % LANES]).collect()
    }

    /// (y − m)ᵀ S⁻¹ (y − m) of each place; `inverse` is the packed lower triangle L⁻¹ of S = L Lᵀ.
    pub fn distances2(&self, mean: &[f64], inverse: &[f64], out: &mut [Lane]) {
        distances2(&self.at, mean, inverse, &mut vec![[0.0; LANES]; self.dim], out);
    }

    /// Σ `pulls` y / Σ `pulls`, and the packed lower triangle of Σ `pulls` (y − mean) (y − mean)ᵀ.
    pub fn moments(&self, pulls: &[Lane]) -> (Vec<f64>, Vec<f64>) {
        let mut sums = vec![[0.0; LANES]; self.dim + 1];
        weighted_sums(&self.at, pulls, self.dim, &mut sums);
        let total: f64 = sums[self.dim].iter().sum();
        let mean: Vec<f64> = sums[..self.dim].iter().map(|s| s.iter().sum::<f64>() / total).collect();
        let mut triangle = vec![[0.0; LANES]; row(self.dim)];
        second_moments(&self.at, pulls, &mean, &mut vec![[0.0; LANES]; self.dim], &mut triangle);
        (mean, triangle.iter().map(|t| t.iter().sum()).collect())
    }
}

/// Where row `i` of a packed lower triangle begins.
pub(super) fn row(i: usize) -> usize {
    i * (i + 1) / 2
}

for_this_processor! {
    fn distances2(at: &[Lane], mean: &[f64], inverse: &[f64], centred: &mut [Lane], out: &mut [Lane]) = distances2_body
}

#[inline(always)]
fn distances2_body(at: &[Lane], mean: &[f64], inverse: &[f64], centred: &mut [Lane], out: &mut [Lane]) {
    let dim = mean.len();
    for (block, out) in at.chunks_exact(dim).zip(out) {
        for ((c, y), m) in centred.iter_mut().zip(block).zip(mean) {
            for lane in 0..LANES {
                c[lane] = y[lane] - m;
            }
        }
        let mut square = [0.0; LANES];
        let mut rest = inverse;
        for i in 0..dim {
            let line;
            (line, rest) = rest.split_at(i + 1);
            let mut white = [0.0; LANES];
            for (l, c) in line.iter().zip(centred.iter()) {
                for lane in 0..LANES {
                    white[lane] += l * c[lane];
                }
            }
            for lane in 0..LANES {
                square[lane] += white[lane] * white[lane];
            }
        }
        *out = square;
    }
}

for_this_processor! {
    /// Σ pulls y, and Σ pulls last.
    fn weighted_sums(at: &[Lane], pulls: &[Lane], dim: usize, sums: &mut [Lane]) = weighted_sums_body
}

#[inline(always)]
fn weighted_sums_body(at: &[Lane], pulls: &[Lane], dim: usize, sums: &mut [Lane]) {
    for (block, p) in at.chunks_exact(dim).zip(pulls) {
        for (sum, y) in sums.iter_mut().zip(block) {
            for lane in 0..LANES {
                sum[lane] += p[lane] * y[lane];
            }
        }
        for lane in 0..LANES {
            sums[dim][lane] += p[lane];
        }
    }
}

for_this_processor! {
    fn second_moments(at: &[Lane], pulls: &[Lane], mean: &[f64], centred: &mut [Lane], triangle: &mut [Lane]) =
        second_moments_body
}

#[inline(always)]
fn second_moments_body(at: &[Lane], pulls: &[Lane], mean: &[f64], centred: &mut [Lane], triangle: &mut [Lane]) {
    let dim = mean.len();
    for (block, p) in at.chunks_exact(dim).zip(pulls) {
        // far from a component all are nothing
        if p.iter().all(|p| *p <= f64::MIN_POSITIVE) {
            continue;
        }
        for ((c, y), m) in centred.iter_mut().zip(block).zip(mean) {
            for lane in 0..LANES {
                c[lane] = y[lane] - m;
            }
        }
        let mut rest = &mut triangle[..];
        for a in 0..dim {
            let line;
            (line, rest) = rest.split_at_mut(a + 1);
            let mut pa = [0.0; LANES];
            for lane in 0..LANES {
                pa[lane] = p[lane] * centred[a][lane];
            }
            for (t, c) in line.iter_mut().zip(centred.iter()) {
                for lane in 0..LANES {
                    t[lane] += pa[lane] * c[lane];
                }
            }
        }
    }
}

for_this_processor! {
    /// height / (1 + distance²/ν)^power of each place.
    pub(super) fn students(height: f64, per_nu: f64, power: u32, distance2: &[Lane], out: &mut [Lane]) = students_body
}

#[inline(always)]
fn students_body(height: f64, per_nu: f64, power: u32, distance2: &[Lane], out: &mut [Lane]) {
    for (square, out) in distance2.iter().zip(out) {
        let (mut base, mut product, mut left) = ([0.0; LANES], [1.0; LANES], power);
        for lane in 0..LANES {
            base[lane] = 1.0 + square[lane] * per_nu;
        }
        while left > 0 {
            if left % 2 == 1 {
                for lane in 0..LANES {
                    product[lane] *= base[lane];
                }
            }
            left /= 2;
            base.iter_mut().for_each(|b| *b *= *b);
        }
        for lane in 0..LANES {
            out[lane] = height / product[lane];
        }
    }
}

for_this_processor! {
    /// Adds `more` to `sum`.
    pub(super) fn add(more: &[Lane], sum: &mut [Lane]) = add_body
}

#[inline(always)]
fn add_body(more: &[Lane], sum: &mut [Lane]) {
    for (sum, more) in sum.iter_mut().zip(more) {
        for lane in 0..LANES {
            sum[lane] += more[lane];
        }
    }
}

for_this_processor! {
    /// Heights become `scale` · height, and distances² become that times (ν + d)/(ν + distance²).
    pub(super) fn pulls(scale: &[Lane], nu: f64, dim: f64, heights: &mut [Lane], distance2: &mut [Lane]) = pulls_body
}

#[inline(always)]
fn pulls_body(scale: &[Lane], nu: f64, dim: f64, heights: &mut [Lane], distance2: &mut [Lane]) {
    for ((scale, height), square) in scale.iter().zip(heights).zip(distance2) {
        for lane in 0..LANES {
            height[lane] *= scale[lane];
            square[lane] = height[lane] * (nu + dim) / (nu + square[lane]);
        }
    }
}
