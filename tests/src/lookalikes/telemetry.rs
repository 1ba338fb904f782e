//! Logs on their way: each of these lines quotes Stratum, as message or taken apart into fields.

use super::Lookalike;
use super::wire::{lines, ok, post};
use crate::talk::Talk;

pub(super) fn all() -> Vec<Lookalike> {
    [shippers(), taken_apart()].concat()
}

fn shippers() -> Vec<Lookalike> {
    vec![
        Lookalike::new(
            "syslog over TCP: a pool's log",
            lines(
                r#"
                > <134>1 2026-11-22T18:14:09.003Z pool1 stratum 1171 ID47 - {"id":1,"method":"mining.subscribe","params":["cgminer/4.11.1"]}
                > <134>1 2026-11-22T18:14:09.004Z pool1 stratum 1171 ID47 - {"id":1,"result":[[["mining.notify","%32%"]],"f801d02f",4],"error":null}
                > <134>1 2026-11-22T18:14:09.104Z pool1 stratum 1171 ID47 - {"id":2,"method":"mining.authorize","params":["user.rig7","x"]}
                > <134>1 2026-11-22T18:14:09.204Z pool1 stratum 1171 ID47 - {"id":null,"method":"mining.set_difficulty","params":[16384]}
                > <134>1 2026-11-22T18:14:19.204Z pool1 stratum 1171 ID47 - {"params":["user.rig7","17","00000000","66f1d2b7","%8%"],"id":7,"method":"mining.submit"}
                "#,
            ),
        ),
        Lookalike::new(
            "syslog with octet counting (RFC 6587)",
            lines(
                r#"
                > 118 <134>1 2026-11-22T18:14:09Z pool1 stratum 1171 - - {"id":1,"method":"mining.subscribe","params":["cgminer/4.11.1"]}
                > 118 <134>1 2026-11-22T18:14:09Z pool1 stratum 1171 - - {"id":2,"method":"mining.authorize","params":["user.rig7","x"]}
                "#,
            ),
        ),
        Lookalike::new(
            "Logstash: JSON lines whose message is a Stratum line",
            lines(
                r#"
                > {"@timestamp":"2026-11-22T18:14:09.003Z","@version":"1","host":{"name":"pool1"},"message":"{\"id\":1,\"method\":\"mining.subscribe\",\"params\":[\"cgminer/4.11.1\"]}","log":{"file":{"path":"/var/log/pool.log"}}}
                > {"message":"{\"id\":2,\"method\":\"mining.authorize\",\"params\":[\"user.rig7\",\"x\"]}","event":{"original":"{\"id\":2,\"method\":\"mining.authorize\",\"params\":[\"user.rig7\",\"x\"]}"},"host":{"name":"pool1"}}
                > {"host":{"name":"pool1"},"stratum":{"id":7,"method":"mining.submit","params":["user.rig7","17","00000000","66f1d2b7","%8%"]}}
                "#,
            ),
        ),
        Lookalike::new(
            "GELF over TCP, null-terminated",
            Talk::new()
                .client_bytes(b"{\"version\":\"1.1\",\"host\":\"pool1\",\"short_message\":\"{\\\"id\\\":1,\\\"method\\\":\\\"mining.subscribe\\\",\\\"params\\\":[\\\"cgminer/4.11.1\\\"]}\",\"timestamp\":1753171200.17,\"level\":6,\"_method\":\"mining.subscribe\"}\0")
                .client_bytes(b"{\"version\":\"1.1\",\"host\":\"pool1\",\"short_message\":\"share\",\"level\":6,\"_method\":\"mining.submit\",\"_params\":[\"user.rig7\",\"17\"]}\0"),
        ),
        Lookalike::new(
            "Docker's and Kubernetes' log lines, forwarded raw",
            lines(
                r#"
                > {"log":"{\"id\":1,\"method\":\"mining.subscribe\",\"params\":[\"cgminer/4.11.1\"]}\n","stream":"stdout","time":"2026-11-22T18:14:09.003Z"}
                > 2026-11-22T18:14:09.104Z stdout F {"id":2,"method":"mining.authorize","params":["user.rig7","x"]}
                > 2026-11-22T18:14:09.204Z stdout F {"id":null,"method":"mining.notify","params":["17","%64%","01","02",[],"20000000","1702a0f1","66f1d2b7",true]}
                "#,
            ),
        ),
        Lookalike::new(
            "Vector, Fluent Bit and systemd: each with its own key for the text",
            lines(
                r#"
                > {"file":"/var/log/pool.log","host":"pool1","message":"{\"id\":1,\"method\":\"login\",\"params\":{\"login\":\"47fire\",\"pass\":\"x\",\"agent\":\"XMRig/6.22.2\"}}","source_type":"file","timestamp":"2026-11-22T18:14:09Z"}
                > {"date":1753171200.17,"log":"{\"id\":1,\"method\":\"login\",\"params\":{\"login\":\"47fire\",\"pass\":\"x\",\"agent\":\"XMRig/6.22.2\"}}","kubernetes":{"pod_name":"pool-7f"}}
                > {"__REALTIME_TIMESTAMP":"1753171200171171","MESSAGE":"{\"id\":1,\"method\":\"login\",\"params\":{\"login\":\"47fire\",\"pass\":\"x\",\"agent\":\"XMRig/6.22.2\"}}","_COMM":"pool","PRIORITY":"6"}
                "#,
            ),
        ),
    ]
}

