use crate::judge::{Protocol, Side, Stage};

/// One thing that a side of a mining conversation says. Each has one weight, however often it is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "`detail` says what each is")]
pub enum Kind {
    // The miner, Stratum version 1 and EthereumStratum.
    Configure,
    Subscribe,
    Authorize,
    Submit,
    ExtranonceSubscribe,
    Suggest,
    Capabilities,
    GetTransactions,
    MultiVersion,
    Hello,
    Noop,
    Hashrate,
    VersionAnswer,
    DialectName,
    // The miner, CryptoNote.
    Login,
    LoginSubmit,
    Keepalive,
    GetJob,
    // The miner, eth-proxy.
    EthLogin,
    EthGetWork,
    EthSubmitWork,
    EthSubmitHashrate,
    // The miner, any family.
    Agent,
    UnknownAgent,
    AlgorithmList,
    Address,
    ShareSeries,
    // The pool, Stratum version 1 and EthereumStratum.
    ConfigureAnswer,
    SubscribeAnswer,
    HelloAnswer,
    Notify,
    NotifyFields,
    SetDifficulty,
    SetVersionMask,
    SetExtranonce,
    SetGoal,
    Set,
    Bye,
    Ping,
    Reconnect,
    ShowMessage,
    GetVersion,
    // The pool, CryptoNote.
    LoginAnswer,
    Job,
    KeepaliveAnswer,
    // The pool, eth-proxy.
    Work,
    // The pool, any family.
    Admission,
    ShareAnswer,
    PoolError,
    JobSeries,
}

/// A fact that one message discloses.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// Name and version of the mining software.
    Agent(String),
    /// Who is paid.
    User {
        /// The address or account.
        wallet: String,
        /// The name of the machine within it.
        worker: Option<String>,
    },
    /// The name of the machine, said without the account.
    Worker(String),
    /// The hash function.
    Algorithm(String),
    /// The pool's name as the miner addressed it.
    PoolName(String),
    /// Share difficulty from now on.
    Difficulty(f64),
    /// A new job.
    Job,
    /// A share was handed in.
    Submitted,
    /// The pool accepted a share.
    Accepted,
    /// The pool rejected a share.
    Rejected,
}

/// What one message says.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The role in which it is said.
    pub side: Side,
    /// The dialect it belongs to, as far as this message tells.
    pub protocol: Protocol,
    /// How far the conversation is with it.
    pub stage: Stage,
    /// What was said: the message itself, then the features that make it more certain.
    pub kinds: Vec<Kind>,
    /// What it discloses.
    pub facts: Vec<Fact>,
}

impl Finding {
    /// The miner says `kind`.
    #[must_use]
    pub fn miner(protocol: Protocol, kind: Kind) -> Self {
        Self { side: Side::Miner, protocol, stage: Stage::Attempt, kinds: vec![kind], facts: Vec::new() }
    }

    /// The pool says `kind`.
    #[must_use]
    pub fn pool(protocol: Protocol, kind: Kind) -> Self {
        Self { side: Side::Pool, protocol, stage: Stage::Handshake, kinds: vec![kind], facts: Vec::new() }
    }

    pub(super) fn stage(mut self, stage: Stage) -> Self {
        self.stage = stage;
        self
    }

    pub(super) fn with(mut self, kind: Kind, present: bool) -> Self {
        if present {
            self.kinds.push(kind);
        }
        self
    }

    pub(super) fn fact(mut self, fact: Option<Fact>) -> Self {
        self.facts.extend(fact);
        self
    }
}

