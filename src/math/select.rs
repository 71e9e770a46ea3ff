//! The k-th smallest of many numbers.

/// Samples with fewer values than this are not worth a look at some of them first.
const FEW: usize = 1024;
/// Values that are looked at first.
const LOOKED_AT: usize = 256;
/// Ranks of these on either side of where the wanted one is expected: 2.5 σ of √(n/4), missed once in eighty times.
const MARGIN: usize = 20;
/// Values between two looks at whether there is room for more.
const CHUNK: usize = 256;

/// The values number `k − 1` and `k` (from 0) in ascending order; the first is −∞ for `k` = 0.
///
/// A few values tell between which two the wanted ones lie; those between them are picked out, and only these are
/// partitioned (after Floyd & Rivest 1975, Commun. ACM 18, 165). `values` may be reordered.
pub(super) fn pair_at(values: &mut [f64], k: usize) -> (f64, f64) {
    if let Some((mut near, below)) = values_near(values, k) {
        return partition(&mut near, k - below);
    }
    partition(values, k)
}

fn partition(values: &mut [f64], k: usize) -> (f64, f64) {
    let (below, &mut at, _) = values.select_nth_unstable_by(k, f64::total_cmp);
    (below.iter().copied().fold(f64::NEG_INFINITY, f64::max), at)
}

/// Values from a range that holds numbers `k − 1` and `k`, and how many lie below it; nothing where that is not found, or not
/// worth it.
fn values_near(values: &[f64], k: usize) -> Option<(Vec<f64>, usize)> {
    let n = values.len();
    if n < FEW {
        return None;
    }
    let mut some: Vec<f64> = values.iter().step_by(n / LOOKED_AT).take(LOOKED_AT).copied().collect();
    some.sort_unstable_by(f64::total_cmp);
    let expected = k * LOOKED_AT / n;
    let low = some[expected.saturating_sub(MARGIN)];
    let high = some[(expected + MARGIN).min(LOOKED_AT - 1)];
    let below = values.iter().map(|v| usize::from(*v < low)).sum::<usize>();

    let mut near = vec![0.0; n / 2];
    let mut found = 0;
    for chunk in values.chunks(CHUNK) {
        // Equal values may be any number.
        let room = near.get_mut(found..found + CHUNK)?;
        let mut own = 0;
        for v in chunk {
            room[own.min(CHUNK - 1)] = *v;
            own += usize::from(*v >= low && *v <= high);
        }
        found += own;
    }
    near.truncate(found);
    (below < k && k < below + found).then_some((near, below))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng, rngs::StdRng};
    use rand_distr::StandardNormal;

    #[test]
    fn it_is_what_sorting_gives() {
        let mut rng = StdRng::seed_from_u64(1);
        let normal = |n: usize, rng: &mut StdRng| (0..n).map(|_| rng.sample::<f64, _>(StandardNormal)).collect();
        let mut samples: Vec<Vec<f64>> = [5, 1023, 1024, 1500, 20_001].iter().map(|n| normal(*n, &mut rng)).collect();
        samples.push((0..5000).map(f64::from).collect());
        samples.push((0..5000).rev().map(f64::from).collect());
        samples.push(vec![1.0; 3000]);
        samples.push((0..3000).map(|i| f64::from(i % 3)).collect());
        // What is looked at first is not like the rest.
        samples.push((0..2560).map(|i| if i % 10 == 0 { 1e3 } else { f64::from(i) }).collect());
        let mut narrowed = 0;
        for sample in samples {
            let mut sorted = sample.clone();
            sorted.sort_by(f64::total_cmp);
            for k in [0, 1, sample.len() / 10, sample.len() / 2, sample.len() - 1] {
                let expected = (k.checked_sub(1).map_or(f64::NEG_INFINITY, |k| sorted[k]), sorted[k]);
                assert_eq!(pair_at(&mut sample.clone(), k), expected, "{} values, {k}", sample.len());
                narrowed += usize::from(values_near(&sample, k).is_some());
            }
        }
        assert!(narrowed >= 10, "{narrowed}");
    }
}
