//! What conversations are hidden in.

type Wrap = fn(&[u8]) -> Vec<u8>;

/// A form: what each side opens with, and what it makes of a line.
pub(super) struct Form {
    pub(super) name: &'static str,
    pub(super) opens: [Vec<u8>; 2],
    pub(super) wraps: [Wrap; 2],
}

fn plain(line: &[u8]) -> Vec<u8> {
    line.to_vec()
}

fn form(name: &'static str, client: impl AsRef<[u8]>, server: impl AsRef<[u8]>) -> Form {
    Form { name, opens: [client.as_ref().to_vec(), server.as_ref().to_vec()], wraps: [plain; 2] }
}

pub(super) const POST: &str =
    "POST /upload HTTP/1.1\r\nHost: a.example\r\nContent-Length: 4000000000\r\n\r\n";
pub(super) const OK: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4000000000\r\n\r\n";
const POST_CHUNKS: &str = "POST /upload HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
const OK_CHUNKS: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const UPGRADE: &str = "GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
pub(super) const UPGRADED: &str =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";

fn chunk(line: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", line.len()).as_bytes(), line, b"\r\n"].concat()
}

fn record(line: &[u8]) -> Vec<u8> {
    [&[0x17, 3, 3][..], &u16::try_from(line.len()).unwrap().to_be_bytes(), line].concat()
}

/// Part of a message of WebSocket that never ends.
fn fragment(line: &[u8]) -> Vec<u8> {
    [&[0, 0x7e][..], &u16::try_from(line.len()).unwrap().to_be_bytes(), line].concat()
}

fn response(line: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", line.len());
    [head.as_bytes(), line].concat()
}

/// In the line that ends a chunk.
fn chunk_end(line: &[u8]) -> Vec<u8> {
    [b"1\r\nx", line].concat()
}

/// In the line that tells the size of a chunk.
fn extension(line: &[u8]) -> Vec<u8> {
    [b"1;x=", line, b"x\r\n"].concat()
}

/// As the value of a field.
fn field(line: &[u8]) -> Vec<u8> {
    [b"X-Note: ", line].concat()
}

fn batch(line: &[u8]) -> Vec<u8> {
    [b"[", line.trim_ascii(), b"]\n"].concat()
}

fn indented(line: &[u8]) -> Vec<u8> {
    [b" \t", line].concat()
}

/// In the middle of two records.
fn records(line: &[u8]) -> Vec<u8> {
    let (first, rest) = line.split_at(line.len() / 2);
    [record(first), record(rest)].concat()
}

/// A whole frame of WebSocket, with this first byte and mask.
fn whole_frame(first: u8, mask: Option<[u8; 4]>, payload: &[u8]) -> Vec<u8> {
    let flag = if mask.is_some() { 0x80 } else { 0 };
    let mut frame = vec![first];
    if let Ok(size @ 0..=125) = u8::try_from(payload.len()) {
        frame.push(flag | size);
    } else {
        frame.push(flag | 0x7e);
        frame.extend(u16::try_from(payload.len()).unwrap().to_be_bytes());
    }
    frame.extend(mask.iter().flatten());
    let key = mask.unwrap_or_default();
    frame.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

fn pings(line: &[u8]) -> Vec<u8> {
    line.chunks(125).flat_map(|part| whole_frame(0x89, None, part)).collect()
}

fn masked_pings(line: &[u8]) -> Vec<u8> {
    line.chunks(100).flat_map(|part| whole_frame(0x89, Some([9, 8, 7, 6]), part)).collect()
}

fn compressed_frame(line: &[u8]) -> Vec<u8> {
    whole_frame(0xc1, None, line)
}

/// A whole frame that says that it is masked, and is not.
fn lying_frame(line: &[u8]) -> Vec<u8> {
    let mask = [9, 8, 7, 6];
    let masked: Vec<u8> = line.iter().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key).collect();
    whole_frame(0x81, Some(mask), &masked)
}

