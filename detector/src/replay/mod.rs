//! Running captures through the detector instead of live packets.

pub mod capture;
