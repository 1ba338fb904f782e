use std::net::SocketAddr;

use super::event::Event;

/// What a person would say of it.
pub(super) fn sentence(event: &Event<'_>) -> String {
    let port = event.number("/dest_port").and_then(|port| u16::try_from(port).ok()).unwrap_or_default();
    let pool = match event.pool_name() {
        Some(name) => format!("{name}:{port}"),
        None => SocketAddr::new(event.pool, port).to_string(),
    };
    let (miner, protocol) = (event.miner, event.text("/app_proto").unwrap_or("an unknown protocol"));
    let reason = reason(event);
    if event.is_node() {
        return format!("{miner} is a node of a blockchain and speaks {protocol} with {pool}; {reason}.");
    }
    let verb = match event.verdict {
        "confirmed" => "mines",
        "probable" => "probably mines",
        _ => "may mine",
    };
    let coin = event.text("/mining/coin").unwrap_or("cryptocurrency");
    format!("{miner} {verb} {coin} at {pool} with {protocol}; {reason}.")
}

/// Why it is told now.
fn reason(event: &Event<'_>) -> String {
    match event.reason {
        "opened" => "the case is new".to_owned(),
        "verdict" => format!("the verdict rose to {}", event.verdict),
        "stage" => format!("the stage rose to {}", event.text("/mining/stage").unwrap_or("unknown")),
        "periodic" => "it goes on".to_owned(),
        "quiet" => "nothing has happened for some time".to_owned(),
        "returned" => "it came back after it had been quiet".to_owned(),
        "closed" => "the case is closed".to_owned(),
        "final" => "this is the last record of the run".to_owned(),
        other => other.to_owned(),
    }
}
