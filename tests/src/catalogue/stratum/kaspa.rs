//! Kaspa and its relatives.

use detector::judge::Protocol;

use super::{Entry, talk};

const HOW: &str = "addresses with a name before the colon; jobs of four numbers and a time, or of 80 digits; shares of an 8-byte nonce";

const NUMBERS: &str = r#"
< {"id":null,"method":"mining.notify","params":["~job~",[10426189347612345678,7766554433221100123,1234567890123456789,17999888777666555444],1700000000123]}
> {"id":~id~,"method":"mining.submit","params":["WALLET.rig7","~job~","0x~16~"]}
< {"id":~id~,"result":true,"error":null}
"#;

const DIGITS: &str = r#"
< {"id":~id~,"jsonrpc":"2.0","method":"mining.notify","params":["~job~","~80~"]}
> {"id":~id~,"jsonrpc":"2.0","method":"mining.submit","params":["WALLET.rig7","~job~","0x~16~"]}
< {"id":~id~,"jsonrpc":"2.0","result":true}
"#;

fn entry(
    title: &'static str,
    agent: &'static str,
    wallet: &'static str,
    coin: &'static str,
    opening: &str,
    round: &str,
) -> Entry {
    let fill = |text: &str| text.replace("WALLET", wallet).replace("AGENT", agent);
    Entry::new(Protocol::Kaspa, title, HOW)
        .talk(talk(&fill(opening), &fill(round)))
        .fact("agent", agent)
        .fact("wallet", wallet)
        .fact("worker", "rig7")
        .fact("coin", coin)
}

const BRIDGE: &str = r#"
> {"id":1,"jsonrpc":"2.0","method":"mining.subscribe","params":["AGENT","EthereumStratum/1.0.0"]}
< {"id":1,"jsonrpc":"2.0","result":[true,"EthereumStratum/1.0.0"]}
> {"id":2,"jsonrpc":"2.0","method":"mining.authorize","params":["WALLET.rig7","x"]}
< {"id":2,"jsonrpc":"2.0","result":true}
< {"jsonrpc":"2.0","method":"set_extranonce","params":["~4~"]}
< {"jsonrpc":"2.0","method":"mining.set_difficulty","params":[4.0]}
"#;

const POOL: &str = r#"
> {"id":1,"method":"mining.subscribe","params":["AGENT"]}
< {"id":1,"result":[true,"EthereumStratum/1.0.0"],"error":null}
< {"id":null,"method":"mining.set_extranonce","params":["~4~"]}
> {"id":2,"method":"mining.authorize","params":["WALLET.rig7","x"]}
< {"id":2,"result":true,"error":null}
< {"id":null,"method":"mining.set_difficulty","params":[4096]}
"#;

pub(super) fn entries() -> Vec<Entry> {
    vec![
        entry(
            "Kaspa: lolMiner at the bridge of a node",
            "lolMiner/1.96",
            "kaspa:qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqkx9awp4e",
            "KAS",
            BRIDGE,
            NUMBERS,
        ),
        entry(
            "Kaspa: BzMiner at the bridge of a node",
            "BzMiner/v21.0.0",
            "kaspa:qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqkx9awp4e",
            "KAS",
            BRIDGE,
            DIGITS,
        )
        .fact("difficulty", "4.0"),
        entry(
            "Kaspa: IceRiver at a pool",
            "IceRiverMiner-v1.1",
            "kaspa:qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqkx9awp4e",
            "KAS",
            POOL,
            &DIGITS.replace("\"0x~16~\"", "\"~16~\""),
        ),
        entry(
            "Karlsen, Spectre, Pyrin: SRBMiner, Rigel",
            "Rigel/1.19.3-nicehash",
            "karlsen:qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqkx9awp4e",
            "KLS",
            POOL,
            NUMBERS,
        ),
    ]
}
