//! What a text table looks like: separator, header, which columns hold numbers.

use crate::io::read::columns::{any_role, normalise};
use crate::io::read::error::ReadError;

/// Data lines looked at to tell numbers from words.
const SAMPLE: usize = 20;
/// Lines searched for the first line of numbers.
const PROLOGUE: usize = 2000;

/// How the fields of a line are set apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::io) enum Separator {
    Character(char),
    Blanks,
}

impl Separator {
    fn of(line: &str) -> Self {
        [',', ';', '\t', '|'].into_iter().find(|c| line.contains(*c)).map_or(Self::Blanks, Self::Character)
    }

    /// The fields of a line, without blanks and quotes around them, empty ones at the end left out.
    pub(in crate::io) fn split<'a>(self, line: &'a str, fields: &mut Vec<&'a str>) {
        fields.clear();
        match self {
            Self::Character(c) => fields.extend(line.trim_matches('|').split(c).map(unquote)),
            Self::Blanks => fields.extend(line.split_whitespace().map(unquote)),
        }
        while fields.last().is_some_and(|f| f.is_empty()) {
            fields.pop();
        }
    }
}

fn unquote(field: &str) -> &str {
    field.trim().trim_matches(['"', '\''])
}

/// The layout of a text table.
#[derive(Clone, Debug)]
pub(in crate::io) struct TextLayout {
    pub(in crate::io) separator: Separator,
    /// Column names; `1`, `2`, … where the table has none.
    pub(in crate::io) names: Vec<String>,
    /// Whether the table names its columns.
    pub(in crate::io) headed: bool,
    /// Which columns hold numbers, judged by the first rows.
    pub(in crate::io) numeric: Vec<bool>,
    /// `key=value` comments, keys normalised.
    pub(in crate::io) fields: Vec<(String, String)>,
    /// Lines before the first of the data.
    pub(in crate::io) skip: usize,
}

impl TextLayout {
    pub(in crate::io) fn field(&self, key: &str) -> Option<&str> {
        self.fields.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }

    /// The columns in words, for a refusal.
    pub(in crate::io) fn describe(&self) -> Vec<String> {
        if self.headed {
            return self.names.clone();
        }
        self.numeric.iter().map(|n| if *n { "numbers".into() } else { "words".to_string() }).collect()
    }
}

/// Text of a comment line without its marker; `None` for other lines.
pub(in crate::io) fn comment(line: &str) -> Option<&str> {
    let line = line.trim_start();
    line.starts_with(['#', '%', '!', '\\'])
        .then(|| line.trim_start_matches(['#', '%', '!', '\\', ' ', '\t']).trim_end())
}

/// A number, or one of the spellings of a missing one; `None` for anything else.
pub(in crate::io) fn number(field: &str) -> Option<f64> {
    if let Ok(value) = field.parse::<f64>() {
        return Some(value);
    }
    match field.to_ascii_lowercase().as_str() {
        "" | "--" | "-" | "null" | "none" | "na" | "n/a" | "nan" | "nodata" | "<na>" | "***" => Some(f64::NAN),
        // Fortran's double-precision exponent.
        other => other.contains('d').then(|| other.replace('d', "e").parse().ok()).flatten(),
    }
}

/// Finds the layout of a table; fails where no line holds numbers.
pub(in crate::io) fn layout(text: &str) -> Result<TextLayout, ReadError> {
    if text.trim().is_empty() {
        return Err(ReadError::EmptyFile);
    }
    if let Some(opening) = text.trim_start().chars().next().filter(|c| matches!(c, '{' | '[' | '<')) {
        return Err(ReadError::NotATable { why: format!("begins with {opening:?}, like JSON or markup") });
    }
    let mut comments: Vec<&str> = Vec::new();
    let mut header: Option<Vec<String>> = None;
    let mut fields = Vec::new();
    let mut first = None;
    for (index, line) in text.lines().enumerate().take(PROLOGUE) {
        if line.trim().is_empty() {
            continue;
        }
        if let Some(comment) = comment(line) {
            comments.push(comment);
            continue;
        }
        Separator::of(line).split(line, &mut fields);
        let numbers = fields.iter().filter(|f| !f.is_empty() && number(f).is_some()).count();
        let fits_header = header.as_ref().is_some_and(|h| h.len() == fields.len());
        if numbers >= 2 || (numbers == 1 && fields.len() >= 2 && fits_header) {
            first = Some((index, line));
            break;
        }
        // The first line of words may be the header; what follows it (units, rules) is not.
        if header.is_none() && numbers == 0 {
            header = Some(fields.iter().map(|f| f.to_string()).collect());
        }
    }
    let Some((skip, line)) = first else {
        let why = match text.lines().find(|l| !l.trim().is_empty() && comment(l).is_none()) {
            Some(line) => {
                format!("no line of it holds two numbers; it begins {:?}", line.chars().take(40).collect::<String>())
            }
            None => "it holds comments only".into(),
        };
        return Err(ReadError::NotATable { why });
    };
    let separator = Separator::of(line);
    let (width, numeric) = sample(text, skip, separator);
    let names = header
        .and_then(|names| fit_header(names, separator, width))
        .or_else(|| comments.iter().rev().find_map(|c| comment_header(c, separator, width)))
        .or_else(|| comments.iter().find_map(|c| foreign_header(c, separator, width)));
    Ok(TextLayout {
        separator,
        headed: names.is_some(),
        names: names.unwrap_or_else(|| (1..=width).map(|i| i.to_string()).collect()),
        numeric,
        fields: comments.iter().filter_map(|c| key_value(c)).collect(),
        skip,
    })
}

