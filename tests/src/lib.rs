//! What the tests and the demonstration stand on.
//!
//! [`lab`] builds private network namespaces with a gateway in the middle and runs the agent
//! there; [`sim`] are the miners, pools and ordinary traffic that live in it; [`dialects`] are
//! the lines they say. [`packet`] and [`conversation`] turn the same lines into packets for
//! tests that need no network at all; [`catalogue`] holds a conversation for every protocol, [`lookalikes`] those that are
//! none, [`evasion`] all ways to hide one; [`fuzz`] holds what is to be true of any bytes at all; [`mod@bench`] measures
//! what a packet costs, and [`soak`] whether anything grows in the long run. [`privileges`] says
//! aloud when a test cannot run.

pub mod bench;
pub mod catalogue;
pub mod conversation;
pub mod dialects;
pub mod evasion;
pub mod fuzz;
pub mod lab;
pub mod ledger;
pub mod lookalikes;
pub mod noise;
pub mod packet;
pub mod patience;
pub mod privileges;
mod process;
pub mod sim;
pub mod soak;
pub mod talk;
pub mod talk_http;
pub mod websocket;
