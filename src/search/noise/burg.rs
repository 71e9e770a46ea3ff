//! Burg's method.

use super::autoregression::Autoregression;
use super::vectors::Precision;

/// A stretch of even bins without a long gap.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stretch<'a> {
    pub value: &'a [f64],
    /// 1 for bins that were measured, 0 for those filled in.
    pub measured: &'a [f64],
}

/// Orders tried beyond twice the best so far.
const PATIENCE: usize = 24;

/// Orders after which prediction errors, by then near the size of the noise, are kept in single precision: it changes
/// reflection coefficients by 10⁻⁶, which are known to 10⁻² of themselves.
const WIDE_ORDERS: usize = 8;

impl Autoregression {
    /// Fits stretches of one process of zero mean by Burg's method, pooled over the stretches; the order, up to
    /// `max_order`, is the one of lowest n ln σ² + 2 order (Akaike 1974). `None` when nothing varies.
    ///
    /// Terms with a filled bin at either end of the prediction are left out of the reflection coefficients
    /// (Burg 1975, PhD thesis, Stanford; weights after Swingler 1979), which keeps |k| ≤ 1 and hence the process stable.
    pub fn fit(stretches: &[Stretch<'_>], max_order: usize) -> Option<Self> {
        let n: f64 = stretches.iter().flat_map(|s| s.measured).sum();
        let power: f64 = stretches.iter().map(|s| weighted_power(s.value, s.measured)).sum::<f64>() / n;
        if !(power.is_finite() && power > 0.0) {
            return None;
        }
        let mut wide = Errors::of(stretches);
        let mut narrow: Option<Errors<f32>> = None;
        let mut coefficients = vec![Vec::new()];
        let mut variance = vec![power];
        let mut lowest = (n * power.ln(), 0);
        for order in 1..=max_order {
            let (product, squares) = narrow.as_ref().map_or_else(|| wide.sums(order), |n| n.sums(order));
            let reflection = 2.0 * product / squares;
            // Nothing left to predict, or (by rounding) a process without noise.
            if !reflection.is_finite() || reflection.abs() >= 1.0 {
                break;
            }
            let row = next_order(&coefficients[order - 1], reflection);
            let next = variance[order - 1] * (1.0 - reflection * reflection);
            coefficients.push(row);
            variance.push(next);
            let criterion = n * next.ln() + 2.0 * order as f64;
            if criterion < lowest.0 {
                lowest = (criterion, order);
            } else if order > 2 * lowest.1 + PATIENCE {
                break;
            }
            match &mut narrow {
                Some(narrow) => narrow.reflect(order, reflection),
                None => wide.reflect(order, reflection),
            }
            if order == WIDE_ORDERS {
                narrow = Some(wide.narrowed(next.sqrt()));
            }
        }
        coefficients.truncate(lowest.1 + 1);
        variance.truncate(lowest.1 + 1);
        Some(Self::new(coefficients, variance))
    }
}

/// Forward and backward prediction errors of stretches, and which bins were measured.
struct Errors<T> {
    forward: Vec<Vec<T>>,
    backward: Vec<Vec<T>>,
    measured: Vec<Vec<T>>,
}

impl<T: Precision> Errors<T> {
    /// Sums over the pairs `order` bins apart: see [`Precision::sums`].
    fn sums(&self, order: usize) -> (f64, f64) {
        let stretches = self.forward.iter().zip(&self.backward).zip(&self.measured).filter(|s| s.1.len() > order);
        stretches.fold((0.0, 0.0), |sums, ((f, b), m)| {
            let pairs = f.len() - order;
            let own = T::sums(&f[order..], &b[..pairs], &m[order..], &m[..pairs]);
            (sums.0 + own.0, sums.1 + own.1)
        })
    }

    fn reflect(&mut self, order: usize, reflection: f64) {
        for (f, b) in self.forward.iter_mut().zip(&mut self.backward).filter(|s| s.0.len() > order) {
            T::reflect(&mut f[order..], b, T::narrowed(reflection));
        }
    }
}

impl Errors<f64> {
    /// Of order 0.
    fn of(stretches: &[Stretch<'_>]) -> Self {
        let forward: Vec<Vec<f64>> = stretches.iter().map(|s| s.value.to_vec()).collect();
        let measured = stretches.iter().map(|s| s.measured.to_vec()).collect();
        Self { backward: forward.clone(), forward, measured }
    }

    /// In units of `scale`.
    fn narrowed(&self, scale: f64) -> Errors<f32> {
        let narrow = |columns: &[Vec<f64>], scale: f64| -> Vec<Vec<f32>> {
            columns.iter().map(|c| c.iter().map(|v| (v / scale) as f32).collect()).collect()
        };
        Errors {
            forward: narrow(&self.forward, scale),
            backward: narrow(&self.backward, scale),
            measured: narrow(&self.measured, 1.0),
        }
    }
}

/// Levinson's recursion, coefficients oldest value first.
fn next_order(row: &[f64], reflection: f64) -> Vec<f64> {
    let newer = row.iter().zip(row.iter().rev()).map(|(c, mirror)| c - reflection * mirror);
    std::iter::once(reflection).chain(newer).collect()
}

fn weighted_power(value: &[f64], measured: &[f64]) -> f64 {
    value.iter().zip(measured).map(|(v, m)| m * v * v).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng, rngs::StdRng};
    use rand_distr::StandardNormal;

    #[test]
    fn single_precision_changes_no_reflection_that_matters() {
        // A wave a thousand times as large as the noise, and gaps.
        let mut rng = StdRng::seed_from_u64(7);
        let value: Vec<f64> =
            (0..6000).map(|i| 1e3 * (f64::from(i) / 300.0).sin() + rng.sample::<f64, _>(StandardNormal)).collect();
        let measured: Vec<f64> = (0..6000).map(|i| if i % 50 < 48 { 1.0 } else { 0.0 }).collect();
        let stretches = [Stretch { value: &value, measured: &measured }];
        let (mut wide, mut narrow) = (Errors::of(&stretches), None);
        for order in 1..=60 {
            let sums = wide.sums(order);
            let reflection = 2.0 * sums.0 / sums.1;
            if let Some(narrow) = &mut narrow {
                let sums: (f64, f64) = Errors::<f32>::sums(narrow, order);
                assert!((2.0 * sums.0 / sums.1 - reflection).abs() < 1e-5, "order {order}");
                narrow.reflect(order, reflection);
            }
            wide.reflect(order, reflection);
            if order == WIDE_ORDERS {
                narrow = Some(wide.narrowed(1.0));
            }
        }
    }
}
