//! What is to be true of any bytes at all: the bodies of the fuzz targets.
//!
//! Each target takes bytes, makes of them what an attacker may send, and panics if the agent does not keep its word.
//! `cargo xtask fuzz` lets libFuzzer look for such bytes; the test `fuzz_smoke` runs every target over its [`seeds`] and
//! what [`mutate`] makes of them.

#![expect(clippy::expect_used, reason = "a target that does not hold panics: that is its job")]

mod binary;
mod capture;
mod conversation;
mod event;
mod files;
mod http;
mod input;
mod lines;
pub mod mutate;
mod packet;
mod pipeline;
mod reassembly;
mod recogniser;
mod records;
pub mod seeds;
mod signatures;
mod talk;
mod websocket;

pub use binary::binary;
pub use capture::capture;
pub use conversation::conversation;
pub use event::event;
pub use http::http;
pub use lines::lines;
pub use packet::packet;
pub use pipeline::pipeline;
pub use reassembly::reassembly;
pub use recogniser::recogniser;
pub use signatures::signatures;
pub use websocket::websocket;

/// A fuzz target.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name, also that of the program and of the folders of inputs.
    pub name: &'static str,
    /// What is to be true of any bytes; it panics if it is not.
    pub run: fn(&[u8]),
    /// Inputs to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// Compiles the built-in signatures, which takes longer than an input may.
pub fn prepare() {
    talk::signatures();
}

/// All of them.
pub const TARGETS: [Target; 12] = [
    Target { name: "packet", run: packet, seeds: seeds::frames },
    Target { name: "recogniser", run: recogniser, seeds: seeds::traffic },
    Target { name: "reassembly", run: reassembly, seeds: seeds::segments },
    Target { name: "conversation", run: conversation, seeds: seeds::conversations },
    Target { name: "lines", run: lines, seeds: seeds::lines },
    Target { name: "http", run: http, seeds: seeds::http },
    Target { name: "websocket", run: websocket, seeds: seeds::websocket },
    Target { name: "binary", run: binary, seeds: seeds::binary },
    Target { name: "pipeline", run: pipeline, seeds: seeds::events },
    Target { name: "capture", run: capture, seeds: seeds::captures },
    Target { name: "signatures", run: signatures, seeds: seeds::signatures },
    Target { name: "event", run: event, seeds: seeds::ring },
];
