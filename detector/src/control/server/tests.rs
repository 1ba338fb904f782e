use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener as Listener, UnixStream as Client};
use std::thread;
use std::time::Instant;

use tempfile::TempDir;

use super::*;

/// Runs something beside a loop that answers.
fn served<T: Send + 'static>(patience: Patience, client: impl FnOnce(&Path) -> T + Send + 'static) -> T {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control.sock");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (listener, _file) = listen(&path, None).unwrap();
        let (sender, mut requests) = mpsc::channel(1);
        tokio::spawn(serve(listener, sender, patience));
        tokio::spawn(async move {
            while let Some(Asked { by, answer, .. }) = requests.recv().await {
                // Who asked may be gone.
                let _ = answer.send(Ok(by.into()));
            }
        });
        let path = path.clone();
        spawn_blocking(move || client(&path)).await.unwrap()
    })
}

fn said(client: &mut Client) -> String {
    let mut text = String::new();
    client.read_to_string(&mut text).unwrap();
    text
}

const STATUS: &str = "{\"command\":\"status\"}\n";

const SHORT: Patience = Patience { ask: Duration::from_millis(200), take: Duration::from_millis(200) };

#[test]
fn who_asks_is_known_and_may_ask_again() {
    let text = served(PATIENCE, |path| {
        let mut client = Client::connect(path).unwrap();
        client.write_all(STATUS.repeat(2).as_bytes()).unwrap();
        client.shutdown(std::net::Shutdown::Write).unwrap();
        said(&mut client)
    });
    let me = user(Uid::effective());
    assert_eq!(text, format!("{{\"ok\":\"{me}\"}}\n").repeat(2));
}

#[test]
fn the_rest_of_a_request_that_is_too_long_is_no_request() {
    let text = served(PATIENCE, |path| {
        let mut client = Client::connect(path).unwrap();
        let long = [" ".repeat(usize::try_from(LONGEST).unwrap()), STATUS.to_owned()].concat();
        client.write_all(long.as_bytes()).unwrap();
        let mut text = vec![0; 1000];
        let read = client.read(&mut text).unwrap();
        String::from_utf8(text[..read].to_vec()).unwrap()
    });
    assert_eq!(text.lines().collect::<Vec<_>>(), ["{\"error\":\"a request has at most 65536 bytes\"}"]);
}

#[test]
fn idle_clients_keep_nobody_out() {
    let took = served(SHORT, |path| {
        let mut idle: Vec<Client> = (0..CONNECTIONS).map(|_| Client::connect(path).unwrap()).collect();
        // One that is always about to say something.
        let mut slow = idle.pop().unwrap();
        thread::spawn(move || {
            while slow.write_all(b" ").is_ok() {
                thread::sleep(Duration::from_millis(20));
            }
        });
        let start = Instant::now();
        let mut client = Client::connect(path).unwrap();
        client.write_all(STATUS.as_bytes()).unwrap();
        let mut first = [0; 5];
        client.read_exact(&mut first).unwrap();
        drop(idle);
        start.elapsed()
    });
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[test]
fn who_does_not_take_the_answer_is_left() {
    let (left, error) = {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (stream, client) = UnixStream::pair().unwrap();
            let (sender, mut requests) = mpsc::channel(1);
            tokio::spawn(async move {
                while let Some(Asked { answer, .. }) = requests.recv().await {
                    let _ = answer.send(Ok("x".repeat(4 << 20).into()));
                }
            });
            client.try_write(STATUS.as_bytes()).unwrap();
            let start = Instant::now();
            let error = answer(stream, sender, SHORT).await.unwrap_err();
            drop(client);
            (start.elapsed(), error.to_string())
        })
    };
    assert!(left < Duration::from_secs(10) && error.contains("elapsed"), "{left:?} {error}");
}

fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control.sock");
    (folder, path)
}

/// What needs a loop to be made in.
fn made(path: &Path, group: Option<&str>) -> Result<(UnixListener, SocketFile), ServerError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _entered = runtime.enter();
    listen(path, group)
}

#[test]
fn the_socket_is_for_its_owner_and_its_group() {
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let (_folder, path) = place();
    let made_alone = made(&path, None).unwrap();
    assert_eq!(mode(&path), 0o600);
    drop(made_alone);
    assert!(!path.exists(), "it goes with the agent");
    let group = Gid::effective().to_string();
    let made_for_a_group = made(&path, Some(&group)).unwrap();
    assert_eq!(mode(&path), 0o660);
    drop(made_for_a_group);
    let error = made(&path, Some("no-such-group-here")).err().unwrap().to_string();
    assert!(error.contains("no-such-group-here") && !path.exists(), "{error}");
}

#[test]
fn only_what_nobody_listens_on_is_taken_away() {
    let (folder, path) = place();
    let listening = Listener::bind(&path).unwrap();
    assert!(matches!(made(&path, None), Err(ServerError::Taken(_))));
    drop(listening);
    let first = made(&path, None).unwrap();
    // Somebody took the file away, and another agent has made its own.
    fs::remove_file(&path).unwrap();
    let second = made(&path, None).unwrap();
    drop(first);
    assert!(path.exists(), "it is not that of the first");
    drop(second);
    fs::write(&path, "").unwrap();
    assert!(matches!(made(&path, None), Err(ServerError::Foreign(_))));
    let datagrams = folder.path().join("log.sock");
    let _bound = std::os::unix::net::UnixDatagram::bind(&datagrams).unwrap();
    assert!(matches!(made(&datagrams, None), Err(ServerError::Listen { .. })), "it is another's");
    assert!(datagrams.exists());
}

#[test]
fn an_agent_that_hangs_is_there() {
    let (_folder, path) = place();
    let hangs = crowded(&path);
    let waiting: Vec<_> = (0..4).map_while(|_| probe(&path).ok()).collect();
    assert!(waiting.len() < 4, "nobody takes them");
    assert!(matches!(made(&path, None), Err(ServerError::Taken(_))));
    drop(hangs);
}

/// A listener with hardly any room for those who wait.
fn crowded(path: &Path) -> UnixListener {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _entered = runtime.enter();
    let socket = UnixSocket::new_stream().unwrap();
    socket.bind(path).unwrap();
    socket.listen(1).unwrap()
}
