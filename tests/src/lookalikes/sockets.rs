//! Applications over WebSocket and their own framings upon it.

use super::Lookalike;
use super::wire::websocket;

pub(super) fn all() -> Vec<Lookalike> {
    vec![
        Lookalike::new(
            "GraphQL over WebSocket: a subscription to jobs",
            websocket(
                "/graphql",
                r#"
                > {"type":"connection_init","payload":{"authorization":"Bearer nobody"}}
                < {"type":"connection_ack"}
                > {"id":"%8%-17","type":"subscribe","payload":{"operationName":"OnJob","query":"subscription OnJob { job { id state nonce } }"}}
                < {"id":"%8%-17","type":"next","payload":{"data":{"job":{"id":"171","state":"RUNNING","nonce":"%8%"}}}}
                > {"type":"ping"}
                < {"type":"pong"}
                > {"id":"%8%-17","type":"complete"}
                "#,
            ),
        ),
        Lookalike::new(
            "Socket.IO: log-in, job and submit as events",
            websocket(
                "/socket.io/?EIO=4&transport=websocket",
                r#"
                < 0{"sid":"lv_VI97HAXpY6yYWAAAC","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}
                > 40
                < 40{"sid":"wZX3oN0bSVIhsaknAAAI"}
                > 42["login",{"login":"alice","pass":"x"}]
                < 42["job",{"job_id":"17","target":"review","blob":"Please review page 17"}]
                > 42["submit",{"job_id":"17","result":"ok","nonce":"%8%"}]
                < 42["accepted",{"job_id":"17","points":10}]
                < 2
                > 3
                "#,
            ),
        ),
        Lookalike::new(
            "ActionCable: commands with an identifier",
            websocket(
                "/cable",
                r#"
                < {"type":"welcome"}
                > {"command":"subscribe","identifier":"{\"channel\":\"JobChannel\",\"id\":17}"}
                < {"identifier":"{\"channel\":\"JobChannel\",\"id\":17}","type":"confirm_subscription"}
                < {"identifier":"{\"channel\":\"JobChannel\",\"id\":17}","message":{"job_id":17,"target":"pdf","blob":"rails/active_storage/blobs/17"}}
                < {"type":"ping","message":1753171200}
                > {"command":"message","identifier":"{\"channel\":\"JobChannel\",\"id\":17}","data":"{\"action\":\"submit\",\"nonce\":\"%8%\"}"}
                "#,
            ),
        ),
        Lookalike::new(
            "Messages with an identifier: a handshake, jobs and what is solved, of a help desk",
            websocket(
                "/ws",
                r#"
                > {"identifier":"handshake","pool":"second level","agent":"alice","version":7}
                < {"identifier":"welcome","open":17}
                < {"identifier":"job","job_id":"T-1711","subject":"Printer on fire"}
                > {"identifier":"solved","job_id":"T-1711","result":"Extinguished"}
                < {"identifier":"thanks","job_id":"T-1711"}
                "#,
            ),
        ),
        Lookalike::new(
            "Phoenix: channels as lists",
            websocket(
                "/socket/websocket?vsn=2.0.0",
                r#"
                > ["3","3","job:lobby","phx_join",{"token":"nobody"}]
                < ["3","3","job:lobby","phx_reply",{"response":{},"status":"ok"}]
                > ["3","4","job:lobby","submit",{"job_id":"17","nonce":"%8%"}]
                < ["3","4","job:lobby","phx_reply",{"response":{"accepted":true},"status":"ok"}]
                > [null,"5","phoenix","heartbeat",{}]
                < [null,"5","phoenix","phx_reply",{"response":{},"status":"ok"}]
                "#,
            ),
        ),
        Lookalike::new(
            "Messages with a type: auth with a site key, jobs and submissions of a labelling service",
            websocket(
                "/proxy",
                r#"
                > {"type":"auth","params":{"site_key":"6LeIxAcTAAAAAJcZVRqyHh71UMIEGNQ_MXjiZKhI","user":"alice"}}
                < {"type":"authed","params":{"token":"%32%","credits":0}}
                < {"type":"job","params":{"job_id":"171","image":"https://label.example/17.png","question":"Select all traffic lights","target":"traffic light"}}
                > {"type":"submit","params":{"version":7,"job_id":"171","result":[1,4,7]}}
                < {"type":"accepted","params":{"credits":1}}
                < {"type":"error","params":{"error":"rate_limited"}}
                "#,
            ),
        ),
        Lookalike::new(
            "A render farm: jobs with an id, a difficulty and tiles, over WebSocket",
            websocket(
                "/ws/worker-17",
                r#"
                < {"jobid":"1711","scene":"cave","difficulty":3,"height":1080,"blob":"s3://scenes/cave.blend"}
                > {"jobid":"1711","tile":17,"result":"s3://tiles/%16%","hash":"%64%"}
                < {"jobid":"1712","scene":"cave","difficulty":3,"height":1080,"blocks":17,"miniblocks":0,"rejected":0,"accepted":1}
                > {"jobid":"1712","tile":18,"result":"s3://tiles/%16%","hash":"%64%"}
                "#,
            ),
        ),
        Lookalike::new(
            "JSON-RPC over WebSocket: a game's server with job, submit and keepalive",
            websocket(
                "/rpc",
                r#"
                > {"id":1,"method":"login","params":{"login":"pilot17","pass":"x","agent":"Unity/6000.0"}}
                < {"id":1,"result":{"id":"p17","status":"OK","job":{"name":"Haul ore","job_id":"q1","target":"Station 4"}},"error":null}
                < {"method":"job","params":{"name":"Scan","job_id":"q2","target":"Station 5"}}
                > {"id":2,"method":"submit","params":{"id":"p17","job_id":"q1","result":"done"}}
                < {"id":2,"result":{"status":"OK","xp":17},"error":null}
                > {"id":3,"method":"keepalive","params":{"id":"p17"}}
                < {"id":3,"result":{"status":"OK"},"error":null}
                "#,
            ),
        ),
        Lookalike::new(
            "A terminal in the browser: somebody looks at a miner's log",
            websocket(
                "/ws",
                r#"
                > 0tail -f stratum.log
                < 0{"id":1,"method":"mining.subscribe","params":["cgminer/4.11.1"]}
                < 0{"id":1,"result":[[["mining.notify","%32%"]],"f801d02f",4],"error":null}
                < 0[2026-11-22 18:14:09.003] net      new job from pool.example:3333 diff 120001 algo rx/0 height 3277123
                < 0[2026-11-22 18:14:19.003] cpu      accepted (17/0) diff 120001 (17 ms)
                "#,
            ),
        ),
        Lookalike::new(
            "Signalling and trading: subscribe, notify and set_difficulty as other words",
            websocket(
                "/live",
                r#"
                > {"action":"subscribe","params":["course/17"],"id":1}
                < {"action":"subscribed","result":true,"id":1}
                > {"method":"set_difficulty","params":["hard"],"id":2}
                < {"result":true,"error":null,"id":2}
                < {"method":"notify","params":["You have a new exercise","17",true],"id":null}
                > {"method":"submit","params":["alice","17","42"],"id":3}
                < {"result":true,"error":null,"id":3}
                > {"method":"submit","params":["alice","18","43"],"id":4}
                < {"result":null,"error":[20,"Wrong",null],"id":4}
                > {"method":"authorize","params":["alice","x"],"id":5}
                < {"result":true,"error":null,"id":5}
                "#,
            ),
        ),
    ]
}
