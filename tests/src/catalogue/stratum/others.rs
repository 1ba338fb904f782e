//! Coins with a dialect of their own.

use detector::judge::{Protocol, Verdict};

use super::{Entry, talk};

struct Coin {
    protocol: Protocol,
    title: &'static str,
    how: &'static str,
    wallet: &'static str,
    opening: &'static str,
    round: &'static str,
}

impl Coin {
    fn entry(&self) -> Entry {
        let fill = |text: &str| text.replace("WALLET", self.wallet);
        let entry = Entry::new(self.protocol, self.title, self.how)
            .talk(talk(&fill(self.opening), &fill(self.round)));
        if self.wallet.is_empty() { entry } else { entry.fact("wallet", self.wallet) }
    }
}

const AUTHORIZED: &str = r#"
> {"id":2,"method":"mining.authorize","params":["WALLET.rig7","x"]}
< {"id":2,"result":true,"error":null}
"#;

const OBJECTS: &str =
    "jobs are objects with `headerBlob`; shares are objects with `fromGroup`; the pool speaks first";

pub(super) fn entries() -> Vec<Entry> {
    [alephium(), ergo(), nervos(), conflux(), xelis(), aleo(), kadena_and_aeternity()].concat()
}

fn alephium() -> Vec<Entry> {
    vec![
        Coin {
            protocol: Protocol::Alephium,
            title: "Alephium: gpu-miner at mining-pool, whose pool speaks first",
            how: OBJECTS,
            wallet: "",
            opening: r#"
< {"id":null,"method":"mining.set_difficulty","params":[16]}
"#,
            round: r#"
< {"id":null,"method":"mining.notify","params":[{"fromGroup":0,"toGroup":1,"jobId":"~job~","headerBlob":"~300~","txsBlob":"~80~","targetBlob":"00000000ffff0000000000000000000000000000000000000000000000000000"},{"fromGroup":0,"toGroup":2,"jobId":"~job~","headerBlob":"~300~","txsBlob":"~80~","targetBlob":"00000000ffff0000000000000000000000000000000000000000000000000000"}]}
> {"id":~id~,"method":"mining.submit","params":{"jobId":"~job~","fromGroup":0,"toGroup":1,"nonce":"~48~","worker":"1z3nventedAddre55ofNobodyatA11abcz3nvented1234.rig7"}}
< {"id":~id~,"method":"mining.submit_result","result":true,"error":null}
"#,
        }
        .entry()
        .fact("worker", "rig7")
        .fact("coin", "ALPH")
        .verdicts(Some(Verdict::Confirmed), Some(Verdict::Probable), Some(Verdict::Confirmed)),
        Coin {
            protocol: Protocol::Alephium,
            title: "Alephium: AlephiumStratum/1.0.0 (BzMiner, SRBMiner at herominers)",
            how: "`mining.hello` with the name of the dialect, `mining.set_cleanjobs`, parameters that are no list",
            wallet: "1z3nventedAddre55ofNobodyatA11abcz3nvented123",
            opening: r#"
> {"id":"0","method":"mining.hello","params":["BzMiner/v21.0.0","AlephiumStratum/1.0.0"]}
< {"id":"0","result":["AlephiumStratum/1.0.0",false,"3c","5","pool"]}
> {"id":"1","method":"connection.set_gzip"}
< {"id":"1","result":false}
> {"id":"2","method":"mining.subscribe","params":""}
< {"id":"2","result":"s1"}
> {"id":"3","method":"mining.authorize","params":["WALLET.rig7","x"]}
< {"id":"3","result":"w1"}
< {"method":"mining.set_extranonce","params":"515a"}
< {"method":"mining.set_target","params":"00000000ffff0000000000000000000000000000000000000000000000000000"}
< {"method":"mining.set_cleanjobs","params":true}
"#,
            round: r#"
< {"method":"mining.notify","params":["~job~","1","~604~"]}
> {"id":"~id~","method":"mining.submit","params":["~job~","~44~","w1"]}
< {"id":"~id~","result":true}
> {"id":"9","method":"alph_submitHashrate","params":["0x3b9aca00","rig7"]}
> {"id":"8","method":"mining.noop"}
< {"id":"8","result":"1"}
"#,
        }
        .entry()
        .fact("agent", "BzMiner/v21.0.0")
        .fact("worker", "rig7")
        .fact("coin", "ALPH")
        .fact("difficulty", "4295032833.0"),
    ]
}

