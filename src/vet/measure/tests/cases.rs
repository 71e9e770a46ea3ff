//! What should fail fails with the right reason, and planets pass.

use super::*;

#[test]
fn planets_of_many_kinds_pass() {
    let mut failed = Vec::new();
    let mut count = 0;
    for (k, noise) in [(0.03, 1e-3), (0.1, 1e-3), (0.02, 2e-4), (0.12, 3e-4), (0.05, 1e-3)] {
        for period in [0.8, 3.7, 9.0] {
            for b in [0.0, 0.6] {
                for seed in 0..2 {
                    let e = Ephemeris { period, transit_time: 1000.37 };
                    let a_rs = a_over_rstar(period, 1.0);
                    let sim = Sim::new(54.0, noise, 40 + seed).planet(e, a_rs, b, k);
                    let duration =
                        period / std::f64::consts::PI * (((1.0f64 + k).powi(2) - b * b).sqrt() / a_rs).asin();
                    let (metrics, verdict) = sim.vet(e, duration, k * k, Some(&sun()));
                    if metrics.value("mes_red") < 8.0 {
                        continue;
                    }
                    count += 1;
                    if verdict.disposition != Disposition::Candidate {
                        failed.push(format!("k {k} noise {noise} P {period} b {b}: {:?}", verdict.flags()));
                    }
                }
            }
        }
    }
    println!("{count} planets above 8, {} failed", failed.len());
    assert!(count > 40 && failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn odd_and_even_eclipses_of_a_binary_fail() {
    let sim =
        Sim::new(54.0, 1e-3, 1).dips(E, 0.02, 0.12, 0.3, |n| n % 2 == 0).dips(E, 0.013, 0.12, 0.3, |n| n % 2 != 0);
    let (metrics, verdict) = sim.vet(E, 0.12, 0.0165, Some(&sun()));
    fails_with("ODD_EVEN_DEPTH", &metrics, &verdict);
    assert_eq!(verdict.disposition, Disposition::FalsePositive, "{}", show(&metrics, &verdict));
    assert!((metrics.value("odd_even_ratio") - 0.65).abs() < 0.05);
}

#[test]
fn eclipses_early_and_late_fail() {
    let late = Ephemeris { transit_time: E.transit_time + 0.03, ..E };
    let sim =
        Sim::new(54.0, 1e-3, 2).dips(E, 0.01, 0.12, 0.2, |n| n % 2 == 0).dips(late, 0.01, 0.12, 0.2, |n| n % 2 != 0);
    let (metrics, verdict) = sim.vet(Ephemeris { transit_time: E.transit_time + 0.015, ..E }, 0.13, 0.01, None);
    fails_with("ODD_EVEN_TIME", &metrics, &verdict);
}

/// A difference of 1 % in a transit of S/N 1000 is ten sigma, and no reason to doubt a planet.
#[test]
fn hot_jupiter_of_snr_1000_passes_with_one_percent_between_odd_and_even() {
    let noise = 1e-4;
    let sim = Sim::new(54.0, noise, 3).planet(E, a_over_rstar(E.period, 1.0), 0.3, 0.1);
    let double = Ephemeris { period: 2.0 * E.period, ..E };
    let duration = 0.14;
    let sim = sim.dips(double, -1.1e-4, duration, 0.1, |_| true);
    let (metrics, verdict) = sim.vet(E, duration, 0.01, Some(&sun()));
    assert!(metrics.value("mes_white") > 1000.0, "{}", metrics.value("mes_white"));
    assert!(metrics.value("odd_even_depth_sigma") > 5.0, "{}", show(&metrics, &verdict));
    assert!((metrics.value("odd_even_depth_fraction") - 0.01).abs() < 0.004);
    passes(&metrics, &verdict);
}

#[test]
fn stellar_secondary_fails_and_an_occultation_does_not() {
    let a_rs = a_over_rstar(E.period, 1.0);
    let duration = sun_duration(0.0);
    let secondary = Ephemeris { transit_time: E.transit_time + 0.43 * E.period, ..E };
    let binary = Sim::new(54.0, 3e-4, 4).planet(E, a_rs, 0.2, 0.13).dips(secondary, 0.004, duration, 0.1, |_| true);
    let (metrics, verdict) = binary.vet(E, duration, 0.017, Some(&sun()));
    fails_with("SECONDARY", &metrics, &verdict);
    assert!((metrics.value("secondary_phase") - 0.43).abs() < 0.01);
    assert!((metrics.value("secondary_depth") / 0.004 - 1.0).abs() < 0.1);

    // A hot Jupiter of albedo one half: (0.1/4.2)²/2 = 280 ppm.
    let hot = Ephemeris { period: 1.0, ..E };
    let star =
        Star { rho: Some(Measured { value: density_from_a_over_rstar(1.0, 4.2), err: 0.05 }), ..Star::default() };
    let occultation = Ephemeris { transit_time: hot.transit_time + 0.5, ..hot };
    let planet = Sim::new(54.0, 3e-4, 5).planet(hot, 4.2, 0.2, 0.1).dips(occultation, 2.8e-4, 0.08, 0.1, |_| true);
    let (metrics, verdict) = planet.vet(hot, 0.083, 0.01, Some(&star));
    passes(&metrics, &verdict);
    assert!(verdict.flags().contains(&"OCCULTATION"), "{}", show(&metrics, &verdict));
    assert!((metrics.value("albedo") - 0.5).abs() < 0.15, "{}", metrics.value("albedo"));
    // Without a density nobody can say.
    let (metrics, verdict) = planet.vet(hot, 0.083, 0.01, None);
    passes(&metrics, &verdict);
    assert!(verdict.not_computable().contains(&("SECONDARY", crate::vet::Missing::StellarDensity)));
    assert!(verdict.not_computable().contains(&("TOO_LARGE", crate::vet::Missing::StellarRadius)));
}

#[test]
fn deep_v_fails_and_a_shallow_planet_of_that_noise_does_not() {
    let sim = Sim::new(54.0, 1e-3, 6).dips(E, 0.06, 0.15, 0.5, |_| true);
    let (metrics, verdict) = sim.vet(E, 0.12, 0.05, Some(&sun()));
    fails_with("V_SHAPED", &metrics, &verdict);
    let sim = Sim::new(54.0, 1e-3, 7).planet(E, a_over_rstar(E.period, 1.0), 0.8, 0.04);
    let (metrics, verdict) = sim.vet(E, sun_duration(0.8), 0.0016, Some(&sun()));
    passes(&metrics, &verdict);
}

#[test]
fn size_and_duration_need_the_star() {
    let sim = Sim::new(54.0, 1e-3, 8).planet(E, a_over_rstar(E.period, 1.0), 0.1, 0.15);
    let giant = Star { radius_rsun: Some(Measured { value: 3.0, err: 0.1 }), ..Star::default() };
    let (metrics, verdict) = sim.vet(E, sun_duration(0.0), 0.02, Some(&giant));
    fails_with("TOO_LARGE", &metrics, &verdict);
    let dwarf = Star { rho: Some(Measured { value: 60.0, err: 5.0 }), ..Star::default() };
    let (metrics, verdict) = sim.vet(E, sun_duration(0.0), 0.02, Some(&dwarf));
    fails_with("TOO_LONG", &metrics, &verdict);
    let (metrics, verdict) = sim.vet(E, sun_duration(0.0), 0.02, None);
    passes(&metrics, &verdict);
}

#[test]
fn pulsator_fails_as_sinusoid() {
    let e = Ephemeris { period: 0.61, transit_time: 1000.2 };
    let sim = Sim::new(54.0, 3e-4, 9).add(|t| -2e-3 * (std::f64::consts::TAU * e.time_from_transit(t) / 0.61).cos());
    let (metrics, verdict) = sim.vet(e, 0.2, 3e-3, None);
    fails_with("SHAPE_SINE", &metrics, &verdict);
    assert_eq!(verdict.disposition, Disposition::FalseAlarm);
    assert!(metrics.value("sine_sigma") > 10.0);
    assert!((metrics.value("sine_amplitude") / 2e-3 - 1.0).abs() < 0.05, "{}", show(&metrics, &verdict));
}

#[test]
fn contact_binary_fails() {
    let e = Ephemeris { period: 0.35, transit_time: 1000.2 };
    let sim = Sim::new(54.0, 1e-3, 10).add(|t| -0.1 * (std::f64::consts::TAU * e.time_from_transit(t) / 0.35).cos());
    let (metrics, verdict) = sim.vet(e, 0.12, 0.15, None);
    assert_eq!(verdict.disposition, Disposition::FalseAlarm, "{}", show(&metrics, &verdict));
}

#[test]
fn one_dip_is_no_train_of_transits() {
    let sim = Sim::new(54.0, 1e-3, 11).dips(E, 0.02, 0.15, 0.1, |n| n == 3);
    let (metrics, verdict) = sim.vet(E, 0.15, 0.0015, None);
    fails_with("SINGLE_EVENT", &metrics, &verdict);
    assert!(metrics.value("ses_to_mes") > 0.95);
}

#[test]
fn dips_of_all_depths_fail() {
    let mut rng = StdRng::seed_from_u64(22);
    let depths: Vec<f64> = (0..60).map(|_| 8e-3 * rand::RngExt::random::<f64>(&mut rng).powi(3)).collect();
    let e = Ephemeris { period: 0.9, transit_time: 1000.4 };
    let mut sim = Sim::new(54.0, 3e-4, 22);
    for (n, depth) in depths.iter().enumerate() {
        sim = sim.dips(e, *depth, 0.1, 0.2, |epoch| epoch == n as i64);
    }
    let (metrics, verdict) = sim.vet(e, 0.1, 2e-3, None);
    fails_with("DEPTHS_DIFFER", &metrics, &verdict);
}

#[test]
fn outliers_that_meet_at_one_phase_fail() {
    let e = Ephemeris { period: 21.3, transit_time: 1004.0 };
    let single = |t: f64| {
        let from = t - e.time_of(e.epoch(t));
        if (0.0..CADENCE).contains(&from) { -0.02 } else { 0.0 }
    };
    let (metrics, verdict) = Sim::new(54.0, 1e-3, 31).add(single).vet(e, 0.05, 3e-3, None);
    fails_with("OUTLIERS", &metrics, &verdict);
    // A V as deep has its cadences low together.
    let (metrics, verdict) = Sim::new(54.0, 1e-3, 31).dips(e, 0.02, 0.1, 0.5, |_| true).vet(e, 0.1, 0.01, None);
    assert!(!verdict.flags().contains(&"OUTLIERS"), "{}", show(&metrics, &verdict));
    assert!(metrics.value("depth_median_to_mean") > 0.8);
}

#[test]
fn red_noise_is_weak() {
    // Steps and ramps of the size of the dip, at a scale of a few hours.
    let mut rng = StdRng::seed_from_u64(12);
    let normal = Normal::new(0.0, 1.0).unwrap();
    let mut sim = Sim::new(54.0, 3e-4, 12);
    let mut state = 0.0;
    for f in &mut sim.flux {
        state = 0.97 * state + 0.243 * normal.sample(&mut rng);
        *f += 1e-3 * state;
    }
    // The deepest of a search over phases and a few periods.
    let mut worst: Option<(f64, Ephemeris)> = None;
    for p in 0..40 {
        for t in 0..60 {
            let e = Ephemeris { period: 3.0 + 0.05 * f64::from(p), transit_time: 1000.0 + 0.05 * f64::from(t) };
            let inside: Vec<f64> =
                sim.time.iter().zip(&sim.flux).filter(|(t, _)| e.in_transit(**t, 0.06)).map(|(_, f)| 1.0 - f).collect();
            let depth = inside.iter().sum::<f64>() / inside.len() as f64;
            if worst.is_none_or(|w| depth > w.0) {
                worst = Some((depth, e));
            }
        }
    }
    let (depth, e) = worst.unwrap();
    let (metrics, verdict) = sim.vet(e, 0.12, depth, None);
    assert!(metrics.value("mes_white") > 8.0, "{}", show(&metrics, &verdict));
    assert!(metrics.value("red_noise") > 3e-4, "{}", metrics.value("red_noise"));
    fails_with("NOT_UNIQUE", &metrics, &verdict);
}

#[test]
fn dips_at_momentum_dumps_fail() {
    let dumps: Vec<f64> = (0..30).map(|i| 1000.5 + 1.85 * f64::from(i)).collect();
    let e = Ephemeris { period: 3.7, transit_time: 1000.5 };
    let sim = Sim::new(54.0, 5e-4, 13).dips(e, 2e-3, 0.1, 0.1, |_| true);
    let (metrics, verdict) = sim.vet_at(e, 0.1, 2e-3, None, &dumps);
    fails_with("AT_FLAGGED_TIMES", &metrics, &verdict);
    let (metrics, verdict) = sim.vet(e, 0.1, 2e-3, None);
    passes(&metrics, &verdict);
}

#[test]
fn ramps_after_gaps_fail() {
    // A pause every 3.7 days, and a ramp after each.
    let mut sim = Sim::new(54.0, 3e-4, 14);
    let e = Ephemeris { period: 3.7, transit_time: 1000.3 };
    let keep: Vec<bool> = sim.time.iter().map(|t| !(-0.6..-0.05).contains(&e.time_from_transit(*t))).collect();
    let mut kept = keep.iter();
    sim.time.retain(|_| *kept.next().unwrap());
    let mut kept = keep.iter();
    sim.flux.retain(|_| *kept.next().unwrap());
    sim.trend.truncate(sim.time.len());
    let sim = sim.dips(e, 2e-3, 0.12, 0.3, |_| true);
    let (metrics, verdict) = sim.vet(e, 0.12, 2e-3, None);
    fails_with("AT_GAPS", &metrics, &verdict);
}

#[test]
fn sawtooth_is_asymmetric() {
    let sim = Sim::new(54.0, 3e-4, 15).add(|t| {
        let dt = E.time_from_transit(t);
        if (-0.08..0.08).contains(&dt) { -4e-3 * (0.08 - dt) / 0.16 } else { 0.0 }
    });
    let (metrics, verdict) = sim.vet(E, 0.16, 2e-3, None);
    fails_with("ASYMMETRIC", &metrics, &verdict);
}

#[test]
fn true_period_is_half() {
    let half = Ephemeris { period: E.period / 2.0, ..E };
    let sim = Sim::new(54.0, 5e-4, 16).planet(half, a_over_rstar(half.period, 1.0), 0.2, 0.06);
    let (metrics, verdict) = sim.vet(E, 0.1, 3.6e-3, Some(&sun()));
    assert!(verdict.flags().contains(&"PERIOD_IS_HALF"), "{}", show(&metrics, &verdict));
    assert!((metrics.value("half_phase_ratio") - 1.0).abs() < 0.1);
    passes(&metrics, &verdict);
}

#[test]
fn synchronous_rotation_gives_a_binary_away() {
    let sim = Sim::new(27.0, 5e-4, 20)
        .planet(E, a_over_rstar(E.period, 1.0), 0.2, 0.14)
        .add(|t| 0.012 * (std::f64::consts::TAU * t / E.period).sin());
    let mut curves = sim.curves();
    // Detrending takes the rotation out; the light curve keeps it.
    let rotation: Vec<f64> =
        sim.time.iter().map(|t| 1.0 + 0.012 * (std::f64::consts::TAU * t / E.period).sin()).collect();
    curves.1 = Detrended::from_trend(&curves.0, &CadenceMask::keep_all(rotation.len()), &rotation).unwrap();
    let candidate = Candidate::known(E, sun_duration(0.0), 0.02);
    let input = VetInput {
        light_curve: &curves.0,
        detrended: &curves.1,
        candidate: &candidate,
        others: &[],
        star: None,
        flagged_times: &[],
        seed: 1,
    };
    let metrics = measure(&input).unwrap();
    let verdict = Profile::named("antumbra").unwrap().judge(&metrics);
    fails_with("SYNCHRONOUS", &metrics, &verdict);
    assert_eq!(verdict.disposition, Disposition::FalsePositive, "{}", show(&metrics, &verdict));
}

#[test]
fn transits_of_another_planet_do_not_count() {
    let other = Ephemeris { period: 5.3, transit_time: 1002.2 };
    let sim = Sim::new(54.0, 5e-4, 21).planet(E, a_over_rstar(E.period, 1.0), 0.2, 0.04).planet(
        other,
        a_over_rstar(other.period, 1.0),
        0.2,
        0.08,
    );
    let (light_curve, detrended) = sim.curves();
    let (candidate, second) = (Candidate::known(E, 0.12, 1.6e-3), Candidate::known(other, 0.15, 6.4e-3));
    let star = sun();
    let vet = |others: &[Candidate]| {
        let input = VetInput {
            light_curve: &light_curve,
            detrended: &detrended,
            candidate: &candidate,
            others,
            star: Some(&star),
            flagged_times: &[],
            seed: 1,
        };
        let metrics = measure(&input).unwrap();
        let verdict = Profile::named("antumbra").unwrap().judge(&metrics);
        (metrics, verdict)
    };
    let (metrics, verdict) = vet(std::slice::from_ref(&second));
    passes(&metrics, &verdict);
    assert!(metrics.value("sig_secondary") < vet(&[]).0.value("sig_secondary"));
}
