//! From a URL to the objects that it stands for.

use std::collections::BTreeSet;
use std::path::PathBuf;

use futures_util::TryStreamExt;
use glob::{MatchOptions, Pattern};

use super::client::{Client, failed};
use crate::io::read::error::ReadError;
use crate::io::read::inputs::{DESCRIPTIONS, HATS_PROPERTIES};

/// URLs of the objects that a URL stands for, sorted.
///
/// Of S3: the objects below a prefix, but those that a folder's hidden files and descriptions would be; where there is none
/// below it the one of that name; those that match a glob. A web server cannot be asked what there is, so its URLs stand for
/// themselves.
pub(in crate::io::read) fn expand(url: &str) -> Result<Vec<PathBuf>, ReadError> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    match scheme {
        "http" | "https" => return Ok(vec![url.into()]),
        "s3" => {}
        _ => {
            let why = format!("{scheme}:// is not read; s3://, http://, https:// and file:// are");
            return Err(ReadError::Url { why });
        }
    }
    let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
    let (folder, pattern) = match key.find(['*', '?', '[']) {
        Some(special) => (key[..special].rsplit_once('/').map_or("", |(folder, _)| folder), Some(Pattern::new(key)?)),
        None => (key, None),
    };
    let named = !key.is_empty() && !key.ends_with('/') && pattern.is_none();
    let keys = match list(bucket, folder) {
        Ok(keys) => keys,
        // Many public buckets give their objects and no list of them.
        Err(ReadError::Io(error)) if named && error.kind() == std::io::ErrorKind::PermissionDenied => BTreeSet::new(),
        Err(error) => return Err(error),
    };
    let keys = match &pattern {
        Some(pattern) => matching(&keys, pattern),
        None if keys.is_empty() && named => vec![key.to_string()],
        None => wanted(&keys, folder.trim_end_matches('/')),
    };
    if keys.is_empty() {
        return Err(ReadError::NoMatch);
    }
    Ok(keys.iter().map(|key| PathBuf::from(format!("s3://{bucket}/{key}"))).collect())
}

/// Keys of all objects below a folder that hold anything: folders are sometimes marked by objects of no bytes.
fn list(bucket: &str, folder: &str) -> Result<BTreeSet<String>, ReadError> {
    let client = Client::get()?;
    let location = client.locate(&format!("s3://{bucket}/{folder}"))?;
    let prefix = (!location.path.as_ref().is_empty()).then_some(&location.path);
    let objects: Vec<_> =
        client.wait(location.store.list(prefix).try_collect()).map_err(|error: object_store::Error| failed(&error))?;
    let held = |object: &object_store::ObjectMeta| object.size > 0 || object.location.filename().is_some_and(has_dot);
    Ok(objects.into_iter().filter(held).map(|object| object.location.as_ref().to_string()).collect())
}

fn has_dot(name: &str) -> bool {
    name.contains('.')
}

/// What a walk through the same files in folders would keep.
fn wanted(keys: &BTreeSet<String>, folder: &str) -> Vec<String> {
    let below = |key: &str| key.strip_prefix(folder).unwrap_or(key).trim_start_matches('/').to_string();
    let catalogues: Vec<String> = keys
        .iter()
        .filter_map(|key| {
            let (root, name) = key.rsplit_once('/').unwrap_or(("", key));
            let root = if root.is_empty() { String::new() } else { format!("{root}/") };
            let rows = format!("{root}dataset/");
            let has_rows = || keys.range(rows.clone()..).next().is_some_and(|key| key.starts_with(&rows));
            (HATS_PROPERTIES.contains(&name) && has_rows()).then_some(root)
        })
        .collect();
    let beside_rows = |key: &str| {
        catalogues.iter().any(|root| key.strip_prefix(root.as_str()).is_some_and(|key| !key.starts_with("dataset/")))
    };
    let kept = |name: &str| !name.starts_with('.') && !DESCRIPTIONS.contains(&name);
    keys.iter().filter(|key| below(key).split('/').all(kept) && !beside_rows(key)).cloned().collect()
}

fn matching(keys: &BTreeSet<String>, pattern: &Pattern) -> Vec<String> {
    let options = MatchOptions { require_literal_separator: true, ..MatchOptions::new() };
    keys.iter().filter(|key| pattern.matches_with(key, options)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| name.to_string()).collect()
    }

    #[test]
    fn what_a_walk_would_keep() {
        let found = wanted(
            &keys(&[
                "a/.hidden/x.csv",
                "a/_SUCCESS",
                "a/cat/dataset/Norder=1/Dir=0/Npix=1.parquet",
                "a/cat/dataset/_metadata",
                "a/cat/hats.properties",
                "a/cat/partition_info.csv",
                "a/properties",
                "a/x.csv",
            ]),
            "a",
        );
        assert_eq!(found, ["a/cat/dataset/Norder=1/Dir=0/Npix=1.parquet", "a/properties", "a/x.csv"]);
        // Hidden is what lies in a hidden folder below the input, not where the input is.
        assert_eq!(wanted(&keys(&[".a/b/x.csv"]), ".a/b"), [".a/b/x.csv"]);
    }

    #[test]
    fn globs_stay_in_their_folder() {
        let keys = keys(&["a/b/1.csv", "a/b/2.parquet", "a/c/1.csv", "a/b/c/1.csv"]);
        assert_eq!(matching(&keys, &Pattern::new("a/*/1.csv").unwrap()), ["a/b/1.csv", "a/c/1.csv"]);
        assert_eq!(matching(&keys, &Pattern::new("a/**/1.csv").unwrap()).len(), 3);
    }

    #[test]
    fn a_scheme_that_is_not_read_is_named() {
        let error = expand("gs://bucket/x").unwrap_err();
        assert!(error.to_string().starts_with("gs:// is not read"), "{error}");
    }
}
