//! Simulated systems, whose truth is known.

use super::{compare, fit};

#[test]
#[ignore = "needs data beside the repository"]
fn a_synthetic_system_with_known_truth() {
    let Some(outcome) = fit(
        "allesfitter tutorial 02, truth",
        r#"
        [planets.b]
        period = { uniform = [3.36, 3.46] }
        transit_time = { uniform = [1.04, 1.14] }
        rp_rs = { uniform = [0.05, 0.15] }
        a_rs = { uniform = [2.0, 30.0] }
        [instruments.Leonardo]
        file = "DATA/allesfitter_synth_leonardo/tutorials__02_transits__allesfit__Leonardo.csv"
        "#,
    ) else {
        return;
    };
    compare(
        &outcome,
        3.0,
        &[
            ("planets.b.rp_rs", 0.10276, 0.0),
            ("planets.b.rsuma", 0.11586, 0.0),
            ("planets.b.cosi", 0.01745, 0.0),
            ("planets.b.period", 3.4, 0.0),
            ("planets.b.transit_time", 1.1, 0.0),
            ("instruments.Leonardo.q1", 0.64, 0.0),
            ("instruments.Leonardo.q2", 0.375, 0.0),
        ],
    );
}

#[test]
#[ignore = "needs data beside the repository"]
fn a_synthetic_system_in_two_bands_with_two_spectrographs() {
    let file = "DATA/allesfitter_synth_leonardo/tutorials__05_transits_and_rvs__allesfit__";
    let Some(outcome) = fit(
        "allesfitter tutorial 05, truth",
        &format!(
            r#"
        [planets.b]
        period = {{ uniform = [3.3, 3.5] }}
        transit_time = {{ uniform = [0.9, 1.3], start = 1.1 }}
        rp_rs = {{ uniform = [0.0, 0.5] }}
        a_rs = {{ uniform = [2.0, 100.0] }}
        rv_semi_amplitude = {{ uniform = [0.0, 200.0] }}
        [instruments.Leonardo]
        file = "{file}Leonardo.csv"
        [instruments.Michelangelo]
        file = "{file}Michelangelo.csv"
        [rv.Donatello]
        file = "{file}Donatello.csv"
        unit = "km/s"
        [rv.Raphael]
        file = "{file}Raphael.csv"
        unit = "km/s"
        "#
        ),
    ) else {
        return;
    };
    compare(
        &outcome,
        3.0,
        &[
            ("planets.b.rp_rs", 0.1, 0.0),
            ("planets.b.rsuma", 0.11, 0.0),
            ("planets.b.period", 3.4, 0.0),
            ("planets.b.transit_time", 1.1, 0.0),
            ("planets.b.rv_semi_amplitude", 100.0, 0.0),
            ("instruments.Michelangelo.q1", 0.81, 0.0),
            ("instruments.Michelangelo.q2", 0.28, 0.0),
        ],
    );
}
