//! Web pages, documentation and scripts that quote mining, also where only the end of a page is heard.

use super::Lookalike;
use super::wire::{chunked, get, ok, pages, post};
use crate::talk::Talk;

/// Both sides of a session as documentation shows it.
const SESSION: &str = "{\"id\": 1, \"method\": \"mining.subscribe\", \"params\": [\"cgminer/4.11.1\"]}\n\
    {\"id\": 1, \"result\": [[[\"mining.set_difficulty\", \"b4b6693b72a50c7116db18d6497cac52\"], [\"mining.notify\", \"ae6812eb4cd7735a302a8a9dd95cf71f\"]], \"08000002\", 4], \"error\": null}\n\
    {\"id\": 2, \"method\": \"mining.authorize\", \"params\": [\"slush.miner1\", \"password\"]}\n\
    {\"id\": 2, \"result\": true, \"error\": null}\n\
    {\"id\": null, \"method\": \"mining.notify\", \"params\": [\"bf\", \"4d16b6f85af6e2198f44ae2a6de67f78487ae5611b77c6c0440b921e00000000\", \"01000000010000000000000000\", \"072f736c7573682f000000000100f2052a010000001976a914\", [], \"00000002\", \"1c2ac4af\", \"504e86b9\", false]}\n\
    {\"id\": 4, \"method\": \"mining.submit\", \"params\": [\"slush.miner1\", \"bf\", \"00000001\", \"504e86ed\", \"b2957c02\"]}\n\
    {\"id\": 4, \"result\": true, \"error\": null}\n";

const MONERO: &str = "{\"id\":1,\"jsonrpc\":\"2.0\",\"method\":\"login\",\"params\":{\"login\":\"47firedamp\",\"pass\":\"x\",\"agent\":\"XMRig/6.22.2\",\"algo\":[\"rx/0\"]}}\n\
    {\"id\":1,\"jsonrpc\":\"2.0\",\"error\":null,\"result\":{\"id\":\"1be0b7b6\",\"job\":{\"blob\":\"0707e6bdb3cf0508\",\"job_id\":\"ljn6\",\"target\":\"b88d0600\"},\"status\":\"OK\"}}\n";

/// A page of several thousand bytes with a session in the middle.
fn page() -> String {
    let prose = "<p>A miner connects to the server over a plain socket; each message is one line of JSON, and a line feed ends it. \
                 The server may answer in any order, which the id makes up for.</p>\n";
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Stratum mining protocol</title>\n</head>\n\
         <body>\n<h1>Stratum</h1>\n{}<h2>An example</h2>\n<pre>\n{SESSION}</pre>\n{}<h2>Monero</h2>\n<pre>\n{MONERO}</pre>\n{}</body>\n</html>\n",
        prose.repeat(12),
        prose.repeat(4),
        prose.repeat(3)
    )
}

/// In pieces of so many bytes.
fn pieces(text: &str, size: usize) -> Vec<&str> {
    let mut rest = text;
    let mut pieces = Vec::new();
    while let Some((piece, after)) = rest.split_at_checked(size) {
        pieces.push(piece);
        rest = after;
    }
    pieces.push(rest);
    pieces
}

pub(super) fn all() -> Vec<Lookalike> {
    [whole(), scripts(), joined()].concat()
}

