//! From one light curve and a period to a posterior table.
//!
//! A follow-up astronomer has a light curve, and knows roughly when, how often, how long and how deep the transits are.

use antumbra::ephemeris::{Candidate, Ephemeris};
use antumbra::fit::{FitConfig, FitData, FitStatus, fit_candidate};
use antumbra::lightcurve::{CadenceMask, Detrended, LightCurve, TimeSystem};
use antumbra::star::{Measured, Star};
use antumbra::transit::{Orbit, OrbitElements, Quadratic, TransitShape, light_curve};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::StandardNormal;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // 27 days at 10-minute cadence: k = 0.08, b = 0.4, P = 4.3 d round a star like the Sun, 600 ppm of noise
    let exposure = 10.0 / 1440.0;
    let time: Vec<f64> = (0..3888).map(|i| f64::from(i) * exposure).collect();
    let orbit = Orbit::new(OrbitElements::from_density(4.3, 1.7, 1.0, 0.4))?;
    let mut flux = light_curve(&TransitShape::new(orbit, 0.08, Quadratic { u1: 0.4, u2: 0.2 })?, &time, exposure);
    let mut rng = StdRng::seed_from_u64(1);
    flux.iter_mut().for_each(|f| *f += 600e-6 * rng.sample::<f64, _>(StandardNormal));

    let errors = vec![600e-6; time.len()];
    let curve = LightCurve::single_segment("simulated", time, flux, errors, TimeSystem::BTJD)?;
    let flat = Detrended::already_flat(&curve, &CadenceMask::keep_all(curve.len()))?;
    let candidate = Candidate::known(Ephemeris { period: 4.3003, transit_time: 1.702 }, 0.16, 0.007);
    let star = Star {
        radius_rsun: Some(Measured { value: 1.0, err: 0.03 }),
        teff_k: Some(Measured { value: 5770.0, err: 60.0 }),
        ..Star::default()
    };

    let config = FitConfig::default();
    let data = FitData::from_detrended(&flat, &candidate, &[], &config)?;
    let fit = fit_candidate(&data, &candidate, &star, &config, 42)?;
    for s in fit.sampled.iter().chain(&fit.derived) {
        println!(
            "{:26} {:12.6} {:+.6} {:+.6} {}",
            s.name,
            s.median,
            s.upper_68 - s.median,
            s.lower_68 - s.median,
            s.unit
        );
    }
    println!("χ² {:.0} of {} points, {} steps, {:?}", fit.chi2, fit.n_points, fit.diagnostics.steps, fit.status);
    assert_eq!(fit.status, FitStatus::Converged);
    Ok(())
}