/// The header of one frame of 1 GiB, and what it is masked with.
fn frame(mask: Option<[u8; 4]>) -> Vec<u8> {
    let flag = if mask.is_some() { 0x80 } else { 0 };
    [&[0x81, 0x7f | flag, 0, 0, 0, 0, 0x40, 0, 0, 0][..], mask.as_ref().map_or(&[][..], |mask| mask)].concat()
}

fn bitcoin(command: &str, length: u32) -> Vec<u8> {
    let mut header = vec![0xf9, 0xbe, 0xb4, 0xd9];
    header.extend(command.as_bytes());
    header.resize(16, 0);
    header.extend(length.to_le_bytes());
    header.extend([1, 2, 3, 4]);
    header
}

fn levin(length: u64) -> Vec<u8> {
    let mut header = vec![0x01, 0x21, 1, 1, 1, 1, 1, 1];
    header.extend(length.to_le_bytes());
    header.extend([1, 0xe9, 3, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]);
    header
}

/// The greeting of `ZeroMQ` and the header of a long frame.
fn zmtp() -> Vec<u8> {
    let mut greeting = vec![0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0];
    greeting.extend(b"NULL");
    greeting.resize(64, 0);
    greeting.extend([2, 0, 0, 0, 0, 2, 0, 0, 0]);
    greeting
}

fn random(length: usize) -> Vec<u8> {
    (0..length).map(|at| u8::try_from(at * 151 % 256).unwrap()).collect()
}

/// `P2Pool`'s challenge and solution, and the header of a block.
fn p2pool() -> Vec<u8> {
    [&[0][..], &random(16), &[1], &random(40), &[4, 0, 0, 1, 0]].concat()
}

/// The key of `RLPx` and what it seals.
fn rlpx() -> Vec<u8> {
    [&[0x01, 0x40, 4][..], &random(319)].concat()
}

/// The hello of a gateway of DATUM.
fn datum() -> Vec<u8> {
    [&(0xdc87_1829u32 ^ 0x0b00_0190).to_le_bytes()[..], &random(400)].concat()
}

/// Forms in which no text can be.
pub(super) fn sealed() -> Vec<Form> {
    let tls = b"\x16\x03\x01\x40\x00";
    vec![
        form("a record of TLS", tls, tls),
        Form { wraps: [record; 2], ..form("records of TLS", b"", b"") },
        form("a transaction of Bitcoin", bitcoin("tx", 30_000_000), bitcoin("tx", 30_000_000)),
        form("a small transaction of Bitcoin", bitcoin("tx", 16_000), bitcoin("tx", 16_000)),
        form("a message of levin", levin(90_000_000), levin(90_000_000)),
        form("a block of P2Pool", p2pool(), p2pool()),
        form("a job of Stratum V2", [0, 0x80, 0x1f, 0xf0, 0x49, 2], [0, 0x80, 0x1f, 0xf0, 0x49, 2]),
        form("RLPx", rlpx(), rlpx()),
        form("DATUM", datum(), random(300)),
    ]
}

