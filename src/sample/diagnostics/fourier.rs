//! Autocovariance of several chains at once through the fast Fourier transform.

use std::f64::consts::PI;

use super::mean;

/// In-place radix-2 transform of a power-of-two number of complex values.
fn transform(re: &mut [f64], im: &mut [f64], twiddles: &[(f64, f64)]) {
    let n = re.len();
    let mut j = 0;
    for i in 1..n {
        let mut bit = n >> 1;
        while j & bit != 0 {
            j ^= bit;
            bit >>= 1;
        }
        j |= bit;
        if i < j {
            re.swap(i, j);
            im.swap(i, j);
        }
    }
    let mut length = 2;
    while length <= n {
        let (half, stride) = (length / 2, n / length);
        for start in (0..n).step_by(length) {
            for k in 0..half {
                let (c, s) = twiddles[k * stride];
                let (a, b) = (start + k, start + k + half);
                let (tr, ti) = (re[b] * c - im[b] * s, re[b] * s + im[b] * c);
                (re[b], im[b]) = (re[a] - tr, im[a] - ti);
                (re[a], im[a]) = (re[a] + tr, im[a] + ti);
            }
        }
        length *= 2;
    }
}

/// Mean over the chains of the autocovariance at lags 0, 1, … n − 1, each divided by n (the biased estimate).
///
/// Two chains go into the real and imaginary part of one transform; their power spectra add, so one transform back
/// serves all chains.
pub(super) fn mean_autocovariance(chains: &[Vec<f64>]) -> Vec<f64> {
    let n = chains[0].len();
    let size = (2 * n).next_power_of_two();
    let twiddles: Vec<(f64, f64)> = (0..size / 2)
        .map(|k| {
            let (s, c) = (-2.0 * PI * k as f64 / size as f64).sin_cos();
            (c, s)
        })
        .collect();
    let mut power = vec![0.0; size];
    let (mut re, mut im) = (vec![0.0; size], vec![0.0; size]);
    for pair in chains.chunks(2) {
        for (part, chain) in [(&mut re, Some(&pair[0])), (&mut im, pair.get(1))] {
            part.fill(0.0);
            if let Some(chain) = chain {
                let m = mean(chain);
                for (p, v) in part.iter_mut().zip(chain) {
                    *p = v - m;
                }
            }
        }
        transform(&mut re, &mut im, &twiddles);
        for k in 0..size {
            power[k] += re[k] * re[k] + im[k] * im[k];
        }
    }
    // |Z|² of a packed pair holds both spectra in its even part; the odd part transforms to zero real part
    im.fill(0.0);
    transform(&mut power, &mut im, &twiddles);
    let scale = 1.0 / (size as f64 * n as f64 * chains.len() as f64);
    power.truncate(n);
    power.iter_mut().for_each(|p| *p *= scale);
    power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_the_direct_sum() {
        let chains: Vec<Vec<f64>> = (0..3)
            .map(|c| (0..37).map(|i| ((i * i + 7 * c) as f64 * 0.37).sin() + 0.01 * i as f64).collect())
            .collect();
        let fast = mean_autocovariance(&chains);
        for lag in 0..37 {
            let mut slow = 0.0;
            for chain in &chains {
                let m = mean(chain);
                slow += (0..37 - lag).map(|i| (chain[i] - m) * (chain[i + lag] - m)).sum::<f64>() / 37.0;
            }
            assert!((fast[lag] - slow / 3.0).abs() < 1e-14, "lag {lag}: {} {}", fast[lag], slow / 3.0);
        }
    }
}
