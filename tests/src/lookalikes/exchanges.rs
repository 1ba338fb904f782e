//! Exchanges: log-ins, market feeds and orders.

use super::Lookalike;
use super::wire::{lines, websocket};

pub(super) fn all() -> Vec<Lookalike> {
    vec![
        Lookalike::new(
            "EXMO: log-in with key, signature and nonce, and the user's trades, over WebSocket",
            websocket(
                "/v1/private",
                r#"
                < {"ts":1753171200123,"event":"info","code":1,"message":"connection established","session_id":"7548931f-c2a4-45dd-8d71-877881a7251a"}
                > {"id":1,"method":"login","api_key":"K-%40%","sign":"qNhBzJ4mDvjG3bJmQqV2lZC1vRzR8lP4nW1KZ9wF1yq3nV2m==","nonce":1753171200456}
                < {"ts":1753171200600,"event":"logged_in","id":1}
                > {"id":2,"method":"subscribe","topics":["spot/user_trades","spot/wallet","spot/orders"]}
                < {"ts":1753171200700,"event":"subscribed","id":2,"topic":"spot/user_trades"}
                < {"ts":1753171201700,"event":"update","topic":"spot/wallet","data":{"currency":"BTC","balance":"0.5","reserved":"0"}}
                > {"id":3,"method":"ping"}
                < {"ts":1753171202700,"event":"pong","id":3}
                "#,
            ),
        ),
        Lookalike::new(
            "EXMO's log-in as bare lines, behind a proxy that ends TLS and WebSocket",
            lines(
                r#"
                > {"method":"login","id":1,"api_key":"K-%40%","sign":"%128%","nonce":1753171200456}
                < {"event":"logged_in","id":1}
                > {"method":"subscribe","id":2,"topics":["spot/trades:BTC_USD","spot/ticker:XMR_BTC"]}
                < {"event":"subscribed","id":2,"topic":"spot/trades:BTC_USD"}
                < {"event":"update","topic":"spot/ticker:XMR_BTC","data":{"buy_price":"0.00231","sell_price":"0.00232","vol":"171.3"}}
                > {"method":"login","id":3,"api_key":"K-%40%"}
                < {"event":"error","id":3,"code":"already_logged_in"}
                "#,
            ),
        ),
        Lookalike::new(
            "An exchange of HitBTC's kind: log-in, subscriptions and orders",
            lines(
                r#"
                > {"method":"login","params":{"algo":"HS256","pKey":"%32%","nonce":"N1g287gL8YOwDZr","signature":"%64%"},"id":1}
                < {"jsonrpc":"2.0","result":true,"id":1}
                > {"method":"subscribeReports","params":{},"id":2}
                < {"jsonrpc":"2.0","result":true,"id":2}
                > {"method":"newOrder","params":{"clientOrderId":"%32%","symbol":"XMRBTC","side":"sell","price":"0.002","quantity":"0.1"},"id":3}
                < {"jsonrpc":"2.0","result":{"id":"4345697765","clientOrderId":"%32%","symbol":"XMRBTC","side":"sell","status":"new","type":"limit","price":"0.002","cumQuantity":"0.0"},"id":3}
                < {"jsonrpc":"2.0","method":"report","params":{"id":"4345697765","clientOrderId":"%32%","symbol":"XMRBTC","status":"filled","reportType":"trade"}}
                > {"method":"cancelOrder","params":{"clientOrderId":"%32%"},"id":4}
                < {"jsonrpc":"2.0","error":{"code":20002,"message":"Order not found","description":""},"id":4}
                "#,
            ),
        ),
        Lookalike::new(
            "An exchange of Deribit's kind: JSON-RPC 2.0 with public/auth",
            lines(
                r#"
                > {"jsonrpc":"2.0","id":9929,"method":"public/auth","params":{"grant_type":"client_signature","client_id":"nobody","timestamp":1753171200000,"nonce":"1iqt2wls","signature":"%64%","data":""}}
                < {"jsonrpc":"2.0","id":9929,"result":{"access_token":"%64%","expires_in":900,"refresh_token":"%64%","scope":"mainaccount","token_type":"bearer"}}
                > {"jsonrpc":"2.0","id":9930,"method":"private/subscribe","params":{"channels":["user.orders.BTC-PERPETUAL.raw"]}}
                < {"jsonrpc":"2.0","id":9930,"result":["user.orders.BTC-PERPETUAL.raw"]}
                < {"jsonrpc":"2.0","method":"subscription","params":{"channel":"user.orders.BTC-PERPETUAL.raw","data":{"order_id":"100","amount":10,"direction":"buy"}}}
                < {"jsonrpc":"2.0","method":"heartbeat","params":{"type":"test_request"}}
                > {"jsonrpc":"2.0","id":9931,"method":"public/test","params":{}}
                < {"jsonrpc":"2.0","id":9931,"result":{"version":"1.2.26"}}
                "#,
            ),
        ),
        Lookalike::new(
            "An exchange of Gate's kind: positional parameters, server.sign, ids and booleans",
            lines(
                r#"
                > {"id":12312,"method":"server.sign","params":["%32%","%88%",1753171200456]}
                < {"error":null,"result":{"status":"success"},"id":12312}
                > {"id":12313,"method":"ticker.subscribe","params":["BTC_USDT"]}
                < {"error":null,"result":{"status":"success"},"id":12313}
                < {"method":"ticker.update","params":["BTC_USDT",{"period":86400,"open":"61000","close":"61010","last":"61010","change":"0.02","quoteVolume":"1171.1"}],"id":null}
                < {"method":"trades.update","params":["XMR_USDT",[{"id":7172173,"time":1753171200.3,"price":"172.1","amount":"1.2","type":"sell"}]],"id":null}
                > {"id":12314,"method":"server.ping","params":[]}
                < {"error":null,"result":"pong","id":12314}
                "#,
            ),
        ),
        Lookalike::new(
            "A market for hash power: its own order feed, with prices, difficulty and algorithms",
            websocket(
                "/ws",
                r#"
                > {"m":"subscribe.marketdata","algo":"RANDOMXMONERO"}
                < {"m":"order.update","algo":"RANDOMXMONERO","orders":[{"id":"9b6c1b9a","price":"0.0012","limit":"0.5","acceptedSpeed":"0.41","rigsCount":17,"pool":{"stratumHostname":"pool.example","stratumPort":3333,"username":"47firedamp.rig7"},"displayMarketFactor":"MH"}]}
                > {"m":"subscribe.trades","market":"XMRBTC"}
                < {"m":"trades","t":[{"id":"e1f5","dir":"BUY","price":0.0023,"qty":1.1,"time":1753171200123}]}
                "#,
            ),
        ),
    ]
}
