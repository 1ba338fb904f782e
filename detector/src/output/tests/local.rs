use std::fs::File;
use std::io::{IoSliceMut, Seek as _};
use std::os::fd::{AsRawFd as _, FromRawFd as _};
use std::os::unix::net::{UnixDatagram, UnixListener};

use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg};

use super::*;

fn output(kind: &str, path: &Path, more: &str) -> Config {
    config(&format!("to = '{kind}'\npath = '{}'\n{more}\nlimits = {{ retry-seconds = 1 }}", path.display()))
}

#[test]
fn a_socket_is_connected_again_after_its_reader_died() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sock");
    let outputs = start(vec![output("unix", &path, "")]);
    for record in 0..10 {
        outputs.offer(&alert(record)).unwrap();
    }
    until("it is missed", || outputs.per_output()[0].outages == 1);
    until("they wait", || outputs.per_output()[0].lag > 0.0);
    let listener = UnixListener::bind(&path).unwrap();
    let mut first = listener.accept().unwrap().0;
    // It dies in the middle of the first record.
    first.read_exact(&mut [0; 9]).unwrap();
    drop(first);
    let mut second = BufReader::new(listener.accept().unwrap().0).lines();
    // It is not known what of the first delivery was read, so that all of it comes again.
    let again: Vec<u64> = (0..10).map(|_| record_of(&second.next().unwrap().unwrap())).collect();
    assert_eq!(again, (0..10).collect::<Vec<_>>());
    outputs.offer(&alert(10)).unwrap();
    assert_eq!(record_of(&second.next().unwrap().unwrap()), 10);
    let counts = outputs.finish(Some(PATIENCE));
    assert_eq!((counts.written, counts.lost), (11, 0));
}

#[test]
fn a_datagram_is_a_record() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sock");
    let receiver = UnixDatagram::bind(&path).unwrap();
    let outputs = start(vec![output("unix", &path, "socket = 'datagram'")]);
    outputs.offer(&json!("x".repeat(1 << 20))).unwrap();
    outputs.offer(&alert(7)).unwrap();
    let mut bytes = vec![0; 4096];
    let length = receiver.recv(&mut bytes).unwrap();
    assert_eq!(bytes[..length], *alert(7).to_string().as_bytes());
    let counts = outputs.finish(Some(PATIENCE));
    assert_eq!((counts.written, counts.lost), (1, 1), "one was too long");
}

#[test]
fn the_journal_gets_fields() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let journal = UnixDatagram::bind(&path).unwrap();
    let outputs = start(vec![output("journald", &path, "identifier = 'fd'")]);
    outputs.offer(&alert(7)).unwrap();
    let mut bytes = vec![0; 4096];
    let length = journal.recv(&mut bytes).unwrap();
    let entry = String::from_utf8(bytes[..length].to_vec()).unwrap();
    for line in [
        format!("MESSAGE={}", alert(7)),
        "PRIORITY=3".to_owned(),
        "SYSLOG_IDENTIFIER=fd".to_owned(),
        "FIREDAMP_CASE=00000000000000ab".to_owned(),
        "FIREDAMP_RECORD=7".to_owned(),
        "FIREDAMP_MINER=10.0.0.1".to_owned(),
    ] {
        assert!(entry.lines().any(|is| is == line), "{line} in {entry}");
    }
    // Too long for a datagram: it comes in memory that is handed over.
    outputs.offer(&json!({"event_type": "alert", "long": "x".repeat(1 << 20)})).unwrap();
    let mut none = [0; 16];
    let mut buffers = [IoSliceMut::new(&mut none)];
    let mut space = nix::cmsg_space!([std::os::fd::RawFd; 1]);
    let message =
        recvmsg::<()>(journal.as_raw_fd(), &mut buffers, Some(&mut space), MsgFlags::empty()).unwrap();
    let Some(ControlMessageOwned::ScmRights(handed)) = message.cmsgs().unwrap().next() else { panic!() };
    // SAFETY: the kernel has just made this descriptor for this process; nothing else owns it.
    let mut memory = unsafe { File::from_raw_fd(handed[0]) };
    let mut entry = String::new();
    memory.rewind().unwrap();
    memory.read_to_string(&mut entry).unwrap();
    assert!(entry.starts_with("MESSAGE={\"event_type\"") && entry.len() > 1 << 20);
    assert_eq!(outputs.finish(Some(PATIENCE)).written, 2);
}