fn ergo() -> Vec<Entry> {
    let opening = r#"
> {"id":1,"method":"mining.subscribe","params":["lolMiner/1.98"]}
< {"id":1,"result":[[["mining.set_difficulty","1"],["mining.notify","~8~"]],"0a3f",6],"error":null}
"#;
    let opening = format!(
        "{opening}{AUTHORIZED}\n< {{\"id\":null,\"method\":\"mining.set_difficulty\",\"params\":[1]}}"
    );
    let wallet = "9z3nventedAddre55ofNobodyatA11abcz3nvented123456789";
    let fill = |text: &str| text.replace("WALLET", wallet);
    vec![
        Entry::new(
            Protocol::Ergo,
            "Ergo, Autolykos: lolMiner, TeamRedMiner, SRBMiner",
            "jobs of height, hash and a bound in decimal digits; addresses from 9",
        )
        .talk(talk(
            &fill(&opening),
            &fill(
                r#"
< {"id":null,"method":"mining.notify","params":["~job~",1713851,"~64~","","","00000003","28948022309329048855892746252171976963209391069768726095651290785379",  "",false]}
> {"id":~id~,"method":"mining.submit","params":["WALLET.rig7","~job~","~12~"]}
< {"id":~id~,"result":true,"error":null}
"#,
            ),
        ))
        .fact("agent", "lolMiner/1.98")
        .fact("wallet", wallet)
        .fact("worker", "rig7")
        .fact("coin", "ERG"),
    ]
}

fn nervos() -> Vec<Entry> {
    vec![
        Coin {
            protocol: Protocol::Ckb,
            title: "Nervos CKB, mining.*: ASICs, ckb-gominer-demo",
            how: "jobs of header hash, height and parent's hash; addresses from ckb1",
            wallet: "ckb1qyq2znu0gempdahctxsm49sa9jdzq9vnka7qt9ntff",
            opening: r#"
> {"id":1,"method":"mining.subscribe","params":["ckbminer-v1.0.0",null]}
< {"id":1,"result":[null,"00c904bd",12],"error":null}
> {"id":2,"method":"mining.authorize","params":["WALLET.rig7","x"]}
< {"id":2,"result":true,"error":null}
< {"id":null,"method":"mining.set_target","params":["0001000000000000000000000000000000000000000000000000000000000000"]}
"#,
            round: r#"
< {"id":null,"method":"mining.notify","params":["~job~","~64~",12000001,"~64~",true]}
> {"id":~id~,"method":"mining.submit","params":["WALLET.rig7","~job~","~24~"]}
< {"id":~id~,"result":true,"error":null}
"#,
        }
        .entry()
        .fact("worker", "rig7")
        .fact("coin", "CKB")
        .fact("difficulty", "65536.0"),
    ]
}

