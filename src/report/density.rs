//! Densities of draws: histograms, smooth densities of two quantities, and the outlines of what holds a share of them.

/// Densities on a grid of cells, the first of two quantities running fastest.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    pub x: (f64, f64),
    pub y: (f64, f64),
    /// Cells in each direction.
    pub cells: usize,
    pub density: Vec<f64>,
}

/// Counts in `bins` equal bins from `low` to `high`.
pub fn histogram(values: &[f64], (low, high): (f64, f64), bins: usize) -> Vec<f64> {
    let mut counts = vec![0.0; bins];
    for v in values.iter().filter(|v| **v >= low && **v <= high) {
        let bin = ((v - low) / (high - low) * bins as f64) as usize;
        counts[bin.min(bins - 1)] += 1.0;
    }
    counts
}

/// The density of pairs in `cells` × `cells` cells over the given ranges, smoothed by a normal kernel of Scott's width,
/// n^(−1/6) standard deviations. What the kernel carries beyond an end comes back inside, so that a density
/// that is cut off there, as by a prior, keeps its height.
pub fn smooth(a: &[f64], b: &[f64], x: (f64, f64), y: (f64, f64), cells: usize) -> Grid {
    let mut density = vec![0.0; cells * cells];
    let place = |v: f64, (low, high): (f64, f64)| {
        let cell = (v - low) / (high - low) * cells as f64;
        (cell >= 0.0 && cell <= cells as f64).then(|| (cell as usize).min(cells - 1))
    };
    for (a, b) in a.iter().zip(b) {
        if let (Some(i), Some(j)) = (place(*a, x), place(*b, y)) {
            density[j * cells + i] += 1.0;
        }
    }
    let scott = (a.len().max(1) as f64).powf(-1.0 / 6.0);
    let width = |v: &[f64], (low, high): (f64, f64)| scott * deviation(v) / (high - low) * cells as f64;
    let (along, across) = (kernel(width(a, x)), kernel(width(b, y)));
    let mut row = vec![0.0; cells];
    for j in 0..cells {
        blur(&along, &mut density, &mut row, j * cells, 1, cells);
    }
    for i in 0..cells {
        blur(&across, &mut density, &mut row, i, cells, cells);
    }
    Grid { x, y, cells, density }
}

