//! Profiles: named sets of tests with their thresholds, in TOML that a team can copy and change.
//!
//! A profile has `name`, `source`, a table `limits` of numbers, groups and tests, both in the order in which they run:
//!
//! ```toml
//! name = "example"
//! source = "where the thresholds come from"
//!
//! [limits]
//! snr = 7.1
//!
//! [[group]]
//! name = "false_alarm"
//!
//! [[test]]
//! group = "false_alarm"
//! flag = "WEAK"
//! fail = "mes_red < limit.snr"
//! ```
//!
//! A test whose condition `fail` holds raises its flag and, by its `effect`, fails its group (the default), only says so
//! (`note`), excuses the group (`excuse`: the group stays failed, but does not count against the candidate) or clears it
//! (`clear`). A condition that hangs on a metric that is not there makes the test not computable. Conditions name metrics
//! (`x_err` is the error of `x`), `limit.` and a limit, or `flag.` and a flag raised before (1 or 0), and combine them with
//! `+ - * /`, comparisons, `and`, `or`, `not`, `abs`, `sqrt`, `round`, `min`, `max`, `known(x)` (1 if x is there, else 0) and
//! `closeness(x)`, √2 erfc⁻¹ of the distance of x from the nearest whole number.

mod expression;

use std::collections::{BTreeMap, BTreeSet};

use expression::Expression;
pub(crate) use expression::closeness;
use serde::{Deserialize, Serialize};

use super::{Disposition, Metrics, Missing, Outcome, TestResult, Verdict, VetError};

/// Profiles that come with the crate, by name.
const NAMED: [(&str, &str); 3] = [
    ("antumbra", include_str!("named/antumbra.toml")),
    ("robovetter-dr25", include_str!("named/robovetter-dr25.toml")),
    ("leo-vetter", include_str!("named/leo-vetter.toml")),
];

