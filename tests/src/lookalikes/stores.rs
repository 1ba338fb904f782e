//! Databases and brokers whose records quote Stratum: the payload often stands in a line of its own.

use super::Lookalike;
use super::wire::{after_u32, chunked, get, lines, ok, post};
use crate::talk::Talk;

/// What a miner says, as records of whoever collects that.
const MINER: [&str; 4] = [
    r#"{"id":1,"method":"mining.subscribe","params":["cgminer/4.11.1"]}"#,
    r#"{"id":2,"method":"mining.authorize","params":["user.rig7","x"]}"#,
    r#"{"id":3,"method":"mining.extranonce.subscribe","params":[]}"#,
    r#"{"params":["user.rig7","17","00000000","66f1d2b7","b2957c02"],"id":7,"method":"mining.submit"}"#,
];

/// What a pool says.
const POOL: [&str; 3] = [
    r#"{"id":1,"result":[[["mining.notify","ae6812eb4cd7735a302a8a9dd95cf71f"]],"f801d02f",4],"error":null}"#,
    r#"{"id":null,"method":"mining.set_difficulty","params":[16384]}"#,
    r#"{"id":null,"method":"mining.notify","params":["17","4d16b6f85af6e2198f44ae2a6de67f78487ae5611b77c6c0440b921e00000000","01","02",[],"20000000","1702a0f1","66f1d2b7",true]}"#,
];

/// A small length in one byte.
fn octet(length: usize) -> u8 {
    u8::try_from(length).unwrap_or(u8::MAX)
}

pub(super) fn all() -> Vec<Lookalike> {
    [text(), binary(), search()].concat()
}

/// A frame of text before each record, and the record in a line of its own.
fn framed(frame: impl Fn(&str) -> String, records: &[&str]) -> Vec<Vec<u8>> {
    records.iter().map(|record| format!("{}{record}\r\n", frame(record)).into_bytes()).collect()
}

fn client(talk: Talk, writes: &[Vec<u8>], answer: &[u8]) -> Talk {
    writes.iter().fold(talk, |talk, write| {
        let talk = talk.client_bytes(write);
        if answer.is_empty() { talk } else { talk.server_bytes(answer) }
    })
}

fn text() -> Vec<Lookalike> {
    let nats = || {
        Talk::new()
            .server_bytes(b"INFO {\"server_id\":\"NA17\",\"version\":\"2.10.22\",\"max_payload\":1048576,\"client_id\":17}\r\n")
            .client_bytes(b"CONNECT {\"verbose\":false,\"pedantic\":false,\"lang\":\"go\",\"version\":\"1.37.0\",\"protocol\":1}\r\nPING\r\n")
            .server_bytes(b"PONG\r\n")
    };
    let published = framed(|record| format!("PUB wire.in {}\r\n", record.len()), &MINER);
    let delivered = framed(|record| format!("MSG wire.out 1 {}\r\n", record.len()), &POOL);
    let resp = |verb: &str, record: &str| {
        format!("*3\r\n${}\r\n{verb}\r\n$4\r\nwire\r\n${}\r\n", verb.len(), record.len())
    };
    let pushed = framed(|record| resp("RPUSH", record), &MINER);
    let subscribed = framed(|record| resp("message", record), &MINER);
    let stored = framed(|record| format!("set wire:{} 0 3600 {}\r\n", record.len(), record.len()), &MINER);
    let queued = framed(|record| format!("put 1024 0 60 {}\r\n", record.len()), &MINER);
    let value = framed(|record| format!("VALUE wire:17 0 {}\r\n", record.len()), &POOL);
    let stomp: Vec<_> = MINER
        .iter()
        .map(|record| {
            format!("SEND\ndestination:/queue/wire\ncontent-type:application/json\ncontent-length:{}\n\n{record}\n\0\n", record.len() + 1)
                .into_bytes()
        })
        .collect();
    vec![
        Lookalike::new("NATS: a collector publishes what miners say", client(nats(), &published, b"")),
        Lookalike::new(
            "NATS: somebody is subscribed to what pools say",
            delivered
                .iter()
                .fold(nats().client_bytes(b"SUB wire.out 1\r\n"), |talk, message| talk.server_bytes(message)),
        ),
        Lookalike::new("Redis: what miners say is pushed to a list", client(Talk::new(), &pushed, b":1\r\n")),
        Lookalike::new(
            "Redis: somebody is subscribed to what miners say",
            subscribed.iter().fold(
                Talk::new()
                    .client_bytes(b"*2\r\n$9\r\nSUBSCRIBE\r\n$4\r\nwire\r\n")
                    .server_bytes(b"*3\r\n$9\r\nsubscribe\r\n$4\r\nwire\r\n:1\r\n"),
                |talk, message| talk.server_bytes(message),
            ),
        ),
        Lookalike::new("memcached: what miners say is kept", client(Talk::new(), &stored, b"STORED\r\n")),
        Lookalike::new(
            "memcached: what pools say is asked for",
            value.iter().fold(Talk::new(), |talk, value| {
                talk.client_bytes(b"get wire:17\r\n").server_bytes(value).server_bytes(b"END\r\n")
            }),
        ),
        Lookalike::new(
            "Beanstalk: what miners say is queued",
            client(Talk::new(), &queued, b"INSERTED 17\r\n"),
        ),
        Lookalike::new("STOMP: what miners say is sent to a queue", client(Talk::new(), &stomp, b"")),
        Lookalike::new(
            "SQL: a dump is restored, its rows quote Stratum",
            lines(
                r#"
                > -- MySQL dump 10.13
                > CREATE TABLE `wire` (`id` int, `line` json);
                > INSERT INTO `wire` VALUES (1,'{\"id\":1,\"method\":\"mining.subscribe\",\"params\":[\"cgminer/4.11.1\"]}'),
                > (2,'{"id":2,"method":"mining.authorize","params":["user.rig7","x"]}');
                > COPY wire (line) FROM stdin;
                > {"id":1,"method":"mining.subscribe","params":["cgminer/4.11.1"]}
                > {"id":1,"result":[[["mining.notify","%32%"]],"f801d02f",4],"error":null}
                > \.
                > SELECT count(*) FROM wire;
                "#,
            ),
        ),
    ]
}

