/// The first line of an HTTP message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// A request.
    Request {
        /// In capitals, as sent.
        method: String,
        /// Path and query, or what else stands there.
        target: String,
    },
    /// A response.
    Response {
        /// The status code.
        status: u16,
        /// The words after it.
        reason: String,
    },
}

/// The head of an HTTP/1 message (RFC 9112).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The first line.
    pub start: Start,
    headers: Vec<(String, String)>,
}

/// Header fields that are read of one message.
const MAX_HEADERS: usize = 64;

impl Head {
    /// Reads a head, from the first line to the empty line. `None` if it is none, or has too many fields.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let mut fields = [httparse::EMPTY_HEADER; MAX_HEADERS];
        if bytes.starts_with(b"HTTP/") {
            let mut response = httparse::Response::new(&mut fields);
            response.parse(bytes).ok().filter(httparse::Status::is_complete)?;
            let start = Start::Response {
                status: response.code?,
                reason: response.reason.unwrap_or_default().to_owned(),
            };
            return Some(Self { start, headers: owned(response.headers) });
        }
        let mut request = httparse::Request::new(&mut fields);
        request.parse(bytes).ok().filter(httparse::Status::is_complete)?;
        let start = Start::Request { method: request.method?.to_owned(), target: request.path?.to_owned() };
        Some(Self { start, headers: owned(request.headers) })
    }

    /// The first header field with this name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Whether a header field with a list of words has this one among them, in any case.
    pub(super) fn lists(&self, name: &str, word: &str) -> bool {
        self.header(name)
            .is_some_and(|list| list.split(',').any(|listed| listed.trim().eq_ignore_ascii_case(word)))
    }

    /// Whether it is the response of a proxy that has connected to the target, as far as it tells without the request.
    #[must_use]
    pub fn opens_tunnel(&self) -> bool {
        let body = ["content-length", "content-type", "transfer-encoding"];
        matches!(self.status(), Some(200..=299)) && body.iter().all(|name| self.header(name).is_none())
    }

    /// Method and target of a request.
    #[must_use]
    pub fn request(&self) -> Option<(&str, &str)> {
        match &self.start {
            Start::Request { method, target } => Some((method, target)),
            Start::Response { .. } => None,
        }
    }

    /// The status code of a response.
    #[must_use]
    pub const fn status(&self) -> Option<u16> {
        match self.start {
            Start::Request { .. } => None,
            Start::Response { status, .. } => Some(status),
        }
    }
}

fn owned(headers: &[httparse::Header<'_>]) -> Vec<(String, String)> {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    headers.iter().map(|header| (header.name.to_owned(), text(header.value))).collect()
}
