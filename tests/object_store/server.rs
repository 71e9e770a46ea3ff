//! A web server on this machine that also answers as S3 does, remembers what it was asked for, and fails when told to.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};

/// Keys on one page of a listing.
const PAGE_KEYS: usize = 2;

#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    /// With the bucket, without the query.
    pub path: String,
    pub query: String,
    pub headers: BTreeMap<String, String>,
    pub status: u16,
    /// Bytes of the object in the answer.
    pub bytes: usize,
}

impl Request {
    pub fn is_listing(&self) -> bool {
        self.query.contains("list-type=2")
    }

    pub fn signature(&self) -> Option<&str> {
        self.headers.get("authorization").map(String::as_str)
    }

    pub fn range(&self) -> Option<&str> {
        self.headers.get("range").map(String::as_str)
    }
}

#[derive(Clone)]
struct Object {
    bytes: Arc<Vec<u8>>,
    tag: String,
}

#[derive(Default)]
struct State {
    /// By path with the bucket, and query where the object is one of a query.
    objects: BTreeMap<String, Object>,
    requests: Vec<Request>,
    /// Requests to answer with 503 before any other answer.
    fail_first: usize,
    /// Objects to take away or to replace after so many requests for them.
    after: BTreeMap<String, (usize, Option<Vec<u8>>)>,
    ignores_ranges: bool,
    puts: usize,
}

#[derive(Clone)]
pub struct Server {
    state: Arc<Mutex<State>>,
    pub address: String,
}

impl Server {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let server = Self { state: Arc::default(), address };
        let of_thread = server.clone();
        // Both kinds of threads end with the test.
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let server = of_thread.clone();
                std::thread::spawn(move || while server.answer(&stream).is_some() {});
            }
        });
        server
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub fn put(&self, path: &str, bytes: Vec<u8>) {
        self.lock().put(path, bytes);
    }

    /// Listed, but not there.
    pub fn put_ghost(&self, path: &str) {
        self.put(path, b"gone".to_vec());
        self.lock().after.insert(path.into(), (0, None));
    }

    pub fn fail_first(&self, requests: usize) {
        self.lock().fail_first = requests;
    }

    pub fn ignore_ranges(&self) {
        self.lock().ignores_ranges = true;
    }

    /// Takes the object away, or puts another in its place, after so many requests for it from now on.
    pub fn after(&self, path: &str, requests: usize, then: Option<Vec<u8>>) {
        self.lock().after.insert(path.into(), (requests, then));
    }

    /// All requests since this was asked last.
    pub fn requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.lock().requests)
    }

    /// Answers one request; `None` when there will be no other.
    fn answer(&self, stream: &TcpStream) -> Option<()> {
        let mut lines = BufReader::new(stream).lines();
        let first = lines.next()?.ok()?;
        let mut words = first.split(' ');
        let (method, target) = (words.next()?.to_string(), words.next()?.to_string());
        let headers: BTreeMap<String, String> = lines
            .map_while(Result::ok)
            .take_while(|line| !line.is_empty())
            .filter_map(|line| line.split_once(':').map(|(k, v)| (k.to_lowercase(), v.trim().to_string())))
            .collect();
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let mut request = Request { method, path: path.into(), query: query.into(), headers, status: 0, bytes: 0 };
        let mut state = self.lock();
        let (status, more, body) = state.respond(&request, &target);
        request.status = status;
        request.bytes = if (200..300).contains(&status) { body.len() } else { 0 };
        let head_only = request.method == "HEAD";
        state.requests.push(request);
        drop(state);
        let mut answer = format!("HTTP/1.1 {status} Said\r\nContent-Length: {}\r\n{more}\r\n", body.len()).into_bytes();
        if !head_only {
            answer.extend(body);
        }
        let mut stream = stream;
        stream.write_all(&answer).ok()
    }
}

impl State {
    fn put(&mut self, path: &str, bytes: Vec<u8>) {
        self.puts += 1;
        let object = Object { bytes: Arc::new(bytes), tag: format!("\"v{}\"", self.puts) };
        self.objects.insert(path.into(), object);
    }

    fn respond(&mut self, request: &Request, target: &str) -> (u16, String, Vec<u8>) {
        if self.fail_first > 0 {
            self.fail_first -= 1;
            return (503, String::new(), b"<Error><Code>SlowDown</Code></Error>".to_vec());
        }
        if request.is_listing() {
            return (200, "Content-Type: application/xml\r\n".into(), self.listing(request));
        }
        match self.after.remove(target) {
            Some((0, None)) => {
                self.objects.remove(target);
            }
            Some((0, Some(bytes))) => self.put(target, bytes),
            Some((n, then)) => {
                self.after.insert(target.into(), (n - 1, then));
            }
            None => {}
        }
        let Some(object) = self.objects.get(target) else {
            return (404, String::new(), b"<Error><Code>NoSuchKey</Code></Error>".to_vec());
        };
        if request.headers.get("if-match").is_some_and(|tag| *tag != object.tag) {
            return (412, String::new(), vec![]);
        }
        let more = format!("ETag: {}\r\nLast-Modified: Sat, 21 Nov 2026 10:00:00 GMT\r\n", object.tag);
        let size = object.bytes.len();
        let range = request.range().filter(|_| !self.ignores_ranges).and_then(|r| r.strip_prefix("bytes="));
        let Some((from, to)) = range.and_then(|range| range.split_once('-')) else {
            return (200, more, object.bytes.to_vec());
        };
        let (start, end) = match (from.parse::<usize>(), to.parse::<usize>()) {
            (Ok(from), Ok(to)) => (from, size.min(to + 1)),
            (Ok(from), Err(_)) => (from, size),
            (Err(_), Ok(last)) => (size.saturating_sub(last), size),
            _ => panic!("{range:?} is no range"),
        };
        if start >= end {
            return (416, String::new(), vec![]);
        }
        let more = format!("{more}Content-Range: bytes {start}-{}/{size}\r\n", end - 1);
        (206, more, object.bytes[start..end].to_vec())
    }

    fn listing(&self, request: &Request) -> Vec<u8> {
        let parameter = |name: &str| {
            let value = request.query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
            value.unwrap_or_default().replace("%2F", "/")
        };
        let bucket = format!("{}/", request.path.trim_end_matches('/'));
        let (prefix, after) = (parameter("prefix"), parameter("continuation-token"));
        let mut keys: Vec<(&str, &Object)> = self
            .objects
            .iter()
            .filter_map(|(path, object)| path.strip_prefix(&bucket).map(|key| (key, object)))
            .filter(|(key, _)| key.starts_with(&prefix) && *key > after.as_str())
            .collect();
        let truncated = keys.len() > PAGE_KEYS;
        keys.truncate(PAGE_KEYS);
        let mut xml = format!("<?xml version=\"1.0\"?><ListBucketResult><IsTruncated>{truncated}</IsTruncated>");
        for (key, object) in &keys {
            let (tag, size) = (&object.tag, object.bytes.len());
            xml += &format!("<Contents><Key>{key}</Key><LastModified>2026-11-21T10:00:00.000Z</LastModified>");
            xml += &format!("<ETag>{}</ETag><Size>{size}</Size></Contents>", tag.replace('"', "&quot;"));
        }
        if let (true, Some((last, _))) = (truncated, keys.last()) {
            xml += &format!("<NextContinuationToken>{last}</NextContinuationToken>");
        }
        (xml + "</ListBucketResult>").into_bytes()
    }
}
