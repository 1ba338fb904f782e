//! Stratum version 2 in the clear: sv2-spec, chapters 3 (common messages), 5 (mining), 6 (job declaration) and 7
//! (template distribution).

mod fields;
mod pool;
#[cfg(test)]
mod tests;

use fields::Fields;
use pool::pool;

use crate::judge::{Protocol, Stage};
use crate::protocol::account;
use crate::protocol::coin::CoinReason;
use crate::protocol::finding::{Fact, Finding, Kind};
use crate::protocol::shape::clean;

const V2: Protocol = Protocol::StratumV2;

impl Kind {
    pub(crate) const SV2_SETUP: Self =
        Self::message("sv2-setup", "SetupConnection of Stratum version 2 for mining", 14.0);
    pub(crate) const SV2_SETUP_DECLARATION: Self =
        Self::message("sv2-setup-declaration", "SetupConnection of Stratum version 2 to declare jobs", 14.0);
    pub(crate) const SV2_SETUP_TEMPLATES: Self =
        Self::message("sv2-setup-templates", "SetupConnection of Stratum version 2 to get templates", 13.0);
    pub(crate) const SV2_OPEN: Self =
        Self::message("sv2-open", "opening of a mining channel with user, hash rate and target", 13.0);
    pub(crate) const SV2_UPDATE: Self =
        Self::message("sv2-update", "UpdateChannel with hash rate and target", 9.0);
    pub(crate) const SV2_SHARE: Self =
        Self::message("sv2-share", "SubmitShares with the fields of a block header", 11.0);
    pub(crate) const SV2_CUSTOM_JOB: Self =
        Self::message("sv2-custom-job", "SetCustomMiningJob or a declaration of a job", 4.0);
    pub(crate) const SV2_TEMPLATE_REQUEST: Self =
        Self::message("sv2-template-request", "a request of a template, or a solution of one", 4.0);
    pub(crate) const SV2_SETUP_ANSWER: Self =
        Self::message("sv2-setup-answer", "SetupConnection.Success with version 2", 8.0);
    pub(crate) const SV2_OPENED: Self =
        Self::message("sv2-opened", "a mining channel was opened with target and extranonce", 13.0);
    pub(crate) const SV2_JOB: Self = Self::message("sv2-job", "NewMiningJob or NewExtendedMiningJob", 9.0);
    pub(crate) const SV2_PREV_HASH: Self =
        Self::message("sv2-prev-hash", "SetNewPrevHash with time and bits of a block header", 11.0);
    pub(crate) const SV2_TARGET: Self = Self::message("sv2-target", "SetTarget of a channel", 7.0);
    pub(crate) const SV2_SHARE_ANSWER: Self =
        Self::message("sv2-share-answer", "SubmitShares.Success or SubmitShares.Error", 9.0);
    pub(crate) const SV2_CHANNEL: Self =
        Self::message("sv2-channel", "a message about a channel: its prefix, its group, its end", 5.0);
    pub(crate) const SV2_RECONNECT: Self = Self::message("sv2-reconnect", "Reconnect to another host", 5.0);
    pub(crate) const SV2_TEMPLATE: Self =
        Self::message("sv2-template", "a template with value and outputs of the coinbase", 11.0);
    pub(crate) const SV2_DECLARED: Self =
        Self::message("sv2-declared", "a token, or the answer to a declared job", 3.0);
    pub(crate) const SV2_ERROR: Self =
        Self::message("sv2-error", "refused with an error code of Stratum version 2", 7.0);
}

/// Reads a message of a type.
pub(super) fn read(kind: u8, body: &[u8]) -> Option<Finding> {
    let fields = &mut Fields(body);
    let finding = match kind {
        0x00 => setup(fields)?,
        0x10 => open(fields)?,
        0x13 => {
            let finding = open(fields)?;
            fields.u16()?;
            finding
        }
        0x16 => {
            fields.u32()?;
            let rate = fields.rate()?;
            fields.target()?;
            Finding::miner(V2, Kind::SV2_UPDATE).fact(claimed(rate))
        }
        0x1a => share(fields)?,
        0x1b => {
            let finding = share(fields)?;
            fields.short(32)?;
            finding
        }
        _ => return pool(kind, fields).filter(|_| fields.0.is_empty()).or_else(|| noted(kind)),
    };
    fields.0.is_empty().then_some(finding)
}

/// Messages whose fields prove nothing, so that they only support others.
fn noted(kind: u8) -> Option<Finding> {
    Some(match kind {
        0x22 | 0x50 | 0x56 | 0x57 | 0x5a | 0x60 => Finding::miner(V2, Kind::SV2_CUSTOM_JOB),
        0x23 | 0x24 | 0x51 | 0x55 | 0x58 | 0x59 => Finding::pool(V2, Kind::SV2_DECLARED),
        0x70 | 0x73 | 0x76 => Finding::miner(V2, Kind::SV2_TEMPLATE_REQUEST),
        0x18 => Finding::pool(V2, Kind::SV2_CHANNEL),
        _ => return None,
    })
}

/// Flags and device are the client's to fill: vendor, hardware, firmware and device name its software.
fn setup(fields: &mut Fields<'_>) -> Option<Finding> {
    let kind = match fields.u8()? {
        0 => Kind::SV2_SETUP,
        1 => Kind::SV2_SETUP_DECLARATION,
        2 => Kind::SV2_SETUP_TEMPLATES,
        _ => return None,
    };
    let (least, most) = (fields.u16()?, fields.u16()?);
    if least < 2 || least > most || most > 9 {
        return None;
    }
    fields.u32()?;
    let host = fields.words()?;
    fields.u16()?;
    let names = [fields.words()?, fields.words()?, fields.words()?, fields.words()?];
    let agent = names.into_iter().filter(|name| !name.is_empty()).collect::<Vec<_>>().join(" ");
    Some(Finding::miner(V2, kind).fact(clean(&agent).map(Fact::Agent)).fact(clean(host).map(Fact::PoolName)))
}

fn open(fields: &mut Fields<'_>) -> Option<Finding> {
    fields.u32()?;
    let user = fields.words()?;
    let rate = fields.rate()?;
    fields.target()?;
    let (wallet, _) = account::split(user);
    Some(
        Finding::miner(V2, Kind::SV2_OPEN)
            .with(Kind::ADDRESS, account::is_address(wallet))
            .fact(account::user(user))
            .fact(claimed(rate))
            .fact(Some(Fact::coin("BTC", CoinReason::Protocol)))
            .fact(Some(Fact::ImpliedAlgorithm("sha256d"))),
    )
}

fn claimed(rate: f32) -> Option<Fact> {
    (rate > 0.0).then(|| Fact::ClaimedHashRate(rate.into()))
}

fn share(fields: &mut Fields<'_>) -> Option<Finding> {
    // Channel, sequence number, job, nonce.
    fields.take(16)?;
    fields.time()?;
    // BIP 9: the three upper bits of a block's version are 001.
    (fields.u32()? >> 29 == 1).then_some(())?;
    Some(Finding::miner(V2, Kind::SV2_SHARE).stage(Stage::Submitting).fact(Some(Fact::Submitted)))
}
