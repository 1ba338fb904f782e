//! Protocols of JSON lines that are nobody's relatives: Beam, Grin, Iron Fish, Qatum, an Aleo protocol, merge mining.

use detector::judge::{Protocol, Stage, Verdict};

use super::Entry;
use crate::noise::Noise;
use crate::talk::Talk;

fn beam() -> Vec<Entry> {
    const HOW: &str = "`login` with an `api_key` and the id `login`; `job` with a 32-byte `input`; `solution`; `result` \
                       with a code";
    let entry = |title, login: &str, solution: &str, worker: &str| {
        let mut noise = Noise::new(11);
        let mut talk = Talk::new().client(login).server(
            r#"{"code":0,"description":"","forkheight":321321,"forkheight2":777777,"id":"login","jsonrpc":"2.0","method":"result","nonceprefix":"a1b2c3"}"#,
        );
        for (id, (code, said)) in
            [(1, "accepted"), (1, "accepted"), (2, "rejected"), (3, "expired")].iter().enumerate()
        {
            let solution = solution
                .replace("ID", &id.to_string())
                .replace("NONCE", &noise.hex(16))
                .replace("OUTPUT", &noise.hex(208));
            talk = talk
                .server(&format!(
                    r#"{{"difficulty":167772160,"height":1234567,"id":"{id}","input":"{}","jsonrpc":"2.0","method":"job"}}"#,
                    noise.hex(64)
                ))
                .client(&solution)
                .server(&format!(
                    r#"{{"code":{code},"description":"{said}","id":"{id}","jsonrpc":"2.0","method":"result"}}"#
                ));
        }
        Entry::new(Protocol::Beam, title, HOW)
            .talk(talk)
            .verdicts(Some(Verdict::Confirmed), Some(Verdict::Probable), Some(Verdict::Confirmed))
            .fact("wallet", "3bfa".repeat(16))
            .fact("worker", worker)
            .fact("difficulty", "1024.0")
            .fact("shares", r#"{"accepted":2,"rejected":2,"submitted":4}"#)
    };
    let wallet = "3bfa".repeat(16);
    vec![
        entry(
            "Beam: lolMiner",
            &format!(r#"{{"method":"login","api_key":"{wallet}.rig7","id":"login","jsonrpc":"2.0"}}"#),
            r#"{"method":"solution","id":"ID","nonce":"NONCE","output":"OUTPUT","jsonrpc":"2.0"}"#,
            "rig7",
        ),
        entry(
            "Beam: beam-miner and GMiner",
            &format!(r#"{{"api_key":"{wallet}/rig8","id":"login","jsonrpc":"2.0","method":"login"}}"#),
            r#"{"id":"ID","jsonrpc":"2.0","method":"solution","nonce":"NONCE","output":"OUTPUT"}"#,
            "rig8",
        ),
    ]
}

/// What one client of Grin says; NONCE and EDGES are filled in.
struct Cuckoo {
    title: &'static str,
    id: &'static str,
    login: &'static str,
    submit: &'static str,
    keepalive: &'static str,
    agent: &'static str,
}

const CUCKOO: [Cuckoo; 4] = [
    Cuckoo {
        title: "Grin: grin-miner",
        id: r#""0""#,
        login: r#"{"id":"0","jsonrpc":"2.0","method":"login","params":{"agent":"grin-miner","login":"alice@example.org/rig7","pass":"x"}}"#,
        submit: r#"{"id":"0","jsonrpc":"2.0","method":"submit","params":{"edge_bits":32,"height":1234567,"job_id":3,"nonce":NONCE,"pow":[EDGES]}}"#,
        keepalive: "",
        agent: "grin-miner",
    },
    Cuckoo {
        title: "Grin: bminer",
        id: r#""Stratum""#,
        login: r#"{"method":"login","id":"Stratum","params":{"agent":"bminer (v12.1.0-5083c32)","login":"alice@example.org/rig7","pass":"x"},"jsonrpc":"2.0"}"#,
        submit: r#"{"method":"submit","id":"Stratum","params":{"edge_bits":29,"height":1234567,"job_id":3,"nonce":NONCE,"pow":[EDGES]},"jsonrpc":"2.0"}"#,
        keepalive: "",
        agent: "bminer (v12.1.0-5083c32)",
    },
    Cuckoo {
        title: "Grin: GMiner at 2miners, with keepalive",
        id: "1",
        login: r#"{"id":1,"method":"login","params":{"login":"grin1firedamp.rig7","pass":"x","agent":"GMiner 2.75"},"jsonrpc":"2.0"}"#,
        submit: r#"{"id":1,"method":"submit","params":{"edge_bits":32,"height":1234567,"job_id":3,"nonce":NONCE,"pow":[EDGES]},"jsonrpc":"2.0"}"#,
        keepalive: r#"{"id":1,"jsonrpc":"2.0","method":"keepalive"}"#,
        agent: "GMiner 2.75",
    },
    Cuckoo {
        title: "MWC and Tari, Cuckaroo 29: lolMiner",
        id: r#""1""#,
        login: r#"{"id":"1","jsonrpc":"2.0","method":"login","params":{"login":"alice.rig7","pass":"x","agent":"lolMiner 1.95"}}"#,
        submit: r#"{"id":"1","jsonrpc":"2.0","method":"submit","params":{"edge_bits":29,"height":1234567,"job_id":3,"nonce":NONCE,"pow":[EDGES]}}"#,
        keepalive: r#"{"id":"1","jsonrpc":"2.0","method":"keepalive","params":null}"#,
        agent: "lolMiner 1.95",
    },
];

fn cuckoo(client: &Cuckoo) -> Entry {
    let mut noise = Noise::new(13);
    let id = client.id;
    let job = |noise: &mut Noise| {
        format!(r#"{{"difficulty":16,"height":1234567,"job_id":3,"pre_pow":"0005{}"}}"#, noise.hex(472))
    };
    let ok = |method: &str| {
        format!(r#"{{"id":{id},"jsonrpc":"2.0","method":"{method}","result":"ok","error":null}}"#)
    };
    let mut talk = Talk::new()
        .client(client.login)
        .server(&ok("login"))
        .client(&format!(r#"{{"id":{id},"jsonrpc":"2.0","method":"getjobtemplate","params":null}}"#))
        .server(&format!(
            r#"{{"id":{id},"jsonrpc":"2.0","method":"getjobtemplate","result":{},"error":null}}"#,
            job(&mut noise)
        ));
    for share in 0..4 {
        let edges: Vec<String> = (0..42).map(|_| (noise.next_u64() >> 32).to_string()).collect();
        let submit =
            client.submit.replace("NONCE", &noise.next_u64().to_string()).replace("EDGES", &edges.join(","));
        let answer = if share == 3 {
            format!(
                r#"{{"id":{id},"jsonrpc":"2.0","method":"submit","result":null,"error":{{"code":-32503,"message":"Solution submitted too late"}}}}"#
            )
        } else {
            ok("submit")
        };
        talk = talk
            .server(&format!(
                r#"{{"id":"Stratum","jsonrpc":"2.0","method":"job","params":{}}}"#,
                job(&mut noise)
            ))
            .client(&submit)
            .server(&answer);
    }
    if client.keepalive.is_empty() {
        talk = talk
            .client(&format!(r#"{{"id":{id},"jsonrpc":"2.0","method":"status","params":null}}"#))
            .server(&format!(
                r#"{{"id":{id},"jsonrpc":"2.0","method":"status","result":{{"id":"0","height":1234567,"difficulty":16,"accepted":3,"rejected":0,"stale":1}},"error":null}}"#
            ));
    } else {
        talk = talk.client(client.keepalive).server(&ok("keepalive"));
    }
    Entry::new(
        Protocol::Grin,
        client.title,
        "`getjobtemplate`; jobs with `pre_pow`; shares with the edges of a cycle; answers that repeat the method",
    )
    .talk(talk)
    .fact("agent", client.agent)
    .fact("difficulty", "16.0")
    .fact("shares", r#"{"accepted":3,"rejected":1,"submitted":4}"#)
}

fn ironfish(title: &'static str, subscribe: &str, first: &str) -> Entry {
    let mut noise = Noise::new(17);
    let mut talk = Talk::new().client(subscribe).server(first).server(&format!(
        r#"{{"id":1,"method":"mining.set_target","body":{{"target":"0000{}"}}}}"#,
        "f".repeat(60)
    ));
    for id in 2..6 {
        let verdict = if id == 5 { r#""result":false,"message":"Stale share""# } else { r#""result":true"# };
        talk = talk
            .server(&format!(
                r#"{{"id":{id},"method":"mining.notify","body":{{"miningRequestId":{id},"header":"{}"}}}}"#,
                noise.hex(360)
            ))
            .client(&format!(
                r#"{{"id":{id},"method":"mining.submit","body":{{"miningRequestId":{id},"randomness":"{}"}}}}"#,
                noise.hex(16)
            ))
            .server(&format!(r#"{{"id":{id},"method":"mining.submitted","body":{{"id":{id},{verdict}}}}}"#));
    }
    Entry::new(Protocol::IronFish, title, "methods of `mining.*` with `body` instead of `params`")
        .talk(talk.server(r#"{"id":9,"method":"mining.wait_for_work"}"#))
        .verdicts(Some(Verdict::Confirmed), Some(Verdict::Probable), Some(Verdict::Confirmed))
        .fact("wallet", "d0fe".repeat(16))
        .fact("worker", "rig7")
        .fact("difficulty", "65536.0")
        .fact("shares", r#"{"accepted":3,"rejected":1,"submitted":4}"#)
}

fn ironfishes() -> Vec<Entry> {
    let wallet = "d0fe".repeat(16);
    vec![
        ironfish(
            "Iron Fish: the project's own miner",
            &format!(
                r#"{{"id":0,"method":"mining.subscribe","body":{{"version":2,"publicAddress":"{wallet}","name":"rig7","agent":"if-cli/1.17.0/abcdef12"}}}}"#
            ),
            r#"{"id":0,"method":"mining.subscribed","body":{"clientId":17,"xn":"0001"}}"#,
        )
        .fact("agent", "if-cli/1.17.0/abcdef12"),
        ironfish(
            "Iron Fish: lolMiner, FishHash",
            &format!(
                r#"{{"id":1,"method":"mining.subscribe","body":{{"version":3,"agent":"lolMiner/1.85beta","publicAddress":"{wallet}.rig7"}}}}"#
            ),
            r#"{"id":1,"method":"mining.subscribed","body":{"clientId":17,"xn":"0001"}}"#,
        )
        .fact("agent", "lolMiner/1.85beta"),
        ironfish(
            "Iron Fish: Rigel",
            &format!(
                r#"{{"id":1,"method":"mining.subscribe","body":{{"version":1,"agent":"Rigel/1.19.3","name":"rig7","publicAddress":"{wallet}"}}}}"#
            ),
            r#"{"id":1,"method":"mining.subscribed","body":{"clientId":17,"graffiti":"pool"}}"#,
        )
        .fact("agent", "Rigel/1.19.3"),
    ]
}

fn qubic() -> Entry {
    let wallet = "FIREDAMPXY".repeat(6);
    let computor = "COMPUTORID".repeat(6);
    let mut noise = Noise::new(19);
    let mut talk = Talk::new()
        .client(&format!(r#"{{"id":1,"wallet":"{wallet}","worker":"rig7"}}"#))
        .server(r#"{"id":1,"result":true,"error":null}"#)
        .server(r#"{"id":6,"difficulty":80}"#)
        .server(&format!(r#"{{"id":2,"computorId":"{computor}"}}"#))
        .server(&format!(r#"{{"id":3,"seed":"{}","isEmpty":false}}"#, noise.hex(64)));
    for share in 0..4 {
        let (nonce, seed) = (noise.hex(64), noise.hex(64));
        let answer = if share == 3 {
            r#""result":false,"error":"Invalid nonce""#
        } else {
            r#""result":true,"error":null"#
        };
        talk = talk
            .client(&format!(r#"{{"id":4,"nonce":"{nonce}","seed":"{seed}","computorId":"{computor}"}}"#))
            .server(&format!(r#"{{"id":4,{answer}}}"#))
            .client(&format!(r#"{{"id":5,"computorId":"{computor}","hashrate":1234}}"#));
    }
    talk = talk.server(&format!(r#"{{"id":3,"seed":"{}","isEmpty":false}}"#, noise.hex(64)));
    Entry::new(
        Protocol::Qubic,
        "Qubic: Qiner, Qatum",
        "messages with a number in the place of a method, and Qubic's identities",
    )
    .talk(talk)
    .fact("wallet", wallet)
    .fact("worker", "rig7")
    .fact("coin", "QUBIC")
    .fact("difficulty", "80.0")
    .fact("shares", r#"{"accepted":3,"rejected":1,"submitted":4}"#)
}

fn aleo() -> Entry {
    let address = format!("aleo1{}", "q".repeat(58));
    let mut talk = Talk::new()
        .client(r#"{"type":"auth_request","username":"alice.rig7","metadata":{"machine_name":"rig7"}}"#)
        .server(&format!(r#"{{"type":"auth_response","result":true,"address":"{address}","message":null}}"#));
    for epoch in 7..10 {
        talk = talk
            .server(&format!(
                r#"{{"type":"task","epoch_challenge":{{"epoch_number":{epoch},"epoch_block_hash":"ab1qqqq","degree":8191}},"difficulty":64}}"#
            ))
            .client(&format!(
                r#"{{"type":"solution","solution":{{"partial_solution":{{"address":"{address}","nonce":1743440471210817862,"commitment":"puzzle17y0u6jxd4"}},"proof.w":{{"x":"1","y":"2","infinity":false}}}},"epoch_number":{epoch}}}"#
            ));
    }
    Entry::new(
        Protocol::Aleo,
        "Aleo: ZKRush and others, auth_request",
        "messages of the types `auth_request`, `auth_response`, `task` with an epoch's challenge, `solution`",
    )
    .talk(talk)
    .verdicts(Some(Verdict::Confirmed), Some(Verdict::Probable), Some(Verdict::Confirmed))
    .fact("wallet", "alice")
    .fact("worker", "rig7")
    .fact("difficulty", "64.0")
}

fn merge_mining() -> Entry {
    let mut noise = Noise::new(23);
    let mut talk = Talk::new()
        .client(r#"{"jsonrpc":"2.0","id":"0","method":"merge_mining_get_chain_id"}"#)
        .server(&format!(r#"{{"jsonrpc":"2.0","id":"0","result":{{"chain_id":"{}"}}}}"#, noise.hex(64)));
    for id in 1..4 {
        let (hash, previous) = (noise.hex(64), noise.hex(64));
        talk = talk
            .client(&format!(
                r#"{{"jsonrpc":"2.0","id":"0","method":"merge_mining_get_aux_block","params":{{"address":"firedampDarkFiAddress","aux_hash":"{previous}","height":3200000,"prev_id":"{previous}"}}}}"#
            ))
            .server(&format!(
                r#"{{"jsonrpc":"2.0","id":"0","result":{{"aux_blob":"4c6f72","aux_diff":123456,"aux_hash":"{hash}"}}}}"#
            ))
            .client(&format!(
                r#"{{"jsonrpc":"2.0","id":"{id}","method":"merge_mining_submit_solution","params":{{"aux_blob":"4c6f72","aux_hash":"{hash}","blob":"1010ab","merkle_proof":["{previous}"],"path":3,"seed_hash":"{previous}"}}}}"#
            ))
            .server(&format!(r#"{{"jsonrpc":"2.0","id":"{id}","result":{{"status":"accepted"}}}}"#));
    }
    Entry::new(
        Protocol::P2Pool,
        "Merge mining with Monero: P2Pool at the other chain's node",
        "the methods `merge_mining_*`",
    )
    .talk(talk)
    .fact("difficulty", "123456.0")
}

fn refused() -> Vec<Entry> {
    let wallet = "3bfa".repeat(16);
    vec![
        Entry::new(Protocol::Beam, "Beam: refused by the pool", "`result` for the login with a code that is not 0")
            .talk(
                Talk::new()
                    .client(&format!(r#"{{"method":"login","api_key":"{wallet}","id":"login","jsonrpc":"2.0"}}"#))
                    .server(r#"{"code":-32003,"description":"Login failed","id":"login","jsonrpc":"2.0","method":"result"}"#),
            )
            .verdicts(Some(Verdict::Confirmed), Some(Verdict::Probable), None)
            .stage(Stage::Attempt),
        Entry::new(Protocol::Qubic, "Qubic: refused by the pool", "an answer of false to a wallet with Qubic's form")
            .talk(
                Talk::new()
                    .client(&format!(r#"{{"id":1,"wallet":"{}","worker":"rig7"}}"#, "FIREDAMPXY".repeat(6)))
                    .server(r#"{"id":1,"result":false,"error":"Invalid wallet"}"#),
            )
            .verdicts(Some(Verdict::Confirmed), Some(Verdict::Probable), None)
            .stage(Stage::Attempt),
    ]
}

pub(super) fn entries() -> Vec<Entry> {
    let mut entries = beam();
    entries.extend(CUCKOO.iter().map(cuckoo));
    entries.extend(ironfishes());
    entries.extend([qubic(), aleo(), merge_mining()]);
    entries.extend(refused());
    entries
}
