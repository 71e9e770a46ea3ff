//! Log-likelihood of residuals under a sum of oscillators and white noise, in a time that grows as their number.

#![allow(clippy::needless_range_loop, reason = "indices of blocks, as in the formulae")]

use super::propagator::{Block, Propagator, product, transposed};
use super::{NoiseError, Oscillator};

/// Derivatives of a log-likelihood.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gradient {
    /// With respect to σ, ω₀ and Q of each oscillator.
    pub oscillators: Vec<[f64; 3]>,
    /// With respect to each residual: minus K⁻¹ y.
    pub residuals: Vec<f64>,
    /// With respect to each white variance.
    pub variances: Vec<f64>,
}

/// Most oscillators in a sum.
pub const MOST_OSCILLATORS: usize = 4;

/// ln N(y; 0, K), K_nm = Σ_j k_j(|t_n − t_m|) + δ_nm s_n, for residuals `y` at `time` (days, ascending) with white variances
/// `variance`; −∞ where K is not positive definite.
///
/// The semiseparable Cholesky factorisation of celerite (Foreman-Mackey et al. 2017, AJ 154, 220, section 5), on the states
/// of the oscillators instead of its trigonometric basis:
///
/// ```text
/// S_n = Φ_n (S + M Mᵀ/D)_{n−1} Φ_nᵀ      f_n = Φ_n (f + M z/D)_{n−1}
/// M_n = v − S_n u,  D_n = k(0) + s_n − uᵀ S_n u,  z_n = y_n − uᵀ f_n
/// ln L = −½ Σ (z²/D + ln D + ln 2π)
/// ```
/// with u = (1, 0) and v = (σ², 0) for each oscillator.
pub fn log_likelihood(
    oscillators: &[Oscillator],
    time: &[f64],
    residuals: &[f64],
    variance: &[f64],
) -> Result<f64, NoiseError> {
    check(oscillators, time, residuals, variance)?;
    Ok(match oscillators.len() {
        0 | 1 => Sum::<1>::new(oscillators).run(time, residuals, variance, |_| ()),
        2 => Sum::<2>::new(oscillators).run(time, residuals, variance, |_| ()),
        3 => Sum::<3>::new(oscillators).run(time, residuals, variance, |_| ()),
        _ => Sum::<4>::new(oscillators).run(time, residuals, variance, |_| ()),
    })
}

/// The same, and its derivatives, by going through the recursion backwards. The derivatives are NaN where the
/// log-likelihood is −∞.
pub fn log_likelihood_gradient(
    oscillators: &[Oscillator],
    time: &[f64],
    residuals: &[f64],
    variance: &[f64],
    gradient: &mut Gradient,
) -> Result<f64, NoiseError> {
    check(oscillators, time, residuals, variance)?;
    Ok(match oscillators.len() {
        0 | 1 => Sum::<1>::new(oscillators).gradient(time, residuals, variance, gradient, oscillators),
        2 => Sum::<2>::new(oscillators).gradient(time, residuals, variance, gradient, oscillators),
        3 => Sum::<3>::new(oscillators).gradient(time, residuals, variance, gradient, oscillators),
        _ => Sum::<4>::new(oscillators).gradient(time, residuals, variance, gradient, oscillators),
    })
}

/// K⁻¹ y, for generalised least squares against columns of a linear model; NaN where K is not positive definite.
pub fn solve(
    oscillators: &[Oscillator],
    time: &[f64],
    column: &[f64],
    variance: &[f64],
) -> Result<Vec<f64>, NoiseError> {
    let mut gradient = Gradient::default();
    log_likelihood_gradient(oscillators, time, column, variance, &mut gradient)?;
    let mut out = gradient.residuals;
    out.iter_mut().for_each(|v| *v = -*v);
    Ok(out)
}

/// Mean of the correlated process at the observed times given the residuals: y − s K⁻¹ y, s the white variances.
pub fn smooth(
    oscillators: &[Oscillator],
    time: &[f64],
    residuals: &[f64],
    variance: &[f64],
) -> Result<Vec<f64>, NoiseError> {
    let mut out = solve(oscillators, time, residuals, variance)?;
    for ((v, y), s) in out.iter_mut().zip(residuals).zip(variance) {
        *v = y - s * *v;
    }
    Ok(out)
}

fn check(oscillators: &[Oscillator], time: &[f64], residuals: &[f64], variance: &[f64]) -> Result<(), NoiseError> {
    if oscillators.len() > MOST_OSCILLATORS {
        return Err(NoiseError::Oscillators { found: oscillators.len(), most: MOST_OSCILLATORS });
    }
    if let Some(index) = oscillators.iter().position(|o| {
        !(o.sigma.is_finite() && o.omega0 > 0.0 && o.omega0.is_finite() && o.quality > 0.0 && o.quality.is_finite())
    }) {
        return Err(NoiseError::Parameters { index });
    }
    if residuals.len() != time.len() || variance.len() != time.len() {
        return Err(NoiseError::Lengths { time: time.len(), residuals: residuals.len(), variance: variance.len() });
    }
    match time.windows(2).position(|t| t[0].is_nan() || t[1].is_nan() || t[1] < t[0]) {
        Some(i) => Err(NoiseError::Order { index: i + 1 }),
        None => Ok(()),
    }
}

