//! Bitcoin and the coins whose jobs have its form.

use detector::judge::{Protocol, Verdict};

use super::{Entry, talk};

/// Job, share and answer in the style of the clients that follow cgminer.
const ROUND: &str = r#"
< {"params": ["~job~", "~64~", "01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff~70~", "~160~", ["~64~", "~64~"], "20000000", "17034219", "66a0~4~", false], "id": null, "method": "mining.notify"}
> {"params": ["WALLET.WORKER", "~job~", "~8~", "66a0~4~", "~8~"], "id": ~id~, "method": "mining.submit"}
< {"id":~id~,"result":true,"error":null}
"#;

const SUBSCRIBED: &str =
    r#"< {"id":1,"result":[[["mining.set_difficulty","1"],["mining.notify","~8~"]],"~8~",4],"error":null}"#;

const HOW: &str = "the methods `mining.*` and `client.*` with their parameters; jobs of nine fields with the halves of a coinbase";

struct Client {
    title: &'static str,
    opening: &'static str,
    round: &'static str,
    wallet: &'static str,
    agent: &'static str,
    coin: &'static str,
}

impl Client {
    fn entry(&self) -> Entry {
        let fill = |text: &str| {
            text.replace("WALLET", self.wallet).replace("WORKER", "rig7").replace("SUBSCRIBED", SUBSCRIBED)
        };
        let entry = Entry::new(Protocol::StratumV1, self.title, HOW)
            .talk(talk(&fill(self.opening), &fill(self.round)))
            .fact("wallet", self.wallet)
            .fact("worker", "rig7");
        let entry = if self.agent.is_empty() { entry } else { entry.fact("agent", self.agent) };
        if self.coin.is_empty() { entry } else { entry.fact("coin", self.coin) }
    }
}

const BTC: &str = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4";
const LTC: &str = "ltc1qw508d6qejxtdg4y5r3zarvary0c5xw7kgmn4n9";

pub(super) fn entries() -> Vec<Entry> {
    let mut entries: Vec<Entry> = CLIENTS.iter().map(Client::entry).collect();
    entries.push(HANDSHAKE_BARE.entry().verdicts(
        Some(Verdict::Confirmed),
        Some(Verdict::Probable),
        Some(Verdict::Probable),
    ));
    entries.push(
        Entry::new(
            Protocol::StratumV1,
            "Bitcoin: NiceHash, a buyer's order at a pool",
            "as above; the subscription carries a time stamp and NiceHash's proof",
        )
        .talk(talk(
            r#"
> {"id":1,"method":"mining.subscribe","params":["NiceHash/1.0.0","1700000000000","~64~"]}
< {"id":1,"result":[[["mining.set_difficulty","1"],["mining.notify","~8~"]],"~8~",8],"error":null}
> {"id":2,"method":"mining.authorize","params":["buyer.1","x"]}
< {"id":2,"result":true,"error":null}
> {"id":3,"method":"mining.extranonce.subscribe","params":[]}
< {"id":3,"result":true,"error":null}
< {"id":null,"method":"mining.set_difficulty","params":[500000]}
"#,
            r#"
< {"id":null,"method":"mining.notify","params":["~job~","~64~","0100~100~","~120~",["~64~"],"20000000","17034219","66a0~4~",true]}
> {"id":~id~,"method":"mining.submit","params":["buyer.1","~job~","~16~","66a0~4~","~8~"]}
< {"id":~id~,"result":true,"error":null}
"#,
        ))
        .fact("agent", "NiceHash/1.0.0")
        .fact("wallet", "buyer")
        .fact("worker", "1")
        .fact("difficulty", "500000.0"),
    );
    entries.push(
        Entry::new(
            Protocol::StratumV1,
            "Bitcoin: escaped letters, batches and odd white space",
            "as above; JSON is read as JSON, and the kernel knows an escaped letter",
        )
        .talk(talk(
            r#"
> [{"params":["x/1"],"id":"a","\u006dethod":"\u006dining.subscr\u0069be"},{"id":"b","method" :	"mining\u002eauthor\u0069ze" , "params":["bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4.rig7","x"]}]
< {"id":"a","result":[[["mining.notify","~8~"]],"~8~",4],"error":null}
< {"id":"b","result":true,"error":null}
"#,
            r#"
< {"method":"mining.\u006eotify","id":null,"params":["~job~","~64~","0100~100~","~120~",[],"20000000","17034219","66a0~4~",true]}
> {"\u0069d":"s~id~","method":"mining.sub\u006dit","params":["bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4.rig7","~job~","~8~","66a0~4~","~8~"]}
< {"id":"s~id~","result":true,"error":null}
"#,
        ))
        .fact("worker", "rig7")
        .fact("coin", "BTC"),
    );
    entries
}

