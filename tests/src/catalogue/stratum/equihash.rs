//! Equihash in its variants, and `VerusHash`, which kept its form.

use detector::judge::Protocol;

use super::{Entry, talk};

const HOW: &str =
    "`mining.set_target`; jobs of version, three hashes, time and bits; shares with a solution of Equihash";

const SUBSCRIBED: &str = r#"
< {"id":1,"result":[null,"~16~"],"error":null}
> {"id":2,"method":"mining.authorize","params":["WALLET.rig7","x"]}
< {"id":2,"result":true,"error":null}
> {"id":3,"method":"mining.extranonce.subscribe","params":[]}
< {"id":null,"params":["0004000000000000000000000000000000000000000000000000000000000000"],"method":"mining.set_target"}
"#;

const ROUND: &str = r#"
< {"id":null,"method":"mining.notify","params":["~job~","04000000","~64~","~64~","0000000000000000000000000000000000000000000000000000000000000000","~8~","1c00~4~",trueMORE]}
> {"id":~id~,"method":"mining.submit","params":["WALLET.rig7","~job~","~8~","~48~","SOLUTION"]}
< {"id":~id~,"result":true,"error":null}
"#;

struct Variant {
    title: &'static str,
    subscribe: &'static str,
    agent: &'static str,
    wallet: &'static str,
    /// Behind the last field of a job.
    more: &'static str,
    solution: &'static str,
}

impl Variant {
    fn entry(&self) -> Entry {
        let fill = |text: &str| {
            text.replace("WALLET", self.wallet).replace("MORE", self.more).replace("SOLUTION", self.solution)
        };
        Entry::new(Protocol::Equihash, self.title, HOW)
            .talk(talk(&fill(&format!("> {}{SUBSCRIBED}", self.subscribe)), &fill(ROUND)))
            .fact("agent", self.agent)
            .fact("wallet", self.wallet)
            .fact("worker", "rig7")
    }
}

const T1: &str = "t1z3nventedAddre55ofNobodyatA11abcd";

pub(super) fn entries() -> Vec<Entry> {
    vec![
        Variant {
            title: "Zcash, Equihash 200,9: EWBF, GMiner and ASICs",
            subscribe: r#"{"id":1,"method":"mining.subscribe","params":["EWBF 0.3.4b",null,"zec.pool.example","6666"]}"#,
            agent: "EWBF 0.3.4b",
            wallet: T1,
            more: "",
            solution: "fd4005~2688~",
        }
        .entry()
        .fact("coin", "ZEC")
        .fact("pool_name", "zec.pool.example")
        .fact("difficulty", "16384.0"),
        Variant {
            title: "Bitcoin Gold, Equihash 144,5 (Zhash): NiceHash",
            subscribe: r#"{"id":1,"method":"mining.subscribe","params":["NiceHash/1.0.0",null,"btg.pool.example",3333]}"#,
            agent: "NiceHash/1.0.0",
            wallet: "GVz3nventedAddre55ofNobodyatA11abc",
            more: r#","144_5","BgoldPoW""#,
            solution: "64~200~",
        }
        .entry()
        .fact("coin", "BTG")
        .fact("algorithm", "equihash-144,5"),
        Variant {
            title: "Flux, Equihash 125,4: miniZ, lolMiner",
            subscribe: r#"{"id":1,"method":"mining.subscribe","params":["miniZ/2.4d",null,"flux.pool.example","2001"]}"#,
            agent: "miniZ/2.4d",
            wallet: T1,
            more: "",
            solution: "34~104~",
        }
        .entry()
        .fact("coin", "FLUX"),
        Variant {
            title: "Zero, Equihash 192,7: GMiner",
            subscribe: r#"{"id":1,"method":"mining.subscribe","params":["GMiner/3.44",null,"zer.pool.example","3032"]}"#,
            agent: "GMiner/3.44",
            wallet: T1,
            more: r#","192_7","ZERO_PoW""#,
            solution: "fd9001~800~",
        }
        .entry()
        .fact("coin", "ZER")
        .fact("algorithm", "equihash-192,7"),
        Variant {
            title: "Verus, VerusHash 2: ccminer, SRBMiner",
            subscribe: r#"{"id": 1, "method": "mining.subscribe", "params": ["ccminer/3.8.3"]}"#,
            agent: "ccminer/3.8.3",
            wallet: "RVz3nventedAddre55ofNobodyatA11abc",
            more: r#","0700000001~300~""#,
            solution: "fd40050700000001~2680~",
        }
        .entry()
        .fact("coin", "VRSC"),
        Entry::new(
            Protocol::Equihash,
            "Aion, Equihash 210,9",
            "`mining.set_target`; jobs of flag, target and header hash",
        )
        .talk(talk(
            r#"
> {"id":1,"method":"mining.subscribe","params":["lolMiner/0.8.8",null,"aion.pool.example",3333]}
< {"id":1,"result":["~8~","~16~"],"error":null}
> {"id":2,"method":"mining.authorize","params":["0xa0~62~.rig7","x"]}
< {"id":2,"result":true,"error":null}
< {"id":null,"jsonrpc":"2.0","method":"mining.set_target","params":["0004000000000000000000000000000000000000000000000000000000000000"]}
"#,
            r#"
< {"id":null,"jsonrpc":"2.0","method":"mining.notify","params":["~job~",true,"0004000000000000000000000000000000000000000000000000000000000000","~64~"]}
> {"id":~id~,"method":"mining.submit","params":["rig7","~job~","~64~","~2816~"]}
< {"id":~id~,"result":true,"error":null}
"#,
        ))
        .fact("agent", "lolMiner/0.8.8")
        .fact("pool_name", "aion.pool.example"),
    ]
}
