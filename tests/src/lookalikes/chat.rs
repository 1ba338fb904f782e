//! People who talk about mining: mail, chat, calls for help.

use super::Lookalike;
use super::wire::{lines, service, websocket};
use crate::talk::Talk;

pub(super) fn all() -> Vec<Lookalike> {
    [mail(), chat()].concat()
}

/// The head of a mail and the dialogue before it.
fn smtp(body: &str) -> Talk {
    let mail = format!(
        "Received: from desk.example (desk.example [192.0.2.17])\r\n\tby mx.example (Postfix) with ESMTP id 4XyZ171132\r\n\
         Date: Sun, 22 Nov 2026 18:14:09 +0000\r\nFrom: Alice <alice@example.org>\r\nTo: support@pool.example\r\n\
         Subject: My miner stops after mining.subscribe\r\nMessage-ID: <1711@desk.example>\r\nMIME-Version: 1.0\r\n{body}\r\n.\r\n"
    );
    Talk::new()
        .server_bytes(b"220 mx.example ESMTP Postfix\r\n")
        .client_bytes(b"EHLO desk.example\r\n")
        .server_bytes(b"250-mx.example\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250 8BITMIME\r\n")
        .client_bytes(b"MAIL FROM:<alice@example.org>\r\nRCPT TO:<support@pool.example>\r\nDATA\r\n")
        .server_bytes(b"250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 End data with <CR><LF>.<CR><LF>\r\n")
        .client_bytes(mail.as_bytes())
        .server_bytes(b"250 2.0.0 Ok: queued as 4XyZ171132\r\n")
        .client_bytes(b"QUIT\r\n")
        .server_bytes(b"221 2.0.0 Bye\r\n")
}

const TRANSCRIPT: &str = "{\"id\":1,\"method\":\"mining.subscribe\",\"params\":[\"cgminer/4.11.1\"]}\r\n\
    {\"id\":1,\"result\":[[[\"mining.notify\",\"ae6812eb4cd7735a302a8a9dd95cf71f\"]],\"f801d02f\",4],\"error\":null}\r\n\
    {\"id\":2,\"method\":\"mining.authorize\",\"params\":[\"user.rig7\",\"x\"]}\r\n\
    {\"id\":2,\"result\":true,\"error\":null}\r\n\
    {\"id\":null,\"method\":\"mining.set_difficulty\",\"params\":[16384]}\r\n";

/// What the miner alone said, many times: it tried again and again.
fn retries() -> String {
    let once = |id: u8| {
        format!(
            "{{\"id\":{id},\"method\":\"mining.subscribe\",\"params\":[\"cgminer/4.11.1\"]}}\r\n\
             {{\"id\":{id},\"method\":\"mining.authorize\",\"params\":[\"user.rig7\",\"x\"]}}\r\n"
        )
    };
    [1, 2, 3, 4, 5, 6].map(once).concat()
}

fn mail() -> Vec<Lookalike> {
    let plain = format!(
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nHello,\r\n\r\nthis is what goes \
         over the wire:\r\n\r\n{TRANSCRIPT}\r\nand then nothing. What is wrong?\r\n\r\nAlice\r\n"
    );
    let one_sided = format!(
        "Content-Type: text/plain; charset=utf-8\r\n\r\nHello,\r\n\r\nmy miner sends this and gets no answer:\r\n\r\n{}\r\n\
         What is wrong?\r\n\r\nAlice\r\n",
        retries()
    );
    let printable = format!(
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe! It \
         says=20\r\n\r\n{}\r\n",
        TRANSCRIPT.replace('=', "=3D").replace("\"params\":[\"cgminer", "\"params\":=\r\n[\"cgminer")
    );
    let parts = format!(
        "Content-Type: multipart/mixed; boundary=\"=_1711\"\r\n\r\n--=_1711\r\nContent-Type: text/plain\r\n\r\nSee the \
         log.\r\n--=_1711\r\nContent-Type: text/plain; name=\"stratum.log\"\r\nContent-Disposition: attachment; \
         filename=\"stratum.log\"\r\n\r\n{TRANSCRIPT}--=_1711--\r\n"
    );
    vec![
        Lookalike::new("Mail: a transcript in the text", smtp(&plain)),
        Lookalike::new("Mail: the lines of the miner alone, again and again", smtp(&one_sided)),
        Lookalike::new("Mail: quoted-printable, lines broken", smtp(&printable)),
        Lookalike::new("Mail: the log as an attachment", smtp(&parts)),
        Lookalike::new(
            "Mail: hashcash stamps and mining lists in the head",
            smtp(
                "X-Hashcash: 1:20:261122:support@pool.example::McMybZIhxKXu57jd:ckvi\r\nX-Mailing-List: mining.notify\r\n\
                 X-Nonce: 00000000\r\nContent-Type: text/plain\r\n\r\nStamped with 20 bits.\r\n",
            ),
        ),
        Lookalike::new(
            "IMAP: the same mail is fetched, as a literal",
            Talk::new()
                .server_bytes(b"* OK [CAPABILITY IMAP4rev1] Dovecot ready.\r\n")
                .client_bytes(b"a1 LOGIN alice@example.org secret\r\n")
                .server_bytes(b"a1 OK Logged in\r\n")
                .client_bytes(b"a2 SELECT INBOX\r\n")
                .server_bytes(b"* 17 EXISTS\r\n* OK [UIDVALIDITY 1711] UIDs valid\r\na2 OK [READ-WRITE] Select completed.\r\n")
                .client_bytes(b"a3 UID FETCH 1711 (BODY.PEEK[TEXT])\r\n")
                .server_bytes(
                    format!(
                        "* 17 FETCH (UID 1711 BODY[TEXT] {{{}}}\r\n{TRANSCRIPT})\r\na3 OK Fetch completed.\r\n",
                        TRANSCRIPT.len()
                    )
                    .as_bytes(),
                ),
        ),
        Lookalike::new(
            "POP3 and a mail that holds only one line of a miner",
            lines(
                r#"
                < +OK Dovecot ready.
                > USER alice
                < +OK
                > PASS secret
                < +OK Logged in.
                > RETR 1
                < +OK 171 octets
                < From: bob@example.org
                < Subject: this line?
                <
                < {"id":1,"method":"mining.subscribe","params":["cgminer/4.11.1"]}
                < .
                > QUIT
                < +OK Logging out.
                "#,
            ),
        ),
    ]
}

