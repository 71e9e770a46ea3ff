//! How a parameter is given in TOML: a number, another's name, or a prior.

use std::fmt;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::fit::prior::{FORMS, Prior};

/// One parameter of a joint fit.
///
/// ```toml
/// ecc = 0.0                                          # fixed
/// q1 = "@instruments.K2.q1"                          # the same as another
/// period = { normal = [6.569, 0.001] }               # free, with a prior
/// rp_rs = { uniform = [0.0, 0.3], start = 0.1 }      # and a value to start from
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum ParameterSpec {
    Fixed(f64),
    /// Full name of another parameter, without the `@`.
    Shared(String),
    Free {
        prior: Prior,
        start: Option<f64>,
    },
}

impl From<f64> for ParameterSpec {
    fn from(value: f64) -> Self {
        Self::Fixed(value)
    }
}

impl From<Prior> for ParameterSpec {
    fn from(prior: Prior) -> Self {
        Self::Free { prior, start: None }
    }
}

impl Serialize for ParameterSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Fixed(value) => serializer.serialize_f64(*value),
            Self::Shared(name) => serializer.serialize_str(&format!("@{name}")),
            Self::Free { prior, start } => {
                let (name, numbers) = prior.form();
                let mut map = serializer.serialize_map(None)?;
                map.serialize_entry(name, &numbers)?;
                if let Some(start) = start {
                    map.serialize_entry("start", start)?;
                }
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for ParameterSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SpecVisitor)
    }
}

struct SpecVisitor;

impl<'de> Visitor<'de> for SpecVisitor {
    type Value = ParameterSpec;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "a number, the name of another parameter such as \"@star.rho_star\", or a prior: one of {FORMS}")
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<ParameterSpec, E> {
        if value.is_finite() {
            Ok(ParameterSpec::Fixed(value))
        } else {
            Err(E::custom(format!("{value} is not a finite number")))
        }
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<ParameterSpec, E> {
        Ok(ParameterSpec::Fixed(value as f64))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<ParameterSpec, E> {
        Ok(ParameterSpec::Fixed(value as f64))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<ParameterSpec, E> {
        match text.strip_prefix('@') {
            Some(name) if !name.is_empty() => Ok(ParameterSpec::Shared(name.to_string())),
            _ => Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ParameterSpec, A::Error> {
        let (mut prior, mut start) = (None, None);
        while let Some(key) = map.next_key::<String>()? {
            if key == "start" {
                start = Some(map.next_value::<f64>()?);
                continue;
            }
            let Numbers(numbers) = map.next_value()?;
            if prior.is_some() {
                return Err(A::Error::custom("a parameter has one prior only"));
            }
            prior = Some(Prior::from_name(&key, &numbers).map_err(A::Error::custom)?);
        }
        let prior = prior.ok_or_else(|| A::Error::custom(format!("no prior; there are {FORMS}")))?;
        if let Some(value) = start.filter(|v| !prior.ln_density(*v).is_finite()) {
            let (low, high) = prior.support();
            return Err(A::Error::custom(format!("start = {value} lies outside the prior, {low} to {high}")));
        }
        Ok(ParameterSpec::Free { prior, start })
    }
}

/// One number or several.
struct Numbers(Vec<f64>);

impl<'de> Deserialize<'de> for Numbers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "a number or a list of numbers")]
        enum Either {
            One(f64),
            Several(Vec<f64>),
        }
        Ok(Self(match Either::deserialize(deserializer)? {
            Either::One(number) => vec![number],
            Either::Several(numbers) => numbers,
        }))
    }
}
