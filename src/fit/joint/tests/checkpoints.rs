//! Fits that are broken off and gone on with.

use std::ops::ControlFlow;

use super::recovery::velocities;
use crate::fit::joint::{JointCheckpoint, JointConfig, JointData, JointError, JointFit, JointProgress};
use crate::fit::joint::{continue_joint, fit_joint};
use crate::sample::{Every, SampleError};
use crate::transit::OrbitElements;

fn system(sampler: &str) -> (JointConfig, JointData) {
    let times = (0..30).map(|i| 100.0 + 1.37 * f64::from(i)).collect();
    let mut data = JointData::default();
    let orbit = OrbitElements::from_density(3.4, 103.2, 0.9, 0.35);
    data.velocities.insert("HARPS".into(), velocities(orbit, 55.0, 12_000.0, times, 3.0, 3));
    let config = toml::from_str(&format!(
        "[sampler]
        {sampler}
        [planets.b]
        period = {{ normal = [3.4, 0.001] }}
        transit_time = {{ normal = [103.2, 0.01] }}
        rv_semi_amplitude = {{ uniform = [0.0, 1000.0] }}
        [rv.HARPS]"
    ));
    (config.unwrap(), data)
}

/// A fit that is broken off at every chance, written to JSON and read again each time; draws at the breaks.
fn broken_off(config: &JointConfig, data: &JointData, every: Every) -> (JointFit, Vec<usize>) {
    let mut draws = Vec::new();
    let mut from: Option<JointCheckpoint> = None;
    loop {
        // one that is gone on with is shown as it was found before anything is done
        let mut shown = usize::from(from.is_none());
        let keep = |_: &JointCheckpoint| {
            shown += 1;
            if shown > 1 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        match continue_joint(config, data, from.take(), every, keep).unwrap() {
            JointProgress::Done(fit) => return (*fit, draws),
            JointProgress::Paused(checkpoint) => {
                draws.push(checkpoint.draws());
                let text = serde_json::to_string(&checkpoint).unwrap();
                from = Some(serde_json::from_str(&text).unwrap());
            }
        }
    }
}

#[test]
fn fits_that_were_broken_off_have_the_same_bits() {
    for (sampler, method) in [
        ("kind = \"nuts\"\nmax_draws = 400\nmin_ess = 1e9", "nuts"),
        ("kind = \"ensemble\"\nmax_steps = 2000\nmin_ess = 1e9", "ensemble"),
        // importance sampling has no time to converge; what it has learnt and what it spent are not forgotten
        ("max_evaluations = 1\nmax_steps = 2000\nmin_ess = 1e6", "ensemble"),
    ] {
        let (config, data) = system(sampler);
        let alone = fit_joint(&config, &data).unwrap();
        assert_eq!(alone.diagnostics.method, method);
        let (fit, draws) = broken_off(&config, &data, Every::Draws(90));
        assert!(draws[0] == 0 && draws.len() > 4 && *draws.last().unwrap() > 100, "{draws:?}");
        assert_eq!(format!("{fit:?}"), format!("{alone:?}"), "{sampler}");
    }
}

#[test]
fn a_checkpoint_of_other_dimensions_is_refused() {
    let (config, data) = system("kind = \"nuts\"");
    let first = |_: &JointCheckpoint| ControlFlow::Break(());
    let JointProgress::Paused(checkpoint) = continue_joint(&config, &data, None, Every::Draws(1), first).unwrap()
    else {
        panic!("it was broken off");
    };
    let dim = checkpoint.mode.len();
    let mut fixed = config.clone();
    fixed.planets.get_mut("b").unwrap().period = 3.4.into();
    let refused = continue_joint(&fixed, &data, Some(checkpoint), Every::Draws(1), first);
    let error = JointError::Sample(SampleError::Checkpoint { found: dim, dim: dim - 1 });
    assert_eq!(refused.map(|_| ()), Err(error));
}
