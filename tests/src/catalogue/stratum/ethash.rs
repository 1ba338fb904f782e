//! Ethash and its descendants: `EthereumStratum`, ethminer's plain stratum, `KawPow`.

use detector::judge::Protocol;

use super::{Entry, talk};

const ETH: &str = "0x00000000000000000000000000000000f12eda4b";
const RVN: &str = "RVz3nventedAddre55ofNobodyatA11abc";

const KAWPOW_ROUND: &str = r#"
< {"id":null,"method":"mining.set_target","params":["00000000ffff0000000000000000000000000000000000000000000000000000"]}
< {"id":null,"method":"mining.notify","params":["~job~","~64~","~64~","00000000ffff0000000000000000000000000000000000000000000000000000",true,3300001,"1b00~4~"]}
> {"id":~id~,"method":"mining.submit","params":["WALLET.rig7","~job~","0x~16~","0x~64~","0x~64~"]}
< {"id":~id~,"result":true,"error":null}
"#;

fn kawpow(title: &'static str, agent: &'static str, opening: &str) -> Entry {
    let how = "jobs of header hash, seed hash, target, flag, height and bits; shares of nonce, header hash and mix hash";
    let fill = |text: &str| text.replace("WALLET", RVN).replace("AGENT", agent);
    Entry::new(Protocol::KawPow, title, how)
        .talk(talk(&fill(opening), &fill(KAWPOW_ROUND)))
        .fact("agent", agent)
        .fact("wallet", RVN)
        .fact("worker", "rig7")
        .fact("difficulty", "4295032833.0")
}

pub(super) fn entries() -> Vec<Entry> {
    [ethash(), ravencoin()].concat()
}

fn ravencoin() -> Vec<Entry> {
    vec![
        kawpow(
            "Ravencoin, KawPow: T-Rex, WildRig, TeamRedMiner, kawpowminer",
            "T-Rex/0.26.8",
            r#"
> {"id":1,"method":"mining.subscribe","params":["AGENT"]}
< {"id":1,"result":[null,"64290b"],"error":null}
> {"id":2,"method":"mining.authorize","params":["WALLET.rig7","x"]}
< {"id":2,"result":true,"error":null}
"#,
        ),
        kawpow(
            "Ravencoin, KawPow: GMiner",
            "GMiner/2.09",
            r#"
> {"id":1,"method":"mining.subscribe","params":["AGENT",null,"rvn.pool.example","3333"]}
< {"id":1,"result":[null,"64290b"],"error":null}
> {"id":2,"method":"mining.authorize","params":["WALLET.rig7","x"]}
< {"id":2,"result":true,"error":null}
> {"id":9,"method":"eth_submitHashrate","params":["0x1000000","0x~64~"]}
"#,
        )
        .fact("pool_name", "rvn.pool.example"),
        kawpow(
            "Ravencoin, KawPow: XMRig",
            "XMRig/6.22.2 (Linux x86_64) libuv/1.48.0 gcc/13.3.0",
            r#"
> {"id":1,"jsonrpc":"2.0","method":"mining.subscribe","params":["AGENT"]}
> {"id":2,"jsonrpc":"2.0","method":"mining.authorize","params":["WALLET.rig7","x"]}
< {"id":1,"result":[null,"64290b"],"error":null}
< {"id":2,"result":true,"error":null}
"#,
        ),
    ]
}