fn deviation(v: &[f64]) -> f64 {
    let n = v.len().max(1) as f64;
    let mean = v.iter().sum::<f64>() / n;
    (v.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt()
}

/// Half a normal kernel, from its middle.
fn kernel(sigma: f64) -> Vec<f64> {
    let sigma = if sigma.is_finite() { sigma.clamp(0.3, 30.0) } else { 1.0 };
    let reach = (4.0 * sigma).ceil() as usize;
    let mut k: Vec<f64> = (0..=reach).map(|i| (-0.5 * (i as f64 / sigma).powi(2)).exp()).collect();
    let sum = k[0] + 2.0 * k[1..].iter().sum::<f64>();
    k.iter_mut().for_each(|v| *v /= sum);
    k
}

fn blur(kernel: &[f64], data: &mut [f64], row: &mut [f64], start: usize, step: usize, cells: usize) {
    row.fill(0.0);
    let n = cells as i64;
    let reflected = |i: i64| {
        // folded back as often as needed
        let i = i.rem_euclid(2 * n);
        (if i < n { i } else { 2 * n - 1 - i }) as usize
    };
    for i in 0..cells {
        let v = data[start + i * step];
        if v == 0.0 {
            continue;
        }
        row[i] += kernel[0] * v;
        for (k, w) in kernel.iter().enumerate().skip(1) {
            row[reflected(i as i64 + k as i64)] += w * v;
            row[reflected(i as i64 - k as i64)] += w * v;
        }
    }
    (0..cells).for_each(|i| data[start + i * step] = row[i]);
}

impl Grid {
    /// The density above which a share of all lies.
    pub fn level(&self, share: f64) -> f64 {
        let mut sorted = self.density.clone();
        sorted.sort_unstable_by(|a, b| b.total_cmp(a));
        let wanted = share * sorted.iter().sum::<f64>();
        let mut sum = 0.0;
        for d in &sorted {
            sum += d;
            if sum >= wanted {
                return *d;
            }
        }
        0.0
    }

    /// Closed outlines of where the density is above `level`, in the units of the data; holes are rings of their own.
    pub fn outlines(&self, level: f64) -> Vec<Vec<(f64, f64)>> {
        // a rim of zeros closes every outline; values stand at the middles of cells
        let n = self.cells as i64 + 2;
        let value = |i: i64, j: i64| {
            let inside = |k: i64| k >= 1 && k <= self.cells as i64;
            if inside(i) && inside(j) { self.density[((j - 1) * self.cells as i64 + i - 1) as usize] } else { 0.0 }
        };
        // each crossed edge has a name: from a corner to the right (0) or downwards (1)
        let mut next: std::collections::BTreeMap<(i64, i64, u8), (i64, i64, u8)> = std::collections::BTreeMap::new();
        for j in 0..n - 1 {
            for i in 0..n - 1 {
                let corners = [value(i, j), value(i + 1, j), value(i + 1, j + 1), value(i, j + 1)].map(|v| v > level);
                let edges = [(i, j, 0), (i + 1, j, 1), (i, j + 1, 0), (i, j, 1)];
                // where the line enters (high to low, going round) and leaves
                let enters = (0..4).filter(|e| corners[*e] && !corners[(e + 1) % 4]);
                let leaves: Vec<usize> = (0..4).filter(|e| !corners[*e] && corners[(e + 1) % 4]).collect();
                for (enter, leave) in enters.zip(&leaves) {
                    next.insert(edges[enter], edges[*leave]);
                }
            }
        }
        let place = |(i, j, way): (i64, i64, u8)| {
            let (a, b) = (value(i, j), if way == 0 { value(i + 1, j) } else { value(i, j + 1) });
            let share = if a == b { 0.5 } else { ((level - a) / (b - a)).clamp(0.0, 1.0) };
            let (x, y) = (i as f64 + if way == 0 { share } else { 0.0 }, j as f64 + if way == 1 { share } else { 0.0 });
            let scale =
                |v: f64, (low, high): (f64, f64)| (low + (v - 0.5) / self.cells as f64 * (high - low)).clamp(low, high);
            (scale(x, self.x), scale(y, self.y))
        };
        let mut rings = Vec::new();
        while let Some((&start, _)) = next.first_key_value() {
            let (mut ring, mut at) = (Vec::new(), start);
            while let Some(to) = next.remove(&at) {
                ring.push(place(at));
                at = to;
            }
            rings.push(ring);
        }
        rings
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};
    use rand_distr::StandardNormal;

    fn area(ring: &[(f64, f64)]) -> f64 {
        let next = ring.iter().cycle().skip(1);
        0.5 * ring.iter().zip(next).map(|(a, b)| a.0 * b.1 - b.0 * a.1).sum::<f64>()
    }

    #[test]
    fn outlines_of_a_normal_density_are_circles_of_the_right_size() {
        let mut rng = StdRng::seed_from_u64(5);
        let mut draw = || (0..40_000).map(|_| rng.sample::<f64, _>(StandardNormal)).collect::<Vec<f64>>();
        let (a, b) = (draw(), draw());
        let grid = smooth(&a, &b, (-5.0, 5.0), (-5.0, 5.0), 60);
        assert!((grid.density.iter().sum::<f64>() - 40_000.0).abs() < 5.0, "nothing is lost");
        for share in [0.3935, 0.8647] {
            let rings = grid.outlines(grid.level(share));
            let total: f64 = rings.iter().map(|r| area(r)).sum::<f64>().abs();
            // −2 ln(1 − share) squared radii, widened by the kernel by 1 + n^(−1/3)
            let expected = std::f64::consts::PI * -2.0 * (1.0f64 - share).ln() * (1.0 + 40_000f64.powf(-1.0 / 3.0));
            assert!((total / expected - 1.0).abs() < 0.06, "{share}: {total} {expected}");
        }
    }

    #[test]
    fn a_density_cut_off_at_an_end_keeps_its_height_and_its_outline_closes() {
        let mut rng = StdRng::seed_from_u64(6);
        let mut draw = || (0..40_000).map(|_| rng.random::<f64>()).collect::<Vec<f64>>();
        let grid = smooth(&draw(), &draw(), (0.0, 1.0), (0.0, 1.0), 20);
        let (edge, middle) = (grid.density[10 * 20], grid.density[10 * 20 + 10]);
        assert!((edge / middle - 1.0).abs() < 0.25, "{edge} {middle}");
        let rings = grid.outlines(grid.level(0.999_999) * 0.5);
        assert_eq!(rings.len(), 1);
        assert!(area(&rings[0]).abs() > 0.9 && rings[0].iter().all(|p| (0.0..=1.0).contains(&p.0)));
        assert_eq!(histogram(&[0.0, 0.1, 0.9, 1.0, 2.0], (0.0, 1.0), 2), [2.0, 2.0]);
    }
}