pub(super) fn forms() -> Vec<Form> {
    let gzip = "Content-Encoding: gzip\r\nContent-Length: 4000000000\r\n\r\n";
    let (post_gzip, ok_gzip) = (format!("POST / HTTP/1.1\r\n{gzip}"), format!("HTTP/1.1 200 OK\r\n{gzip}"));
    let chunks = |head: &str| format!("{head}7fffffff\r\n");
    let mut forms = sealed();
    forms.extend([
        form("bodies", POST, OK),
        form("a request", POST, ""),
        form("a response", "", OK),
        form("a response before any request", "", "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"),
        form(
            "a response that ends with the connection",
            POST,
            "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\n\r\n",
        ),
        form("compressed bodies", post_gzip, ok_gzip),
        form("a chunk", chunks(POST_CHUNKS), chunks(OK_CHUNKS)),
        Form { wraps: [chunk; 2], ..form("chunks", POST_CHUNKS, OK_CHUNKS) },
        Form { wraps: [plain, response], ..form("a request and responses", POST, "") },
        form("a broken length", "POST / HTTP/1.1\r\nContent-Length: 1, 2\r\n\r\n", OK),
        form(
            "a frame",
            [UPGRADE.as_bytes(), &frame(None)].concat(),
            [UPGRADED.as_bytes(), &frame(None)].concat(),
        ),
        form(
            "a frame that is not masked",
            [UPGRADE.as_bytes(), &frame(Some([9, 8, 7, 6]))].concat(),
            [UPGRADED.as_bytes(), &frame(None)].concat(),
        ),
        Form {
            wraps: [fragment; 2],
            ..form("fragments", [UPGRADE, "\x01\x01 "].concat(), [UPGRADED, "\x01\x01 "].concat())
        },
        Form { wraps: [batch; 2], ..form("batches in bodies", POST, OK) },
        form("trailers", format!("{POST_CHUNKS}0\r\n"), format!("{OK_CHUNKS}0\r\n")),
        Form {
            wraps: [field; 2],
            ..form("fields of trailers", format!("{POST_CHUNKS}0\r\n"), format!("{OK_CHUNKS}0\r\n"))
        },
        Form { wraps: [chunk_end; 2], ..form("ends of chunks", POST_CHUNKS, OK_CHUNKS) },
        Form { wraps: [extension; 2], ..form("extensions of chunks", POST_CHUNKS, OK_CHUNKS) },
        Form {
            wraps: [indented; 2],
            ..form(
                "a frame that is not masked, indented",
                [UPGRADE.as_bytes(), &frame(Some([9, 8, 7, 6]))].concat(),
                [UPGRADED.as_bytes(), &frame(None)].concat(),
            )
        },
        form(
            "a frame that is masked with zeros",
            [UPGRADE.as_bytes(), &frame(Some([0; 4]))].concat(),
            [UPGRADED.as_bytes(), &frame(Some([0; 4]))].concat(),
        ),
        Form { wraps: [lying_frame; 2], ..form("frames that are not masked", UPGRADE, UPGRADED) },
        Form { wraps: [masked_pings, pings], ..form("pings", UPGRADE, UPGRADED) },
        Form { wraps: [compressed_frame; 2], ..form("frames that are not compressed", UPGRADE, UPGRADED) },
        Form { wraps: [indented; 2], ..form("indented lines after an upgrade", UPGRADE, UPGRADED) },
        form("an unknown upgrade", UPGRADE.replace("websocket", "x"), UPGRADED.replace("websocket", "x")),
        form(
            "responses that announce others",
            "GET / HTTP/1.1\r\n\r\n",
            "HTTP/1.1 100 Continue\r\n\r\n".repeat(40),
        ),
        form("HTTP without a version", "GET /\r\n", "<html>\r\n"),
        form(
            "lengths that differ",
            POST.replace("\r\n\r\n", "\r\nContent-Length: 1\r\n\r\n"),
            OK.replace("\r\n\r\n", "\r\nContent-Length: 1\r\n\r\n"),
        ),
        form(
            "an unknown coding",
            POST_CHUNKS.replace("chunked", "chunked, x"),
            OK_CHUNKS.replace("chunked", "chunked, x"),
        ),
        form("an answer without a body", "HEAD / HTTP/1.1\r\n\r\n", OK),
        form("a body of GET", POST.replace("POST", "GET"), "HTTP/1.1 304 No\r\n\r\n"),
        Form { wraps: [records; 2], ..form("lines across records of TLS", b"", b"") },
        Form {
            wraps: [|line| [b"\0\xef\xbb\xbf \x0b", line].concat(), |line| [b"\x1c", line].concat()],
            ..form("odd blanks", b"", b"")
        },
        form("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ""),
        form("ZeroMQ", zmtp(), zmtp()),
        form("no methods of SOCKS", b"\x05\x00".repeat(40), b"\x05\x00".repeat(40)),
        form("first lines of HTTP", "A B HTTP/1.1\r\n".repeat(100), "HTTP/1.1 200\n".repeat(100)),
        form("other text", "HELLO\r\n", "220 hello\r\n"),
    ]);
    forms
}
