//! Lines over a TCP connection.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// No message of a simulator is longer.
const LONGEST: usize = 64 * 1024;

pub(super) struct LineStream {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// What came of waiting for a line.
pub(super) enum Heard {
    Line(String),
    Nothing,
    Closed,
}

impl LineStream {
    /// Every write becomes a segment of its own.
    pub(super) fn new(stream: TcpStream) -> Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(super::long()))?;
        Ok(Self { stream, buffer: Vec::new() })
    }

    pub(super) fn say(&mut self, line: &str) -> Result<()> {
        Ok(self.stream.write_all(format!("{line}\n").as_bytes())?)
    }

    /// Says the line in `pieces` segments of about the same size with a pause between them, and
    /// gives the time at which the last of them was about to be written.
    pub(super) fn say_slowly(&mut self, line: &str, pieces: usize, pause: Duration) -> Result<Instant> {
        let bytes = format!("{line}\n").into_bytes();
        let mut last = Instant::now();
        for (number, piece) in bytes.chunks(bytes.len().div_ceil(pieces.max(1))).enumerate() {
            if number > 0 {
                std::thread::sleep(pause);
            }
            last = Instant::now();
            self.stream.write_all(piece)?;
        }
        Ok(last)
    }

    /// Waits at most `patience` (above zero) for a line.
    pub(super) fn hear(&mut self, patience: Duration) -> Result<Heard> {
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=end).collect();
                return Ok(Heard::Line(String::from_utf8_lossy(&line).trim_end().to_owned()));
            }
            if self.buffer.len() > LONGEST {
                bail!("a line of more than {LONGEST} bytes");
            }
            self.stream.set_read_timeout(Some(patience))?;
            let mut chunk = [0; 4096];
            match self.stream.read(&mut chunk) {
                Ok(0) => return Ok(Heard::Closed),
                Ok(length) => self.buffer.extend(chunk.iter().take(length)),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    return Ok(Heard::Nothing);
                }
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(Heard::Closed),
                Err(error) => return Err(error.into()),
            }
        }
    }
}
