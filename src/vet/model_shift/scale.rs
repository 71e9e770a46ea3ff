//! The factor by which a model fits a series best, found as Model-Shift finds it.

/// Finest step of the search; its result is a multiple of it.
const FINEST: f64 = 1e-8;

/// Relative difference of two sums of squares beyond which their order does not depend on rounding.
const DECISIVE: f64 = 1e-13;

/// Factor s that makes Σ (flux − s·model)² least, to about 1e-8.
///
/// Least squares gives s = Σ f·m / Σ m² at once, but the published numbers come from a search by decimal steps, and the
/// significances of differences between nearly equal depths (odd less even, left less right) show its last digit. So the
/// same steps are taken here. Steps whose sums of squares differ by much are compared through the parabola
/// R(s) = R(s₀) + (s − s₀)² Σ m²; only the last few are summed as the source sums them.
pub(super) fn best_scale(flux: &[f64], model: &[f64]) -> f64 {
    let (mut fm, mut mm) = (0.0, 0.0);
    for (f, m) in flux.iter().zip(model) {
        fm += f * m;
        mm += m * m;
    }
    if mm <= 0.0 {
        return 1.0;
    }
    let optimum = fm / mm;
    let least = sum_of_squares(flux, model, optimum);
    let parabola = |s: f64| least + (s - optimum) * (s - optimum) * mm;
    let root_mean = |s: f64| (sum_of_squares(flux, model, s) / flux.len() as f64).sqrt();

    let (mut best, mut trial, mut step) = (1.0, 1.0, 1.0);
    let mut of_best = None;
    let mut upward = true;
    while step > FINEST {
        trial += if upward { step } else { -step };
        let (a, b) = (parabola(trial), parabola(best));
        let mut of_trial = None;
        let better = if (a - b).abs() > DECISIVE * b {
            a < b
        } else {
            let trial = root_mean(trial);
            of_trial = Some(trial);
            trial < *of_best.get_or_insert_with(|| root_mean(best))
        };
        if better {
            best = trial;
            of_best = of_trial;
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

fn sum_of_squares(flux: &[f64], model: &[f64], scale: f64) -> f64 {
    let mut sum = 0.0;
    for (f, m) in flux.iter().zip(model) {
        let residual = f - scale * m;
        sum += residual * residual;
    }
    sum
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