fn whole() -> Vec<Lookalike> {
    let page = page();
    let head = format!(
        "HTTP/1.1 200 OK\r\nServer: Apache\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n",
        page.len()
    );
    let in_writes = [512, 1024, 1448].map(|size| {
        let talk = Talk::new().client_bytes(&get("docs.example", "/stratum")).server_bytes(head.as_bytes());
        pieces(&page, size).iter().fold(talk, |talk, piece| talk.server_bytes(piece.as_bytes()))
    });
    let [small, middle, large] = in_writes;
    vec![
        Lookalike::new(
            "Web: the documentation of Stratum, of known length",
            pages("docs.example", &[("/stratum", "text/html; charset=utf-8", &page)]),
        ),
        Lookalike::new(
            "Web: the same in chunks",
            Talk::new()
                .client_bytes(&get("docs.example", "/stratum"))
                .server_bytes(&chunked("text/html; charset=utf-8", &pieces(&page, 1000))),
        ),
        Lookalike::new("Web: the same in writes of 512 bytes, its head by itself", small),
        Lookalike::new("Web: the same in writes of 1024 bytes, its head by itself", middle),
        Lookalike::new("Web: the same in writes of 1448 bytes, its head by itself", large),
        Lookalike::new(
            "Web: HTTP/1.0 without a length, the end of the connection is the end of the page",
            Talk::new()
                .client_bytes(b"GET /stratum HTTP/1.0\r\nHost: docs.example\r\n\r\n")
                .server_bytes(format!("HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n{page}").as_bytes()),
        ),
        Lookalike::new(
            "Web: Gopher and Gemini",
            Talk::new().client_bytes(b"/mining/stratum.txt\r\n").server_bytes(
                format!("# Stratum\r\nThis is how a miner begins:\r\n```\r\n{}```\r\nThe end.\r\n.\r\n", SESSION.replace('\n', "\r\n"))
                    .as_bytes(),
            ),
        ),
        Lookalike::new(
            "Web: a forum's form is posted with a transcript in it",
            Talk::new()
                .client_bytes(&post(
                    "forum.example",
                    "/posting.php",
                    "multipart/form-data; boundary=----1711",
                    &format!(
                        "------1711\r\nContent-Disposition: form-data; name=\"subject\"\r\n\r\nIt stops\r\n------1711\r\n\
                         Content-Disposition: form-data; name=\"message\"\r\n\r\n{}------1711--\r\n",
                        SESSION.replace('\n', "\r\n")
                    ),
                ))
                .server_bytes(&ok("text/html", "<p>Posted.</p>\n")),
        ),
        Lookalike::new(
            "Web: a search engine's suggestions for the words",
            pages(
                "search.example",
                &[(
                    "/complete?q=%22mining.subscribe%22",
                    "application/json",
                    r#"["\"mining.subscribe\"",["\"mining.subscribe\" params","\"mining.authorize\" failed","\"mining.notify\" coinb1"]]"#,
                )],
            ),
        ),
    ]
}

