//! Named numbers measured of a candidate, each with its errors, or with the reason why it is not there.

use std::collections::BTreeMap;

use serde::Serialize;

/// Why a metric is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Missing {
    #[error("no stellar density is known")]
    StellarDensity,
    #[error("no stellar radius is known")]
    StellarRadius,
    #[error("too few transits have data")]
    TooFewTransits,
    #[error("too few cadences in or around the transits")]
    TooFewCadences,
    #[error("transits of one parity have no data")]
    OneParity,
    #[error("only one segment has transits")]
    OneSegment,
    #[error("the transit leaves no room for another event in the orbit")]
    NoRoom,
    #[error("no dip could be fitted")]
    NoFit,
    #[error("no list of times was given")]
    NoTimes,
    #[error("the light curve has no centroids")]
    NoCentroids,
    #[error("nobody measured it")]
    NotMeasured,
}

impl Missing {
    const ALL: [Missing; 11] = [
        Missing::StellarDensity,
        Missing::StellarRadius,
        Missing::TooFewTransits,
        Missing::TooFewCadences,
        Missing::OneParity,
        Missing::OneSegment,
        Missing::NoRoom,
        Missing::NoFit,
        Missing::NoTimes,
        Missing::NoCentroids,
        Missing::NotMeasured,
    ];

    /// One word, as in tables.
    pub fn name(self) -> &'static str {
        match self {
            Missing::StellarDensity => "stellar_density",
            Missing::StellarRadius => "stellar_radius",
            Missing::TooFewTransits => "too_few_transits",
            Missing::TooFewCadences => "too_few_cadences",
            Missing::OneParity => "one_parity",
            Missing::OneSegment => "one_segment",
            Missing::NoRoom => "no_room",
            Missing::NoFit => "no_fit",
            Missing::NoTimes => "no_times",
            Missing::NoCentroids => "no_centroids",
            Missing::NotMeasured => "not_measured",
        }
    }

    /// The reason of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|m| m.name() == name)
    }
}

/// A measured number.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Value {
    pub value: f64,
    /// One-sigma errors upward and downward; 0 where the number is exact or its error is not known.
    pub err_up: f64,
    pub err_down: f64,
}

/// A number, or why there is none.
pub type Metric = Result<Value, Missing>;

/// All metrics of a candidate, by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metrics {
    by_name: BTreeMap<String, Metric>,
}

impl Metrics {
    /// Sets `name` to a number without error; to [`Missing::NoFit`] where it is not finite.
    pub fn set(&mut self, name: impl Into<String>, value: f64) {
        self.set_with_err(name, value, 0.0);
    }

    /// Sets `name` to a number with a symmetric error; an error that is not finite counts as not known.
    pub fn set_with_err(&mut self, name: impl Into<String>, value: f64, err: f64) {
        let err = if err.is_finite() { err.abs() } else { 0.0 };
        let metric = if value.is_nan() { Err(Missing::NoFit) } else { Ok(Value { value, err_up: err, err_down: err }) };
        self.by_name.insert(name.into(), metric);
    }

    /// Sets `name` to what [`Metrics::get`] gave of it.
    pub fn insert(&mut self, name: impl Into<String>, metric: Metric) {
        self.by_name.insert(name.into(), metric);
    }

    /// Forgets `name`.
    pub fn remove(&mut self, name: &str) {
        self.by_name.remove(name);
    }

    /// Sets `name` to a number, or to why there is none.
    pub fn set_or(&mut self, name: impl Into<String>, value: Result<f64, Missing>) {
        match value {
            Ok(value) => self.set(name, value),
            Err(missing) => self.set_missing(name, missing),
        }
    }

    pub fn set_missing(&mut self, name: impl Into<String>, missing: Missing) {
        self.by_name.insert(name.into(), Err(missing));
    }

    /// What is known of `name`: [`Missing::NotMeasured`] where nothing was set.
    pub fn get(&self, name: &str) -> Metric {
        self.by_name.get(name).copied().unwrap_or(Err(Missing::NotMeasured))
    }

    /// The number of that name; NaN where there is none.
    pub fn value(&self, name: &str) -> f64 {
        self.get(name).map_or(f64::NAN, |v| v.value)
    }

    /// The number of that name, or the error of `x` for `x_err`.
    pub fn look_up(&self, name: &str) -> Result<f64, Missing> {
        match (self.by_name.get(name), name.strip_suffix("_err")) {
            (None, Some(of)) => self.get(of).map(|v| v.err_up.max(v.err_down)),
            _ => self.get(name).map(|v| v.value),
        }
    }

    /// All metrics in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Metric)> {
        self.by_name.iter().map(|(name, metric)| (name.as_str(), metric))
    }

    /// The same metrics, each number that has errors replaced by what `draw` makes of it.
    pub fn perturbed(&self, mut draw: impl FnMut(&Value) -> f64) -> Self {
        let mut out = self.clone();
        for metric in out.by_name.values_mut() {
            if let Ok(v) = metric
                && (v.err_up > 0.0 || v.err_down > 0.0)
            {
                v.value = draw(v);
            }
        }
        out
    }
}