/// A sum of `K` oscillators; missing ones have σ = 0.
struct Sum<const K: usize> {
    variances: [f64; K],
    total: f64,
    propagators: [Propagator; K],
}

/// What the recursion knows at a point.
#[derive(Clone, Copy)]
struct State<const K: usize> {
    /// S by blocks of oscillators; symmetric.
    s: [[Block; K]; K],
    f: [[f64; 2]; K],
    m: [[f64; 2]; K],
    d: f64,
    z: f64,
    /// Φ from the point before.
    phi: [Block; K],
}

impl<const K: usize> State<K> {
    /// (S + M Mᵀ/D, f + M z/D).
    #[inline(always)]
    fn updated(&self) -> ([[Block; K]; K], [[f64; 2]; K]) {
        let inverse = 1.0 / self.d;
        let zd = self.z * inverse;
        let (mut a, mut g) = (self.s, self.f);
        for i in 0..K {
            let (p, q) = (self.m[i][0] * inverse, self.m[i][1] * inverse);
            g[i][0] += self.m[i][0] * zd;
            g[i][1] += self.m[i][1] * zd;
            for j in 0..=i {
                let n = &self.m[j];
                a[i][j][0] += p * n[0];
                a[i][j][1] += p * n[1];
                a[i][j][2] += q * n[0];
                a[i][j][3] += q * n[1];
            }
        }
        for i in 0..K {
            for j in i + 1..K {
                a[i][j] = transposed(&a[j][i]);
            }
        }
        (a, g)
    }
}

impl<const K: usize> Sum<K> {
    fn new(oscillators: &[Oscillator]) -> Self {
        let nothing = Oscillator { sigma: 0.0, omega0: 1.0, quality: 1.0 };
        let at = |i: usize| *oscillators.get(i).unwrap_or(&nothing);
        let variances: [f64; K] = std::array::from_fn(|i| at(i).sigma * at(i).sigma);
        Self { variances, total: variances.iter().sum(), propagators: std::array::from_fn(|i| Propagator::new(&at(i))) }
    }

    #[inline(always)]
    fn run(&mut self, time: &[f64], residuals: &[f64], variance: &[f64], mut store: impl FnMut(&State<K>)) -> f64 {
        // logarithms are dear: one for the product of some points' D, scaled so that it neither overflows nor vanishes
        const TOGETHER: usize = 16;
        let mut sum = 0.0;
        let mut log_sum = 0.0;
        let mut state =
            State { s: [[[0.0; 4]; K]; K], f: [[0.0; 2]; K], m: [[0.0; 2]; K], d: 1.0, z: 0.0, phi: [[0.0; 4]; K] };
        let mut previous = f64::NAN;
        let mut product_of_d = 1.0;
        let scale = variance.first().map_or(1.0, |v| v + self.total);
        let inverse_scale = 1.0 / scale;
        for (n, ((&t, &y), &white)) in time.iter().zip(residuals).zip(variance).enumerate() {
            if n > 0 {
                let lag = t - previous;
                // Φ S Φᵀ and Φ M do not wait for 1/D, which is the longest step from one point to the next
                let inverse = 1.0 / state.d;
                let mut moved = [[0.0; 2]; K];
                for i in 0..K {
                    let p = self.propagators[i].matrix(lag);
                    let (m, f) = (state.m[i], state.f[i]);
                    moved[i] = [p[0] * m[0] + p[1] * m[1], p[2] * m[0] + p[3] * m[1]];
                    state.f[i] = [p[0] * f[0] + p[1] * f[1], p[2] * f[0] + p[3] * f[1]];
                    state.phi[i] = p;
                }
                let zd = state.z * inverse;
                for i in 0..K {
                    let m = moved[i];
                    state.f[i][0] += m[0] * zd;
                    state.f[i][1] += m[1] * zd;
                    for j in 0..=i {
                        let n = moved[j];
                        let s = product(&product(&state.phi[i], &state.s[i][j]), &transposed(&state.phi[j]));
                        state.s[i][j] = [
                            s[0] + m[0] * n[0] * inverse,
                            s[1] + m[0] * n[1] * inverse,
                            s[2] + m[1] * n[0] * inverse,
                            s[3] + m[1] * n[1] * inverse,
                        ];
                    }
                }
                for i in 0..K {
                    for j in i + 1..K {
                        state.s[i][j] = transposed(&state.s[j][i]);
                    }
                }
            }
            previous = t;
            let (mut d, mut z) = (self.total + white, y);
            for i in 0..K {
                let mut r = [0.0; 2];
                for j in 0..K {
                    r[0] += state.s[i][j][0];
                    r[1] += state.s[i][j][2];
                }
                d -= r[0];
                z -= state.f[i][0];
                state.m[i] = [self.variances[i] - r[0], -r[1]];
            }
            if d.is_nan() || d <= 0.0 {
                return f64::NEG_INFINITY;
            }
            (state.d, state.z) = (d, z);
            store(&state);
            sum += z * z / d;
            product_of_d *= d * inverse_scale;
            if n % TOGETHER == TOGETHER - 1 || !(1e-200..1e200).contains(&product_of_d) {
                log_sum += product_of_d.ln();
                product_of_d = 1.0;
            }
        }
        let n = time.len() as f64;
        log_sum += product_of_d.ln() + n * scale.ln();
        -0.5 * (sum + log_sum + n * (2.0 * std::f64::consts::PI).ln())
    }

