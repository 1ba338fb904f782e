use crate::protocol::Kind;

/// One flow in 100,000 is mining before anything is known of it: the natural logarithm of the odds.
pub(super) const PRIOR: f64 = -11.5;

/// Taken away for each line that has no place in a mining conversation, divided by the messages that have.
/// It never takes more than the same side has brought.
pub(super) const FOREIGN_LINE: f64 = -6.0;

/// Natural logarithm of how much likelier a miner's conversation has `kind` in it than any other flow.
///
/// Names that only mining software uses are enough for odds above even. Words in common use need a second reason.
#[expect(clippy::match_same_arms, reason = "one line for each side")]
pub(super) const fn weight(kind: Kind) -> f64 {
    match kind {
        Kind::Configure | Kind::Submit => 13.0,
        Kind::Authorize => 12.5,
        Kind::Subscribe | Kind::Hello | Kind::EthLogin => 12.0,
        Kind::ExtranonceSubscribe | Kind::Suggest | Kind::Capabilities => 12.0,
        Kind::GetTransactions | Kind::MultiVersion | Kind::Hashrate | Kind::LoginSubmit => 11.0,
        Kind::EthSubmitWork => 10.5,
        Kind::EthSubmitHashrate => 9.0,
        Kind::EthGetWork | Kind::Keepalive => 8.0,
        Kind::Agent => 6.5,
        Kind::Login | Kind::Noop | Kind::DialectName => 6.0,
        Kind::Address => 7.0,
        Kind::AlgorithmList | Kind::ShareSeries | Kind::VersionAnswer => 5.0,
        Kind::GetJob => 4.0,
        Kind::UnknownAgent => 2.0,

        Kind::LoginAnswer => 14.0,
        Kind::SubscribeAnswer | Kind::Job => 13.0,
        Kind::Notify | Kind::SetDifficulty | Kind::SetVersionMask | Kind::Set | Kind::HelloAnswer => 12.0,
        Kind::SetExtranonce | Kind::SetGoal => 11.0,
        Kind::Work | Kind::ConfigureAnswer => 10.0,
        Kind::KeepaliveAnswer => 8.0,
        Kind::JobSeries | Kind::Bye | Kind::Reconnect | Kind::ShowMessage | Kind::GetVersion => 6.0,
        Kind::ShareAnswer | Kind::Ping => 5.0,
        Kind::Admission | Kind::PoolError => 4.0,
        Kind::NotifyFields => 3.0,
    }
}
