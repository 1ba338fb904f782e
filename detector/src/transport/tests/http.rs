use super::{CLIENT, Piece, SERVER, Transport, alike, heard, told};

#[test]
fn requests_and_responses_with_bodies_on_one_connection() {
    alike(
        &[
            (CLIENT, b"POST / HTTP/1.1\r\nContent-Length: 7\r\n\r\n{\"a\":1}"),
            (SERVER, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{\"b\r\n4;x=y\r\n\":2}\r\n0\r\n\r\n"),
            (CLIENT, b"GET /work HTTP/1.1\r\n\r\nPOST /b HTTP/1.1\ncontent-length: 0\n\n"),
            (SERVER, b"HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}"),
        ],
        &[
            "POST /", "body {\"a\":1}", "status 200", "body {\"b\":2}", "GET /work", "POST /b", "body ",
            "status 204", "status 404", "body {}",
        ],
    );
}

#[test]
fn a_compressed_or_endless_body_is_not_read() {
    let zipped =
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 204 x\r\n\r\n";
    alike(&[(SERVER, zipped)], &["status 200", "unreadable", "status 204"]);
    let clear = b"POST / HTTP/1.1\r\nContent-Encoding: gzip\r\nContent-Length: 8\r\n\r\n{\"id\":1}GET / HTTP/1.1\r\n\r\n";
    alike(&[(CLIENT, clear)], &["POST /", "unreadable", "body {\"id\":1}", "GET /"]);
    let mut long = b"POST / HTTP/1.1\r\nContent-Length: 5000\r\n\r\n".to_vec();
    long.extend([b'x'; 5000]);
    long.extend(b"GET /a HTTP/1.1\r\n\r\n");
    alike(&[(CLIENT, &long)], &["POST /", "GET /a"]);
}

#[test]
fn text_after_http_is_text() {
    let said = b"GET / HTTP/1.1\r\n\r\nJOB,alice,LOW";
    assert_eq!(heard(10_000, &[(CLIENT, said)]), ["GET /", "line JOB,alice,LOW"]);
}

#[test]
fn a_body_may_end_with_the_connection() {
    alike(
        &[
            (CLIENT, b"GET /page HTTP/1.0\r\n\r\n"),
            (SERVER, b"HTTP/1.0 200 OK\r\n\r\n{\"id\":1}\n{\"id\":2}\n"),
        ],
        &["GET /page", "status 200", "body {\"id\":1}\n{\"id\":2}\n"],
    );
    alike(
        &[(SERVER, b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n{\"id\":1}\n")],
        &["status 200", "body {\"id\":1}\n"],
    );
}

#[test]
fn a_request_is_sent_on_after_100_continue_and_responses_are_told_from_it() {
    alike(
        &[
            (CLIENT, b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"),
            (SERVER, b"HTTP/1.1 100 Continue\r\n\r\n"),
            (CLIENT, b"{}HEAD / HTTP/1.1\r\n\r\n"),
            (SERVER, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"),
            (SERVER, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nHTTP/1.1 204 x\r\n\r\n"),
        ],
        &["POST /", "status 100", "body {}", "HEAD /", "status 200", "body []", "status 200", "status 204"],
    );
}

#[test]
fn trailers_and_extensions_of_chunks_are_no_content() {
    alike(
        &[(
            CLIENT,
            b"POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\nContent-Length: 3\r\n\r\n\
            1;a=\"b\"\r\n{\r\n01\r\n}\r\n0;last\r\nX-Sum: 1\r\nY: {\r\n\r\nGET /a HTTP/1.1\r\n\r\n",
        )],
        &["POST /", "body {}", "GET /a"],
    );
}

#[test]
fn a_length_that_contradicts_itself_hides_nothing_that_follows() {
    for fields in [
        "Content-Length: 8\r\nContent-Length: 9",
        "Content-Length: 8, 9",
        "Content-Length: +8",
        "Content-Length: -1",
        "Content-Length: 99999999999999999999",
        "Transfer-Encoding: chunked, identity",
    ] {
        let said = format!("POST / HTTP/1.1\r\n{fields}\r\n\r\n{{\"id\":1}}\nGET /a HTTP/1.1\r\n\r\n");
        alike(&[(CLIENT, said.as_bytes())], &["POST /", "unreadable", "GET /a"]);
    }
    for fields in
        ["Content-Length: 2, 2\r\nContent-Length: 2", "Transfer-Encoding: identity\r\nContent-Length: 2"]
    {
        let said = format!("POST / HTTP/1.1\r\n{fields}\r\n\r\n{{}}");
        alike(&[(CLIENT, said.as_bytes())], &["POST /", "body {}"]);
    }
    for coding in ["x", "identity"] {
        let said =
            format!("POST / HTTP/1.1\r\nTransfer-Encoding: {coding}\r\n\r\n{{}}\nGET /a HTTP/1.1\r\n\r\n");
        alike(&[(CLIENT, said.as_bytes())], &["POST /", "unreadable", "GET /a"]);
    }
    let broken =
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n{\"id\":1}\nGET /a HTTP/1.1\r\n\r\n";
    alike(&[(CLIENT, broken)], &["POST /", "GET /a"]);
}

#[test]
fn a_head_without_end_is_skipped_and_counted() {
    let mut long = b"GET / HTTP/1.1\r\n".to_vec();
    long.extend(b"X-Long: 0123456789\r\n".repeat(1000));
    long.extend(b"\r\n{\"id\":1}\nGET /a HTTP/1.1\r\n\r\n");
    alike(&[(CLIENT, &long)], &["GET /a"]);
    let mut transport = Transport::new(1000);
    transport.take(CLIENT, Piece::Next(&long), &mut |_| {});
    assert_eq!((transport.overlong(), transport.held_bytes()), (1, 0));
}

#[test]
fn after_a_gap_in_a_body_only_the_next_message_is_read() {
    for last in ["\n", ""] {
        let mut transport = Transport::new(1000);
        let mut heard = Vec::new();
        let mut take = |direction, piece: Piece<'_>| {
            transport.take(direction, piece, &mut |said| heard.push(told(said)));
        };
        take(CLIENT, Piece::Next(b"GET /a HTTP/1.1\r\n\r\n"));
        take(SERVER, Piece::Next(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nA page says\n"));
        take(SERVER, Piece::Gap);
        let rest =
            format!("{{\"id\":1}}\n{{\"method\":1}}{last}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{{}}");
        for byte in rest.as_bytes() {
            take(SERVER, Piece::Next(&[*byte]));
        }
        assert_eq!(heard, ["GET /a", "status 200", "status 200", "body {}"]);
    }
}

#[test]
fn two_halves_of_a_line_are_not_joined_over_a_gap() {
    let mut transport = Transport::new(1000);
    let mut heard = Vec::new();
    let opening = b"GET /a HTTP/1.1\r\n\r\nGET /b HT";
    for piece in [Piece::Next(opening), Piece::Gap, Piece::Next(b"TP/1.1\r\n\r\nGET /c HTTP/1.1\r\n\r\n")] {
        transport.take(CLIENT, piece, &mut |said| heard.push(told(said)));
    }
    assert_eq!(heard, ["GET /a", "GET /c"]);
}

#[test]
fn http_2_is_not_read() {
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x12\x04\0\0\0\0\0{\"id\":1}\n";
    alike(&[(CLIENT, preface)], &["unreadable"]);
}

#[test]
fn a_first_line_of_http_without_a_head_hides_nothing() {
    alike(
        &[
            (CLIENT, b"GET / HTTP/1.1\r\n{\"id\":1}\n"),
            (SERVER, b"HTTP/1.1 200 OK\n{\"id\":1}\nPRI * HTTP/2.0\r\n{\"id\":2}\n"),
        ],
        &["line {\"id\":1}", "line {\"id\":1}", "line {\"id\":2}"],
    );
}
