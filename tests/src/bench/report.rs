use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

use super::Blocking;

/// The cost of one class of packets.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// The class.
    pub name: &'static str,
    /// What it is, in words.
    pub meaning: &'static str,
    /// Whether each packet was of a new flow and run once.
    pub cold: bool,
    /// Nanoseconds, the median over the rounds.
    pub ns_per_packet: f64,
    /// The same divided by that of an empty program, warm.
    pub ratio_to_empty: f64,
}

/// What was measured.
#[derive(Clone, Debug)]
pub struct Report {
    /// The classes, the empty program first.
    pub classes: Vec<Measured>,
    /// What blocking adds to packets that are not blocked.
    pub blocking: Vec<Blocking>,
    /// How many instructions the verifier walked through, on kernels that tell (5.16).
    pub verified_instructions: Option<u32>,
    /// How long the kernel took to load the program with its maps.
    pub load: Duration,
}

impl Report {
    /// The same for programs.
    #[must_use]
    pub fn json(&self) -> Value {
        let classes: Vec<Value> = self
            .classes
            .iter()
            .map(|class| {
                json!({
                    "name": class.name,
                    "ns_per_packet": class.ns_per_packet,
                    "ratio_to_empty": class.ratio_to_empty,
                    "cold": class.cold,
                })
            })
            .collect();
        let blocking = self.blocking.iter().map(
            |class| json!({ "name": class.class, "off": class.off, "idle": class.idle, "busy": class.busy }),
        );
        json!({
            "classes": classes,
            "blocking": blocking.collect::<Vec<Value>>(),
            "verified_instructions": self.verified_instructions,
            "load_ms": self.load.as_secs_f64() * 1e3,
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<14} {:>9} {:>9}  class", "", "ns/packet", "x empty")?;
        for Measured { name, meaning, cold, ns_per_packet, ratio_to_empty } in &self.classes {
            let way = if *cold { " (cold)" } else { "" };
            writeln!(f, "{name:<14} {ns_per_packet:>9.0} {ratio_to_empty:>9.1}  {meaning}{way}")?;
        }
        writeln!(f, "\n{:<14} {:>9} {:>9} {:>9}  ns/packet by what is blocked", "", "off", "nothing", "500")?;
        for Blocking { class, off, idle, busy } in &self.blocking {
            writeln!(f, "{class:<14} {off:>9.0} {idle:>9.0} {busy:>9.0}")?;
        }
        writeln!(f)?;
        if let Some(instructions) = self.verified_instructions {
            write!(f, "{instructions} verified instructions, ")?;
        }
        write!(f, "loaded in {} ms", self.load.as_millis())
    }
}
