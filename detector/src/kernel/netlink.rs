//! Questions to the kernel over netlink, and its answers.

use std::io;

use netlink_packet_core::{
    NLM_F_DUMP, NLM_F_REQUEST, NetlinkDeserializable, NetlinkHeader, NetlinkMessage, NetlinkPayload,
    NetlinkSerializable,
};
use netlink_sys::{Socket, SocketAddr};

/// How much is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The one thing that the question names.
    One,
    /// All there are.
    All,
}

/// Asks over a protocol of netlink (`NETLINK_*`), in the network namespace of the calling thread. Answers that cannot be
/// understood are left out.
pub(crate) fn ask<T>(protocol: isize, question: T, scope: Scope) -> io::Result<Vec<T>>
where
    T: NetlinkSerializable + NetlinkDeserializable,
{
    let mut socket = Socket::new(protocol)?;
    socket.bind_auto()?;
    socket.connect(&SocketAddr::new(0, 0))?;
    let mut message = NetlinkMessage::new(NetlinkHeader::default(), NetlinkPayload::InnerMessage(question));
    message.header.flags = NLM_F_REQUEST | if scope == Scope::All { NLM_F_DUMP } else { 0 };
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    socket.send(&bytes, 0)?;
    let mut answers = Vec::new();
    // The kernel fills as much of it as it may at once.
    let mut datagram = Vec::with_capacity(DATAGRAM);
    loop {
        datagram.clear();
        socket.recv_from(&mut datagram, 0)?;
        if read(&datagram, &mut answers)? || scope == Scope::One {
            return Ok(answers);
        }
    }
}

/// Reads the messages of a datagram. True if the last one says that it is.
fn read<T: NetlinkDeserializable>(datagram: &[u8], answers: &mut Vec<T>) -> io::Result<bool> {
    let mut rest = datagram;
    while let Some((length, _)) = rest.split_first_chunk::<4>() {
        let length = u32::from_ne_bytes(*length) as usize;
        let Some(message) = rest.get(..length).filter(|message| message.len() >= HEADER) else { break };
        if let Ok(message) = NetlinkMessage::<T>::deserialize(message) {
            match message.payload {
                NetlinkPayload::InnerMessage(answer) => answers.push(answer),
                NetlinkPayload::Error(error) => {
                    return if error.code.is_some() { Err(error.to_io()) } else { Ok(true) };
                }
                NetlinkPayload::Done(_) => return Ok(true),
                _ => {}
            }
        }
        // Messages begin at multiples of four bytes.
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    Ok(datagram.is_empty())
}

/// More bytes than the kernel puts into one datagram of a list.
const DATAGRAM: usize = 65_536;

/// Bytes of a message's header.
const HEADER: usize = 16;
