//! The candidates of one star, measured and judged by one profile.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    Calibration, CrowdConfig, Disposition, EphemerisMatchConfig, Metrics, Profile, Sibling, SiblingConfig, Verdict,
    VetError, VetInput, judge_siblings, measure, score, unrelated,
};
use crate::ephemeris::Candidate;
use crate::lightcurve::{Detrended, LightCurve};

/// How to vet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VetConfig {
    /// `antumbra`, `robovetter-dr25`, `leo-vetter`, a file that ends in `.toml` (the configuration keeps its text), or
    /// `none` for no vetting.
    pub profile: ProfileChoice,
    /// Draws of the score.
    pub score_draws: usize,
    /// What turns scores into probabilities; `antumbra inject` writes one. Without it there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Calibration>,
    pub siblings: SiblingConfig,
    pub ephemeris_match: EphemerisMatchConfig,
    pub crowds: CrowdConfig,
}

impl Default for VetConfig {
    fn default() -> Self {
        Self {
            profile: ProfileChoice::default(),
            score_draws: 200,
            calibration: None,
            siblings: SiblingConfig::default(),
            ephemeris_match: EphemerisMatchConfig::default(),
            crowds: CrowdConfig::default(),
        }
    }
}

/// Which profile judges: one that comes with the crate, the text of one's own, or none.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProfileChoice {
    text: String,
    profile: Option<Arc<Profile>>,
}

impl ProfileChoice {
    /// No vetting.
    pub fn none() -> Self {
        Self { text: "none".into(), profile: None }
    }

    /// The profile, unless there is to be no vetting.
    pub fn profile(&self) -> Option<&Profile> {
        self.profile.as_deref()
    }
}

impl Default for ProfileChoice {
    fn default() -> Self {
        // It is sound, as a test of profiles says.
        Self::try_from("antumbra".to_string()).unwrap_or_else(|_| Self::none())
    }
}

impl TryFrom<String> for ProfileChoice {
    type Error = VetError;

    fn try_from(text: String) -> Result<Self, VetError> {
        let profile = match text.as_str() {
            "none" => return Ok(Self::none()),
            document if document.contains('\n') => Profile::from_toml(document)?,
            name => Profile::named(name)?,
        };
        Ok(Self { text, profile: Some(Arc::new(profile)) })
    }
}

impl From<ProfileChoice> for String {
    fn from(choice: ProfileChoice) -> Self {
        choice.text
    }
}

impl PartialEq for ProfileChoice {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl fmt::Debug for ProfileChoice {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_tuple("ProfileChoice").field(&self.text).finish()
    }
}

/// A star with everything found in it.
#[derive(Clone, Copy, Debug)]
pub struct StarInput<'a> {
    pub light_curve: &'a LightCurve,
    /// Made of `light_curve`, the transits of the candidates left out of the trend.
    pub detrended: &'a Detrended,
    /// By number.
    pub candidates: &'a [Candidate],
    /// As of [`VetInput`].
    pub flagged_times: &'a [f64],
    /// Candidate n gets this and n.
    pub seed: u64,
}

/// A candidate with all that was measured and what it is taken for.
#[derive(Clone, Debug, PartialEq)]
pub struct Vetted {
    pub metrics: Metrics,
    pub verdict: Verdict,
    /// Share of the draws in which it is a planet candidate; see [`score`].
    pub score: f64,
    /// That it is no false alarm; NaN without a calibration, and for what is taken for eclipses of a binary.
    pub probability: f64,
}

impl Vetted {
    pub fn new(metrics: Metrics, verdict: Verdict, score: f64, config: &VetConfig) -> Self {
        let probability = match config.calibration {
            Some(calibration) if verdict.disposition != Disposition::FalsePositive => {
                calibration.probability(score, metrics.value("mes_red"))
            }
            _ => f64::NAN,
        };
        Self { metrics, verdict, score, probability }
    }
}

/// Vets the candidates of a star, each beside the others; empty where the configuration wants no vetting.
pub fn vet_star(star: &StarInput, config: &VetConfig) -> Vec<Result<Vetted, VetError>> {
    let Some(profile) = config.profile.profile() else { return Vec::new() };
    let span = star.detrended.baseline();
    let measured: Vec<Result<Metrics, VetError>> = (0..star.candidates.len())
        .map(|i| {
            let candidate = &star.candidates[i];
            let others = unrelated(star.candidates, i, config.siblings, span);
            let input = VetInput {
                light_curve: star.light_curve,
                detrended: star.detrended,
                candidate,
                others: &others,
                star: Some(star.light_curve.star()),
                flagged_times: star.flagged_times,
                seed: star.seed.wrapping_add(u64::from(candidate.number)),
            };
            match measure(&input) {
                // All its transits coincide with those of others.
                Err(VetError::NoTransit) if !others.is_empty() => measure(&VetInput { others: &[], ..input }),
                measured => measured,
            }
        })
        .collect();
    let sibling = |(candidate, metrics): (&Candidate, &Result<Metrics, VetError>)| {
        Some(Sibling {
            target_id: star.light_curve.target_id().to_string(),
            number: candidate.number,
            ephemeris: candidate.ephemeris,
            duration: candidate.duration,
            metrics: metrics.as_ref().ok()?.clone(),
        })
    };
    let mut siblings: Vec<Sibling> = star.candidates.iter().zip(&measured).filter_map(sibling).collect();
    let verdicts = judge_siblings(profile, &mut siblings, config.siblings, span);
    let mut judged = siblings.into_iter().zip(verdicts);
    measured
        .into_iter()
        .map(|of| {
            of.map(|metrics| match judged.next() {
                Some((sibling, verdict)) => {
                    let seed = star.seed.wrapping_add(u64::from(sibling.number));
                    let score = score(profile, &sibling.metrics, config.score_draws, seed);
                    Vetted::new(sibling.metrics, verdict, score, config)
                }
                None => {
                    let verdict = profile.judge(&metrics);
                    Vetted::new(metrics, verdict, f64::NAN, config)
                }
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_a_name_or_a_document_and_comes_back_as_it_was() {
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        struct Holder {
            vet: VetConfig,
        }
        let own = "name = 'x'\n[[group]]\nname = 'g'\n[[test]]\ngroup = 'g'\nfail = 'mes_red < 5'\n";
        for choice in ["antumbra", "leo-vetter", "none", own] {
            let profile = ProfileChoice::try_from(choice.to_string()).unwrap();
            assert_eq!(profile.profile().is_none(), choice == "none");
            let holder = Holder { vet: VetConfig { profile, ..VetConfig::default() } };
            let text = toml::to_string(&holder).unwrap();
            assert_eq!(toml::from_str::<Holder>(&text).unwrap(), holder);
        }
        assert_eq!(ProfileChoice::default().profile().map(Profile::name), Some("antumbra"));
        let error = toml::from_str::<Holder>("[vet]\nprofile = 'nobody'").unwrap_err().to_string();
        assert!(error.contains("nobody") && error.contains("line 2"), "{error}");
    }
}