fn scripts() -> Vec<Lookalike> {
    vec![
        Lookalike::new(
            "Web: a JavaScript bundle with a Stratum client in it",
            pages(
                "cdn.example",
                &[(
                    "/pool-ui.min.js",
                    "application/javascript",
                    "!function(){\"use strict\";const e={subscribe:\"mining.subscribe\",authorize:\"mining.authorize\",submit:\"mining.submit\"},t=(t,n)=>JSON.stringify({id:n,method:e[t],params:[]})+\"\\n\";\nconst n={\"id\":1,\"method\":\"mining.subscribe\",\"params\":[]};\nself.onmessage=({data:r})=>{if(\"mining.notify\"===r.method)postMessage({type:\"job\",params:{job_id:r.params[0],blob:\"\",target:\"\"}})}}();\n",
                )],
            ),
        ),
        Lookalike::new(
            "Web: OpenAPI's description of a pool, examples included",
            pages(
                "api.pool.example",
                &[(
                    "/openapi.json",
                    "application/json",
                    r#"{"openapi":"3.1.0","info":{"title":"Pool","version":"1"},"paths":{"/rpc":{"post":{"requestBody":{"content":{"application/json":{"examples":{"login":{"value":{"id":1,"method":"login","params":{"login":"47fire","pass":"x","agent":"XMRig/6.22.2"}}},"subscribe":{"value":{"id":1,"method":"mining.subscribe","params":["cgminer/4.11.1"]}}}}}}}}}}"#,
                )],
            ),
        ),
        Lookalike::new(
            "Web: server-sent events whose data are Stratum lines, from a pool's debug page",
            Talk::new().client_bytes(&get("debug.pool.example", "/wire")).server_bytes(&chunked(
                "text/event-stream",
                &[
                    "retry: 1000\n\n",
                    "event: in\ndata: {\"id\":1,\"method\":\"mining.subscribe\",\"params\":[\"cgminer/4.11.1\"]}\n\n",
                    "event: out\ndata: {\"id\":1,\"result\":[[[\"mining.notify\",\"ae68\"]],\"f801d02f\",4],\"error\":null}\n\n",
                    "event: in\ndata: {\"id\":2,\"method\":\"mining.authorize\",\"params\":[\"user.rig7\",\"x\"]}\n\n",
                ],
            )),
        ),
        Lookalike::new(
            "Web: a raw paste, both sides with arrows",
            pages(
                "paste.example",
                &[(
                    "/raw/a1b2c3",
                    "text/plain; charset=utf-8",
                    "-> {\"id\":1,\"method\":\"mining.subscribe\",\"params\":[\"cgminer/4.11.1\"]}\n<- {\"id\":1,\"result\":[[[\"mining.notify\",\"ae68\"]],\"f801d02f\",4],\"error\":null}\n-> {\"id\":2,\"method\":\"mining.authorize\",\"params\":[\"user.rig7\",\"x\"]}\n",
                )],
            ),
        ),
        Lookalike::new(
            "Web: a raw paste, nothing but the lines",
            pages(
                "paste.example",
                &[("/raw/d4e5f6", "text/plain; charset=utf-8", &format!("{SESSION}{MONERO}"))],
            ),
        ),
        Lookalike::new(
            "Web: a raw paste is uploaded, nothing but the lines of a miner",
            Talk::new()
                .client_bytes(&post(
                    "paste.example",
                    "/",
                    "text/plain",
                    "{\"id\":1,\"method\":\"mining.subscribe\",\"params\":[\"cgminer/4.11.1\"]}\n{\"id\":2,\"method\":\"mining.authorize\",\"params\":[\"user.rig7\",\"x\"]}\n{\"params\":[\"user.rig7\",\"17\",\"00000000\",\"66f1d2b7\",\"b2957c02\"],\"id\":7,\"method\":\"mining.submit\"}\n",
                ))
                .server_bytes(&ok("text/plain", "https://paste.example/a1b2c3\n")),
        ),
        Lookalike::new(
            "Web: a file of JSON lines, what an analyst recorded of miners",
            pages(
                "data.example",
                &[(
                    "/stratum.ndjson",
                    "application/x-ndjson",
                    "{\"id\":1,\"method\":\"mining.subscribe\",\"params\":[\"cgminer/4.11.1\"]}\n{\"id\":1,\"method\":\"mining.subscribe\",\"params\":[\"bmminer/2.0.0\"]}\n{\"id\":2,\"method\":\"mining.authorize\",\"params\":[\"user.rig7\",\"x\"]}\n",
                )],
            ),
        ),
    ]
}

/// The listener came late: the head of the page, and the request for it, were never heard.
fn joined() -> Vec<Lookalike> {
    let page = page();
    let from = |mark: &str| page.find(mark).and_then(|at| page.get(at..)).unwrap_or_default().to_owned();
    let example = from("An example</h2>");
    let body = |text: &str| {
        pieces(text, 1448).iter().fold(Talk::new(), |talk, piece| talk.server_bytes(piece.as_bytes()))
    };
    vec![
        Lookalike::new("Web, joined late: from just before the example on", body(&example)),
        Lookalike::new(
            "Web, joined late: the last lines of a page, then another one",
            Talk::new()
                .server_bytes(b"params\": [\"slush.miner1\", \"bf\", \"00000001\", \"504e86ed\", \"b2957c02\"]}\n</pre>\n</body>\n</html>\n")
                .client_bytes(&get("docs.example", "/stratum"))
                .server_bytes(&ok("text/html", &page)),
        ),
        Lookalike::new(
            "Web, joined late: the rest of a script",
            Talk::new().server_bytes(
                b"ction(e,t){return e+t}\nconst first = {\"id\":1,\"method\":\"mining.subscribe\",\"params\":[]};\nconst second = {\"id\":2,\"method\":\"mining.authorize\",\"params\":[\"u\",\"p\"]};\nexport {first, second};\n",
            ),
        ),
    ]
}
