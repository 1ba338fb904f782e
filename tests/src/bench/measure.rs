use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use detector::kernel::{Limits, Program};
use detector::signature::Signatures;
use detector_common::counters::Counter;
use detector_common::settings::Settings;

use super::blocking;
use super::classes::{Class, Way, classes};
use super::report::{Measured, Report};
use crate::packet::SHORTEST;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Runs of a warm packet in each round, at least 1.
    pub repeat: u32,
    /// Packets of each cold class in each round, at least 1.
    pub flows: u32,
    /// Rounds, at least 1.
    pub rounds: u32,
}

/// As in a live run, but a watched flow may speak as much as it likes.
pub(super) const SETTINGS: Settings = Settings {
    watch_burst: i32::MAX.cast_unsigned(),
    watch_rate: i32::MAX.cast_unsigned(),
    budget_burst: i32::MAX.cast_unsigned(),
    budget_rate: i32::MAX.cast_unsigned(),
    ..Settings::DEFAULT
};

/// The name of the empty program in reports.
const EMPTY: &str = "empty";

/// Measures all classes.
///
/// # Errors
/// The kernel refuses the program or a packet, or a packet was not taken for what it is.
pub fn measure(options: Options) -> Result<Report> {
    let signatures = Signatures::built_in()?;
    let start = Instant::now();
    let mut program = Program::load(&SETTINGS, &Limits::default(), signatures.automaton())?;
    let load = start.elapsed();
    let verified_instructions = program.verified_instructions()?;
    let small = Limits { flows: 1, watched: 1, ring: 4096, blocks: 0 };
    let yardstick = Program::load_yardstick(&small)?;
    let mut bench = Bench { program, yardstick, options, numbers: 0 };
    let classes = bench.all()?;
    drop(bench);
    let blocking = blocking::measure(options, &signatures)?;
    Ok(Report { classes, blocking, verified_instructions, load })
}

struct Bench {
    program: Program,
    yardstick: Program,
    options: Options,
    /// Numbers of flows that were used.
    numbers: u32,
}

impl Bench {
    fn all(&mut self) -> Result<Vec<Measured>> {
        let classes = classes();
        let mut empty = Vec::new();
        let mut times: Vec<Vec<f64>> = classes.iter().map(|_| Vec::new()).collect();
        let mut events = self.program.take_events()?;
        let mut watches = self.program.take_watches()?;
        for _ in 0..self.options.rounds {
            empty.push(self.empty()?);
            for (class, times) in classes.iter().zip(&mut times) {
                let before = self.counted(class.counted)?;
                let (time, runs) = match &class.way {
                    Way::Warm { before, frame, in_a_row } => {
                        self.warm(before, frame, self.options.repeat.min(*in_a_row))?
                    }
                    Way::Cold(frame) => self.cold(*frame, || while events.next().is_some() {})?,
                };
                while events.next().is_some() {}
                let counted = self.counted(class.counted)? - before;
                // A spent flow gets a little credit now and then.
                ensure!(
                    counted >= u64::from(runs) * 99 / 100,
                    "{counted} of {runs} packets of class {} were counted as {}: the program does not do what is measured",
                    class.name,
                    class.counted.name()
                );
                times.push(time);
            }
            watches.clear()?;
        }
        ensure!(self.counted(Counter::RingFull)? == 0, "the ring was full: copying was not measured");
        let empty = median(&mut empty).context("no rounds")?;
        let measured = |name, meaning, cold, ns_per_packet| Measured {
            name,
            meaning,
            cold,
            ns_per_packet,
            ratio_to_empty: ns_per_packet / empty,
        };
        let mut report = vec![measured(EMPTY, "a program that passes everything on", false, empty)];
        for (Class { name, meaning, way, .. }, mut times) in classes.into_iter().zip(times) {
            let time = median(&mut times).context("no rounds")?;
            report.push(measured(name, meaning, matches!(way, Way::Cold(_)), time));
        }
        Ok(report)
    }

    fn empty(&mut self) -> Result<f64> {
        Ok(nanoseconds(self.yardstick.test_run(&[0; SHORTEST], 0, self.options.repeat)?))
    }

    /// The mean time of a run, and how many there were.
    fn warm(&mut self, before: &[Vec<u8>], frame: &[u8], repeat: u32) -> Result<(f64, u32)> {
        for frame in before {
            self.program.test_run(frame, 0, 1)?;
        }
        Ok((nanoseconds(self.program.test_run(frame, 0, repeat)?), repeat))
    }

    /// The median time of a run less that of the empty program, and how many there were.
    fn cold(&mut self, frame: fn(u32) -> Vec<u8>, mut drain: impl FnMut()) -> Result<(f64, u32)> {
        let (mut times, mut floor) = (Vec::new(), Vec::new());
        for _ in 0..self.options.flows {
            let frame = frame(self.numbers);
            self.numbers += 1;
            floor.push(nanoseconds(self.yardstick.test_run(&frame, 0, 1)?));
            times.push(nanoseconds(self.program.test_run(&frame, 0, 1)?));
            drain();
        }
        let time = median(&mut times).zip(median(&mut floor)).map(|(time, floor)| time - floor);
        Ok((time.context("no packets")?, self.options.flows))
    }

    fn counted(&self, counter: Counter) -> Result<u64> {
        Ok(self.program.counters()?.get(counter))
    }
}

pub(super) fn nanoseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e9
}

pub(super) fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    if values.len() % 2 == 1 {
        return Some(upper);
    }
    Some(f64::midpoint(*values.get(middle - 1)?, upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median(&mut []), None);
        assert_eq!(median(&mut [3.0, 1.0, 100.0]), Some(3.0));
        assert_eq!(median(&mut [4.0, 1.0, 2.0, 100.0]), Some(3.0));
    }
}