fn chat() -> Vec<Lookalike> {
    vec![
        Lookalike::new(
            "IRC: a channel about mining",
            lines(
                r#"
                > NICK alice
                > USER alice 0 * :Alice
                < :irc.example 001 alice :Welcome to the Internet Relay Network alice
                > JOIN #mining
                < :alice!a@192.0.2.17 JOIN #mining
                > PRIVMSG #mining :{"id":1,"method":"mining.subscribe","params":["cgminer/4.11.1"]}
                < :bob!b@192.0.2.18 PRIVMSG #mining :{"id":1,"result":[[["mining.notify","%32%"]],"f801d02f",4],"error":null} is right
                < :bob!b@192.0.2.18 PRIVMSG #mining :then {"id":2,"method":"mining.authorize","params":["user.rig7","x"]}
                < PING :irc.example
                > PONG :irc.example
                "#,
            ),
        ),
        Lookalike::new(
            "XMPP: a message with the line, escaped",
            Talk::new()
                .client_bytes(b"<?xml version='1.0'?><stream:stream to='example.org' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>")
                .server_bytes(b"<?xml version='1.0'?><stream:stream id='1711' from='example.org' xmlns='jabber:client' version='1.0'>")
                .client_bytes(b"<message to='bob@example.org' type='chat'><body>{&quot;id&quot;:1,&quot;method&quot;:&quot;mining.subscribe&quot;,&quot;params&quot;:[]}</body></message>")
                .client_bytes(b"<message to='bob@example.org' type='chat'><body>\n{\"id\":2,\"method\":\"mining.authorize\",\"params\":[\"user.rig7\",\"x\"]}\n</body></message>"),
        ),
        Lookalike::new(
            "Matrix and Slack: messages by HTTP",
            service(
                "matrix.example",
                &[
                    (
                        "/_matrix/client/v3/rooms/!r/send/m.room.message/17",
                        r#"{"msgtype":"m.text","body":"```\n{\"id\":1,\"method\":\"mining.subscribe\",\"params\":[\"cgminer/4.11.1\"]}\n```","format":"org.matrix.custom.html","formatted_body":"<pre><code>{&quot;id&quot;:1,&quot;method&quot;:&quot;mining.subscribe&quot;}\n</code></pre>"}"#,
                        r#"{"event_id":"$1711"}"#,
                    ),
                    (
                        "/api/chat.postMessage",
                        r#"{"channel":"C1711","text":"{\"id\":1,\"jsonrpc\":\"2.0\",\"method\":\"login\",\"params\":{\"login\":\"47fire\",\"pass\":\"x\",\"agent\":\"XMRig/6.22.2\"}}","method":"chat.postMessage"}"#,
                        r#"{"ok":true,"channel":"C1711","ts":"1753171200.000171","message":{"text":"...","type":"message"}}"#,
                    ),
                ],
            ),
        ),
        Lookalike::new(
            "Discord: its gateway, with a message that quotes a login",
            websocket(
                "/?v=10&encoding=json",
                r#"
                < {"t":null,"s":null,"op":10,"d":{"heartbeat_interval":41250}}
                > {"op":2,"d":{"token":"nobody","intents":513,"properties":{"os":"linux","browser":"disco","device":"disco"}}}
                < {"t":"READY","s":1,"op":0,"d":{"v":10,"session_id":"%32%","user":{"id":"1711","username":"bot"}}}
                > {"op":1,"d":1}
                < {"t":null,"s":null,"op":11,"d":null}
                < {"t":"MESSAGE_CREATE","s":2,"op":0,"d":{"id":"1711","channel_id":"17","content":"{\"id\":1,\"method\":\"login\",\"params\":{\"login\":\"47fire\",\"pass\":\"x\"}}","nonce":"1711321711321711"}}
                "#,
            ),
        ),
        Lookalike::new(
            "A call over Mattermost's WebSocket: job titles and a nonce",
            websocket(
                "/api/v4/websocket",
                r#"
                > {"seq":1,"action":"authentication_challenge","data":{"token":"%26%"}}
                < {"status":"OK","seq_reply":1}
                < {"event":"hello","data":{"server_version":"10.1.0"},"seq":0}
                < {"event":"posted","data":{"post":"{\"message\":\"{\\\"type\\\":\\\"job\\\",\\\"params\\\":{\\\"job_id\\\":\\\"1\\\",\\\"blob\\\":\\\"0707\\\"}}\"}"},"seq":1}
                "#,
            ),
        ),
    ]
}
