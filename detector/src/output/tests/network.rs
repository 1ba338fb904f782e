use std::net::{TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::*;

fn syslog(address: std::net::SocketAddr, transport: &str, more: &str) -> Config {
    config(&format!(
        "to = 'syslog'\naddress = '{address}'\ntransport = '{transport}'\n{more}\nlimits = {{ retry-seconds = 1 }}"
    ))
}

/// A message with the length before it (RFC 6587).
fn frame(stream: &mut impl std::io::BufRead) -> std::io::Result<String> {
    let mut length = Vec::new();
    stream.read_until(b' ', &mut length)?;
    let length = String::from_utf8(length).unwrap();
    let Ok(length) = length.trim().parse() else { return Err(std::io::ErrorKind::UnexpectedEof.into()) };
    let mut message = vec![0; length];
    stream.read_exact(&mut message)?;
    Ok(String::from_utf8(message).unwrap())
}

/// The record at the end of a message of RFC 5424.
fn record(message: &str) -> u64 {
    record_of(&message[message.find(" {").unwrap() + 1..])
}

#[test]
fn a_datagram_is_a_syslog_message() {
    let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
    let at = receiver.local_addr().unwrap();
    let outputs = start(vec![syslog(at, "udp", "facility = 'local0'\nmax-bytes = 1000")]);
    outputs.offer(&alert(7)).unwrap();
    let mut bytes = vec![0; 4096];
    let length = receiver.recv(&mut bytes).unwrap();
    let message = std::str::from_utf8(&bytes[..length]).unwrap();
    let fields: Vec<&str> = message.splitn(7, ' ').collect();
    assert_eq!(fields[..2], ["<131>1", "2023-11-14T22:13:20.123456Z"]);
    assert_eq!((fields[3], fields[5]), ("firedamp", "alert"));
    assert_eq!(fields[4], std::process::id().to_string());
    let data = r#"[firedamp@32473 case_id="00000000000000ab" record="7" reason="opened" verdict="confirmed" protocol="a\"b\]" miner="10.0.0.1" pool="203.0.113.1"]"#;
    assert_eq!(fields[6], format!("{data} {}", alert(7)));
    outputs.offer(&json!({"event_type": "stats", "long": "ü".repeat(1000)})).unwrap();
    let length = receiver.recv(&mut bytes).unwrap();
    assert!((997..=1000).contains(&length));
    assert!(std::str::from_utf8(&bytes[..length]).unwrap().starts_with("<134>1 "));
    until("it is counted", || outputs.per_output()[0].cut == 1);
    drop(receiver);
    outputs.offer(&alert(8)).unwrap();
    until("the refusal is seen", || outputs.per_output()[0].outages == 1);
    let receiver = UdpSocket::bind(at).unwrap();
    let length = receiver.recv(&mut bytes).unwrap();
    assert_eq!(record(std::str::from_utf8(&bytes[..length]).unwrap()), 8, "it is sent again");
    assert_eq!(outputs.finish(Some(PATIENCE)).lost, 0);
}

#[test]
fn a_connection_that_was_closed_is_opened_anew() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let outputs = start(vec![syslog(listener.local_addr().unwrap(), "tcp", "")]);
    for connection in 0..3 {
        let numbers = connection * 500..(connection + 1) * 500;
        for number in numbers.clone() {
            outputs.submit(&alert(number)).unwrap();
        }
        // Nothing connects again before there is something to send.
        let mut stream = BufReader::new(listener.accept().unwrap().0);
        let taken: Vec<u64> = numbers.clone().map(|_| record(&frame(&mut stream).unwrap())).collect();
        assert_eq!(taken, numbers.clone().collect::<Vec<_>>());
        until("they are counted", || outputs.counts().written == numbers.end);
    }
    drop(listener);
    outputs.submit(&alert(1_500)).unwrap();
    until("it is missed", || outputs.counts().outages == 1);
    assert_eq!(outputs.finish(Some(Duration::ZERO)).lost, 1);
}

/// A server's side of TLS, for a certificate of its own.
fn server(name: &str) -> (Arc<ServerConfig>, String) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    (Arc::new(config), made.cert.pem())
}

fn secured(stream: TcpStream, config: &Arc<ServerConfig>) -> StreamOwned<ServerConnection, TcpStream> {
    StreamOwned::new(ServerConnection::new(Arc::clone(config)).unwrap(), stream)
}

#[test]
fn a_receiver_is_believed_only_with_a_certificate_that_is_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    let (config, pem) = server("siem.test");
    let (impostor, _) = server("siem.test");
    fs::write(&ca, pem).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let keys = format!("ca-file = '{}'\nserver-name = 'siem.test'", ca.display());
    let outputs = start(vec![syslog(listener.local_addr().unwrap(), "tls", &keys)]);
    outputs.offer(&alert(1)).unwrap();
    let mut stream = BufReader::new(secured(listener.accept().unwrap().0, &impostor));
    assert!(frame(&mut stream).is_err());
    drop(stream);
    let mut stream = BufReader::new(secured(listener.accept().unwrap().0, &config));
    assert_eq!(record(&frame(&mut stream).unwrap()), 1);
    outputs.offer(&alert(2)).unwrap();
    assert_eq!(record(&frame(&mut stream).unwrap()), 2);
    until("both are taken", || outputs.counts().written == 2);
    assert_eq!(outputs.finish(Some(PATIENCE)).outages, 1);
}

