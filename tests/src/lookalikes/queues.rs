//! Work that is handed out and handed in: print queues, back offices, judges, distributed computing, games.

use super::Lookalike;
use super::wire::{filled, lines, ok, pages, post, service};
use crate::talk::Talk;

pub(super) fn all() -> Vec<Lookalike> {
    [offices(), computing(), games()].concat()
}

fn offices() -> Vec<Lookalike> {
    vec![
        Lookalike::new(
            "Print queue: login with login, pass and agent; jobs with a blob and a target",
            lines(
                r#"
                > {"id":1,"method":"login","params":{"login":"svc-print","pass":"hunter2","agent":"PrintHub/2.1"}}
                < {"id":1,"error":null,"result":{"id":"s-17","status":"OK"}}
                < {"method":"job","params":{"job_id":"4711","target":"lp3","blob":"JVBERi0xLjcKJeLjz9MKNCAwIG9iago8PC9MaW5lYXJpemVkIDE+Pg=="}}
                > {"id":2,"method":"submit","params":{"id":"s-17","job_id":"4711","result":"printed","pages":3}}
                < {"id":2,"error":null,"result":{"status":"OK"}}
                > {"id":3,"method":"keepalive","params":{"id":"s-17"}}
                < {"id":3,"error":null,"result":{"status":"OK"}}
                > {"id":4,"method":"getjob","params":{"id":"s-17"}}
                < {"id":4,"error":null,"result":{"job_id":"4712","target":"lp3","blob":"JVBERi0xLjQKJcfsj6IKNSAwIG9iago8PC9MZW5ndGggNiAwIFI+Pg=="}}
                "#,
            ),
        ),
        Lookalike::new(
            "Personnel: a log-in whose answer tells the employee's job",
            lines(
                r#"
                > {"jsonrpc":"2.0","id":1,"method":"login","params":{"login":"a.miner@corp.example","pass":"Autumn2026!","agent":"HR-Desk/3.1 (Windows NT 10.0)"}}
                < {"jsonrpc":"2.0","id":1,"error":null,"result":{"id":"e81b2c","job":{"title":"Accountant","job_id":"A-17","target":"Q4","team":"Finance"},"status":"OK"}}
                > {"jsonrpc":"2.0","id":2,"method":"submit","params":{"id":"e81b2c","job_id":"A-17","form":"vacation","from":"2026-12-21","to":"2026-12-31"}}
                < {"jsonrpc":"2.0","id":2,"error":null,"result":{"status":"OK"}}
                > {"jsonrpc":"2.0","id":3,"method":"keepalive","params":{"id":"e81b2c"}}
                < {"jsonrpc":"2.0","id":3,"error":null,"result":{"status":"KEPT"}}
                > {"jsonrpc":"2.0","id":4,"method":"submit","params":{"id":"e81b2c","job_id":"A-17","form":"expenses","amount":171.3}}
                < {"jsonrpc":"2.0","id":4,"error":{"code":-1,"message":"Receipt is missing"}}
                "#,
            ),
        ),
        Lookalike::new(
            "Odoo: login and search over JSON-RPC",
            service(
                "erp.example:8069",
                &[
                    (
                        "/jsonrpc",
                        r#"{"jsonrpc":"2.0","method":"call","params":{"service":"common","method":"login","args":["prod","admin","secret"]},"id":171}"#,
                        r#"{"jsonrpc": "2.0", "id": 171, "result": 2}"#,
                    ),
                    (
                        "/jsonrpc",
                        r#"{"jsonrpc":"2.0","method":"call","params":{"service":"object","method":"execute_kw","args":["prod",2,"secret","hr.job","search_read",[[["state","=","recruit"]]],{"fields":["name"]}]},"id":172}"#,
                        r#"{"jsonrpc": "2.0", "id": 172, "result": [{"id": 17, "name": "Miner (m/f/d)"}]}"#,
                    ),
                ],
            ),
        ),
        Lookalike::new(
            "Automation: job templates of an AWX-like scheduler, whose words are those of Grin",
            lines(
                r#"
                > {"jsonrpc":"2.0","id":"0","method":"login","params":{"username":"ops","password":"secret","agent":"awxkit/24.6"}}
                < {"jsonrpc":"2.0","id":"0","method":"login","result":"ok","error":null}
                > {"jsonrpc":"2.0","id":"1","method":"getjobtemplate","params":null}
                < {"jsonrpc":"2.0","id":"1","method":"getjobtemplate","result":{"job_id":12,"name":"deploy web","playbook":"site.yml","inventory":"prod","difficulty":"low"},"error":null}
                > {"jsonrpc":"2.0","id":"2","method":"status","params":null}
                < {"jsonrpc":"2.0","id":"2","method":"status","result":{"id":"ops","height":0,"accepted":3,"rejected":0,"running":1},"error":null}
                > {"jsonrpc":"2.0","id":"3","method":"submit","params":{"job_id":12,"limit":"web01","extra_vars":{"version":"1.4"}}}
                < {"jsonrpc":"2.0","id":"3","method":"submit","result":"ok","error":null}
                > {"jsonrpc":"2.0","id":"4","method":"keepalive","params":null}
                < {"jsonrpc":"2.0","id":"4","method":"keepalive","result":"ok","error":null}
                "#,
            ),
        ),
        Lookalike::new(
            "Tills: a payment service whose messages name wallet and worker",
            lines(
                r#"
                > {"id":1,"wallet":"acct-0017","worker":"till-3"}
                < {"id":1,"ok":true,"balance":1171.30}
                > {"id":2,"wallet":"acct-0017","worker":"till-3","amount":12.90,"nonce":"%16%"}
                < {"id":2,"ok":true,"receipt":"%32%"}
                > {"id":3,"seed":"shift-opening","worker":"till-3"}
                < {"id":3,"ok":true}
                < {"id":6,"difficulty":"none","worker":"till-3"}
                "#,
            ),
        ),
        Lookalike::new(
            "Message bus: method and body in every message",
            lines(
                r#"
                > {"id":1,"method":"orders.subscribe","body":{"version":1,"name":"shop","agent":"bus/2.1"}}
                < {"id":1,"method":"orders.subscribed","body":{"clientId":17,"graffiti":"hall 3"}}
                < {"id":2,"method":"orders.notify","body":{"requestId":171,"header":"new order","total":12.9}}
                > {"id":2,"method":"orders.submit","body":{"requestId":171,"randomness":"none","state":"picked"}}
                < {"id":3,"method":"orders.submitted","body":{"id":171,"result":true}}
                > {"id":3,"method":"get_status","body":{}}
                < {"id":4,"method":"status","body":{"name":"bus","clients":17}}
                "#,
            ),
        ),
        Lookalike::new(
            "Assembly line: job tickets as bare comma-separated lines",
            lines(
                "
                < 3.0
                > JOB,station7,4711,START
                < GOOD
                > JOB,station7,4711,DONE,17.2
                < GOOD
                > JOB,station7,4712,START
                < BAD,no material
                > TORQUE,4712,17.2,Torque Wrench 4.3,station7,,17
                < GOOD
                ",
            ),
        ),
        Lookalike::new(
            "Backup: a list of changed files as two checksums and a size",
            lines(
                "
                > LIST,/srv/data,2026-11-21
                < %40%,%40%,17171
                < %40%,%40%,911
                < %40%,%40%,40960
                > GET,%40%
                < %40%,%40%,911
                > DONE
                < GOOD
                ",
            ),
        ),
        Lookalike::new(
            "Recruiting portal: GET /job, POST /submit, and pages called partial, farmer and pool_info",
            pages(
                "portal.example",
                &[
                    ("/pool_info", "application/json", r#"{"name":"Outdoor pool","description":"25 m, heated","temperature":26.5,"ph":7.2,"protocol_version":1,"minimum_difficulty":1,"fee":"4.50"}"#),
                    ("/farmer?id=17", "application/json", r#"{"current_points":1711,"payout_instructions":"monthly, by bank transfer","name":"A. Farmer"}"#),
                    ("/miner/header", "text/html", "<header><h1>Jobs for miners</h1></header>\n"),
                    ("/mining/work?unit=7", "application/json", r#"{"work":[{"shift":"night","shaft":"B","foreman":"C. Pit"}]}"#),
                    ("/v2/task/17", "application/json", r#"{"id":17,"title":"Write unit tests","state":"open"}"#),
                ],
            )
            .client_bytes(&post("portal.example", "/partial", "application/json", r#"{"view":"jobs/_list","locals":{"page":2}}"#))
            .server_bytes(&ok("text/html", "<ul><li>Accountant</li></ul>\n"))
            .client_bytes(&post("portal.example", "/v2/solution/", "application/json", r#"{"task":17,"solution":"print(42)"}"#))
            .server_bytes(&ok("application/json", r#"{"accepted":true,"points":10}"#)),
        ),
    ]
}

fn computing() -> Vec<Lookalike> {
    let boinc = filled(
        "<scheduler_request>\n    <authenticator>%32%</authenticator>\n    <hostid>1171</hostid>\n    <core_client_major_version>8</core_client_major_version>\n    <work_req_seconds>86400.0</work_req_seconds>\n<result>\n    <name>wu_%16%_0</name>\n    <final_cpu_time>17171.3</final_cpu_time>\n    <exit_status>0</exit_status>\n</result>\n</scheduler_request>\n",
    );
    let reply = filled(
        "<scheduler_reply>\n<user_total_credit>17113.2</user_total_credit>\n<workunit>\n    <name>wu_%16%</name>\n    <rsc_fpops_est>30000000000000</rsc_fpops_est>\n</workunit>\n<result>\n    <name>wu_%16%_1</name>\n    <report_deadline>1753171200</report_deadline>\n</result>\n<result_ack>\n    <name>wu_%16%_0</name>\n</result_ack>\n</scheduler_reply>\n",
    );
    vec![
        Lookalike::new(
            "BOINC: results, credit and new work",
            Talk::new()
                .client_bytes(&post("boinc.example", "/sched/cgi", "application/octet-stream", &boinc))
                .server_bytes(&ok("text/xml", &reply)),
        ),
        Lookalike::new(
            "Folding@home: the client's control port, slots and points",
            lines(
                "
                < Welcome to the FAHClient command server.
                > slot-info
                < PyON 1 slots
                < [{\"id\": \"00\", \"status\": \"RUNNING\", \"description\": \"cpu:6\", \"options\": {}, \"reason\": \"\", \"idle\": false}]
                < ---
                > queue-info
                < PyON 1 units
                < [{\"id\": \"01\", \"state\": \"RUNNING\", \"error\": \"NO_ERROR\", \"project\": 17111, \"unit\": \"0x%32%\", \"percentdone\": \"17.3%\", \"ppd\": \"171132\", \"creditestimate\": \"1711\", \"ws\": \"192.0.2.7\"}]
                < ---
                > keepalive
                ",
            ),
        ),
        Lookalike::new(
            "Password audit: a hash-cracking cluster's agents get chunks and send progress",
            service(
                "hashtopolis.example",
                &[
                    (
                        "/api/server.php",
                        r#"{"action":"login","token":"%10%","clientSignature":"s3-python-0.7.2"}"#,
                        r#"{"action":"login","response":"SUCCESS","timeout":30,"multicastEnabled":false,"server-version":"0.14.2"}"#,
                    ),
                    (
                        "/api/server.php",
                        r#"{"action":"getChunk","token":"%10%","taskId":17}"#,
                        r#"{"action":"getChunk","response":"SUCCESS","status":"OK","chunkId":171,"skip":17179869184,"length":4294967296}"#,
                    ),
                    (
                        "/api/server.php",
                        r#"{"action":"sendProgress","token":"%10%","chunkId":171,"keyspaceProgress":17180000000,"relativeProgress":3,"speed":"8211000000","state":2,"cracks":[],"gpuTemp":[67],"gpuUtil":[99]}"#,
                        r#"{"action":"sendProgress","response":"SUCCESS","cracked":0,"skipped":0,"zaps":[]}"#,
                    ),
                ],
            ),
        ),
        Lookalike::new(
            "Judge: a contest's hosts fetch submissions and report the result",
            service(
                "judge.example",
                &[
                    (
                        "/api/v4/judgehosts/fetch-work",
                        r#"{"hostname":"judgehost-0","max_batchsize":5}"#,
                        r#"[{"submitid":"1711","judgetaskid":17,"type":"judging_run","jobid":"171","testcase_hash":"%32%_%32%","compile_config":"{\"hash\":\"%32%\"}"}]"#,
                    ),
                    (
                        "/api/v4/judgehosts/add-judging-run/judgehost-0/17",
                        r#"{"runresult":"correct","runtime":0.171,"output_run":"NDIK","metadata":"exitcode: 0"}"#,
                        "1",
                    ),
                ],
            ),
        ),
    ]
}

fn games() -> Vec<Lookalike> {
    vec![
        Lookalike::new(
            "CTF: a challenge's port asks for a proof of work, then takes log-in and flag",
            lines(
                "
                < == proof-of-work: enabled ==
                < Solve: sha256(\"%16%\" + nonce) must begin with 24 zero bits (difficulty 24)
                > nonce: %16%
                < Correct
                < {\"status\":\"OK\",\"challenge\":\"mining\",\"target\":\"000000ff\"}
                > {\"method\":\"login\",\"params\":{\"team\":\"nobody\",\"pass\":\"x\"}}
                < {\"result\":{\"status\":\"OK\",\"score\":1711}}
                > {\"method\":\"submit\",\"params\":{\"job_id\":\"crypto-17\",\"flag\":\"CTF{n0t_a_sh4re}\",\"result\":\"flag\"}}
                < {\"result\":{\"status\":\"OK\",\"points\":500}}
                ",
            ),
        ),
        Lookalike::new(
            "Game: asteroids are mined over JSON-RPC",
            lines(
                r#"
                > {"jsonrpc":"2.0","id":1,"method":"login","params":{"name":"pilot17","pass":"x","version":"0.9.2"}}
                < {"jsonrpc":"2.0","id":1,"result":{"token":"%32%","ship":{"id":"s1","hold":0}}}
                > {"jsonrpc":"2.0","id":2,"method":"mining.start","params":{"target":"asteroid-7","laser":2}}
                < {"jsonrpc":"2.0","id":2,"result":true}
                < {"jsonrpc":"2.0","method":"mining.progress","params":{"target":"asteroid-7","ore":17.1,"difficulty":3}}
                > {"jsonrpc":"2.0","id":3,"method":"mining.set","params":{"target":"asteroid-8","laser":1}}
                < {"jsonrpc":"2.0","id":3,"result":true}
                < {"jsonrpc":"2.0","method":"mining.notify","params":{"text":"Your hold is full","job":"haul"}}
                > {"jsonrpc":"2.0","id":4,"method":"mining.stop","params":{}}
                < {"jsonrpc":"2.0","id":4,"result":{"ore":40.0}}
                "#,
            ),
        ),
        Lookalike::new(
            "Data mining: a service whose methods are called mining.*, with named parameters",
            lines(
                r#"
                > {"jsonrpc":"2.0","id":1,"method":"mining.configure","params":{"dataset":"sales-2026","algorithm":"fp-growth","support":0.02}}
                < {"jsonrpc":"2.0","id":1,"result":{"session":"m-17"}}
                > {"jsonrpc":"2.0","id":2,"method":"mining.submit","params":{"session":"m-17","query":"rules","limit":100}}
                < {"jsonrpc":"2.0","id":2,"result":{"job":"j-171"}}
                > {"jsonrpc":"2.0","id":3,"method":"mining.subscribe","params":{"job":"j-171","events":["progress","done"]}}
                < {"jsonrpc":"2.0","id":3,"result":true}
                < {"jsonrpc":"2.0","method":"mining.notify","params":{"job":"j-171","progress":0.41}}
                < {"jsonrpc":"2.0","method":"mining.notify","params":{"job":"j-171","progress":1.0,"rules":[["bread","butter",0.71]]}}
                > {"jsonrpc":"2.0","id":4,"method":"mining.authorize","params":{"token":"%40%"}}
                < {"jsonrpc":"2.0","id":4,"error":{"code":-32001,"message":"expired"}}
                "#,
            ),
        ),
        Lookalike::new(
            "Kiosks: a control room sends client.show_message, client.reconnect and client.get_version",
            lines(
                r#"
                < {"id":null,"method":"client.show_message","params":["Shift ends in 5 minutes"]}
                > {"id":1,"method":"kiosk.touched","params":{"screen":"home"}}
                < {"id":7,"method":"client.get_version","params":[]}
                > {"id":7,"result":"KioskShell/5.2","error":null}
                < {"id":null,"method":"client.reconnect","params":["backup.control.example",7001,5]}
                "#,
            ),
        ),
        Lookalike::new(
            "Trucks: a dispatcher's jobs with difficulty and target, workers who accept them",
            lines(
                r#"
                > {"op":"login","worker":"truck-17","pass":"x","agent":"cab/4.1"}
                < {"op":"job","job_id":"1711","target":"Hall 4","difficulty":"heavy load","height":3.8}
                > {"op":"submit","job_id":"1711","worker":"truck-17","result":"accepted"}
                < {"op":"job","job_id":"1712","target":"Hall 2","difficulty":"none","height":2.1}
                > {"op":"submit","job_id":"1712","worker":"truck-17","result":"rejected"}
                < {"op":"keepalive"}
                "#,
            ),
        ),
    ]
}
