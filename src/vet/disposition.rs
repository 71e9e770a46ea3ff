//! What the tests of a profile make of a candidate: a disposition, and the reasons for it.

use serde::{Deserialize, Serialize};

use super::{Effect, Missing};

/// What a candidate is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    /// No test speaks against a planet.
    Candidate,
    /// Eclipses, but not of a planet in front of this star.
    FalsePositive,
    /// Not an eclipse: noise, systematics, variability.
    FalseAlarm,
}

impl Disposition {
    /// One word, as in tables.
    pub fn name(self) -> &'static str {
        match self {
            Disposition::Candidate => "candidate",
            Disposition::FalsePositive => "false_positive",
            Disposition::FalseAlarm => "false_alarm",
        }
    }
}

/// Outcome of one test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Pass,
    Fail,
    /// A metric on which the outcome hangs is not there.
    NotComputable(Missing),
}

/// One test of a profile, as it came out.
#[derive(Clone, Debug, PartialEq)]
pub struct TestResult {
    pub group: String,
    /// The flag with its suffixes; `None` for a test without one.
    pub flag: Option<String>,
    pub effect: Effect,
    pub outcome: Outcome,
    /// A sentence for people, where the profile has one.
    pub reason: Option<String>,
}

impl TestResult {
    /// The flag, or the group of a test without one.
    pub fn name(&self) -> &str {
        self.flag.as_deref().unwrap_or(&self.group)
    }

    /// Whether it failed and counts against the candidate.
    pub fn counts(&self) -> bool {
        self.outcome == Outcome::Fail && self.effect == Effect::Fail
    }
}

/// A profile's judgement of a candidate.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    pub disposition: Disposition,
    /// Groups that failed, excused or not, in alphabetical order.
    pub failed_groups: Vec<String>,
    /// All tests that ran, in order.
    pub tests: Vec<TestResult>,
}

impl Verdict {
    /// Whether a group failed, excused or not.
    pub fn failed(&self, group: &str) -> bool {
        self.failed_groups.iter().any(|g| g == group)
    }

    /// Whether a test cleared its group.
    pub fn cleared(&self) -> bool {
        self.tests.iter().any(|t| t.effect == Effect::Clear && t.outcome == Outcome::Fail)
    }

    /// Tests that failed and count, in their order.
    pub fn failing(&self) -> Vec<&TestResult> {
        self.tests.iter().filter(|t| t.counts()).collect()
    }

    /// Flags raised, in the order of the tests.
    pub fn flags(&self) -> Vec<&str> {
        self.tests.iter().filter(|t| t.outcome == Outcome::Fail).filter_map(|t| t.flag.as_deref()).collect()
    }

    /// Tests that could not be computed, with the reason.
    pub fn not_computable(&self) -> Vec<(&str, Missing)> {
        self.tests
            .iter()
            .filter_map(|t| match (&t.flag, t.outcome) {
                (Some(flag), Outcome::NotComputable(missing)) => Some((flag.as_str(), missing)),
                _ => None,
            })
            .collect()
    }
}