fn ethash() -> Vec<Entry> {
    vec![
        Entry::new(
            Protocol::EthereumStratum,
            "Ethereum Classic, EthereumStratum/1.0.0: NiceHash's own, lolMiner, GMiner",
            "the name of the dialect in subscription or answer; jobs of seed hash, header hash and flag",
        )
        .talk(talk(
            &r#"
> {"id":1,"method":"mining.subscribe","params":["lolMiner/1.96","EthereumStratum/1.0.0"]}
< {"id":1,"result":[["mining.notify","~32~","EthereumStratum/1.0.0"],"080c"],"error":null}
> {"id":2,"method":"mining.extranonce.subscribe","params":[]}
< {"id":2,"result":true,"error":null}
> {"id":3,"method":"mining.authorize","params":["ETH.rig7","x"]}
< {"id":3,"result":true,"error":null}
< {"id":null,"method":"mining.set_difficulty","params":[0.5]}
"#
            .replace("ETH.", &format!("{ETH}.")),
            &r#"
< {"id":null,"method":"mining.notify","params":["~job~","~64~","~64~",true]}
> {"id":~id~,"method":"mining.submit","params":["ETH.rig7","~job~","~12~"]}
< {"id":~id~,"result":true,"error":null}
> {"id":9,"method":"eth_submitHashrate","params":["0x500000","0x~64~"]}
< {"id":9,"result":true,"error":null}
"#
            .replace("ETH.", &format!("{ETH}.")),
        ))
        .fact("agent", "lolMiner/1.96")
        .fact("wallet", ETH)
        .fact("worker", "rig7")
        .fact("difficulty", "0.5"),
        Entry::new(
            Protocol::EthereumStratum,
            "Ethereum Classic, EthereumStratum/2.0.0 (EIP-1571): ethminer",
            "`mining.hello` with the name of the dialect; `mining.set`, `mining.noop`, `mining.hashrate`, `mining.bye`",
        )
        .talk(talk(
            &r#"
> {"id":1,"method":"mining.hello","params":{"agent":"ethminer-0.19.0","host":"etc.pool.example","port":"d05","proto":"EthereumStratum/2.0.0"}}
< {"id":1,"result":{"proto":"EthereumStratum/2.0.0","encoding":"plain","resume":"1","timeout":"b4","maxerrors":"5","node":"x"}}
> {"id":2,"method":"mining.subscribe"}
< {"id":2,"result":"s-12345"}
> {"id":3,"method":"mining.authorize","params":["ETH.rig7","x"]}
< {"id":3,"result":"w-123"}
< {"method":"mining.set","params":{"epoch":"dc","target":"0112e0be826d694b2e62d01511f12a6061fbaec8bc02357593e70e52ba","algo":"ethash","extranonce":"af4c"}}
"#
            .replace("ETH.", &format!("{ETH}.")),
            r#"
< {"method":"mining.notify","params":["~job~","b3","~64~","0"]}
> {"id":~id~,"method":"mining.submit","params":["~job~","~12~","w-123"]}
< {"id":~id~,"result":true}
> {"id":40,"method":"mining.hashrate","params":["500000","w-123"]}
> {"id":50,"method":"mining.noop"}
"#,
        ))
        .fact("agent", "ethminer-0.19.0")
        .fact("pool_name", "etc.pool.example")
        .fact("wallet", ETH)
        .fact("worker", "rig7")
        .fact("algorithm", "ethash"),
        Entry::new(
            Protocol::EthereumStratum,
            "Ethereum Classic, plain stratum: ethminer in mode 0 (dwarf's pools)",
            "jobs of header hash, seed hash and target with `0x`",
        )
        .talk(talk(
            &r#"
> {"id":1,"jsonrpc":"2.0","method":"mining.subscribe","params":[]}
< {"id":1,"jsonrpc":"2.0","result":true,"error":null}
> {"id":3,"jsonrpc":"2.0","method":"mining.authorize","params":["ETH.rig7","x"]}
< {"id":3,"jsonrpc":"2.0","result":true,"error":null}
"#
            .replace("ETH.", &format!("{ETH}.")),
            &r#"
< {"id":null,"jsonrpc":"2.0","method":"mining.notify","params":["~job~","0x~64~","0x~64~","0x00000000ffff0000000000000000000000000000000000000000000000000000"]}
> {"id":~id~,"jsonrpc":"2.0","method":"mining.submit","params":["ETH","~job~","0x~16~","0x~64~","0x~64~"],"worker":"rig7"}
< {"id":~id~,"jsonrpc":"2.0","result":true,"error":null}
"#
            .replace("\"ETH\"", &format!("\"{ETH}\"")),
        ))
        .fact("wallet", ETH)
        .fact("worker", "rig7")
        .fact("difficulty", "4295032833.0"),
    ]
}
