//! Remote control over JSON-RPC and its like: downloads, media centres, lamps, switches, monitoring.

use super::Lookalike;
use super::wire::{lines, service, websocket};

pub(super) fn all() -> Vec<Lookalike> {
    [lines_of_json(), web()].concat()
}

fn lines_of_json() -> Vec<Lookalike> {
    vec![
        Lookalike::new(
            "Kodi: a remote control over TCP",
            lines(
                r#"
                > {"jsonrpc":"2.0","id":1,"method":"JSONRPC.Ping"}
                < {"id":1,"jsonrpc":"2.0","result":"pong"}
                > {"jsonrpc":"2.0","id":2,"method":"Player.GetActivePlayers","params":{}}
                < {"id":2,"jsonrpc":"2.0","result":[{"playerid":1,"playertype":"internal","type":"video"}]}
                < {"jsonrpc":"2.0","method":"Player.OnPlay","params":{"data":{"item":{"title":"Gold rush","type":"movie"},"player":{"playerid":1,"speed":1}},"sender":"xbmc"}}
                > {"jsonrpc":"2.0","id":3,"method":"Input.ExecuteAction","params":["play"]}
                < {"id":3,"jsonrpc":"2.0","result":"OK"}
                "#,
            ),
        ),
        Lookalike::new(
            "Yeelight: lamps with positional parameters and numbers",
            lines(
                r#"
                > {"id":1,"method":"set_power","params":["on","smooth",500]}
                < {"id":1,"result":["ok"]}
                < {"method":"props","params":{"power":"on","bright":"10"}}
                > {"id":2,"method":"get_prop","params":["power","not_exist","bright"]}
                < {"id":2,"result":["on","","100"]}
                > {"id":3,"method":"start_cf","params":[4,2,"1000,2,2700,100,500,1,255,10"]}
                < {"id":3,"result":["ok"]}
                > {"id":4,"method":"toggle","params":[]}
                < {"id":4,"error":{"code":-1,"message":"unsupported method"}}
                "#,
            ),
        ),
        Lookalike::new(
            "OVSDB: a switch's database, transactions and updates",
            lines(
                r#"
                > {"method":"monitor","id":0,"params":["Open_vSwitch",null,{"Interface":{"columns":["name","error"]}}]}
                < {"id":0,"result":{"Interface":{"%8%":{"new":{"name":"eth1","error":["set",[]]}}}},"error":null}
                > {"id":1,"method":"transact","params":["Open_vSwitch",{"op":"select","table":"Port","where":[]}]}
                < {"id":1,"result":[{"rows":[{"name":"br0","tag":["set",[]]}]}],"error":null}
                < {"id":null,"method":"update","params":[null,{"Interface":{"%8%":{"new":{"name":"eth2"}}}}]}
                < {"id":"echo","method":"echo","params":[]}
                > {"id":"echo","result":[],"error":null}
                "#,
            ),
        ),
        Lookalike::new(
            "QEMU: its machine protocol, with jobs",
            lines(
                r#"
                < {"QMP": {"version": {"qemu": {"micro": 0, "minor": 2, "major": 8}, "package": ""}, "capabilities": ["oob"]}}
                > {"execute": "qmp_capabilities"}
                < {"return": {}}
                > {"execute": "blockdev-backup", "arguments": {"job-id": "job0", "device": "disk0", "target": "target0", "sync": "full"}, "id": 1}
                < {"timestamp": {"seconds": 1753171200, "microseconds": 17}, "event": "JOB_STATUS_CHANGE", "data": {"status": "created", "id": "job0"}}
                < {"return": {}, "id": 1}
                > {"execute": "query-jobs", "id": 2}
                < {"return": [{"current-progress": 17, "status": "running", "total-progress": 171, "type": "backup", "id": "job0"}], "id": 2}
                "#,
            ),
        ),
        Lookalike::new(
            "Snapcast: a music server's clients",
            lines(
                r#"
                > {"id":8,"jsonrpc":"2.0","method":"Client.SetVolume","params":{"id":"00:21:6a:7d:74:fc","volume":{"muted":false,"percent":74}}}
                < {"id":8,"jsonrpc":"2.0","result":{"volume":{"muted":false,"percent":74}}}
                < {"jsonrpc":"2.0","method":"Client.OnConnect","params":{"client":{"connected":true,"host":{"name":"T400"},"id":"00:21:6a:7d:74:fc"},"id":"00:21:6a:7d:74:fc"}}
                > {"id":9,"jsonrpc":"2.0","method":"Server.GetStatus"}
                < {"id":9,"jsonrpc":"2.0","result":{"server":{"groups":[],"server":{"snapserver":{"name":"Snapserver","version":"0.27.0"}}}}}
                "#,
            ),
        ),
        Lookalike::new(
            "SPDK and a hypervisor's agent: bare JSON-RPC with get_version, login and submit",
            lines(
                r#"
                > {"jsonrpc":"2.0","method":"spdk_get_version","id":1}
                < {"jsonrpc":"2.0","id":1,"result":{"version":"SPDK v24.09","fields":{"major":24,"minor":9}}}
                > {"jsonrpc":"2.0","method":"get_version","id":2,"params":[]}
                < {"jsonrpc":"2.0","id":2,"error":{"code":-32601,"message":"Method not found"}}
                > {"jsonrpc":"2.0","method":"iscsi_login","id":3,"params":{"login":"iqn.2026-11.example:disk1","pass":"x"}}
                < {"jsonrpc":"2.0","id":3,"result":true}
                "#,
            ),
        ),
        Lookalike::new(
            "Zabbix: an agent's active checks, with its header before the JSON",
            super::Talk::new()
                .client_bytes(b"ZBXD\x01\x3e\0\0\0\0\0\0\0{\"request\":\"active checks\",\"host\":\"web01\",\"version\":\"7.0.4\"}\n")
                .server_bytes(b"ZBXD\x01\x5d\0\0\0\0\0\0\0{\"response\":\"success\",\"data\":[{\"key\":\"log[/var/log/miner.log]\",\"itemid\":1711,\"delay\":\"30s\"}]}")
                .client_bytes(b"ZBXD\x01\xb4\0\0\0\0\0\0\0{\"request\":\"agent data\",\"data\":[{\"host\":\"web01\",\"key\":\"log[/var/log/miner.log]\",\"value\":\"{\\\"id\\\":1,\\\"method\\\":\\\"mining.subscribe\\\",\\\"params\\\":[]}\",\"clock\":1753171200}],\"clock\":1753171200}"),
        ),
    ]
}

