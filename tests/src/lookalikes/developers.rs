//! Tools of developers: language servers, agents' tools, debuggers, notebooks, engines of chess.

use super::Lookalike;
use super::wire::{chunked, get, lines, service, websocket};
use crate::talk::Talk;

/// The framing of the Language Server Protocol and its relatives.
fn framed(client: &[&str], server: &[&str]) -> Talk {
    let frame = |body: &str| format!("Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes();
    let both = client.len().max(server.len());
    (0..both).fold(Talk::new(), |talk, turn| {
        let talk =
            client.get(turn).map_or_else(|| talk.clone(), |body| talk.clone().client_bytes(&frame(body)));
        server.get(turn).map_or_else(|| talk.clone(), |body| talk.clone().server_bytes(&frame(body)))
    })
}

pub(super) fn all() -> Vec<Lookalike> {
    vec![
        Lookalike::new(
            "LSP: an editor opens a miner's source",
            framed(
                &[
                    r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"processId":4117,"clientInfo":{"name":"Neovim","version":"0.10.2"},"rootUri":"file:///home/a/miner","capabilities":{"workspace":{"applyEdit":true}}}}"#,
                    r#"{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"textDocument":{"uri":"file:///home/a/miner/util.c","languageId":"c","version":1,"text":"sprintf(s, \"{\\\"id\\\": %d, \\\"method\\\": \\\"mining.subscribe\\\", \\\"params\\\": []}\", swork_id++);\n"}}}"#,
                    r#"{"jsonrpc":"2.0","id":1,"method":"workspace/symbol","params":{"query":"mining.subscribe"}}"#,
                    r#"{"jsonrpc":"2.0","id":2,"method":"textDocument/completion","params":{"textDocument":{"uri":"file:///home/a/miner/util.c"},"position":{"line":0,"character":30}}}"#,
                ],
                &[
                    r#"{"jsonrpc":"2.0","id":0,"result":{"capabilities":{"textDocumentSync":1,"completionProvider":{"triggerCharacters":["."]}},"serverInfo":{"name":"clangd","version":"19.1.4"}}}"#,
                    r#"{"jsonrpc":"2.0","method":"textDocument/publishDiagnostics","params":{"uri":"file:///home/a/miner/util.c","diagnostics":[]}}"#,
                    r#"{"jsonrpc":"2.0","id":1,"result":[{"name":"mining.subscribe","kind":15,"location":{"uri":"file:///home/a/miner/util.c","range":{"start":{"line":0,"character":0},"end":{"line":0,"character":9}}}}]}"#,
                    r#"{"jsonrpc":"2.0","id":2,"result":{"isIncomplete":false,"items":[{"label":"mining.submit"},{"label":"mining.notify"}]}}"#,
                ],
            ),
        ),
        Lookalike::new(
            "MCP: a tool by the name of mining.subscribe, messages as lines",
            lines(
                r#"
                > {"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{"roots":{"listChanged":true}},"clientInfo":{"name":"desk","version":"1.4.0"}}}
                < {"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-06-18","capabilities":{"tools":{"listChanged":true}},"serverInfo":{"name":"pool-tools","version":"0.3.1"}}}
                > {"jsonrpc":"2.0","method":"notifications/initialized"}
                > {"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}
                < {"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"mining.subscribe","description":"Explain {\"id\":1,\"method\":\"mining.subscribe\",\"params\":[]}","inputSchema":{"type":"object","properties":{"agent":{"type":"string"}}}},{"name":"mining.submit","inputSchema":{"type":"object"}},{"name":"job","inputSchema":{"type":"object"}}]}}
                > {"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"mining.subscribe","arguments":{"agent":"cgminer/4.11.1"}}}
                < {"jsonrpc":"2.0","id":2,"result":{"content":[{"type":"text","text":"[[[\"mining.notify\",\"ae6812eb4cd7735a302a8a9dd95cf71f\"]],\"f801d02f\",4]"}],"isError":false}}
                > {"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"mining.submit","arguments":{"worker":"user.rig7","job_id":"17","nonce":"%8%","result":"%64%"}}}
                < {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":3,"progress":1,"total":2}}
                < {"jsonrpc":"2.0","id":3,"error":{"code":-32602,"message":"Unknown job"}}
                "#,
            ),
        ),
        Lookalike::new(
            "MCP over HTTP with server-sent events",
            service(
                "127.0.0.1:3000",
                &[(
                    "/mcp",
                    r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"login","arguments":{"login":"alice","pass":"x","agent":"desk/1.4"}}}"#,
                    r#"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"{\"id\":\"s1\",\"job\":{\"blob\":\"1010%148%\",\"job_id\":\"j1\",\"target\":\"b88d0600\"},\"status\":\"OK\"}"}]}}"#,
                )],
            )
            .client_bytes(&get("127.0.0.1:3000", "/mcp"))
            .server_bytes(&chunked(
                "text/event-stream",
                &[
                    "event: message\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{\"level\":\"info\",\"data\":\"job\"}}\n\n",
                    "event: message\nid: 7\ndata: {\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"structuredContent\":{\"job_id\":\"j2\",\"target\":\"b88d0600\"}}}\n\n",
                ],
            )),
        ),
        Lookalike::new(
            "DAP: a debugger stops in a miner",
            framed(
                &[
                    r#"{"seq":1,"type":"request","command":"initialize","arguments":{"clientID":"vscode","adapterID":"lldb","linesStartAt1":true}}"#,
                    r#"{"seq":2,"type":"request","command":"launch","arguments":{"program":"/home/a/miner/minerd","args":["-o","stratum+tcp://pool.example:3333","-u","user.rig7","-p","x"]}}"#,
                    r#"{"seq":3,"type":"request","command":"evaluate","arguments":{"expression":"sret","frameId":1000,"context":"hover"}}"#,
                ],
                &[
                    r#"{"seq":1,"type":"response","request_seq":1,"success":true,"command":"initialize","body":{"supportsConfigurationDoneRequest":true}}"#,
                    r#"{"seq":2,"type":"event","event":"output","body":{"category":"stdout","output":"> {\"id\": 1, \"method\": \"mining.subscribe\", \"params\": [\"cpuminer/2.5.1\"]}\n"}}"#,
                    r#"{"seq":3,"type":"response","request_seq":3,"success":true,"command":"evaluate","body":{"result":"{\"id\":2,\"result\":true,\"error\":null}","variablesReference":0}}"#,
                ],
            ),
        ),
        Lookalike::new(
            "Jupyter: a notebook prints a Stratum session",
            websocket(
                "/api/kernels/9b6c1b9a/channels?session_id=17",
                r#"
                > {"header":{"msg_id":"a1","username":"alice","session":"17","msg_type":"execute_request","version":"5.3"},"parent_header":{},"metadata":{},"content":{"code":"s.send(b'{\"id\":1,\"method\":\"mining.subscribe\",\"params\":[\"nb/1\"]}\\n')","silent":false},"channel":"shell","buffers":[]}
                < {"header":{"msg_id":"b1","msg_type":"status"},"parent_header":{"msg_id":"a1"},"metadata":{},"content":{"execution_state":"busy"},"channel":"iopub"}
                < {"header":{"msg_id":"b2","msg_type":"stream"},"parent_header":{"msg_id":"a1"},"metadata":{},"content":{"name":"stdout","text":"{\"id\":1,\"result\":[[[\"mining.notify\",\"ae68\"]],\"f801d02f\",4],\"error\":null}\n"},"channel":"iopub"}
                "#,
            ),
        ),
        Lookalike::new(
            "JSON-RPC: a plug-in host with login, submit, status and job of its own",
            lines(
                r#"
                > {"jsonrpc":"2.0","method":"login","params":{"user":"ci","token":"%40%"},"id":1}
                < {"jsonrpc":"2.0","result":{"session":"%32%","status":"OK"},"id":1}
                > {"jsonrpc":"2.0","method":"submit","params":{"pipeline":"nightly","ref":"refs/heads/main","sha":"%40%"},"id":2}
                < {"jsonrpc":"2.0","result":{"job":{"id":4711,"state":"queued"}},"id":2}
                > {"jsonrpc":"2.0","method":"status","params":{"job_id":4711},"id":3}
                < {"jsonrpc":"2.0","result":{"status":"OK","job_id":4711,"state":"running"},"id":3}
                < {"jsonrpc":"2.0","method":"job","params":{"job_id":4711,"state":"success","artifacts":[{"name":"app.tar.zst","sha256":"%64%","blob":"oci://registry/app@sha256:%64%"}]}}
                > {"jsonrpc":"2.0","method":"keepalive","params":{},"id":4}
                < {"jsonrpc":"2.0","result":{"status":"OK"},"id":4}
                "#,
            ),
        ),
        Lookalike::new(
            "Chess: engines on a server, UCI over TCP",
            lines(
                "
                > uci
                < id name Stockfish 17
                < option name Threads type spin default 1 min 1 max 1024
                < uciok
                > setoption name Hash value 4096
                > position startpos moves e2e4 e7e5
                > go nodes 1000000
                < info depth 20 seldepth 29 multipv 1 score cp 31 nodes 1000123 nps 1810000 hashfull 211 pv g1f3 b8c6
                < bestmove g1f3 ponder b8c6
                ",
            ),
        ),
        Lookalike::new(
            "Chess: a worker of a site takes jobs and hands in analyses, over HTTP",
            service(
                "chess.example",
                &[
                    (
                        "/fishnet/acquire?slow=true",
                        r#"{"fishnet":{"version":"2.9.4","apikey":"nobody"},"stockfish":{"name":"Stockfish 17"}}"#,
                        r#"{"work":{"type":"analysis","id":"work_id","nodes":{"sf17":1500000},"timeout":7000},"game_id":"abcdefgh","position":"rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1","variant":"standard","moves":"e2e4 c7c5 c2c4","skipPositions":[1,4,5]}"#,
                    ),
                    (
                        "/fishnet/analysis/work_id?stop=true",
                        r#"{"fishnet":{"version":"2.9.4","apikey":"nobody"},"stockfish":{"flavor":"nnue"},"analysis":[{"pv":"e2e4 e7e5","depth":18,"score":{"cp":24},"time":1004,"nodes":1686023,"nps":1670251}]}"#,
                        r#"{"work":{"type":"move","id":"work_id2","level":3},"nonce":17}"#,
                    ),
                ],
            ),
        ),
    ]
}
