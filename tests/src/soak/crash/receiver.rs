use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result, bail};

use super::books::{Key, key};
use crate::lab::Lab;

/// What came so far.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// Each record, as it came first.
    pub records: BTreeMap<Key, String>,
    /// How often a record came that had come before.
    pub repeated: u64,
    /// What should not have come.
    pub complaints: Vec<String>,
}

/// A receiver of syslog over TCP in the gateway, which takes whatever comes (RFC 6587, octet counting).
pub struct Receiver {
    address: SocketAddr,
    heard: Arc<Mutex<Heard>>,
}

impl Receiver {
    /// Listens on the gateway's loopback, for as long as this process lives.
    ///
    /// # Errors
    /// No socket or thread is to be had.
    pub fn start(lab: &Lab) -> Result<Self> {
        let listener = lab.gateway.run(|| Ok(TcpListener::bind("127.0.0.1:0")?))?;
        let this = Self { address: listener.local_addr()?, heard: Arc::default() };
        let heard = Arc::clone(&this.heard);
        std::thread::Builder::new().name("receiver".to_owned()).spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                let heard = Arc::clone(&heard);
                std::thread::spawn(move || listen(stream, &heard));
            }
        })?;
        Ok(this)
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What came so far.
    #[must_use]
    pub fn heard(&self) -> Heard {
        lock(&self.heard).clone()
    }
}

fn lock(heard: &Mutex<Heard>) -> MutexGuard<'_, Heard> {
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes what comes until the agent dies, which may be in the middle of a message.
fn listen(stream: TcpStream, heard: &Mutex<Heard>) {
    let mut stream = BufReader::new(stream);
    while let Some(message) = message(&mut stream) {
        let mut heard = lock(heard);
        if let Err(error) = heard.take(&message) {
            heard.complaints.push(format!("{error:#}: {message}"));
        }
    }
}

fn message(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut length = Vec::new();
    stream.read_until(b' ', &mut length).ok()?;
    let length: usize = std::str::from_utf8(&length).ok()?.strip_suffix(' ')?.parse().ok()?;
    let mut message = vec![0; length];
    stream.read_exact(&mut message).ok()?;
    String::from_utf8(message).ok()
}

impl Heard {
    fn take(&mut self, message: &str) -> Result<()> {
        let begin = message.find(" {").context("no record in it")? + 1;
        let record = message.get(begin..).unwrap_or_default();
        let Some(key) = key(&serde_json::from_str(record).context("not JSON")?) else { return Ok(()) };
        match self.records.get(&key) {
            None => {
                self.records.insert(key, record.to_owned());
            }
            Some(first) if first == record => self.repeated += 1,
            Some(first) => bail!("another came under its number before: {first}"),
        }
        Ok(())
    }
}