fn web() -> Vec<Lookalike> {
    vec![
        Lookalike::new(
            "aria2: downloads by JSON-RPC over HTTP, one of them a miner",
            service(
                "127.0.0.1:6800",
                &[
                    (
                        "/jsonrpc",
                        r#"{"jsonrpc":"2.0","id":"qwer","method":"aria2.addUri","params":["token:secret",["https://releases.example/xmrig-6.22.2-linux-static-x64.tar.gz"],{"checksum":"sha-256=%64%"}]}"#,
                        r#"{"id":"qwer","jsonrpc":"2.0","result":"%16%"}"#,
                    ),
                    (
                        "/jsonrpc",
                        r#"{"jsonrpc":"2.0","id":"qwer","method":"aria2.tellStatus","params":["token:secret","%16%",["gid","status","bitfield"]]}"#,
                        r#"{"id":"qwer","jsonrpc":"2.0","result":{"bitfield":"%64%","gid":"%16%","status":"active"}}"#,
                    ),
                ],
            ),
        ),
        Lookalike::new(
            "Transmission and Deluge: torrents by JSON-RPC",
            service(
                "127.0.0.1:9091",
                &[
                    (
                        "/transmission/rpc",
                        r#"{"method":"session-stats","arguments":{},"tag":39693}"#,
                        r#"{"arguments":{"activeTorrentCount":1,"downloadSpeed":1711},"result":"success","tag":39693}"#,
                    ),
                    (
                        "/json",
                        r#"{"method":"auth.login","params":["deluge"],"id":1}"#,
                        r#"{"result":true,"error":null,"id":1}"#,
                    ),
                    (
                        "/json",
                        r#"{"method":"core.get_torrents_status","params":[{},["name","hash"]],"id":2}"#,
                        r#"{"result":{"%40%":{"name":"debian-13.iso","hash":"%40%"}},"error":null,"id":2}"#,
                    ),
                ],
            ),
        ),
        Lookalike::new(
            "Zabbix: its web interface logs in and asks for problems",
            service(
                "zabbix.example",
                &[
                    (
                        "/api_jsonrpc.php",
                        r#"{"jsonrpc":"2.0","method":"user.login","params":{"username":"Admin","password":"zabbix"},"id":1}"#,
                        r#"{"jsonrpc":"2.0","result":"%32%","id":1}"#,
                    ),
                    (
                        "/api_jsonrpc.php",
                        r#"{"jsonrpc":"2.0","method":"problem.get","params":{"output":"extend","recent":true},"auth":"%32%","id":2}"#,
                        r#"{"jsonrpc":"2.0","result":[{"eventid":"1245463","name":"Cryptominer suspected: \"mining.subscribe\" on web01","severity":"4"}],"id":2}"#,
                    ),
                ],
            ),
        ),
        Lookalike::new(
            "Ubus of a router: login and call over HTTP",
            service(
                "192.0.2.1",
                &[
                    (
                        "/ubus",
                        r#"{"jsonrpc":"2.0","id":1,"method":"call","params":["00000000000000000000000000000000","session","login",{"username":"root","password":"x"}]}"#,
                        r#"{"jsonrpc":"2.0","id":1,"result":[0,{"ubus_rpc_session":"%32%","timeout":300,"expires":299}]}"#,
                    ),
                    (
                        "/ubus",
                        r#"{"jsonrpc":"2.0","id":2,"method":"call","params":["%32%","system","info",{}]}"#,
                        r#"{"jsonrpc":"2.0","id":2,"result":[0,{"uptime":171132,"load":[1711,1711,1711]}]}"#,
                    ),
                ],
            ),
        ),
        Lookalike::new(
            "Home Assistant: auth, subscriptions and results over WebSocket",
            websocket(
                "/api/websocket",
                r#"
                < {"type":"auth_required","ha_version":"2026.11.1"}
                > {"type":"auth","access_token":"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.nobody"}
                < {"type":"auth_ok","ha_version":"2026.11.1"}
                > {"id":1,"type":"subscribe_events","event_type":"state_changed"}
                < {"id":1,"type":"result","success":true,"result":null}
                < {"id":1,"type":"event","event":{"event_type":"state_changed","data":{"entity_id":"sensor.xmrig_hashrate","new_state":{"state":"4211.3","attributes":{"unit_of_measurement":"H/s","friendly_name":"Miner hashrate"}}}}}
                > {"id":2,"type":"call_service","domain":"switch","service":"turn_off","target":{"entity_id":"switch.miner"}}
                < {"id":2,"type":"result","success":true,"result":{"context":{"id":"%32%"}}}
                "#,
            ),
        ),
        Lookalike::new(
            "OBS: its remote control, with challenge and salt",
            websocket(
                "/",
                r#"
                < {"op":0,"d":{"obsWebSocketVersion":"5.5.2","rpcVersion":1,"authentication":{"challenge":"+IxH4CnCiqpX1rM9scsNynZzbOe4KhDeYcTNS3PDaeY=","salt":"lM1GncleQOaCu9lT1yeUZhFYnqhsLLP1G5lAGo3ixaI="}}}
                > {"op":1,"d":{"rpcVersion":1,"authentication":"Dj6cLS+jrNA0HpCArRg0Z/Fc+YHdt2FQfAvgD1mip6Y=","eventSubscriptions":33}}
                < {"op":2,"d":{"negotiatedRpcVersion":1}}
                > {"op":6,"d":{"requestType":"SetCurrentProgramScene","requestId":"%8%","requestData":{"sceneName":"Mining stream"}}}
                < {"op":7,"d":{"requestType":"SetCurrentProgramScene","requestId":"%8%","requestStatus":{"result":true,"code":100}}}
                "#,
            ),
        ),
        Lookalike::new(
            "Moonraker: a 3D printer's job queue over WebSocket",
            websocket(
                "/websocket",
                r#"
                > {"jsonrpc":"2.0","method":"server.connection.identify","params":{"client_name":"mainsail","version":"2.12.0","type":"web","url":"http://printer.local"},"id":4656}
                < {"jsonrpc":"2.0","result":{"connection_id":1730367696},"id":4656}
                > {"jsonrpc":"2.0","method":"server.job_queue.post_job","params":{"filenames":["nonce.gcode"]},"id":4657}
                < {"jsonrpc":"2.0","result":{"queued_jobs":[{"filename":"nonce.gcode","job_id":"0000000066D99C90","time_added":1753171200.17,"time_in_queue":0.1}],"queue_state":"ready"},"id":4657}
                < {"jsonrpc":"2.0","method":"notify_job_queue_changed","params":[{"action":"jobs_added","updated_queue":[],"queue_state":"ready"}]}
                < {"jsonrpc":"2.0","method":"notify_status_update","params":[{"extruder":{"temperature":171.3,"target":200.0}},578243.5]}
                "#,
            ),
        ),
        Lookalike::new(
            "A password manager's notifications, as JSON-RPC over HTTP with nonce and hash",
            service(
                "vault.example",
                &[
                    (
                        "/identity/accounts/prelogin",
                        r#"{"email":"alice@example.org"}"#,
                        r#"{"kdf":0,"kdfIterations":600000,"kdfMemory":null,"kdfParallelism":null}"#,
                    ),
                    (
                        "/identity/connect/token",
                        r#"{"method":"login","login":"alice@example.org","masterPasswordHash":"%64%","nonce":"%8%","agent":"vault/2026.11"}"#,
                        r#"{"result":{"id":"u-17","status":"OK"},"access_token":"nobody","expires_in":3600}"#,
                    ),
                ],
            ),
        ),
    ]
}
