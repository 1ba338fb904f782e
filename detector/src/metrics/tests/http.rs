use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::server::Limits;
use super::super::{Config, Metrics, MetricsError, Server, Snapshot};
use super::{full, read};

/// Much longer than anything here takes.
const LONG: Duration = Duration::from_mins(1);

fn local() -> Config {
    Config { listen: Some("127.0.0.1:0".parse().unwrap()), ..Config::default() }
}

fn start(metrics: &Arc<Metrics>) -> Server {
    Server::start(&local(), Arc::clone(metrics)).unwrap().unwrap()
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    stream
}

/// The status line, the headers and the body of an answer.
fn ask(address: SocketAddr, request: &str) -> (String, String, String) {
    let mut stream = connect(address);
    stream.write_all(format!("{request} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let (status, headers) = head.split_once("\r\n").unwrap();
    (status.to_owned(), headers.to_lowercase(), body.to_owned())
}

#[test]
fn there_is_no_server_unless_asked_for() {
    assert!(Server::start(&Config::default(), Arc::default()).unwrap().is_none());
}

#[test]
fn the_page_is_what_prometheus_reads() {
    let metrics = Arc::new(Metrics::default());
    let server = start(&metrics);
    metrics.update(full());
    let (status, headers, body) = ask(server.address(), "GET /metrics");
    assert_eq!(status, "HTTP/1.1 200 OK");
    assert!(headers.contains("content-type: text/plain; version=0.0.4"), "{headers}");
    assert!(read(&body).samples.contains_key("firedamp_rules_loaded"));
    let (status, headers, body) = ask(server.address(), "HEAD /metrics");
    assert_eq!((status.as_str(), body.as_str()), ("HTTP/1.1 200 OK", ""));
    assert!(headers.contains("content-length: "), "{headers}");
}

#[test]
fn health_and_readiness_are_two_things() {
    let metrics = Arc::new(Metrics::default());
    let server = start(&metrics);
    assert_eq!(ask(server.address(), "GET /healthz").0, "HTTP/1.1 200 OK");
    let (status, _, body) = ask(server.address(), "GET /readyz");
    assert_eq!(status, "HTTP/1.1 503 Service Unavailable");
    assert_eq!(body, "not ready: the agent starts\n");
    metrics.update(Snapshot { drained: Some(Instant::now() + LONG), ..full() });
    assert_eq!(ask(server.address(), "GET /readyz").0, "HTTP/1.1 200 OK");
}

#[test]
fn other_paths_and_methods_are_refused() {
    let server = start(&Arc::default());
    assert_eq!(ask(server.address(), "GET /").0, "HTTP/1.1 404 Not Found");
    assert_eq!(ask(server.address(), "GET /metrics/../etc/passwd").0, "HTTP/1.1 404 Not Found");
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"] {
        let (status, headers, _) = ask(server.address(), &format!("{method} /metrics"));
        assert_eq!(status, "HTTP/1.1 405 Method Not Allowed", "{method}");
        assert!(headers.contains("allow: get, head"), "{headers}");
    }
}

#[test]
fn nonsense_and_endless_heads_end_the_connection() {
    let server = start(&Arc::default());
    for said in
        ["\u{1}\u{2}\u{3}\r\n\r\n".to_owned(), format!("GET /metrics HTTP/1.1\r\nX: {}", "a".repeat(100_000))]
    {
        let mut stream = connect(server.address());
        let _ = stream.write_all(said.as_bytes());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert!(!answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    }
    assert_eq!(ask(server.address(), "GET /healthz").0, "HTTP/1.1 200 OK");
}

#[test]
fn slow_clients_and_many_connections_keep_nobody_out_for_long() {
    let limits = Limits { connections: 2, patience: Duration::from_millis(300) };
    let server = Server::limited(&local(), Arc::default(), limits).unwrap().unwrap();
    let mut slow: Vec<_> = (0..7).map(|_| connect(server.address())).collect();
    for stream in &mut slow {
        stream.write_all(b"GET /healthz HT").unwrap();
    }
    assert_eq!(ask(server.address(), "GET /healthz").0, "HTTP/1.1 200 OK", "it waited for its turn");
    for mut stream in slow {
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert!(!answer.starts_with(b"HTTP/1.1 200"), "half a request has no answer");
    }
}

#[test]
fn other_machines_are_kept_out_unless_allowed() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:9798"] {
        let config = Config { listen: address.parse().ok(), ..Config::default() };
        let error = Server::start(&config, Arc::default()).unwrap_err();
        assert!(matches!(error, MetricsError::Remote(_)), "{error}");
        assert!(error.to_string().contains("allow-remote = true"), "{error}");
    }
    let config = Config { listen: "0.0.0.0:0".parse().ok(), allow_remote: true, ..Config::default() };
    assert!(Server::start(&config, Arc::default()).unwrap().is_some());
}

#[test]
fn a_port_that_is_taken_is_named_and_free_again_after_the_end() {
    let first = start(&Arc::default());
    let address = first.address();
    let config = Config { listen: Some(address), ..Config::default() };
    let error = Server::start(&config, Arc::default()).unwrap_err();
    assert!(error.to_string().contains(&address.to_string()), "{error}");
    drop(first);
    assert!(Server::start(&config, Arc::default()).unwrap().is_some());
}