#[test]
fn a_renewed_file_of_certificates_is_read_when_files_are_opened_anew() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    let (_, old) = server("siem.test");
    let (renewed, new) = server("siem.test");
    fs::write(&ca, old).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let keys = format!("ca-file = '{}'\nserver-name = 'siem.test'", ca.display());
    let outputs = start(vec![syslog(listener.local_addr().unwrap(), "tls", &keys)]);
    outputs.offer(&alert(1)).unwrap();
    let mut stream = BufReader::new(secured(listener.accept().unwrap().0, &renewed));
    assert!(frame(&mut stream).is_err());
    fs::write(&ca, new).unwrap();
    outputs.reopen();
    // One attempt may have been under way.
    let taken = (0..2).find_map(|_| {
        let mut stream = BufReader::new(secured(listener.accept().unwrap().0, &renewed));
        frame(&mut stream).ok()
    });
    assert_eq!(record(&taken.unwrap()), 1);
}

#[test]
fn certificates_that_are_none_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    fs::write(&ca, "hello").unwrap();
    let keys = format!("ca-file = '{}'", ca.display());
    let refused = syslog("127.0.0.1:6514".parse().unwrap(), "tls", &keys);
    let error = Outputs::start(vec![refused], None, &HashMap::new()).err().unwrap().to_string();
    assert!(error.contains("ca.pem: it has no certificate in PEM"), "{error}");
}

/// A request: its head, in lower case, and its body.
fn request(stream: &mut impl std::io::BufRead) -> (String, String) {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(stream.read_line(&mut head).unwrap() > 0, "no request: {head}");
    }
    let head = head.to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).unwrap();
    (head, String::from_utf8(body).unwrap())
}

/// Answers one request, on a connection of its own, and gives it.
fn answer(listener: &TcpListener, status: &str) -> (String, String) {
    let mut stream = BufReader::new(listener.accept().unwrap().0);
    let asked = request(&mut stream);
    let answer = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    stream.get_mut().write_all(answer.as_bytes()).unwrap();
    asked
}

fn http(at: std::net::SocketAddr, more: &str) -> Config {
    config(&format!("to = 'http'\nurl = 'http://{at}/in'\n{more}\n[limits]\nretry-seconds = 1\nbatch = 4"))
}

#[test]
fn a_web_server_that_fails_is_asked_again() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("token");
    fs::write(&secret, "secret\n").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let keys = format!("bearer-file = '{}'\nheaders = {{ X-Scope = 'mines' }}", secret.display());
    let output = http(listener.local_addr().unwrap(), &keys);
    let outputs = start(vec![output]);
    for number in 0..4 {
        outputs.offer(&alert(number)).unwrap();
    }
    let mut asked = ["503 No", "429 Slow\r\nRetry-After: 1"].map(|status| answer(&listener, status)).to_vec();
    // What was sent first may have been less than all four.
    let mut taken = Vec::new();
    while taken.len() < 4 {
        asked.push(answer(&listener, "200 Fine"));
        taken.extend(asked[asked.len() - 1].1.lines().map(record_of));
    }
    until("all are counted", || outputs.counts().written == 4);
    assert_eq!(outputs.finish(Some(PATIENCE)).outages, 1);
    assert_eq!(asked[0].1, asked[1].1, "the same again");
    assert_eq!(asked[0].1, asked[2].1);
    assert_eq!(taken, [0, 1, 2, 3]);
    let (head, _) = &asked[2];
    for line in [
        "post /in http/1.1",
        "authorization: bearer secret",
        "x-scope: mines",
        "content-type: application/x-ndjson",
    ] {
        assert!(head.lines().any(|is| is == line), "{line} in {head}");
    }
}

#[test]
fn a_web_server_that_asks_for_no_pause_is_not_besieged() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let outputs = start(vec![http(listener.local_addr().unwrap(), "")]);
    outputs.offer(&alert(1)).unwrap();
    let past = "Sun, 06 Nov 1994 08:49:37 GMT";
    let start = Instant::now();
    for refusal in ["503 No\r\nRetry-After: 0".to_owned(), format!("503 No\r\nRetry-After: {past}")] {
        answer(&listener, &refusal);
    }
    answer(&listener, "200 Fine");
    // A quarter of a second, then half a second, at least.
    assert!(start.elapsed() >= Duration::from_millis(750), "{:?}", start.elapsed());
    assert_eq!(outputs.finish(Some(PATIENCE)).lost, 0);
}

