//! Correlation of a template with a closed series, compiled for the vector instructions that the processor has.

/// Neighbouring shifts reckoned together; enough independent sums to hide the time an addition takes.
const LANES: usize = 64;

/// `out[i] = Σ_j template[j] · doubled[i + j]` for every `i` of `out`. `doubled` is the series written out twice, so that
/// shifts wrap; it must be at least as long as `out` and `template` together.
///
/// Products are added one after the other in the order of `j` and never fused, so every processor gives the same bits.
pub(super) fn correlate(template: &[f64], doubled: &[f64], out: &mut [f64]) {
    assert!(doubled.len() + 1 >= out.len() + template.len(), "the doubled series is too short");
    #[cfg(target_arch = "x86_64")]
    {
        if std::arch::is_x86_feature_detected!("avx512f") {
            // SAFETY: the processor has just been found to have the instructions.
            return unsafe { avx512(template, doubled, out) };
        }
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: as above.
            return unsafe { avx2(template, doubled, out) };
        }
    }
    body(template, doubled, out);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw")]
fn avx512(template: &[f64], doubled: &[f64], out: &mut [f64]) {
    body(template, doubled, out);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2(template: &[f64], doubled: &[f64], out: &mut [f64]) {
    body(template, doubled, out);
}

#[inline(always)]
fn body(template: &[f64], doubled: &[f64], out: &mut [f64]) {
    let mut first = 0;
    let mut blocks = out.chunks_exact_mut(LANES);
    for block in &mut blocks {
        let mut sums = [0.0; LANES];
        for (m, window) in template.iter().zip(doubled[first..].windows(LANES)) {
            for (sum, f) in sums.iter_mut().zip(window) {
                *sum += m * f;
            }
        }
        block.copy_from_slice(&sums);
        first += LANES;
    }
    for (i, sum) in blocks.into_remainder().iter_mut().enumerate() {
        *sum = template.iter().zip(&doubled[first + i..]).map(|(m, f)| m * f).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_the_plain_sum_at_every_shift() {
        let series: Vec<f64> = (0..203).map(|i| ((i * 37 % 101) as f64).sin()).collect();
        let doubled: Vec<f64> = series.iter().chain(&series).copied().collect();
        let template: Vec<f64> = (0..17).map(|i| (i as f64 * 0.3).cos()).collect();
        let mut out = vec![0.0; series.len()];
        correlate(&template, &doubled, &mut out);
        for (i, got) in out.iter().enumerate() {
            let want: f64 = template.iter().enumerate().map(|(j, m)| m * series[(i + j) % 203]).sum();
            assert!((got - want).abs() < 1e-12, "{i}");
        }
    }
}
