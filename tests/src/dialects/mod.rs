//! What miners and pools say: the one source of lines for simulators and tests.
//!
//! Spacing and key order are those of the named clients' sources. Jobs, nonces and results are
//! made up; nothing is ever hashed.

mod bitcoin;
mod ethereum;
mod monero;

use serde_json::Value;

use crate::conversation::{Line, Speaker};

/// A client and a pool that understand each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `XMRig` and a Monero pool: login, jobs, submit, keepalived.
    Monero,
    /// A client of the cgminer family (cgminer's spacing and submit, a Bitaxe's
    /// `mining.suggest_difficulty`) and a Bitcoin pool: Stratum version 1 with BIP 310.
    Bitcoin,
    /// ethminer and an Ethereum pool: eth-proxy, where a job is an answer without a question.
    EthProxy,
}

/// Who the miner says it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The address that is paid.
    pub wallet: String,
    /// The name of the machine.
    pub worker: String,
    /// Name and version of the software; ethminer does not tell it.
    pub agent: String,
}

/// The miner's side of a conversation. Lines have no line end.
pub trait Miner: Send {
    /// The next line of the opening; each is said when the one before it was answered. `None`
    /// when the opening is over.
    fn opening(&mut self) -> Option<String>;
    /// Takes in a line from the pool.
    fn hear(&mut self, line: &str);
    /// A share with a made-up result for the newest job; `None` before the first job.
    fn share(&mut self) -> Option<String>;
    /// What is said when there was nothing to say for long, if the dialect has such a thing.
    fn keepalive(&mut self) -> Option<String>;
}

/// The pool's side of a conversation. Lines have no line end.
pub trait Pool: Send {
    /// What the pool answers, in order; nothing to a line it does not understand.
    fn answer(&mut self, line: &str) -> Vec<String>;
    /// A new job for a miner that is logged in.
    fn job(&mut self) -> String;
}

impl Dialect {
    /// A miner of this dialect; `seed` makes its nonces differ from other miners'.
    #[must_use]
    pub fn miner(self, identity: Identity, seed: u64) -> Box<dyn Miner> {
        match self {
            Self::Monero => Box::new(monero::Xmrig::new(identity, seed)),
            Self::Bitcoin => Box::new(bitcoin::Cgminer::new(identity, seed)),
            Self::EthProxy => Box::new(ethereum::Ethminer::new(identity, seed)),
        }
    }

    /// A pool of this dialect; `seed` makes its jobs differ from other pools'.
    #[must_use]
    pub fn pool(self, seed: u64) -> Box<dyn Pool> {
        match self {
            Self::Monero => Box::new(monero::MoneroPool::new(seed)),
            Self::Bitcoin => Box::new(bitcoin::BitcoinPool::new(seed)),
            Self::EthProxy => Box::new(ethereum::EthereumPool::new(seed)),
        }
    }

    /// A believable identity: a made-up wallet of the right shape, and a current client.
    #[must_use]
    pub fn identity(self, worker: &str) -> Identity {
        let (wallet, agent) = match self {
            Self::Monero => (monero::WALLET, "XMRig/6.22.2 (Linux x86_64) libuv/1.48.0 gcc/13.3.0"),
            Self::Bitcoin => (bitcoin::WALLET, "cgminer/4.11.1"),
            Self::EthProxy => (ethereum::WALLET, ""),
        };
        Identity { wallet: wallet.into(), worker: worker.into(), agent: agent.into() }
    }

    /// The name records give the protocol.
    #[must_use]
    pub const fn protocol(self) -> &'static str {
        match self {
            Self::Monero => "cryptonote",
            Self::Bitcoin => "stratum-v1",
            Self::EthProxy => "eth-proxy",
        }
    }

    /// A typical session: the opening, then `shares` times a job, a share and its answer.
    #[must_use]
    pub fn session(self, identity: Identity, seed: u64, shares: usize) -> Vec<Line> {
        let (mut miner, mut pool) = (self.miner(identity, seed), self.pool(seed));
        let mut lines = Vec::new();
        while let Some(line) = miner.opening() {
            exchange(&mut lines, line, miner.as_mut(), pool.as_mut());
        }
        for _ in 0..shares {
            let job = pool.job();
            miner.hear(&job);
            lines.push(Line { speaker: Speaker::Server, text: job });
            if let Some(share) = miner.share() {
                exchange(&mut lines, share, miner.as_mut(), pool.as_mut());
            }
        }
        lines
    }
}

fn exchange(lines: &mut Vec<Line>, said: String, miner: &mut dyn Miner, pool: &mut dyn Pool) {
    let answers = pool.answer(&said);
    lines.push(Line { speaker: Speaker::Client, text: said });
    for text in answers {
        miner.hear(&text);
        lines.push(Line { speaker: Speaker::Server, text });
    }
}

/// The request's method and id; an absent id is `null`.
fn request(line: &str) -> Option<(String, Value)> {
    let mut object: Value = serde_json::from_str(line).ok()?;
    let method = object.get("method")?.as_str()?.to_owned();
    let id = object.get_mut("id").map_or(Value::Null, Value::take);
    Some((method, id))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Dialect; 3] = [Dialect::Monero, Dialect::Bitcoin, Dialect::EthProxy];

    #[test]
    fn a_session_is_json_lines_with_every_share_answered() {
        for dialect in ALL {
            let lines = dialect.session(dialect.identity("rig7"), 1, 5);
            for line in &lines {
                assert!(serde_json::from_str::<Value>(&line.text).unwrap().is_object(), "{}", line.text);
                assert!(!line.text.contains('\n'));
            }
            let submits: Vec<_> = lines
                .iter()
                .filter_map(|line| request(&line.text))
                .filter(|(method, _)| method.to_lowercase().contains("submit") && method != "eth_submitLogin")
                .collect();
            assert_eq!(submits.len(), 5, "{dialect:?}");
            let mut ids: Vec<_> = submits.iter().map(|(_, id)| id.to_string()).collect();
            ids.dedup();
            assert_eq!(ids.len(), 5, "{dialect:?}: ids are distinct");
            assert_eq!(lines[0].speaker, Speaker::Client);
            assert_eq!(lines.last().unwrap().speaker, Speaker::Server);
        }
    }

    #[test]
    fn the_first_line_is_the_real_clients() {
        let first = |dialect: Dialect| dialect.session(dialect.identity("rig7"), 1, 0)[0].text.clone();
        let login = first(Dialect::Monero);
        assert!(login.starts_with(r#"{"id":1,"jsonrpc":"2.0","method":"login","params":{"login":"4"#));
        assert!(login.contains(r#"","pass":"x","agent":"XMRig/6.22.2 (Linux x86_64)"#));
        assert!(login.contains(r#","rigid":"rig7","algo":["rx/0","#));
        // Real ones were 445, 496 and 623 bytes long.
        assert!((400..650).contains(&login.len()), "{}", login.len());
        assert_eq!(
            first(Dialect::Bitcoin),
            r#"{"id": 0, "method": "mining.configure", "params": [["version-rolling"], {"version-rolling.mask": "ffffffff"}]}"#
        );
        assert_eq!(
            first(Dialect::EthProxy),
            format!(
                r#"{{"id":1,"method":"eth_submitLogin","params":["{}"],"worker":"rig7"}}"#,
                ethereum::WALLET
            )
        );
    }

    #[test]
    fn seeds_make_sessions_differ() {
        for dialect in ALL {
            let session = |seed| dialect.session(dialect.identity("rig7"), seed, 2);
            assert_eq!(session(1), session(1));
            assert_ne!(session(1), session(2));
        }
    }
}
