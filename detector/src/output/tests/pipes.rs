use std::sync::Arc;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use super::*;

#[test]
fn a_replay_waits_for_a_reader_that_comes_late() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    mkfifo(&pipe, Mode::S_IRWXU).unwrap();
    let room = Room { entries: 50, ..Room::default() };
    let config = Target::File(pipe.clone()).into();
    let outputs = Arc::new(Outputs::with_room(vec![config], None, &HashMap::new(), room).unwrap());
    let replay = {
        let outputs = Arc::clone(&outputs);
        std::thread::spawn(move || {
            for number in 0..5_000 {
                outputs.submit(&number).unwrap();
            }
        })
    };
    until("memory is full", || outputs.per_output()[0].queue >= 50);
    let reader = std::thread::spawn(move || fs::read_to_string(pipe).unwrap());
    replay.join().unwrap();
    let counts = Arc::into_inner(outputs).unwrap().finish(None);
    assert_eq!((counts.written, counts.lost, counts.shed), (5_000, 0, 0));
    assert_eq!(numbers(&reader.join().unwrap()), (0..5_000).collect::<Vec<_>>());
}

#[test]
fn the_next_reader_gets_the_record_that_the_last_one_broke_off_in() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    mkfifo(&pipe, Mode::S_IRWXU).unwrap();
    let outputs = file(&pipe);
    // More than a pipe holds, so that the writer is in the midst of a record when the reader goes.
    let ballast = "x".repeat(999);
    for number in 0..200 {
        outputs.submit(&json!([number, ballast])).unwrap();
    }
    let mut first = fs::File::open(&pipe).unwrap();
    let mut begun = vec![0; 1_500];
    first.read_exact(&mut begun).unwrap();
    let before = outputs.per_output()[0].retries;
    drop(first);
    until("its going is noticed", || outputs.per_output()[0].retries > before);
    let reader = std::thread::spawn(move || fs::read_to_string(pipe).unwrap());
    until("all is written", || outputs.per_output()[0].queue == 0);
    let counts = outputs.finish(None);
    let text = reader.join().unwrap();
    let read: Vec<u64> = text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()[0].as_u64().unwrap())
        .collect();
    assert_eq!(read, (1..200).collect::<Vec<_>>(), "only the first record was read whole before");
    assert_eq!((counts.written, counts.lost), (200, 0));
}
