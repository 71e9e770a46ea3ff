//! Requests, and what their failures mean.

use std::collections::HashMap;
use std::error::Error;
use std::io;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::client::{HttpClient, HttpConnector, ReqwestConnector};
use object_store::http::HttpBuilder;
use object_store::path::Path as ObjectPath;
use object_store::{ClientOptions, ObjectStore};

use crate::io::read::error::ReadError;

/// Stores by bucket, connections and the runtime that drives them: one for the whole process, made when first needed.
pub(super) struct Client {
    runtime: tokio::runtime::Runtime,
    buckets: Mutex<HashMap<String, Arc<dyn ObjectStore>>>,
    /// Connections to web servers, shared by all URLs.
    web: WebConnections,
}

/// An object and the store that has it.
#[derive(Clone)]
pub(super) struct Location {
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) path: ObjectPath,
}

impl Client {
    pub(super) fn get() -> Result<&'static Self, ReadError> {
        static CLIENT: OnceLock<Result<Client, String>> = OnceLock::new();
        let made = CLIENT.get_or_init(|| Self::new().map_err(|error| error.to_string()));
        made.as_ref().map_err(|why| ReadError::Io(io::Error::other(why.clone())))
    }

    fn new() -> Result<Self, Box<dyn Error>> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("antumbra-requests")
            .enable_all()
            .build()?;
        let client = ReqwestConnector::default().connect(&web_options())?;
        Ok(Self { runtime, buckets: Mutex::default(), web: WebConnections(client) })
    }

    /// Waits for requests. Many threads may do so at the same time.
    pub(super) fn wait<T>(&self, request: impl Future<Output = T>) -> T {
        self.runtime.block_on(request)
    }

    /// Where the object of a URL is.
    pub(super) fn locate(&self, url: &str) -> Result<Location, ReadError> {
        match url.strip_prefix("s3://") {
            Some(rest) => {
                let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
                let path = ObjectPath::parse(key).map_err(|error| bad_url(&error))?;
                Ok(Location { store: self.bucket(bucket)?, path })
            }
            // The URL as it is, so that a query stays with it and nothing is encoded twice.
            None => {
                let store = HttpBuilder::new()
                    .with_url(url)
                    .with_client_options(web_options())
                    .with_http_connector(self.web.clone())
                    .build()
                    .map_err(|error| bad_url(&error))?;
                Ok(Location { store: Arc::new(store), path: ObjectPath::default() })
            }
        }
    }

    fn bucket(&self, bucket: &str) -> Result<Arc<dyn ObjectStore>, ReadError> {
        if bucket.is_empty() {
            return Err(ReadError::Url { why: "it names no bucket".into() });
        }
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(store) = buckets.get(bucket) {
            return Ok(Arc::clone(store));
        }
        let mut builder = AmazonS3Builder::from_env().with_bucket_name(bucket);
        // Without credentials a request is not signed. Asking the machine for those of its role takes seconds where it has
        // none, so that wants AWS_SKIP_SIGNATURE=false.
        let credentials = [
            AmazonS3ConfigKey::AccessKeyId,
            AmazonS3ConfigKey::WebIdentityTokenFile,
            AmazonS3ConfigKey::ContainerCredentialsRelativeUri,
            AmazonS3ConfigKey::ContainerCredentialsFullUri,
        ];
        let known = credentials.iter().any(|key| builder.get_config_value(key).is_some());
        if !known && std::env::var_os("AWS_SKIP_SIGNATURE").is_none() {
            builder = builder.with_skip_signature(true);
        }
        let store: Arc<dyn ObjectStore> = Arc::new(builder.build().map_err(|error| bad_url(&error))?);
        buckets.insert(bucket.to_string(), Arc::clone(&store));
        Ok(store)
    }
}

/// Who writes http:// wants it.
fn web_options() -> ClientOptions {
    ClientOptions::new().with_allow_http(true)
}

/// Hands the same connections to the store of every URL.
#[derive(Clone, Debug)]
struct WebConnections(HttpClient);

impl HttpConnector for WebConnections {
    fn connect(&self, _options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(self.0.clone())
    }
}

fn bad_url(error: &dyn Error) -> ReadError {
    ReadError::Url { why: cause(error) }
}

/// What a failed request means.
///
/// The words are the same whenever and however often it was tried, so that error rows are: `object_store` puts the
/// time that it took into its own. Those go to the log.
pub(super) fn failed(error: &object_store::Error) -> ReadError {
    tracing::info!("{error}");
    match error {
        object_store::Error::NotFound { .. } => io::Error::new(io::ErrorKind::NotFound, "no such object").into(),
        object_store::Error::Precondition { .. } => ReadError::Changed,
        object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. } => {
            io::Error::new(io::ErrorKind::PermissionDenied, "the server denies access with these credentials, or none")
                .into()
        }
        error => io::Error::other(cause(error)).into(),
    }
}

/// The innermost reason, in one line and without the body of an answer.
fn cause(error: &dyn Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let text = innermost.to_string();
    let line = text.split(['\n', '<']).next().unwrap_or_default();
    line.trim().trim_end_matches(':').to_string()
}

/// Whether the server would give the object, but no part of it, or there is no part of it because it is empty.
pub(super) fn gives_no_ranges(error: &object_store::Error) -> bool {
    matches!(error, object_store::Error::NotSupported { .. }) || cause(error).contains("416 Range Not Satisfiable")
}