/// Width of the first rows and which of their columns hold numbers.
fn sample(text: &str, skip: usize, separator: Separator) -> (usize, Vec<bool>) {
    let mut fields = Vec::new();
    let mut seen: Vec<(usize, usize)> = Vec::new(); // numbers, words
    let rows = text.lines().skip(skip).filter(|l| !l.trim().is_empty() && comment(l).is_none()).take(SAMPLE);
    let mut width = 0;
    for line in rows {
        separator.split(line, &mut fields);
        width = width.max(fields.len());
        seen.resize(width, (0, 0));
        for (counts, field) in seen.iter_mut().zip(&fields) {
            match number(field) {
                Some(_) => counts.0 += 1,
                None => counts.1 += 1,
            }
        }
    }
    (width, seen.iter().map(|(numbers, words)| numbers > words).collect())
}

/// A header line for `width` columns: as it is, or behind an index column without a name. Between separators it is a
/// header whatever its length; a line of words may be just a title.
fn fit_header(mut names: Vec<String>, separator: Separator, width: usize) -> Option<Vec<String>> {
    let listed = separator != Separator::Blanks && names.len() >= 2;
    match width.checked_sub(names.len()) {
        Some(0) => Some(names),
        Some(1) if any_role(&names) => Some(std::iter::once(String::new()).chain(names).collect()),
        None if any_role(&names) => Some(names),
        _ if listed => {
            names.resize(width.max(names.len()), String::new());
            Some(names)
        }
        _ => None,
    }
}

/// A comment that names `width` columns, at least one of them as a light curve would.
fn comment_header(comment: &str, separator: Separator, width: usize) -> Option<Vec<String>> {
    let clean = |names: Vec<&str>| -> Vec<String> {
        names.into_iter().map(|n| n.trim().trim_matches([',', '"']).trim().to_string()).collect()
    };
    let mut candidates: Vec<Vec<String>> = Vec::new();
    if let Separator::Character(c) = separator {
        candidates.push(clean(comment.trim_matches('|').split(c).collect()));
    }
    // Names of several words stand two blanks or more apart.
    candidates.push(clean(comment.split("  ").flat_map(|p| p.split('\t')).filter(|p| !p.trim().is_empty()).collect()));
    candidates.push(clean(comment.split_whitespace().collect()));
    candidates.push(clean(comment.split(',').collect()));
    candidates.into_iter().find(|names| names.len() == width && any_role(names))
}

/// A comment that plainly names the columns of some other table.
fn foreign_header(comment: &str, separator: Separator, width: usize) -> Option<Vec<String>> {
    let Separator::Character(c) = separator else { return None };
    let names: Vec<String> = comment.split(c).map(|n| n.trim().to_string()).collect();
    (names.len() == width && width >= 3 && names.iter().all(|n| !n.is_empty() && number(n).is_none())).then_some(names)
}

/// `key=value` or `key: value` with a key of one or two words.
fn key_value(comment: &str) -> Option<(String, String)> {
    let at = comment.find(['=', ':'])?;
    let (key, value) = (comment[..at].trim(), comment[at + 1..].trim());
    let plain = key.split_whitespace().count() <= 2
        && key.len() <= 30
        && key.chars().all(|c| c.is_ascii_alphanumeric() || "_- ".contains(c));
    (plain && !key.is_empty() && !value.is_empty() && value.len() <= 64).then(|| (normalise(key), value.to_string()))
}