fn conflux() -> Vec<Entry> {
    let how = "jobs of height, hash and boundary with `0x`; shares of nonce and hash; addresses with cfx:";
    vec![
        Coin {
            protocol: Protocol::Conflux,
            title: "Conflux, Octopus: T-Rex, NBMiner, Rigel at a pool",
            how,
            wallet: "cfx:aak2rra2njvd77ezwjvx04kkds9fzagfe6ku8scz91",
            opening: r#"
> {"id":1,"jsonrpc":"2.0","method":"mining.subscribe","params":["WALLET.rig7",""]}
< {"id":1,"jsonrpc":"2.0","result":true,"xn":"~4~"}
"#,
            round: r#"
< {"id":1,"jsonrpc":"2.0","method":"mining.notify","params":["~job~","98765432","0x~64~","0x00000000ffff0000000000000000000000000000000000000000000000000000"],"xn":"ab12"}
> {"id":~id~,"jsonrpc":"2.0","method":"mining.submit","params":["WALLET.rig7","~job~","0x~16~","0x~64~"]}
< {"id":~id~,"jsonrpc":"2.0","result":[true]}
"#,
        }
        .entry()
        .fact("worker", "rig7")
        .fact("coin", "CFX")
        .fact("difficulty", "4295032833.0")
        .verdicts(Some(Verdict::Confirmed), Some(Verdict::Probable), Some(Verdict::Confirmed)),
        Coin {
            protocol: Protocol::Conflux,
            title: "Conflux: cfxmine at a node",
            how,
            wallet: "",
            opening: r#"
> {"jsonrpc":"2.0","method":"mining.subscribe","params":["cfxmine",""],"id":1}
< {"jsonrpc":"2.0","result":"true","id":1}
"#,
            round: r#"
< {"jsonrpc":"2.0","method":"mining.notify","params":["0x~64~","0x~64~","0x00000000ffff0000000000000000000000000000000000000000000000000000"],"id":3}
> {"jsonrpc":"2.0","method":"mining.submit","params":["cfxmine","0x~64~","0x~64~","0x~64~"],"id":~id~}
< {"jsonrpc":"2.0","result":["true"],"id":~id~}
"#,
        }
        .entry()
        .fact("agent", "cfxmine")
        .verdicts(Some(Verdict::Confirmed), Some(Verdict::Probable), Some(Verdict::Confirmed)),
    ]
}

fn xelis() -> Vec<Entry> {
    vec![
        Coin {
            protocol: Protocol::Xelis,
            title: "Xelis: SRBMiner, Rigel",
            how: "a list of algorithms `xel/*` in the subscription, and the algorithm in each job; addresses with xel:",
            wallet: "xel:qcd39a5u8cscztamjuyr7hdj6hh2wh9nrmhp86ljx2sz6t99ndjqqm7wxj8",
            opening: r#"
> {"id":1,"method":"mining.subscribe","params":["SRBMiner-MULTI/2.9.0",["xel/v3"]]}
< {"id":1,"result":["ABC123","~64~",32,"~64~"]}
> {"id":2,"method":"mining.authorize","params":["WALLET","rig7","x"]}
< {"id":2,"result":true}
< {"id":null,"method":"mining.set_difficulty","params":[15000]}
< {"id":null,"method":"mining.print","params":[0,"welcome"]}
< {"id":4,"method":"mining.ping"}
> {"id":4,"method":"mining.pong"}
"#,
            round: r#"
< {"id":null,"method":"mining.notify","params":["~job~","000001907fb1~4~","~64~","xel/v3",true]}
> {"id":~id~,"method":"mining.submit","params":["rig7","~job~","~16~"]}
< {"id":~id~,"result":true}
"#,
        }
        .entry()
        .fact("agent", "SRBMiner-MULTI/2.9.0")
        .fact("worker", "rig7")
        .fact("coin", "XEL")
        .fact("algorithm", "xel/v3")
        .fact("difficulty", "15000.0"),
    ]
}

