//! Inputs on other machines: S3 buckets and web servers, where the feature `object-store` is on.
//!
//! ```text
//! expand        s3://bucket/prefix         -> URLs of the objects below it, sorted; http and https stand for themselves
//! Object::open  URL                        -> size, tag (what tells a changed object) and last bytes, in one request
//! Object        ranges known in advance    -> bytes, as a Parquet decoder asks for them, fetched a row group at a time
//! ```
//!
//! A URL travels as a path everywhere else: names, labels, order and error rows treat it as any file's. Requests are made by
//! a small runtime of their own, while the thread that asks waits. Retries and timeouts are those of the crate
//! `object_store`. Every request for a part of an object names the tag of the object that was looked at first, so parts of
//! two versions never meet.

#[cfg(feature = "object-store")]
mod client;
#[cfg(feature = "object-store")]
mod held;
#[cfg(feature = "object-store")]
mod listing;
#[cfg(feature = "object-store")]
mod object;
#[cfg(not(feature = "object-store"))]
mod without;

#[cfg(feature = "object-store")]
pub(super) use {listing::expand, object::Object};
#[cfg(not(feature = "object-store"))]
pub(super) use {without::Object, without::expand};

/// What stands before `://`, where the input is a URL.
pub(super) fn scheme(input: &str) -> Option<&str> {
    let (scheme, _) = input.split_once("://")?;
    let first = scheme.starts_with(|c: char| c.is_ascii_alphabetic());
    let rest = scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    (first && rest).then_some(scheme)
}

#[cfg(test)]
mod tests {
    use super::scheme;

    #[test]
    fn urls_and_names_of_files() {
        assert_eq!(scheme("s3://bucket/key"), Some("s3"));
        assert_eq!(scheme("https://host/a?b=c"), Some("https"));
        for file in ["a/b.csv", "/a//b", "a:b", "C:\\a", "://a", "a b://c", ""] {
            assert_eq!(scheme(file), None, "{file}");
        }
    }

    #[cfg(not(feature = "object-store"))]
    #[test]
    fn without_the_feature_a_url_is_refused_with_the_way_to_have_it() {
        let found = crate::io::read::scan(&["s3://bucket/key".into()], &Default::default());
        assert_eq!(found.errors.len(), 1);
        assert!(found.errors[0].to_string().starts_with("s3://bucket/key: unreadable: "), "{}", found.errors[0]);
        assert!(found.errors[0].reason().contains("--features object-store"), "{}", found.errors[0]);
    }
}
