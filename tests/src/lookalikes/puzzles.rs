//! Proofs of work that are no mining: puzzles of web pages that keep robots away, stamps on mail.

use super::Lookalike;
use super::wire::{pages, service, websocket};

pub(super) fn all() -> Vec<Lookalike> {
    vec![
        Lookalike::new(
            "mCaptcha: a browser fetches a puzzle and hands in the nonce",
            service(
                "captcha.example",
                &[
                    (
                        "/api/v1/pow/config",
                        r#"{"key":"%32%"}"#,
                        r#"{"string":"%64%","difficulty_factor":50000,"salt":"%64%","max_recorded_nonce":171132}"#,
                    ),
                    (
                        "/api/v1/pow/verify",
                        r#"{"string":"%64%","result":"340282366920938463463374607431768211455","nonce":171132,"key":"%32%","time":1711,"worker_type":"wasm"}"#,
                        r#"{"token":"%32%"}"#,
                    ),
                ],
            ),
        ),
        Lookalike::new(
            "ALTCHA: challenge with algorithm, salt and signature",
            pages(
                "altcha.example",
                &[(
                    "/api/v1/challenge",
                    "application/json",
                    r#"{"algorithm":"SHA-256","challenge":"%64%","maxnumber":100000,"salt":"%24%?expires=1753171200","signature":"%64%"}"#,
                )],
            ),
        ),
        Lookalike::new(
            "Anubis: a page with a challenge, then the answer with response and nonce",
            pages(
                "git.example",
                &[
                    (
                        "/",
                        "text/html; charset=utf-8",
                        "<!doctype html><html lang=\"en\"><head><title>Making sure you&#39;re not a bot!</title><script id=\"anubis_version\" type=\"application/json\">\"v1.22.0\"\n</script><script id=\"anubis_challenge\" type=\"application/json\">{\"rules\":{\"algorithm\":\"fast\",\"difficulty\":4,\"report_as\":4},\"challenge\":{\"id\":\"0199\",\"method\":\"fast\",\"randomData\":\"%128%\",\"issuedAt\":\"2026-11-22T18:14:09Z\",\"difficulty\":4}}\n</script></head><body><p>Calculating... Difficulty: 4</p></body></html>\n",
                    ),
                    (
                        "/.within.website/x/cmd/anubis/api/pass-challenge?id=0199&response=0000%60%&nonce=17113&redir=%2F&elapsedTime=171",
                        "text/html",
                        "<a href=\"/\">Found</a>.\n",
                    ),
                ],
            ),
        ),
        Lookalike::new(
            "Cap and Friendly Captcha: several puzzles at once, several solutions",
            service(
                "cap.example",
                &[
                    (
                        "/17/challenge",
                        "{}",
                        r#"{"challenge":{"c":50,"s":32,"d":4},"token":"%50%","expires":1753171800000}"#,
                    ),
                    (
                        "/17/redeem",
                        r#"{"token":"%50%","solutions":[17113,2171,31711,4171,51713]}"#,
                        r#"{"success":true,"token":"%16%:%30%","expires":1753172400000}"#,
                    ),
                ],
            ),
        ),
        Lookalike::new(
            "A puzzle by WebSocket: challenge, difficulty, nonce, accepted",
            websocket(
                "/challenge",
                r#"
                > {"type":"hello","client":"widget/2.1"}
                < {"type":"challenge","id":"%16%","algorithm":"sha256","challenge":"%64%","difficulty":18,"target":"00003fff%56%"}
                > {"type":"solution","id":"%16%","nonce":"%8%","hash":"0000%60%","hashes":171132}
                < {"type":"accepted","token":"%32%"}
                "#,
            ),
        ),
        Lookalike::new(
            "JSON-RPC: a faucet against robots, getwork in name only",
            service(
                "faucet.example",
                &[
                    (
                        "/rpc",
                        r#"{"jsonrpc":"2.0","id":1,"method":"get_challenge","params":{"address":"0x%40%"}}"#,
                        r#"{"jsonrpc":"2.0","id":1,"result":{"preimage":"%16%","difficulty":11,"scryptParams":{"cpuAndMemory":4096,"blockSize":8,"parallelization":1}}}"#,
                    ),
                    (
                        "/rpc",
                        r#"{"jsonrpc":"2.0","id":2,"method":"submit_nonce","params":{"nonce":"%16%","session":"%32%","hashrate":1711.3}}"#,
                        r#"{"jsonrpc":"2.0","id":2,"result":{"balance":"1000000000000000000","valid":true}}"#,
                    ),
                ],
            ),
        ),
        Lookalike::new(
            "A puzzle of a faucet by WebSocket: session, shares as nonces, hash rate, balance",
            websocket(
                "/ws/pow?session=17",
                r#"
                < {"action":"updateBalance","data":{"balance":"0","reason":"start"}}
                > {"id":1,"action":"foundShare","data":{"nonces":[171132],"params":"4096|8|1|16|11","hashrate":1711.3}}
                < {"action":"ok","rsp":1}
                < {"action":"verify","data":{"shareId":"%32%","preimage":"6tW0q8Y=","nonces":[17113]}}
                > {"id":2,"action":"verifyResult","data":{"shareId":"%32%","params":"4096|8|1|16|11","isValid":true}}
                < {"action":"updateBalance","data":{"balance":"171132","reason":"valid share (reward: 171132)"}}
                "#,
            ),
        ),
    ]
}
