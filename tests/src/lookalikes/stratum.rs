//! Conversations that share words with Stratum version 1 and its dialects.

use super::Lookalike;
use crate::talk::Talk;

/// Lines of client (`>`) and server (`<`).
fn talk(lines: &str) -> Talk {
    lines.lines().fold(Talk::new(), |talk, line| match line.trim().split_once(' ') {
        Some((">", line)) => talk.client(line),
        Some(("<", line)) => talk.server(line),
        _ => talk,
    })
}

const CONVERSATIONS: [(&str, &str); 12] = [
    (
        "A data-mining service whose methods are called mining.*",
        r#"
> {"jsonrpc":"2.0","id":1,"method":"mining.subscribe","params":{"queue":"clusters","topic":"jobs"}}
< {"jsonrpc":"2.0","id":1,"result":{"subscription":"7"}}
> {"jsonrpc":"2.0","id":2,"method":"mining.submit","params":{"dataset":"sales-2024","algorithm":"kmeans","clusters":8}}
< {"jsonrpc":"2.0","id":2,"result":{"job":"job-17","status":"queued"}}
< {"jsonrpc":"2.0","method":"mining.notify","params":{"job":"job-17","status":"running"}}
< {"jsonrpc":"2.0","method":"mining.notify","params":{"job":"job-17","status":"done"}}
"#,
    ),
    (
        "A queue of data-mining jobs with lists of parameters",
        r#"
> {"id":1,"method":"mining.submit","params":["sales-2024","kmeans","eight"]}
< {"id":1,"result":"job-17"}
< {"method":"mining.notify","params":["job-17","running"]}
> {"id":2,"method":"mining.status","params":["job-17"]}
< {"id":2,"result":"running"}
< {"method":"mining.notify","params":["job-17","done"]}
> {"id":3,"method":"results.fetch","params":["job-17"]}
< {"id":3,"result":[1,2,3]}
"#,
    ),
    (
        "An application that authorizes, is notified and sets targets",
        r#"
> {"jsonrpc":"2.0","id":1,"method":"authorize","params":["alice","Summer2024"]}
< {"jsonrpc":"2.0","id":1,"result":true}
> {"jsonrpc":"2.0","id":2,"method":"set_target","params":[21.5]}
< {"jsonrpc":"2.0","id":2,"result":true}
< {"jsonrpc":"2.0","method":"notify","params":["temperature",20.5]}
< {"jsonrpc":"2.0","method":"set_difficulty","params":[3]}
> {"jsonrpc":"2.0","id":3,"method":"submit","params":["form-7","alice","deadbeef"]}
< {"jsonrpc":"2.0","id":3,"result":true}
"#,
    ),
    (
        "A wallet that authorizes an address",
        r#"
> {"id":1,"method":"authorize","params":["0x00000000000000000000000000000000f12eda4b","signature"]}
< {"id":1,"result":true}
> {"id":2,"method":"notify","params":["0x0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"]}
< {"id":2,"result":true}
< {"method":"notify","params":["tx","0x0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"]}
"#,
    ),
    (
        "Electrum: a wallet that watches addresses and reads headers",
        r#"
> {"id":0,"method":"server.version","params":["electrum/4.5",["1.4","1.4"]]}
< {"id":0,"jsonrpc":"2.0","result":["ElectrumX 1.16.0","1.4"]}
> {"id":1,"method":"blockchain.headers.subscribe","params":[]}
< {"id":1,"jsonrpc":"2.0","result":{"hex":"00e0ff3f","height":820000}}
> {"id":2,"method":"blockchain.scripthash.subscribe","params":["0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"]}
< {"id":2,"jsonrpc":"2.0","result":null}
< {"jsonrpc":"2.0","method":"blockchain.headers.subscribe","params":[{"hex":"00e0ff3f","height":820001}]}
"#,
    ),
    (
        "A language server",
        r#"
> {"jsonrpc":"2.0","id":0,"method":"initialize","params":{"processId":1,"capabilities":{}}}
< {"jsonrpc":"2.0","id":0,"result":{"capabilities":{"textDocumentSync":2}}}
> {"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"textDocument":{"uri":"file:///a.rs","text":"send(\"mining.subscribe\")"}}}
< {"jsonrpc":"2.0","method":"client/registerCapability","params":{"registrations":[{"id":"1","method":"mining.notify"}]}}
"#,
    ),
    (
        "An assistant's tool that is named like a method",
        r#"
> {"jsonrpc":"2.0","id":1,"method":"tools/list"}
< {"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"mining.subscribe"},{"name":"mining.submit"}]}}
> {"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"mining.subscribe","arguments":{"agent":"cgminer/4.11.1"}}}
< {"jsonrpc":"2.0","id":2,"result":{"content":[{"type":"text","text":"{\"id\":1,\"method\":\"mining.subscribe\",\"params\":[]}"}]}}
"#,
    ),
    (
        "GraphQL subscriptions",
        r#"
> {"type":"connection_init","payload":{}}
< {"type":"connection_ack"}
> {"id":"1","type":"subscribe","payload":{"query":"subscription { \"mining.notify\" { id } }"}}
< {"id":"1","type":"next","payload":{"data":{"mining.notify":{"id":"7"}}}}
"#,
    ),
    (
        "A chat about mining that quotes messages",
        r#"
> {"method":"chat.post","id":1,"params":["it says {\"id\":1,\"method\":\"mining.subscribe\",\"params\":[\"cgminer/4.11.1\"]}"]}
< {"id":1,"result":"ok"}
< {"method":"chat.said","params":["bob","and the pool: {\"method\":\"mining.set_difficulty\",\"params\":[8192]}"]}
< {"method":"chat.said","params":["bob","EthereumStratum/1.0.0 is what NiceHash wants"]}
"#,
    ),
    (
        "A log of a pool that is shipped to a collector",
        r#"
> {"@timestamp":"2024-01-01T00:00:00Z","method":"mining.submit","params":["u.1","1f2a","00000000","66a00000","deadbeef"],"id":4}
> {"ts":1704067200,"method":"mining.notify","params":["1f2a","0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"]}
> {"level":"info","msg":"{\"method\":\"mining.authorize\",\"params\":[\"u\",\"x\"]}"}
"#,
    ),
    (
        "A feed with escaped letters",
        r#"
> {"id":1,"method":"\u006cist","params":["\u0061\u006cl"]}
< {"id":1,"result":["\u0063af\u00e9","\u006dining news"]}
> {"id":2,"method":"read","params":["\u006dining"]}
< {"id":2,"result":"Gold prices rise"}
"#,
    ),
    (
        "A scheduler of jobs whose clients reconnect and hear messages",
        r#"
< {"method":"client.show_message","params":["maintenance at noon"]}
> {"id":1,"method":"job.list","params":[]}
< {"id":1,"result":[]}
> {"id":2,"method":"job.list","params":[]}
< {"id":2,"result":[]}
"#,
    ),
];

pub(super) fn all() -> Vec<Lookalike> {
    CONVERSATIONS.into_iter().map(|(title, lines)| Lookalike { title, talk: talk(lines) }).collect()
}
