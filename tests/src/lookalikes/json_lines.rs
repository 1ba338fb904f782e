//! What shares words with the families of JSON lines, or the commas of Duino-Coin.

use super::Lookalike;
use crate::noise::Noise;
use crate::talk::Talk;

fn lookalike(title: &'static str, talk: Talk) -> Lookalike {
    Lookalike { title, talk }
}

fn applications() -> Vec<Lookalike> {
    vec![
        lookalike(
            "a personnel system: login, job, submit, status",
            Talk::new()
                .client(r#"{"jsonrpc":"2.0","id":1,"method":"login","params":{"login":"alice@example.org","pass":"Summer2024","agent":"BackOffice/3.1"}}"#)
                .server(r#"{"jsonrpc":"2.0","id":1,"method":"login","result":"ok"}"#)
                .client(r#"{"jsonrpc":"2.0","id":2,"method":"job","params":{"job_id":"17","title":"Clerk","target":"Berlin"}}"#)
                .server(r#"{"jsonrpc":"2.0","id":2,"result":{"id":"17","job":{"title":"Clerk","job_id":"17","target":"Berlin"},"status":"OK"}}"#)
                .client(r#"{"jsonrpc":"2.0","id":3,"method":"submit","params":{"id":"17","job_id":"17","nonce":"1","result":"hired"}}"#)
                .server(r#"{"jsonrpc":"2.0","id":3,"result":{"status":"OK"}}"#)
                .client(r#"{"jsonrpc":"2.0","id":4,"method":"status","params":null}"#)
                .server(r#"{"jsonrpc":"2.0","id":4,"method":"status","result":"ok"}"#)
                .client(r#"{"jsonrpc":"2.0","id":5,"method":"keepalive"}"#)
                .server(r#"{"jsonrpc":"2.0","id":5,"method":"keepalive","result":"ok"}"#)
                .client(r#"{"jsonrpc":"2.0","id":6,"method":"submit","params":{"report":"May"}}"#)
                .server(r#"{"jsonrpc":"2.0","id":6,"method":"submit","result":"ok"}"#)
                .client(r#"{"jsonrpc":"2.0","id":7,"method":"submit","params":{"report":"June"}}"#)
                .server(r#"{"jsonrpc":"2.0","id":7,"method":"submit","result":null,"error":{"code":-32000,"message":"too late"}}"#),
        ),
        lookalike(
            "EXMO: an exchange's login with a key and a signature",
            Talk::new()
                .server(r#"{"ts":1574427585174,"event":"info","code":1,"message":"connection established"}"#)
                .client(r#"{"id":1,"method":"login","api_key":"K-0123456789abcdef","sign":"c2lnbmF0dXJlIG9mIGEgbm9uY2U=","nonce":1574427585174}"#)
                .server(r#"{"ts":1574427585200,"event":"logged_in","id":1}"#),
        ),
        lookalike(
            "an exchange: JSON-RPC 2.0 with a key, signed",
            Talk::new()
                .client(r#"{"jsonrpc":"2.0","id":"login","method":"login","api_key":"0123456789abcdef","sign":"fe","nonce":17}"#)
                .server(r#"{"jsonrpc":"2.0","id":"login","result":true}"#)
                .client(r#"{"jsonrpc":"2.0","id":2,"method":"submit","params":{"order":"limit","nonce":"00000011","price":"17"}}"#)
                .server(r#"{"jsonrpc":"2.0","id":2,"result":{"status":"OK"}}"#),
        ),
        lookalike(
            "a build server's queue: getjob, getjobtemplate, job",
            Talk::new()
                .client(r#"{"jsonrpc":"2.0","id":1,"method":"getjobtemplate","params":{"name":"nightly"}}"#)
                .server(r#"{"jsonrpc":"2.0","id":1,"method":"getjobtemplate","result":{"name":"nightly","height":3,"steps":[1,2,3]}}"#)
                .client(r#"{"jsonrpc":"2.0","id":2,"method":"getjob","params":{"id":"17"}}"#)
                .server(r#"{"jsonrpc":"2.0","id":2,"result":{"job_id":"17","blob":"c291cmNl","target":"x86_64"}}"#)
                .client(r#"{"jsonrpc":"2.0","id":3,"method":"keepalive"}"#)
                .server(r#"{"jsonrpc":"2.0","id":3,"method":"keepalive","result":"ok"}"#),
        ),
        lookalike(
            "a payment service: wallet and worker under a number",
            Talk::new()
                .client(r#"{"id":1,"wallet":"W-4711","worker":"terminal-7"}"#)
                .server(r#"{"id":1,"result":true,"error":null}"#)
                .client(r#"{"id":1,"wallet":"ACCOUNTS RECEIVABLE","worker":"terminal-7"}"#)
                .server(r#"{"id":6,"difficulty":3}"#)
                .client(r#"{"id":4,"nonce":"17","amount":"3.50"}"#)
                .server(r#"{"id":4,"result":true,"error":null}"#),
        ),
        lookalike(
            "a messenger: auth_request and auth_response",
            Talk::new()
                .client(r#"{"type":"auth_request","username":"alice"}"#)
                .server(r#"{"type":"auth_response","result":true,"address":"alice@example.org","message":null}"#)
                .server(r#"{"type":"task","difficulty":3,"title":"homework"}"#)
                .client(r#"{"type":"solution","solution":{"text":"42"},"epoch_number":1}"#),
        ),
    ]
}

fn nodes_and_editors() -> Vec<Lookalike> {
    vec![
        lookalike(
            "a wallet at an Ethereum node",
            Talk::new()
                .client(r#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}"#)
                .server(r#"{"jsonrpc":"2.0","id":1,"result":"0x1"}"#)
                .client(r#"{"jsonrpc":"2.0","id":2,"method":"eth_getWork","params":[]}"#)
                .server(r#"{"jsonrpc":"2.0","id":2,"error":{"code":-32601,"message":"the method does not exist"}}"#)
                .client(r#"{"jsonrpc":"2.0","id":3,"method":"eth_getBlockByNumber","params":["latest",false]}"#)
                .server(r#"{"jsonrpc":"2.0","id":3,"result":{"number":"0x10","pow_hash":"none"}}"#),
        ),
        lookalike(
            "an application whose methods end as getwork's do",
            Talk::new()
                .client(r#"{"jsonrpc":"2.0","id":1,"method":"user_login","params":["alice","x"]}"#)
                .server(r#"{"jsonrpc":"2.0","id":1,"result":true}"#)
                .client(r#"{"jsonrpc":"2.0","id":2,"method":"team_getWork","params":{"week":17}}"#)
                .server(r#"{"jsonrpc":"2.0","id":2,"result":["planning","review","cleaning"]}"#)
                .client(r#"{"jsonrpc":"2.0","id":3,"method":"team_submitWork","params":["planning","done","x"]}"#)
                .server(r#"{"jsonrpc":"2.0","id":3,"result":true}"#),
        ),
        lookalike(
            "a language server: results, jobs and status",
            Talk::new()
                .client(r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"processId":1,"capabilities":{}}}"#)
                .server(r#"{"jsonrpc":"2.0","id":0,"result":{"capabilities":{"hoverProvider":true}}}"#)
                .server(r#"{"jsonrpc":"2.0","method":"job","params":{"job_id":1,"status":"indexing","target":"src"}}"#)
                .server(r#"{"jsonrpc":"2.0","method":"result","code":1,"description":"indexed"}"#)
                .client(r#"{"jsonrpc":"2.0","id":1,"method":"status"}"#)
                .server(r#"{"jsonrpc":"2.0","id":1,"method":"status","result":"ok"}"#),
        ),
        lookalike(
            "a device that reports its seed and its hash rate to nobody's pool",
            Talk::new()
                .client(r#"{"id":5,"computorId":"desk-7","hashrate":12}"#)
                .server(r#"{"id":2,"computorId":"desk-7"}"#)
                .server(r#"{"id":3,"seed":"tomatoes","isEmpty":true}"#),
        ),
    ]
}

fn tables() -> Vec<Lookalike> {
    let mut noise = Noise::new(31);
    let digests = (0..12).fold(Talk::new(), |talk, number| {
        talk.server(&format!("{},{},{number}", noise.hex(40), noise.hex(40)))
    });
    let queue = (0..12).fold(Talk::new(), |talk, number| {
        talk.client(&format!("JOB,backup{number},LOW,nightly")).server("GOOD")
    });
    let measured = (0..12).fold(Talk::new(), |talk, number| {
        talk.client(&format!("{number},17.5,Official Weights and Measures,scale,,7")).server("GOOD")
    });
    vec![
        lookalike("a table of commits: pairs of SHA-1 digests with a number", digests),
        lookalike("a queue of print jobs in lines with commas", queue),
        lookalike("measurements in lines with commas", measured),
        lookalike(
            "a log of a pool's messages, each with its time",
            Talk::new()
                .server(r#"{"time":"12:00","jsonrpc":"2.0","id":"login","method":"login","api_key":"3bfa"}"#)
                .server(r#"{"time":"12:01","jsonrpc":"2.0","method":"getjobtemplate","params":null}"#)
                .server(r#"{"time":"12:02","method":"merge_mining_get_chain_id"}"#),
        ),
        lookalike(
            "a chat about Duino-Coin",
            Talk::new()
                .client("how do I start it?")
                .server("send JOB,alice,MEDIUM,None and the server answers with two hashes, then")
                .server("184,1823456.7,Official PC Miner 4.3,desk,,1234 is what you say")
                .client("GOOD")
                .server("is what it says then. thanks!"),
        ),
    ]
}

pub(super) fn all() -> Vec<Lookalike> {
    [applications(), nodes_and_editors(), tables()].concat()
}