    fn gradient(
        &mut self,
        time: &[f64],
        residuals: &[f64],
        variance: &[f64],
        out: &mut Gradient,
        oscillators: &[Oscillator],
    ) -> f64 {
        let mut states: Vec<State<K>> = Vec::with_capacity(time.len());
        let log_likelihood = self.run(time, residuals, variance, |s| states.push(*s));
        let fill = if log_likelihood.is_finite() { 0.0 } else { f64::NAN };
        out.oscillators = vec![[fill; 3]; oscillators.len()];
        out.residuals = vec![fill; time.len()];
        out.variances = vec![fill; time.len()];
        if !log_likelihood.is_finite() {
            return log_likelihood;
        }
        // bars: derivatives with respect to what follows the point n
        let mut a_bar = [[[0.0; 4]; K]; K];
        let mut g_bar = [[0.0; 2]; K];
        let mut by_variance = [0.0; K];
        let (mut by_omega, mut by_quality) = ([0.0; K], [0.0; K]);
        for n in (0..states.len()).rev() {
            let x = &states[n];
            let inverse = 1.0 / x.d;
            let mut am = [[0.0; 2]; K];
            for i in 0..K {
                for j in 0..K {
                    let (b, m) = (&a_bar[i][j], &x.m[j]);
                    am[i][0] += b[0] * m[0] + b[1] * m[1];
                    am[i][1] += b[2] * m[0] + b[3] * m[1];
                }
            }
            let dot = |p: &[[f64; 2]; K]| (0..K).map(|i| p[i][0] * x.m[i][0] + p[i][1] * x.m[i][1]).sum::<f64>();
            let gm = dot(&g_bar);
            let z_bar = (gm - x.z) * inverse;
            let d_bar = -dot(&am) * inverse * inverse - gm * x.z * inverse * inverse
                + 0.5 * (x.z * x.z * inverse - 1.0) * inverse;
            out.residuals[n] = z_bar;
            out.variances[n] = d_bar;
            let mut s_bar = a_bar;
            let mut f_bar = g_bar;
            for i in 0..K {
                let m_bar =
                    [(2.0 * am[i][0] + g_bar[i][0] * x.z) * inverse, (2.0 * am[i][1] + g_bar[i][1] * x.z) * inverse];
                // σ² is in k(0) and in v
                by_variance[i] += d_bar + m_bar[0];
                f_bar[i][0] -= z_bar;
                let r_bar = [-m_bar[0] - d_bar, -m_bar[1]];
                // S u sums the first columns of a row of blocks; half goes to each of a pair across the diagonal
                for j in 0..K {
                    s_bar[i][j][0] += 0.5 * r_bar[0];
                    s_bar[i][j][2] += 0.5 * r_bar[1];
                    s_bar[j][i][0] += 0.5 * r_bar[0];
                    s_bar[j][i][1] += 0.5 * r_bar[1];
                }
            }
            if n == 0 {
                break;
            }
            let (a, g) = states[n - 1].updated();
            let lag = time[n] - time[n - 1];
            for i in 0..K {
                let mut phi_bar =
                    [f_bar[i][0] * g[i][0], f_bar[i][0] * g[i][1], f_bar[i][1] * g[i][0], f_bar[i][1] * g[i][1]];
                for j in 0..K {
                    // 2 S̄ Φ A, diagonal blocks
                    let term = product(&product(&s_bar[i][j], &x.phi[j]), &a[j][i]);
                    phi_bar.iter_mut().zip(term).for_each(|(p, t)| *p += 2.0 * t);
                }
                let (omega, quality) = self.propagators[i].derivatives(lag, &x.phi[i]);
                by_omega[i] += phi_bar.iter().zip(omega).map(|(p, o)| p * o).sum::<f64>();
                by_quality[i] += phi_bar.iter().zip(quality).map(|(p, q)| p * q).sum::<f64>();
            }
            for i in 0..K {
                let p = transposed(&x.phi[i]);
                g_bar[i] = [p[0] * f_bar[i][0] + p[1] * f_bar[i][1], p[2] * f_bar[i][0] + p[3] * f_bar[i][1]];
                for j in 0..K {
                    a_bar[i][j] = product(&product(&p, &s_bar[i][j]), &x.phi[j]);
                }
            }
        }
        for (i, (o, d)) in oscillators.iter().zip(&mut out.oscillators).enumerate() {
            *d = [2.0 * o.sigma * by_variance[i], by_omega[i], by_quality[i]];
        }
        log_likelihood
    }
}
