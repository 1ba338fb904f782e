/// The first line of an HTTP message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
    /// The number of the request on its connection, and of the request that a response answers, if that was seen.
    pub exchange: Option<u32>,
    headers: Vec<(String, String)>,
}

/// Header fields that are read of one message.
const MAX_HEADERS: usize = 128;

/// How the end of a body is told (RFC 9112, section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    /// Nothing is said: a request has no body, a response ends with the connection.
    Unsaid,
    /// Bytes.
    Known(u64),
    Chunked,
    /// What is said contradicts itself.
    Unclear,
}

impl Head {
    /// Reads a head, from the first line to the empty line. `None` if it is none, or has too many fields.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let mut fields = [httparse::EMPTY_HEADER; MAX_HEADERS];
        if bytes.starts_with(b"HTTP/") {
            let mut response = httparse::Response::new(&mut fields);
            lenient().parse_response(&mut response, bytes).ok().filter(httparse::Status::is_complete)?;
            let start = Start::Response {
                status: response.code?,
                reason: response.reason.unwrap_or_default().to_owned(),
            };
            return Some(Self { start, exchange: None, headers: owned(response.headers) });
        }
        let mut request = httparse::Request::new(&mut fields);
        request.parse(bytes).ok().filter(httparse::Status::is_complete)?;
        let start = Start::Request { method: request.method?.to_owned(), target: request.path?.to_owned() };
        Some(Self { start, exchange: None, headers: owned(request.headers) })
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

    /// All header fields with this name, in any case.
    fn all(&self, name: &str) -> impl Iterator<Item = &str> + Clone {
        let named = move |(known, _): &&(String, String)| known.eq_ignore_ascii_case(name);
        self.headers.iter().filter(named).map(|(_, value)| value.as_str())
    }

    /// How long the body is. `chunked` overrides a length, and servers that know no other coding go by the length; lengths
    /// that differ, or are no numbers, and codings after `chunked` are what requests are smuggled with.
    pub(super) fn length(&self) -> Length {
        let codings = self.all("transfer-encoding").flat_map(|list| list.split(',')).map(str::trim);
        let chunked = |coding: &str| coding.eq_ignore_ascii_case("chunked");
        match (codings.clone().any(chunked), codings.last()) {
            (true, Some(last)) => {
                return if chunked(last) { Length::Chunked } else { Length::Unclear };
            }
            (false, Some(_)) if self.header("content-length").is_none() => return Length::Unclear,
            _ => {}
        }
        let mut lengths = self.all("content-length").flat_map(|list| list.split(',')).map(str::trim);
        let Some(first) = lengths.next() else { return Length::Unsaid };
        let digits = first.bytes().all(|byte| byte.is_ascii_digit());
        match first.parse() {
            Ok(length) if digits && lengths.all(|other| other == first) => Length::Known(length),
            _ => Length::Unclear,
        }
    }

    /// Whether a body follows a request's head.
    #[must_use]
    pub fn announces_body(&self) -> bool {
        !matches!(self.length(), Length::Unsaid | Length::Known(0))
    }

    /// Whether the body is compressed, so that it cannot be read as it comes.
    pub(super) fn compressed(&self) -> bool {
        let codings = self.all("content-encoding").chain(self.all("transfer-encoding"));
        let plain =
            |coding: &str| ["", "identity", "chunked"].iter().any(|it| coding.eq_ignore_ascii_case(it));
        codings.flat_map(|list| list.split(',')).any(|coding| !plain(coding.trim()))
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

/// Old servers fold long fields and put blanks before the colon.
fn lenient() -> httparse::ParserConfig {
    let mut config = httparse::ParserConfig::default();
    config.allow_obsolete_multiline_headers_in_responses(true);
    config.allow_spaces_after_header_name_in_responses(true);
    config
}

fn owned(headers: &[httparse::Header<'_>]) -> Vec<(String, String)> {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    headers.iter().map(|header| (header.name.to_owned(), text(header.value))).collect()
}