fn binary() -> Vec<Lookalike> {
    let record = MINER[0];
    let kafka = |record: &str| {
        let batch = [
            &[0, 0, 0, 9, 0, 0, 0, 17, 0, 8][..],
            b"producer",
            &[0xff, 0xff, 0, 1, 0, 0, 0x75, 0x30, 0, 0, 0, 1, 0, 4],
            b"wire",
            &[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0x80, 2, 0, 0, 0],
            record.as_bytes(),
            b"\n\0",
        ]
        .concat();
        after_u32(&batch)
    };
    let mqtt = |record: &str| {
        let body = [&[0, 7][..], b"wire/in", record.as_bytes(), b"\n"].concat();
        let length = octet(body.len());
        [vec![0x30, (length % 128) | 0x80, length / 128], body].concat()
    };
    let amqp = |record: &str| {
        let length = u32::try_from(record.len()).unwrap_or_default().to_be_bytes();
        [
            &[1, 0, 1, 0, 0, 0, 16, 0, 60, 0, 40, 0, 0, 4][..],
            b"wire\x02in\0\xce",
            &[2, 0, 1, 0, 0, 0, 14, 0, 60, 0, 0, 0, 0, 0, 0],
            &length,
            &[0, 0, 0xce, 3, 0, 1],
            &length,
            record.as_bytes(),
            &[0xce],
        ]
        .concat()
    };
    let mongo = {
        let document =
            [&[2][..], b"line\0", &[octet(record.len() + 1), 0, 0, 0], record.as_bytes(), &[0, 0]].concat();
        let length = [octet(16 + 5 + document.len()), 0, 0, 0];
        [&length[..], &[17, 0, 0, 0, 0, 0, 0, 0, 0xdd, 7, 0, 0, 0, 0, 0, 0, 0], &document].concat()
    };
    let mysql = {
        let query = format!("\x03INSERT INTO wire VALUES (1, '{record}')");
        [&[octet(query.len()), 0, 0, 0][..], query.as_bytes()].concat()
    };
    let postgres =
        [b"Q".to_vec(), after_u32(format!("INSERT INTO wire VALUES ('{record}')\0").as_bytes())].concat();
    let cassandra =
        [&[4, 0, 0, 17, 7][..], &after_u32(format!("\0\0\0\x40INSERT INTO wire JSON '{record}'").as_bytes())]
            .concat();
    vec![
        Lookalike::new(
            "Kafka: what miners say is produced",
            client(Talk::new(), &MINER.map(kafka), b"\0\0\0\x1a\0\0\0\x11\0\0\0\x01\0\x04wire\0\0\0\x01\0\0\0\0"),
        ),
        Lookalike::new(
            "MQTT: what miners say is published, with line feeds",
            client(
                Talk::new().client_bytes(b"\x10\x13\0\x04MQTT\x04\x02\0\x3c\0\x07bridge1").server_bytes(b"\x20\x02\0\0"),
                &MINER.map(mqtt),
                b"",
            ),
        ),
        Lookalike::new(
            "AMQP: what miners say is published",
            client(Talk::new().client_bytes(b"AMQP\0\0\x09\x01"), &MINER.map(amqp), b""),
        ),
        Lookalike::new("MongoDB: a line is inserted", Talk::new().client_bytes(&mongo)),
        Lookalike::new("MySQL: a line is inserted", Talk::new().server_bytes(b"\x4a\0\0\0\x0a8.0.40\0\x11\0\0\0").client_bytes(&mysql)),
        Lookalike::new("PostgreSQL: a line is inserted", Talk::new().client_bytes(&postgres).server_bytes(b"C\0\0\0\x0fINSERT 0 1\0Z\0\0\0\x05I")),
        Lookalike::new("Cassandra: a line is inserted as JSON", Talk::new().client_bytes(&cassandra)),
        Lookalike::new(
            "Fluentd: its forward protocol, MessagePack with the line",
            Talk::new().client_bytes(
                &[&b"\x93\xa4wire\x92\xd7\0\x66\xf1\xd2\xb7\0\0\0\0\x81\xa7message\xd9"[..], &[octet(record.len())], record.as_bytes(), b"\x80"].concat(),
            ),
        ),
        Lookalike::new(
            "ZeroMQ: an application publishes what miners say",
            Talk::new()
                .server_bytes(b"\xff\0\0\0\0\0\0\0\x01\x7f\x03\0NULL\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")
                .client_bytes(b"\xff\0\0\0\0\0\0\0\x01\x7f\x03\0NULL\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")
                .client_bytes(b"\x04\x19\x05READY\x0bSocket-Type\0\0\0\x03SUB")
                .server_bytes(b"\x04\x19\x05READY\x0bSocket-Type\0\0\0\x03PUB")
                .client_bytes(b"\0\x05\x01wire")
                .server_bytes(&[&[0, octet(record.len())][..], record.as_bytes()].concat()),
        ),
    ]
}