/// The message was parsed, and its keys stand beside the shipper's own.
fn taken_apart() -> Vec<Lookalike> {
    vec![
        Lookalike::new(
            "Logstash's filter json: the keys of the message beside @timestamp",
            lines(
                r#"
                > {"id":1,"method":"mining.subscribe","params":["cgminer/4.11.1"],"@version":"1","@timestamp":"2026-11-22T18:14:09.003Z","host":"pool1","port":51234}
                > {"id":2,"method":"mining.authorize","params":["user.rig7","x"],"@version":"1","@timestamp":"2026-11-22T18:14:09.104Z","host":"pool1","port":51234}
                > {"id":7,"method":"mining.submit","params":["user.rig7","17","00000000","66f1d2b7","%8%"],"@version":"1","@timestamp":"2026-11-22T18:14:19.104Z","host":"pool1","port":51234}
                "#,
            ),
        ),
        Lookalike::new(
            "Fluent Bit's parser json: the keys of the message beside date",
            lines(
                r#"
                > {"date":1753171200.171,"id":1,"method":"mining.subscribe","params":["cgminer/4.11.1"]}
                > {"date":1753171200.271,"id":2,"method":"mining.authorize","params":["user.rig7","x"]}
                > {"date":1753171210.171,"id":7,"method":"mining.submit","params":["user.rig7","17","00000000","66f1d2b7","%8%"]}
                "#,
            ),
        ),
        Lookalike::new(
            "Serilog's compact JSON, a pool written in C#",
            lines(
                r#"
                > {"@t":"2026-11-22T18:14:09.0031711Z","@mt":"{ConnectionId} received","id":1,"method":"mining.subscribe","params":["cgminer/4.11.1"]}
                > {"@t":"2026-11-22T18:14:09.1041711Z","@mt":"{ConnectionId} received","id":2,"method":"mining.authorize","params":["user.rig7","x"]}
                > {"@t":"2026-11-22T18:14:09.2041711Z","@mt":"{ConnectionId} sent","@l":"Debug","id":null,"method":"mining.set_difficulty","params":[16384]}
                "#,
            ),
        ),
        Lookalike::new(
            "Pino, Bunyan and Zap: level and time in odd places",
            lines(
                r#"
                > {"level":20,"time":1753171200171,"pid":1171,"hostname":"pool1","method":"mining.subscribe","params":["cgminer/4.11.1"],"id":1,"msg":"in"}
                > {"method":"mining.authorize","params":["user.rig7","x"],"id":2,"name":"pool","hostname":"pool1","pid":1171,"level":30,"msg":"","time":"2026-11-22T18:14:09.104Z","v":0}
                > {"L":"DEBUG","T":"2026-11-22T18:14:09.204Z","N":"stratum","C":"stratum/conn.go:171","M":"in","id":7,"method":"mining.submit","params":["user.rig7","17","00000000","66f1d2b7","%8%"]}
                > {"severity":"DEBUG","method":"mining.submit","params":["user.rig7","17","00000000","66f1d2b7","%8%"],"id":8}
                "#,
            ),
        ),
        Lookalike::new(
            "Python's JSON logger and structlog",
            lines(
                r#"
                > {"asctime":"2026-11-22 18:14:09,003","levelname":"DEBUG","name":"pool","id":1,"method":"mining.subscribe","params":["cgminer/4.11.1"]}
                > {"id":2,"method":"mining.authorize","params":["user.rig7","x"],"event":"in","timestamp":"2026-11-22T18:14:09.104Z"}
                > {"asctime":"2026-11-22 18:14:19,003","levelname":"DEBUG","name":"pool","id":7,"method":"mining.submit","params":["user.rig7","17","00000000","66f1d2b7","%8%"]}
                "#,
            ),
        ),
        Lookalike::new(
            "OpenTelemetry's logs as JSON over HTTP",
            Talk::new()
                .client_bytes(&post(
                    "otel.example:4318",
                    "/v1/logs",
                    "application/json",
                    r#"{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"pool"}}]},"scopeLogs":[{"logRecords":[{"timeUnixNano":"1753171200171171171","severityText":"DEBUG","body":{"stringValue":"{\"id\":1,\"method\":\"mining.subscribe\",\"params\":[\"cgminer/4.11.1\"]}"},"attributes":[{"key":"method","value":{"stringValue":"mining.subscribe"}}]}]}]}]}"#,
                ))
                .server_bytes(&ok("application/json", r#"{"partialSuccess":{}}"#)),
        ),
        Lookalike::new(
            "An intrusion detector's alerts as JSON lines, payload and all",
            lines(
                r#"
                > {"timestamp":"2026-11-22T18:14:09.003171+0000","flow_id":171132,"event_type":"alert","src_ip":"10.77.0.10","dest_ip":"203.0.113.10","proto":"TCP","alert":{"signature":"ET POLICY Cryptocurrency Miner Checkin"},"payload_printable":"{\"id\":1,\"method\":\"login\",\"params\":{\"login\":\"47fire\",\"pass\":\"x\",\"agent\":\"XMRig/6.22.2\"}}\n"}
                > {"rule":"stratum","src":"10.77.0.10:51234","dst":"203.0.113.10:3333","line":{"id":1,"method":"mining.subscribe","params":["cgminer/4.11.1"]}}
                > {"rule":"stratum","method":"mining.authorize","count":17,"hosts":["10.77.0.10"]}
                "#,
            ),
        ),
    ]
}
