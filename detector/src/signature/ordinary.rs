//! What ordinary connections say: a token that is in it singles out too much.

use detector_common::automaton::ACCEPT;

use super::compile::compile;
use super::file::Signature;

/// What it is, and its bytes.
const SAMPLES: [(&str, &[u8]); 10] = [
    (
        "the request of an HTTP client",
        b"POST /api/v1/login HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n\
          Accept: text/html,application/json,*/*\r\nContent-Type: application/json\r\nConnection: keep-alive\r\n\
          Authorization: Bearer abc\r\nContent-Length: 33\r\n\r\n{\"username\":\"a\",\"password\":\"x\"}",
    ),
    (
        "the answer of a web server",
        b"HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: text/html; charset=utf-8\r\nTransfer-Encoding: \
          chunked\r\n\r\n1a\r\n<!DOCTYPE html><html lang=\"en\"><head><title>worker, job, difficulty, target</title>",
    ),
    (
        "a WebSocket handshake",
        b"GET /socket HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
          Sec-WebSocket-Protocol: json\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
    ),
    (
        "a JSON-RPC request of a wallet",
        b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_blockNumber\",\"params\":[]}\n\
          {\"id\": 2, \"method\": \"eth_getBalance\", \"params\": [\"0x00\", \"latest\"]}\n",
    ),
    (
        "a JSON-RPC answer",
        b"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"0x10\"}\n{\"id\":1,\"result\":true,\"error\":null}\n\
          {\"error\":null,\"id\":1,\"result\":[]}\n{\"id\": 3, \"result\": null, \"error\": {\"code\": -32601, \
          \"message\": \"Method not found\"}}\n",
    ),
    (
        "an Electrum wallet",
        b"{\"id\":0,\"method\":\"server.version\",\"params\":[\"electrum/4.5\",\"1.4\"]}\n\
          {\"jsonrpc\":\"2.0\",\"method\":\"blockchain.headers.subscribe\",\"params\":[{\"height\":1,\"hex\":\"00\"}]}\n",
    ),
    (
        "a language server",
        b"Content-Length: 99\r\n\r\n{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{\"processId\":1,\
          \"capabilities\":{\"textDocument\":{}}}}",
    ),
    (
        "a structured log",
        b"{\"timestamp\":\"2026-01-01T00:00:00Z\",\"level\":\"info\",\"message\":\"request served\",\"status\":\"OK\",\
          \"type\":\"job\",\"user\":\"a\",\"worker\":\"3\"}\n",
    ),
    ("a message queue", b"{\"event\":\"job\",\"job_id\":\"17\",\"queue\":\"mail\",\"data\":{\"target\":\"all\"}}\n"),
    ("binary data", &[0; 64]),
];

/// What of ordinary traffic the token is in, if any.
pub(super) fn matched(signature: &Signature) -> Option<&'static str> {
    let compiled = compile(std::slice::from_ref(signature)).ok()?;
    let finds = |text: &[u8]| {
        let mut state = 0;
        text.iter().any(|byte| {
            state = compiled.automaton.step(state, *byte);
            state & ACCEPT != 0
        })
    };
    SAMPLES.iter().find(|(_, text)| finds(text)).map(|(what, _)| *what)
}
