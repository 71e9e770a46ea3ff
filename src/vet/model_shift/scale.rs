//! The factor by which a model fits a series best, found as Model-Shift finds it.

/// Finest step of the search; its result is a multiple of it.
const FINEST: f64 = 1e-8;

/// Relative difference of two sums of squares beyond which their order does not depend on rounding.
const DECISIVE: f64 = 1e-13;

/// Factor s that makes Σ (flux − s·model)² least, to about 1e-8, by the search of the source.
///
/// Least squares gives s at once, but the published numbers come from a search by decimal steps, and the
/// significances of differences between nearly equal depths (odd less even, left less right) show its last digit. So the
/// same steps are taken here. Steps whose sums of squares differ by much are compared through the parabola
/// R(s) = R(s₀) + (s − s₀)² Σ m²; only the last few are summed as the source sums them.
pub(super) fn best_scale(flux: &[f64], model: &[f64]) -> f64 {
    let (fm, mm) = flux.iter().zip(model).fold((0.0, 0.0), |(fm, mm), (f, m)| (fm + f * m, mm + m * m));
    if mm <= 0.0 {
        return 1.0;
    }
    let optimum = fm / mm;
    let least = sums_of_squares(flux, model, [optimum; LANES])[0];
    let parabola = |s: f64| least + (s - optimum) * (s - optimum) * mm;
    let mut exact = Exact { flux, model, known: Vec::new() };

    let (mut best, mut trial, mut step) = (1.0, 1.0, 1.0);
    let mut upward = true;
    while step > FINEST {
        let before = trial;
        trial += if upward { step } else { -step };
        let (a, b) = (parabola(trial), parabola(best));
        let better = if (a - b).abs() > DECISIVE * b {
            a < b
        } else {
            // Whichever way it goes on, its next sums are likely among these.
            let ahead = if upward { trial + step } else { trial - step };
            let back = if upward { before - step } else { before - 0.1 * step };
            let trial = exact.root_mean(trial, [best, ahead, back]);
            trial < exact.root_mean(best, [best; 3])
        };
        if better {
            best = trial;
            continue;
        }
        trial -= if upward { step } else { -step };
        if !upward {
            step /= 10.0;
        }
        upward = !upward;
    }
    best
}

/// Scales whose sums are taken in one pass.
const LANES: usize = 4;

/// Root mean squares as the source sums them, one point after the other, remembered.
struct Exact<'a> {
    flux: &'a [f64],
    model: &'a [f64],
    known: Vec<(f64, f64)>,
}

impl Exact<'_> {
    /// Root mean square at `scale`; those at `others` are taken in the same pass.
    fn root_mean(&mut self, scale: f64, others: [f64; LANES - 1]) -> f64 {
        if let Some((_, value)) = self.known.iter().find(|k| k.0 == scale) {
            return *value;
        }
        let scales = [scale, others[0], others[1], others[2]];
        let sums = sums_of_squares(self.flux, self.model, scales);
        let n = self.flux.len() as f64;
        self.known.extend(scales.iter().zip(sums).map(|(s, sum)| (*s, (sum / n).sqrt())));
        (sums[0] / n).sqrt()
    }
}

fn sums_of_squares(flux: &[f64], model: &[f64], scales: [f64; LANES]) -> [f64; LANES] {
    let mut sums = [0.0; LANES];
    for (f, m) in flux.iter().zip(model) {
        for (sum, scale) in sums.iter_mut().zip(scales) {
            let residual = f - scale * m;
            *sum += residual * residual;
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_least_squares() {
        let model: Vec<f64> = (0..500).map(|i| if i % 50 < 5 { -1e-3 } else { 0.0 }).collect();
        for truth in [0.3, 1.0, 2.5] {
            let flux: Vec<f64> =
                model.iter().enumerate().map(|(i, m)| truth * m + 1e-4 * ((i * i) as f64).sin()).collect();
            let fm: f64 = flux.iter().zip(&model).map(|(f, m)| f * m).sum();
            let mm: f64 = model.iter().map(|m| m * m).sum();
            assert!((best_scale(&flux, &model) - fm / mm).abs() < 1e-6);
        }
        assert_eq!(best_scale(&[1.0, 2.0], &[0.0, 0.0]), 1.0);
    }
}