#[test]
fn what_somebody_can_mend_is_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let outputs = start(vec![http(listener.local_addr().unwrap(), "")]);
    outputs.offer(&alert(1)).unwrap();
    for status in ["401 Unauthorized", "404 Not Found", "302 Found\r\nLocation: /login", "200 Fine"] {
        assert_eq!(record_of(&answer(&listener, status).1), 1, "{status}");
    }
    until("it is counted", || outputs.counts().written == 1);
    let counts = outputs.finish(Some(PATIENCE));
    assert_eq!((counts.lost, counts.outages), (0, 1));
}

#[test]
fn each_request_that_was_answered_is_acknowledged() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let outputs = start(vec![http(listener.local_addr().unwrap(), "")]);
    let entry = |record| Entry { sequence: record, line: alert(record).to_string().into(), durable: false };
    outputs.publish((1..=8).map(entry).collect()).unwrap();
    answer(&listener, "200 Fine");
    // The second is not answered.
    let _open = listener.accept().unwrap();
    until("the first is acknowledged", || outputs.acknowledged().get("http") == Some(&4));
    assert_eq!(outputs.counts().written, 4);
    assert_eq!(outputs.finish(Some(Duration::ZERO)).lost, 4);
}

#[test]
fn lines_that_are_no_json_are_text() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let outputs = start(vec![http(listener.local_addr().unwrap(), "format = 'cef'")]);
    let eve: serde_json::Value = serde_json::from_str(include_str!("../format/tests/full.json")).unwrap();
    outputs.offer(&eve).unwrap();
    let (head, body) = answer(&listener, "200 Fine");
    assert!(head.contains("content-type: text/plain; charset=utf-8\r\n"), "{head}");
    assert!(body.starts_with("CEF:0|") && body.ends_with('\n'), "{body}");
}

#[test]
fn what_a_web_server_will_never_take_is_given_up_and_counted() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let outputs = start(vec![http(listener.local_addr().unwrap(), "body = 'single'")]);
    outputs.offer(&alert(0)).unwrap();
    outputs.offer(&alert(1)).unwrap();
    let asked = ["400 Bad", "200 Fine"].map(|status| answer(&listener, status));
    until("both are dealt with", || {
        let counts = outputs.counts();
        (counts.written, counts.lost) == (1, 1)
    });
    assert_eq!(asked.iter().map(|(_, body)| record_of(body)).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(outputs.finish(Some(PATIENCE)).outages, 0);
}

#[test]
fn too_much_at_once_is_sent_in_parts_as_an_array_over_tls() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    let (tls, pem) = server("localhost");
    fs::write(&ca, pem).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let at = format!("url = 'https://localhost:{port}/in'");
    let output = config(&format!("to = 'http'\n{at}\nbody = 'array'\nca-file = '{}'", ca.display()));
    let sizes = std::thread::spawn(move || {
        let mut taken = Vec::new();
        while taken.len() < 8 {
            let mut stream = BufReader::new(secured(listener.accept().unwrap().0, &tls));
            let (_, body) = request(&mut stream);
            let records: Vec<serde_json::Value> = serde_json::from_str(&body).unwrap();
            let answer = if records.len() > 2 { "413 Much" } else { "204 Fine" };
            if records.len() <= 2 {
                taken.extend(records.iter().map(|record| record["mining"]["record"].as_u64().unwrap()));
            }
            let answer = format!("HTTP/1.1 {answer}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
            stream.get_mut().write_all(answer.as_bytes()).unwrap();
            stream.get_mut().conn.send_close_notify();
            let _ = stream.get_mut().flush();
        }
        taken
    });
    let outputs = start(vec![output]);
    for number in 0..8 {
        outputs.offer(&alert(number)).unwrap();
    }
    assert_eq!(sizes.join().unwrap(), (0..8).collect::<Vec<_>>());
    until("all are counted", || outputs.counts().written == 8);
}

#[test]
fn a_dead_receiver_stalls_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("eve.json");
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut dead = syslog(gone, "tcp", "");
    dead.name = "dead".to_owned();
    let configs =
        vec![Target::File(path.clone()).into(), dead, http(silent.local_addr().unwrap(), "name = 'silent'")];
    let room = Room { entries: 100, ..Room::default() };
    let outputs = Outputs::with_room(configs, None, &HashMap::new(), room).unwrap();
    for number in 0..1_000 {
        outputs.offer(&alert(number)).unwrap();
        until("the file has it", || outputs.per_output()[0].written > number);
    }
    let counts = outputs.per_output();
    assert_eq!((counts[0].lost, counts[0].shed), (0, 0));
    for other in &counts[1..] {
        assert!(other.shed > 0 && other.written == 0 && !other.connected, "{other:?}");
    }
    let counts = outputs.finish(Some(Duration::ZERO));
    assert_eq!(counts.written + counts.lost + counts.shed, 3_000);
}