impl Kind {
    /// A stable name for records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.describe().0
    }

    /// What was seen, in words. It never holds a value from the wire.
    #[must_use]
    pub const fn detail(self) -> &'static str {
        self.describe().1
    }

    const fn describe(self) -> (&'static str, &'static str) {
        match self {
            Self::Configure => ("client-configure", "mining.configure with a list of extensions (BIP 310)"),
            Self::Subscribe => ("client-subscribe", "mining.subscribe"),
            Self::Authorize => ("client-authorize", "mining.authorize with user and password"),
            Self::Submit => ("client-submit", "mining.submit with worker, job and solution"),
            Self::ExtranonceSubscribe => ("client-extranonce-subscribe", "mining.extranonce.subscribe"),
            Self::Suggest => ("client-suggest", "mining.suggest_difficulty or mining.suggest_target"),
            Self::Capabilities => ("client-capabilities", "mining.capabilities"),
            Self::GetTransactions => ("client-get-transactions", "mining.get_transactions for a job"),
            Self::MultiVersion => ("client-multi-version", "mining.multi_version"),
            Self::Hello => ("client-hello", "mining.hello with the name of the protocol (EIP-1571)"),
            Self::Noop => ("client-noop", "mining.noop"),
            Self::Hashrate => ("client-hashrate", "mining.hashrate with a rate"),
            Self::VersionAnswer => ("client-version", "answer to client.get_version"),
            Self::DialectName => ("dialect-name", "the text EthereumStratum with a version"),
            Self::Login => ("client-login", "method login with login and pass"),
            Self::LoginSubmit => {
                ("client-share", "method submit with job id, 4-byte nonce and 32-byte result")
            }
            Self::Keepalive => ("client-keepalive", "method keepalived with a session id"),
            Self::GetJob => ("client-getjob", "method getjob with a session id"),
            Self::EthLogin => ("client-eth-login", "eth_submitLogin or eth_login"),
            Self::EthGetWork => ("client-eth-getwork", "eth_getWork"),
            Self::EthSubmitWork => {
                ("client-eth-submitwork", "eth_submitWork with nonce, header and mix hash")
            }
            Self::EthSubmitHashrate => ("client-eth-hashrate", "eth_submitHashrate with rate and id"),
            Self::Agent => ("client-agent", "the login or subscription names its mining software"),
            Self::UnknownAgent => ("client-unknown-agent", "the login names software not known to mine"),
            Self::AlgorithmList => ("client-algorithms", "the login lists mining algorithms"),
            Self::Address => ("client-address", "the user name has the form of a coin address"),
            Self::ShareSeries => ("share-series", "three or more shares were handed in"),
            Self::ConfigureAnswer => ("pool-configure", "answer to mining.configure with granted extensions"),
            Self::SubscribeAnswer => ("pool-subscribe", "answer to mining.subscribe with an extranonce"),
            Self::HelloAnswer => ("pool-hello", "answer to mining.hello with the name of the protocol"),
            Self::Notify => ("pool-notify", "mining.notify with a job"),
            Self::NotifyFields => ("pool-notify-fields", "the job has the fields of a block to be mined"),
            Self::SetDifficulty => ("pool-difficulty", "mining.set_difficulty with a number"),
            Self::SetVersionMask => ("pool-version-mask", "mining.set_version_mask with a mask"),
            Self::SetExtranonce => ("pool-extranonce", "mining.set_extranonce with an extranonce"),
            Self::SetGoal => ("pool-goal", "mining.set_goal"),
            Self::Set => ("pool-set", "mining.set with target, epoch or algorithm (EIP-1571)"),
            Self::Bye => ("pool-bye", "mining.bye"),
            Self::Ping => ("pool-ping", "mining.ping"),
            Self::Reconnect => ("pool-reconnect", "client.reconnect"),
            Self::ShowMessage => ("pool-message", "client.show_message with a text"),
            Self::GetVersion => ("pool-get-version", "client.get_version"),
            Self::LoginAnswer => ("pool-login", "answer to a login with session id and first job"),
            Self::Job => ("pool-job", "job with block template, job id and target"),
            Self::KeepaliveAnswer => ("pool-keepalive", "status KEEPALIVED"),
            Self::Work => ("pool-work", "work package of header hash, seed hash and target"),
            Self::Admission => ("pool-admission", "the pool said yes or no to the login"),
            Self::ShareAnswer => ("pool-share-answer", "the pool accepted or rejected a share"),
            Self::PoolError => ("pool-error", "the pool refused with an error in the protocol's own form"),
            Self::JobSeries => ("job-series", "three or more jobs were handed out"),
        }
    }

    /// Whether it is a message of its own and not a feature of one.
    #[must_use]
    pub const fn is_message(self) -> bool {
        !matches!(
            self,
            Self::DialectName
                | Self::Agent
                | Self::UnknownAgent
                | Self::AlgorithmList
                | Self::Address
                | Self::NotifyFields
                | Self::ShareSeries
                | Self::JobSeries
        )
    }
}