fn aleo() -> Vec<Entry> {
    let how =
        "the name AleoStratum; targets that are numbers; names of epochs from ab1, addresses from aleo1";
    let opening = r#"
> {"id":1,"method":"mining.subscribe","params":["aleominer/3.0","AleoStratum/2.0.0",null]}
< {"id":1,"result":["~16~",null],"error":null}
> {"id":2,"method":"mining.authorize","params":["WALLET.rig7","x"]}
< {"id":2,"result":true,"error":null}
< {"id":null,"method":"mining.set_target","params":[120000]}
"#;
    let wallet = "aleo1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq";
    let entry = |title, round| {
        Coin { protocol: Protocol::Aleo, title, how, wallet, opening, round }
            .entry()
            .fact("agent", "aleominer/3.0")
            .fact("worker", "rig7")
            .fact("coin", "ALEO")
            .fact("difficulty", "120000.0")
    };
    vec![
        entry(
            "Aleo: AleoStratum/2.0.0",
            r#"
< {"id":null,"method":"mining.notify","params":["~job~","ab1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq",0,true]}
> {"id":~id~,"method":"mining.submit","params":["WALLET.rig7","~job~","~16~"]}
< {"id":~id~,"result":true,"error":null}
"#,
        ),
        entry(
            "Aleo: proofs and hashed leaves (testnet 2)",
            r#"
< {"id":null,"method":"mining.notify","params":["~job~","~64~","~64~","~64~","~64~","~64~",true]}
> {"id":~id~,"method":"mining.submit","params":["WALLET.rig7","~job~","~64~","~1542~"]}
< {"id":~id~,"result":null,"error":[23,"Low difficulty share",null]}
"#,
        ),
    ]
}

fn kadena_and_aeternity() -> Vec<Entry> {
    let cycle: Vec<String> = (0..42).map(|edge| format!("\"{:x}\"", 0x0001_f3a5_u32 + edge * 7919)).collect();
    let cycle = cycle.join(",");
    vec![
        Coin {
            protocol: Protocol::StratumV1,
            title: "Kadena: ASICs at a pool",
            how: "jobs of a header of 286 bytes; addresses with k:",
            wallet: "k:5c1a0de55aa0beef5c1a0de55aa0beef5c1a0de55aa0beef5c1a0de55aa0beef",
            opening: r#"
> {"id":1,"method":"mining.subscribe","params":["kdaminer-v1.0.0",null]}
< {"id":1,"result":[null,"012345",5],"error":null}
> {"id":2,"method":"mining.authorize","params":["WALLET.rig7","x"]}
< {"id":2,"result":true,"error":null}
< {"id":null,"method":"mining.set_target","params":["0001000000000000000000000000000000000000000000000000000000000000"]}
"#,
            round: r#"
< {"id":null,"method":"mining.notify","params":["~job~","~572~",true]}
> {"id":~id~,"method":"mining.submit","params":["WALLET.rig7","~job~","~10~"]}
< {"id":~id~,"result":true,"error":null}
"#,
        }
        .entry()
        .fact("worker", "rig7")
        .fact("coin", "KDA"),
        Entry::new(
            Protocol::StratumV1,
            "Aeternity, Cuckoo Cycle: bminer, NBMiner",
            "jobs of version and hash; shares of the 42 edges of a cycle; addresses from ak_",
        )
        .talk(talk(
            r#"
> {"id":1,"jsonrpc":"2.0","method":"mining.subscribe","params":["NBMiner/42.3",null,"ae.pool.example",3333]}
< {"id":1,"jsonrpc":"2.0","result":["~8~","~8~"]}
> {"id":2,"jsonrpc":"2.0","method":"mining.authorize","params":["ak_2z3nventedAddre55ofNobodyatA11abcz3nvented12345678.rig7","x"]}
< {"id":2,"jsonrpc":"2.0","result":true}
< {"id":null,"jsonrpc":"2.0","method":"mining.set_target","params":["0001000000000000000000000000000000000000000000000000000000000000"]}
"#,
            &r#"
< {"id":null,"jsonrpc":"2.0","method":"mining.notify","params":["~job~",5,"~64~",true]}
> {"id":~id~,"jsonrpc":"2.0","method":"mining.submit","params":["ak_2z3nventedAddre55ofNobodyatA11abcz3nvented12345678.rig7","~job~","~8~",[CYCLE]]}
< {"id":~id~,"jsonrpc":"2.0","result":true}
"#
            .replace("CYCLE", &cycle),
        ))
        .fact("agent", "NBMiner/42.3")
        .fact("pool_name", "ae.pool.example")
        .fact("worker", "rig7")
        .fact("coin", "AE"),
    ]
}
