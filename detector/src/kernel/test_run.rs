use std::time::Duration;

use aya::programs::{TestRun as _, TestRunOptions};

use super::attach::cause;
use super::{LoadError, Program};

/// What the program returns for every packet.
const XDP_PASS: u32 = 2;

/// Bytes of metadata in front of a packet: its time.
const METADATA: u32 = 8;

/// Why a packet was not run.
#[derive(Debug, thiserror::Error)]
pub enum TestRunError {
    /// The program is not there.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The kernel refuses the packet.
    #[error("the kernel does not run the program on a frame of {length} bytes: {cause}")]
    Refused {
        /// Its length.
        length: usize,
        /// What the system call says.
        cause: String,
    },
    /// The program did something else than passing the packet on.
    #[error("the program returned {0} instead of XDP_PASS")]
    NotPassed(u32),
}

impl Program {
    /// Runs the program `repeat` times on an Ethernet frame that arrived at `time`, nanoseconds
    /// on any clock, and gives the mean duration of a run in whole nanoseconds. The time counts
    /// only if the program was loaded with `Settings::replay`.
    ///
    /// # Errors
    /// The kernel refuses (the frame is shorter than an Ethernet header or longer than about 70,000
    /// bytes), or the program does not pass the packet on.
    pub fn test_run(&mut self, frame: &[u8], time: u64, repeat: u32) -> Result<Duration, TestRunError> {
        let data = [&time.to_ne_bytes(), frame].concat();
        // struct xdp_md: data, data_end, data_meta, ingress_ifindex, rx_queue_index,
        // egress_ifindex.
        let end = u32::try_from(data.len()).unwrap_or(u32::MAX);
        let context = [METADATA, end, 0, 0, 0, 0].map(u32::to_ne_bytes).concat();
        let options =
            TestRunOptions { data_in: Some(&data), ctx_in: Some(&context), repeat, ..TestRunOptions::new() };
        let result = self
            .xdp()?
            .test_run(options)
            .map_err(|error| TestRunError::Refused { length: frame.len(), cause: cause(&error) })?;
        if result.return_value == XDP_PASS {
            Ok(result.duration)
        } else {
            Err(TestRunError::NotPassed(result.return_value))
        }
    }
}