fn search() -> Vec<Lookalike> {
    let escaped = |line: &str| line.replace('"', "\\\"");
    let each = |write: &dyn Fn(&str) -> String| MINER.map(write).concat();
    let bulk = each(&|line| {
        let line = escaped(line);
        format!(
            "{{\"index\":{{\"_index\":\"wire\"}}}}\n{{\"@timestamp\":\"2026-11-22T18:14:09Z\",\"message\":\"{line}\"}}\n"
        )
    });
    let raw = each(&|line| format!("{{\"index\":{{\"_index\":\"wire\"}}}}\n{line}\n"));
    let loki = each(&|line| format!("[\"1753171200171171171\",\"{}\"],", escaped(line)));
    let rows: Vec<String> = MINER.iter().map(|line| format!("{line}\n")).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    vec![
        Lookalike::new(
            "Elasticsearch: a bulk of log lines",
            Talk::new()
                .client_bytes(&post("es.example:9200", "/_bulk", "application/x-ndjson", &bulk))
                .server_bytes(&ok("application/json", r#"{"took":17,"errors":false,"items":[]}"#)),
        ),
        Lookalike::new(
            "Elasticsearch: a bulk whose documents are the Stratum lines themselves",
            Talk::new()
                .client_bytes(&post("es.example:9200", "/_bulk", "application/x-ndjson", &raw))
                .server_bytes(&ok("application/json", r#"{"took":17,"errors":false,"items":[]}"#)),
        ),
        Lookalike::new(
            "Loki: lines are pushed",
            Talk::new().client_bytes(&post(
                "loki.example:3100",
                "/loki/api/v1/push",
                "application/json",
                &format!("{{\"streams\":[{{\"stream\":{{\"job\":\"pool\"}},\"values\":[{}]}}]}}", loki.trim_end_matches(',')),
            )),
        ),
        Lookalike::new(
            "ClickHouse: rows come as JSONEachRow, and the rows are Stratum lines",
            Talk::new()
                .client_bytes(&get("ch.example:8123", "/?query=SELECT%20id,method,params%20FROM%20wire%20FORMAT%20JSONEachRow"))
                .server_bytes(&chunked("application/x-ndjson", &rows)),
        ),
        Lookalike::new(
            "CouchDB: a feed of changes with the lines as documents",
            Talk::new().client_bytes(&get("couch.example:5984", "/wire/_changes?feed=continuous&include_docs=true")).server_bytes(&chunked(
                "application/json",
                &[
                    "{\"seq\":\"1-g1\",\"id\":\"a\",\"changes\":[{\"rev\":\"1-17\"}],\"doc\":{\"_id\":\"a\",\"method\":\"mining.subscribe\",\"params\":[\"cgminer/4.11.1\"]}}\n",
                    "{\"seq\":\"2-g1\",\"id\":\"b\",\"changes\":[{\"rev\":\"1-18\"}],\"doc\":{\"_id\":\"b\",\"method\":\"mining.authorize\",\"params\":[\"user.rig7\",\"x\"]}}\n",
                ],
            )),
        ),
    ]
}
