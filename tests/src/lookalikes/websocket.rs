//! What else is said over WebSocket and through proxies.

use super::Lookalike;
use crate::talk::Talk;
use crate::websocket::frame;

fn said(title: &'static str, client: &[&str], server: &[&str]) -> Lookalike {
    let talk = Talk::new().upgrade("/ws");
    let talk = client.iter().fold(talk, |talk, text| talk.client_message(text));
    let talk = server.iter().fold(talk, |talk, text| talk.server_message(text));
    Lookalike { title, talk }
}

/// What follows is encrypted.
fn hello() -> Vec<u8> {
    [&[0x16, 3, 1, 0, 200][..], &[0x5a; 200]].concat()
}

pub(super) fn all() -> Vec<Lookalike> {
    [applications(), interfaces(), frames(), proxies()].into_iter().flatten().collect()
}

fn applications() -> Vec<Lookalike> {
    vec![
        said(
            "EXMO: the log-in of an exchange over WebSocket",
            &[
                r#"{"id":1,"method":"login","api_key":"K-0123456789","sign":"c2lnbmF0dXJl","nonce":1700000000}"#,
                r#"{"id":2,"method":"subscribe","topics":["spot/orders","spot/wallet"]}"#,
            ],
            &[r#"{"ts":1700000000,"event":"logged_in","code":1,"message":"success"}"#],
        ),
        said(
            "An exchange's feed of trades",
            &[r#"{"method":"SUBSCRIBE","params":["btcusdt@aggTrade","xmrusdt@depth"],"id":1}"#],
            &[
                r#"{"result":null,"id":1}"#,
                r#"{"e":"aggTrade","E":1700000000,"s":"XMRUSDT","a":1,"p":"150.1","q":"0.2","f":1,"l":1,"T":1,"m":true}"#,
            ],
        ),
        said(
            "A chat that signs in and submits forms",
            &[
                r#"{"type":"auth","params":{"token":"eyJhbGciOi","user":"alice"}}"#,
                r#"{"type":"auth","params":{"site_key":"6LeIxAcTAAAAAJcZVRqyHh71UMIEGNQ"}}"#,
                r#"{"type":"submit","params":{"form":"contact","nonce":"a1b2c3d4","result":"ok"}}"#,
            ],
            &[
                r#"{"type":"authed","params":{"user":"alice"}}"#,
                r#"{"type":"job","params":{"job_id":"17","target":"print","blob":"JVBERi0xLjc="}}"#,
                r#"{"type":"error","params":{"error":"no such room"}}"#,
            ],
        ),
        said(
            "A game in which players register and share",
            &[
                r#"{"message":"register","name":"alice","address":"12 Main Street","mode":"nano"}"#,
                r#"{"message":"share","block":"stone"}"#,
                r#"{"message":"share","nonce":7}"#,
            ],
            &[
                r#"{"message":"registered"}"#,
                r#"{"message":"settings","target":3,"address":"level 4"}"#,
                r#"{"message":"new-block","x":1,"y":2}"#,
                r#"{"message":"error","reason":"out of bounds"}"#,
            ],
        ),
        said(
            "ActionCable: the channels of a web application",
            &[
                r#"{"command":"subscribe","identifier":"{\"channel\":\"JobChannel\",\"id\":7}"}"#,
                r#"{"command":"message","identifier":"{\"channel\":\"JobChannel\"}","data":"{\"action\":\"solved\"}"}"#,
            ],
            &[
                r#"{"type":"welcome"}"#,
                r#"{"identifier":"{\"channel\":\"JobChannel\",\"id\":7}","type":"confirm_subscription"}"#,
                r#"{"identifier":"job","status":"queued"}"#,
                r#"{"identifier":"handshake","protocol":"v1"}"#,
            ],
        ),
        said(
            "Phoenix: the channels of a web application",
            &[r#"["3","3","room:lobby","phx_join",{"user":"alice"}]"#],
            &[r#"["3","3","room:lobby","phx_reply",{"status":"ok","response":{}}]"#],
        ),
    ]
}

fn interfaces() -> Vec<Lookalike> {
    vec![
        said(
            "GraphQL: subscriptions",
            &[
                r#"{"type":"connection_init","payload":{"authToken":"x"}}"#,
                r#"{"id":"1","type":"subscribe","payload":{"query":"subscription { job { id blob } }"}}"#,
            ],
            &[
                r#"{"type":"connection_ack"}"#,
                r#"{"id":"1","type":"next","payload":{"data":{"job":{"id":"1","blob":"00"}}}}"#,
            ],
        ),
        said(
            "An editor and its language server",
            &[
                r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"processId":1,"capabilities":{}}}"#,
                r#"{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"textDocument":{"text":"mining.subscribe"}}}"#,
            ],
            &[r#"{"jsonrpc":"2.0","id":0,"result":{"capabilities":{"hoverProvider":true}}}"#],
        ),
        said(
            "Jupyter: a notebook and its kernel",
            &[
                r#"{"header":{"msg_id":"1","msg_type":"execute_request","version":"5.3"},"content":{"code":"print('mining.notify')"}}"#,
            ],
            &[
                r#"{"header":{"msg_id":"2","msg_type":"stream"},"content":{"name":"stdout","text":"mining.notify\n"}}"#,
            ],
        ),
        said(
            "Socket.IO: a chat",
            &["40", r#"42["message",{"type":"text","text":"job"}]"#, r#"42["job",{"id":7}]"#, "3"],
            &["2", r#"42["submit",{"job_id":"7","nonce":"x","result":"done"}]"#],
        ),
        said(
            "Web3: a page that follows the blocks of a node",
            &[r#"{"jsonrpc":"2.0","id":1,"method":"eth_subscribe","params":["newHeads"]}"#],
            &[
                r#"{"jsonrpc":"2.0","id":1,"result":"0x9ce59a13059e417087c02d3236a0b1cc"}"#,
                r#"{"jsonrpc":"2.0","method":"eth_subscription","params":{"subscription":"0x9ce59a13059e417087c02d3236a0b1cc","result":{"number":"0x1b4","extraData":"0xd883","miner":"0x00000000000000000000000000000000000000aa"}}}"#,
            ],
        ),
        said(
            "A Monero wallet at its node over WebSocket",
            &[r#"{"jsonrpc":"2.0","id":"0","method":"get_block_template","params":{"wallet_address":"4x"}}"#],
            &[r#"{"jsonrpc":"2.0","id":"0","error":{"code":-1,"message":"busy","blockhashing_blob":""}}"#],
        ),
    ]
}

fn frames() -> Vec<Lookalike> {
    vec![
        Lookalike {
            title: "MQTT over WebSocket",
            talk: Talk::new()
                .upgrade("/mqtt")
                .client_bytes(&frame(
                    0x82,
                    Some([1, 2, 3, 4]),
                    b"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04rig7",
                ))
                .server_bytes(&frame(0x82, None, b"\x20\x02\x00\x00"))
                .client_bytes(&frame(0x82, Some([1, 2, 3, 4]), b"\x30\x12\x00\x07jobs/xm{\"job\":1}"))
                .server_bytes(&frame(0x82, None, b"\x30\x12\x00\x07jobs/xm{\"job\":1}")),
        },
        Lookalike {
            title: "A compressed chat over WebSocket",
            talk: (0..40).fold(Talk::new().upgrade("/chat"), |talk, _| {
                talk.server_bytes(&frame(0xc1, None, &[0xaa; 150])).client_bytes(&frame(
                    0xc1,
                    Some([7; 4]),
                    &[0xbb; 90],
                ))
            }),
        },
    ]
}

fn proxies() -> Vec<Lookalike> {
    let connect = |target: &str| {
        Talk::new()
            .client_bytes(format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n").as_bytes())
            .server_bytes(b"HTTP/1.1 200 Connection established\r\n\r\n")
    };
    vec![
        Lookalike {
            title: "A web page through a proxy",
            talk: connect("www.example.org:443").client_bytes(&hello()).server_bytes(&hello()),
        },
        Lookalike {
            title: "The web page of a mining pool through a proxy",
            talk: connect("www.supportxmr.com:443").client_bytes(&hello()).server_bytes(&hello()),
        },
        Lookalike {
            title: "A pool's page about one coin through SOCKS",
            talk: Talk::new()
                .client_bytes(&[5, 1, 0])
                .server_bytes(&[5, 0])
                .client_bytes(b"\x05\x01\0\x03\x10xmr.nanopool.org\x01\xbb")
                .server_bytes(b"\x05\0\0\x01\0\0\0\0\0\0")
                .client_bytes(&hello())
                .server_bytes(&hello()),
        },
        Lookalike {
            title: "Mail through SOCKS",
            talk: Talk::new()
                .client_bytes(&[5, 1, 0])
                .server_bytes(&[5, 0])
                .client_bytes(b"\x05\x01\0\x03\x0cmail.example\0\x19")
                .server_bytes(b"\x05\0\0\x01\0\0\0\0\0\0")
                .server("220 mail.example ESMTP")
                .client("EHLO client.example")
                .server("250 mail.example"),
        },
        Lookalike {
            title: "A known pool's server that a proxy cannot reach",
            talk: Talk::new()
                .client_bytes(b"CONNECT pool.supportxmr.com:3333 HTTP/1.1\r\n\r\n")
                .server_bytes(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"),
        },
    ]
}
