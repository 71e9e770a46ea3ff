//! Points that Model-Shift leaves out: far from the median of their neighbours in phase.

use statrs::function::erf::erfc_inv;

use crate::math::median_in_place;

/// Half-width in days of the running median, a Kepler long cadence.
const NEIGHBOURHOOD: f64 = 0.02043981;

/// Ratio of standard deviation to median absolute deviation as the source rounds it.
const MAD_TO_SIGMA: f64 = 1.4826;

/// For each point, whether its residual lies within √2 erfc⁻¹(1/n) standard deviations (from the median absolute deviation
/// of all) of the median of the residuals less than a cadence away in phase. `phase` (days) ascends.
pub(super) fn inliers(phase: &[f64], residual: Vec<f64>) -> Vec<bool> {
    let n = residual.len();
    let mut work = residual.clone();
    let centre = median_in_place(&mut work);
    work.iter_mut().for_each(|r| *r = (*r - centre).abs());
    let mad = median_in_place(&mut work);
    let limit = std::f64::consts::SQRT_2 * erfc_inv(1.0 / n as f64) * MAD_TO_SIGMA * mad;

    // Where fewer than half of the neighbours are beyond half the limit, the median is not, and a point that is itself
    // within half the limit needs no median.
    let large: Vec<u32> = std::iter::once(0)
        .chain(residual.iter().scan(0, |sum, r| {
            *sum += u32::from(r.abs() >= 0.5 * limit);
            Some(*sum)
        }))
        .collect();
    let (mut first, mut end) = (0, 0);
    let mut neighbours = Vec::new();
    (0..n)
        .map(|i| {
            while phase[i] - phase[first] >= NEIGHBOURHOOD {
                first += 1;
            }
            while end < n && phase[end] - phase[i] < NEIGHBOURHOOD {
                end += 1;
            }
            let far = (large[end] - large[first]) as usize;
            if residual[i].abs() < 0.5 * limit && 2 * far < end - first {
                return true;
            }
            neighbours.clear();
            neighbours.extend_from_slice(&residual[first..end]);
            (residual[i] - median_in_place(&mut neighbours)).abs() <= limit
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_cut_changes_nothing() {
        let phase: Vec<f64> = (0..3000).map(|i| f64::from(i) * 0.004).collect();
        let residual: Vec<f64> = (0..3000)
            .map(|i| {
                let x = f64::from(i);
                (x * x * 0.7).sin()
                    + if i % 411 == 0 { 40.0 } else { 0.0 }
                    + if i > 2000 && i < 2050 { 9.0 } else { 0.0 }
            })
            .collect();
        let centre = median_in_place(&mut residual.clone());
        let mad = median_in_place(&mut residual.iter().map(|r| (r - centre).abs()).collect::<Vec<_>>());
        let limit = 2f64.sqrt() * erfc_inv(1.0 / 3000.0) * MAD_TO_SIGMA * mad;
        let plain: Vec<bool> = (0..3000)
            .map(|i| {
                let mut near: Vec<f64> =
                    (0..3000).filter(|j| (phase[i] - phase[*j]).abs() < NEIGHBOURHOOD).map(|j| residual[j]).collect();
                (residual[i] - median_in_place(&mut near)).abs() <= limit
            })
            .collect();
        let fast = inliers(&phase, residual);
        assert_eq!(fast, plain);
        assert!(fast.iter().filter(|k| !**k).count() >= 8);
        // A plateau is its own neighbourhood, and stays.
        assert!(fast[2025]);
    }
}