/// What a test that fails does to its group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    #[default]
    Fail,
    Note,
    Excuse,
    Clear,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupText {
    name: String,
    /// Groups that must not have failed; else this one is not looked at.
    #[serde(default)]
    only_if_clear: Vec<String>,
    /// Groups that fail with this one.
    #[serde(default)]
    also_fails: Vec<String>,
    /// What a candidate that fails this group is.
    #[serde(default)]
    disposition: Option<Disposition>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TestText {
    group: String,
    #[serde(default)]
    flag: Option<String>,
    fail: String,
    #[serde(default)]
    effect: Effect,
    /// Added to the flag where their conditions hold, in order.
    #[serde(default)]
    suffix: Vec<SuffixText>,
    /// A sentence for people.
    #[serde(default)]
    reason: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SuffixText {
    text: String,
    when: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfileText {
    name: String,
    #[serde(default)]
    source: String,
    #[serde(default)]
    limits: BTreeMap<String, f64>,
    group: Vec<GroupText>,
    test: Vec<TestText>,
}

#[derive(Clone, Debug)]
struct Test {
    text: TestText,
    fail: Expression,
    suffix: Vec<(String, Expression)>,
}

/// A checked profile.
#[derive(Clone, Debug)]
pub struct Profile {
    text: ProfileText,
    tests: Vec<Test>,
}

impl Profile {
    /// Names of the profiles that come with the crate.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMED.iter().map(|(name, _)| *name)
    }

    /// The TOML of a profile that comes with the crate: a start for one's own.
    pub fn named_toml(name: &str) -> Option<&'static str> {
        NAMED.iter().find(|(known, _)| *known == name).map(|(_, toml)| *toml)
    }

    /// A profile that comes with the crate.
    pub fn named(name: &str) -> Result<Self, VetError> {
        let toml = Self::named_toml(name).ok_or_else(|| VetError::UnknownProfile(name.into()))?;
        Self::from_toml(toml)
    }

    /// Reads and checks a profile: every condition must parse, and every limit, flag and group it names must be there.
    pub fn from_toml(text: &str) -> Result<Self, VetError> {
        let text: ProfileText = toml::from_str(text).map_err(VetError::ProfileSyntax)?;
        let parse = |test: &TestText, condition: &str| {
            let name = test.flag.clone().unwrap_or_else(|| test.group.clone());
            let wrong = |message| VetError::Condition { test: name.clone(), message };
            let parsed = Expression::parse(condition).map_err(&wrong)?;
            for used in parsed.names() {
                let missing = match used.split_once('.') {
                    Some(("limit", limit)) => !text.limits.contains_key(limit),
                    Some(("flag", flag)) => !text.test.iter().any(|t| t.flag.as_deref() == Some(flag)),
                    Some(_) => true,
                    None => false,
                };
                if missing {
                    return Err(wrong(format!("there is no {used}")));
                }
            }
            Ok(parsed)
        };
        let mut tests = Vec::new();
        for test in &text.test {
            if !text.group.iter().any(|g| g.name == test.group) {
                return Err(VetError::UnknownGroup(test.group.clone()));
            }
            let suffix =
                test.suffix.iter().map(|s| Ok((s.text.clone(), parse(test, &s.when)?))).collect::<Result<_, _>>()?;
            tests.push(Test { fail: parse(test, &test.fail)?, suffix, text: test.clone() });
        }
        for group in &text.group {
            if let Some(unknown) = group
                .only_if_clear
                .iter()
                .chain(&group.also_fails)
                .find(|name| !text.group.iter().any(|g| g.name == **name))
            {
                return Err(VetError::UnknownGroup(unknown.clone()));
            }
        }
        Ok(Self { text, tests })
    }

    pub fn name(&self) -> &str {
        &self.text.name
    }

    /// A limit of the profile.
    pub fn limit(&self, name: &str) -> Option<f64> {
        self.text.limits.get(name).copied()
    }

    /// All metrics that the tests name.
    pub fn metrics(&self) -> BTreeSet<&str> {
        let conditions = self.tests.iter().flat_map(|t| std::iter::once(&t.fail).chain(t.suffix.iter().map(|s| &s.1)));
        conditions.flat_map(Expression::names).filter(|name| !name.contains('.')).collect()
    }

    /// Runs all tests on the metrics of a candidate.
    pub fn judge(&self, metrics: &Metrics) -> Verdict {
        let mut failed: BTreeSet<&str> = BTreeSet::new();
        let mut excused: BTreeSet<&str> = BTreeSet::new();
        let mut raised: BTreeSet<&str> = BTreeSet::new();
        let mut results = Vec::new();
        for group in &self.text.group {
            if group.only_if_clear.iter().any(|g| failed.contains(g.as_str())) {
                continue;
            }
            let mut cleared = false;
            for test in self.tests.iter().filter(|t| t.text.group == group.name) {
                let look_up = |name: &str| match name.split_once('.') {
                    Some(("limit", limit)) => self.text.limits.get(limit).copied().ok_or(Missing::NotMeasured),
                    Some((_, flag)) => Ok(f64::from(raised.contains(flag))),
                    None => metrics.look_up(name),
                };
                let outcome = match test.fail.evaluate(&look_up) {
                    Ok(0.0) => Outcome::Pass,
                    Ok(_) => Outcome::Fail,
                    Err(missing) => Outcome::NotComputable(missing),
                };
                let mut flag = test.text.flag.clone();
                if outcome == Outcome::Fail {
                    for (suffix, when) in &test.suffix {
                        if when.evaluate(&look_up).is_ok_and(|x| x != 0.0)
                            && let Some(flag) = &mut flag
                        {
                            flag.push_str(suffix);
                        }
                    }
                    match test.text.effect {
                        Effect::Fail => {
                            failed.insert(&group.name);
                            failed.extend(group.also_fails.iter().map(String::as_str));
                        }
                        Effect::Excuse => {
                            excused.insert(&group.name);
                        }
                        Effect::Clear => cleared = true,
                        Effect::Note => {}
                    }
                    raised.extend(test.text.flag.as_deref());
                }
                results.push(TestResult {
                    group: group.name.clone(),
                    flag,
                    effect: test.text.effect,
                    outcome,
                    reason: test.text.reason.clone(),
                });
            }
            if cleared {
                failed.remove(group.name.as_str());
            }
        }
        let disposition = self
            .text
            .group
            .iter()
            .filter(|g| failed.contains(g.name.as_str()) && !excused.contains(g.name.as_str()))
            .find_map(|g| g.disposition)
            .unwrap_or(Disposition::Candidate);
        Verdict { disposition, failed_groups: failed.iter().map(|g| g.to_string()).collect(), tests: results }
    }
}

#[cfg(test)]
mod tests;
