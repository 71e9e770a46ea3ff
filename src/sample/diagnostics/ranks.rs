//! Rank normalisation: values of all chains replaced by the normal scores of their ranks.

use statrs::function::erf::erfc_inv;

/// Normal scores Φ⁻¹((r − 3/8)/(S + 1/4)) of the ranks r (ties share their mean rank) among all S values.
pub(super) fn rank_normalise(chains: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let n = chains[0].len();
    let flat: Vec<f64> = chains.concat();
    let mut order: Vec<usize> = (0..flat.len()).collect();
    order.sort_unstable_by(|a, b| flat[*a].total_cmp(&flat[*b]));
    let mut scores = vec![0.0; flat.len()];
    let mut start = 0;
    while start < order.len() {
        let mut end = start + 1;
        while end < order.len() && flat[order[end]] == flat[order[start]] {
            end += 1;
        }
        // ranks start+1 ..= end
        let rank = (start + 1 + end) as f64 / 2.0;
        let score = normal_quantile((rank - 0.375) / (flat.len() as f64 + 0.25));
        order[start..end].iter().for_each(|&i| scores[i] = score);
        start = end;
    }
    scores.chunks_exact(n).map(<[f64]>::to_vec).collect()
}

/// Inverse of the standard normal distribution function.
fn normal_quantile(p: f64) -> f64 {
    -std::f64::consts::SQRT_2 * erfc_inv(2.0 * p)
}