const HANDSHAKE_BARE: Client = Client {
    title: "Handshake: servers without the prefix",
    opening: r#"
> {"id":"1","method":"authorize","params":["WALLET.WORKER","x"]}
< {"id":"1","method":"authorize","result":true,"error":null}
< {"id":null,"method":"set_difficulty","params":[8]}
"#,
    round: r#"
< {"id":null,"method":"notify","params":["~job~","~64~",["~64~"],"~64~","~64~","~64~","00000000","1a034219","66a0~4~","~64~"]}
> {"id":"~id~","method":"submit","params":["WALLET.WORKER","~job~","~48~","66a0~4~","~8~"]}
< {"id":"~id~","method":"submit","result":true,"error":null}
"#,
    wallet: "hs1qw508d6qejxtdg4y5r3zarvary0c5xw7kqqqqqq",
    agent: "",
    coin: "HNS",
};

const CLIENTS: [Client; 11] = [
    Client {
        title: "Bitcoin: bfgminer",
        opening: r#"
> {"id": null, "method": "mining.suggest_target", "params": ["00000000ffff0000000000000000000000000000000000000000000000000000"]}
> {"id":null,"method":"mining.capabilities","params":[{"notify":[],"set_difficulty":{},"set_goal":[],"suggested_target":"00000000ffff0000000000000000000000000000000000000000000000000000"}]}
> {"id": 0, "method": "mining.subscribe", "params": ["bfgminer/5.5.0"]}
< {"id":0,"result":[[["mining.set_difficulty","1"],["mining.notify","~8~"]],"~8~",4],"error":null}
> {"id": "auth", "method": "mining.authorize", "params": ["WALLET.WORKER", "x"]}
< {"id":"auth","result":true,"error":null}
> {"id": "xnsub", "method": "mining.extranonce.subscribe", "params": []}
< {"id":"xnsub","result":true,"error":null}
< {"id":null,"method":"mining.set_difficulty","params":[1024]}
< {"id":null,"method":"mining.set_goal","params":["bitcoin",{"malgo":"SHA256d"}]}
> {"params": ["1f2a"], "id": "txlist1f2a", "method": "mining.get_transactions"}
"#,
        round: ROUND,
        wallet: BTC,
        agent: "bfgminer/5.5.0",
        coin: "BTC",
    },
    Client {
        title: "Litecoin: cpuminer (minerd), ccminer",
        opening: r#"
> {"id": 1, "method": "mining.subscribe", "params": ["cpuminer-multi/1.3.7"]}
SUBSCRIBED
> {"id": 2, "method": "mining.authorize", "params": ["WALLET.WORKER", "d=4096"]}
< {"id":2,"result":true,"error":null}
> {"id": 3, "method": "mining.extranonce.subscribe", "params": []}
< {"id":3,"result":false,"error":[20,"Not supported.",null]}
< {"id":null,"method":"mining.set_difficulty","params":[4096]}
"#,
        round: r#"
< {"id":null,"method":"mining.notify","params":["~job~","~64~","0100~100~","~120~",["~64~"],"20000000","1a034219","66a0~4~",false]}
> {"method": "mining.submit", "params": ["WALLET.WORKER", "~job~", "~8~", "66a0~4~", "~8~"], "id":~id~}
< {"id":~id~,"result":true,"error":null}
"#,
        wallet: LTC,
        agent: "cpuminer-multi/1.3.7",
        coin: "LTC",
    },
    Client {
        title: "Bitcoin: Bitaxe (ESP-Miner)",
        opening: r#"
> {"id": 1, "method": "mining.configure", "params": [["version-rolling"], {"version-rolling.mask": "ffffffff"}]}
> {"id": 2, "method": "mining.subscribe", "params": ["bitaxe/BM1366/v2.4.1"]}
< {"result":{"version-rolling":true,"version-rolling.mask":"1fffe000"},"id":1,"error":null}
< {"result":[[["mining.notify","~8~"]],"~8~",8],"id":2,"error":null}
> {"id": 3, "method": "mining.authorize", "params": ["WALLET.WORKER", "x"]}
< {"result":true,"id":3,"error":null}
> {"id": 4, "method": "mining.suggest_difficulty", "params": [1000]}
< {"method":"mining.set_difficulty","params":[1000],"id":null}
< {"method":"mining.set_version_mask","params":["1fffe000"],"id":null}
"#,
        round: r#"
< {"method":"mining.notify","params":["~job~","~64~","0100~100~","~120~",["~64~","~64~"],"20000000","17034219","66a0~4~",true],"id":null}
> {"id": ~id~, "method": "mining.submit", "params": ["WALLET.WORKER", "~job~", "~16~", "66a0~4~", "~8~", "0a2b4000"]}
< {"result":true,"id":~id~,"error":null}
"#,
        wallet: BTC,
        agent: "bitaxe/BM1366/v2.4.1",
        coin: "BTC",
    },
    Client {
        title: "Bitcoin: Antminer (bmminer)",
        opening: r#"
> {"id":1,"method":"mining.configure","params":[["version-rolling"],{"version-rolling.mask":"1fffe000","version-rolling.min-bit-count":2}]}
< {"id":1,"result":{"version-rolling":true,"version-rolling.mask":"1fffe000"},"error":null}
> {"id":1,"method":"mining.subscribe","params":["bmminer/2.0.0"]}
SUBSCRIBED
> {"id":2,"method":"mining.authorize","params":["WALLET.WORKER","123"]}
< {"id":2,"result":true,"error":null}
> {"id":3,"method":"mining.multi_version","params":[4]}
< {"id":null,"method":"mining.set_difficulty","params":[65536]}
< {"id":null,"method":"client.show_message","params":["Welcome"]}
"#,
        round: r#"
< {"id":null,"method":"mining.notify","params":["~job~","~64~","0100~100~","~120~",["~64~"],"20000000","17034219","66a0~4~",false]}
> {"params":["WALLET.WORKER","~job~","~8~","66a0~4~","~8~","00c00000"],"id":~id~,"method":"mining.submit"}
< {"id":~id~,"result":true,"error":null}
"#,
        wallet: BTC,
        agent: "bmminer/2.0.0",
        coin: "BTC",
    },
    Client {
        title: "Bitcoin: Whatsminer, Avalon and others that follow cgminer, through a relay that asks for versions",
        opening: r#"
> {"id": 0, "method": "mining.subscribe", "params": []}
< {"id":0,"result":[["mining.notify","~8~"],"~8~",4],"error":null}
> {"id": 1, "method": "mining.authorize", "params": ["WALLET.WORKER", ""]}
< {"id":1,"result":true,"error":null}
< {"id":7,"method":"client.get_version","params":[]}
> {"id":7,"result":"cgminer/4.9.2","error":null}
< {"id":null,"method":"mining.set_extranonce","params":["~8~",4]}
< {"id":null,"method":"mining.set_difficulty","params":[8192]}
"#,
        round: ROUND,
        wallet: BTC,
        agent: "cgminer/4.9.2",
        coin: "BTC",
    },
    Client {
        title: "Raptoreum, GhostRider: XMRig",
        opening: r#"
> {"id":1,"jsonrpc":"2.0","method":"mining.subscribe","params":["XMRig/6.22.2 (Linux x86_64) libuv/1.48.0 gcc/13.3.0"]}
> {"id":2,"jsonrpc":"2.0","method":"mining.authorize","params":["WALLET.WORKER","c=RTM"]}
SUBSCRIBED
< {"id":2,"result":true,"error":null}
< {"id":null,"method":"mining.set_difficulty","params":[0.01]}
"#,
        round: r#"
< {"id":null,"method":"mining.notify","params":["~job~","~64~","0300~100~","~120~",["~64~"],"20000000","1d034219","66a0~4~",true]}
> {"id":~id~,"jsonrpc":"2.0","method":"mining.submit","params":["WALLET.WORKER","~job~","~8~","66a0~4~","~8~"]}
< {"id":~id~,"result":true,"error":null}
"#,
        wallet: "RTz3nventedAddre55ofNobodyatA11abc",
        agent: "XMRig/6.22.2 (Linux x86_64) libuv/1.48.0 gcc/13.3.0",
        coin: "RTM",
    },
    Client {
        title: "Pascal: rhminer",
        opening: r#"
> {"params":["rhminer/2.3"],"id":1,"method":"mining.subscribe"}
SUBSCRIBED
> {"params":["WALLET.WORKER","x"],"id":2,"method":"mining.authorize"}
< {"id":2,"result":true,"error":null}
< {"id":null,"method":"mining.set_difficulty","params":[16]}
"#,
        round: r#"
< {"id":null,"method":"mining.notify","params":["~job~","~64~","0100~200~","~120~",[],"00000003","0~7~","66a0~4~",true]}
> {"params":["WALLET.WORKER","~job~","~16~","66a0~4~","~8~"],"id":~id~,"method":"mining.submit"}
< {"id":~id~,"result":true,"error":null}
"#,
        wallet: "1301415-47",
        agent: "rhminer/2.3",
        coin: "",
    },
    Client {
        title: "Decred: gominer",
        opening: r#"
> {"id":1,"method":"mining.subscribe","params":["gominer/0.2.0-decred"]}
SUBSCRIBED
> {"id":2,"method":"mining.authorize","params":["WALLET.WORKER","x"]}
< {"id":2,"result":true,"error":null}
< {"id":null,"method":"mining.set_difficulty","params":[2]}
"#,
        round: r#"
< {"id":null,"method":"mining.notify","params":["~job~","~64~","~216~","~8~",[],"06000000","~8~","~8~",true]}
> {"id":~id~,"method":"mining.submit","params":["WALLET.WORKER","~job~","~24~","~8~","~8~"]}
< {"id":~id~,"result":true,"error":null}
"#,
        wallet: "Dsz3nventedAddre55ofNobodyatA11abcd",
        agent: "gominer/0.2.0-decred",
        coin: "DCR",
    },
    Client {
        title: "Siacoin: an ASIC at a pool",
        opening: r#"
> {"id":1,"method":"mining.subscribe","params":["cgminer/4.9.0"]}
SUBSCRIBED
> {"id":2,"method":"mining.authorize","params":["WALLET.WORKER","x"]}
< {"id":2,"result":true,"error":null}
< {"id":null,"method":"mining.set_difficulty","params":[16]}
"#,
        round: r#"
< {"id":null,"method":"mining.notify","params":["~job~","~64~","~200~","~60~",["~64~"],"","19034219","~8~00000000",true]}
> {"id":~id~,"method":"mining.submit","params":["WALLET.WORKER","~job~","~8~","~8~00000000","~16~"]}
< {"id":~id~,"result":true,"error":null}
"#,
        wallet: "5c1a0de55aa0beef5c1a0de55aa0beef5c1a0de55aa0beef5c1a0de55aa0beef0123456789ab",
        agent: "cgminer/4.9.0",
        coin: "",
    },
    Client {
        title: "Handshake: HandyMiner",
        opening: r#"
> {"id":1,"method":"mining.subscribe","params":["handyminer/1.1.0"]}
SUBSCRIBED
> {"id":2,"method":"mining.authorize","params":["WALLET.WORKER","x"]}
< {"id":2,"result":true,"error":null}
< {"id":null,"method":"mining.set_difficulty","params":[8]}
"#,
        round: r#"
< {"id":null,"method":"mining.notify","params":["~job~","~64~",["~64~"],"~64~","~64~","~64~","00000000","1a034219","66a0~4~","~64~"]}
> {"id":~id~,"method":"mining.submit","params":["WALLET.WORKER","~job~","~48~","66a0~4~","~8~"]}
< {"id":~id~,"result":true,"error":null}
"#,
        wallet: "hs1qw508d6qejxtdg4y5r3zarvary0c5xw7kqqqqqq",
        agent: "handyminer/1.1.0",
        coin: "HNS",
    },
    Client {
        title: "Multi-coin pools: options in the password",
        opening: r#"
> {"id":1,"method":"mining.subscribe","params":["SRBMiner-MULTI/2.9.0"]}
SUBSCRIBED
> {"id":2,"method":"mining.authorize","params":["WALLET","c=LTC,mc=DOGE,d=4096,ID=WORKER"]}
< {"id":2,"result":true,"error":null}
"#,
        round: ROUND_NO_WORKER,
        wallet: LTC,
        agent: "SRBMiner-MULTI/2.9.0",
        coin: "DOGE",
    },
];

const ROUND_NO_WORKER: &str = r#"
< {"id":null,"method":"mining.notify","params":["~job~","~64~","0100~100~","~120~",["~64~"],"20000000","1a034219","66a0~4~",false]}
> {"id":~id~,"method":"mining.submit","params":["WALLET","~job~","~8~","66a0~4~","~8~"]}
< {"id":~id~,"result":true,"error":null}
"#;
