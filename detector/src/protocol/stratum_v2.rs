//! Stratum version 2 in the clear: sv2-spec, chapters 3 (common messages), 5 (mining), 6 (job declaration) and 7
//! (template distribution).

use super::account;
use super::coin::CoinReason;
use super::finding::{Fact, Finding, Kind};
use super::shape::{clean, difficulty_of_target};
use crate::judge::{Protocol, Stage};

const V2: Protocol = Protocol::StratumV2;

/// Facts that one message may disclose: a pool may acknowledge many shares at once.
const MAX_SHARES: u32 = 256;

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

fn pool(kind: u8, fields: &mut Fields<'_>) -> Option<Finding> {
    let said = |kind| Finding::pool(V2, kind);
    Some(match kind {
        0x01 => {
            (2..=9).contains(&fields.u16()?).then_some(())?;
            fields.u32()?;
            said(Kind::SV2_SETUP_ANSWER)
        }
        0x02 | 0x12 => {
            fields.u32()?;
            fields.words()?;
            said(Kind::SV2_ERROR).stage(Stage::Attempt)
        }
        0x04 => {
            fields.words()?;
            fields.u16()?;
            said(Kind::SV2_RECONNECT)
        }
        0x11 | 0x14 => {
            fields.take(8)?;
            let difficulty = fields.target()?;
            if kind == 0x14 {
                fields.u16()?;
            }
            fields.short(32)?;
            // Early versions of the specification name no group of an extended channel.
            if kind == 0x11 || !fields.0.is_empty() {
                fields.u32()?;
            }
            said(Kind::SV2_OPENED)
                .fact(Some(Fact::difficulty_hashes(difficulty)))
                .fact(Some(Fact::ImpliedAlgorithm("sha256d")))
        }
        0x15 | 0x1f => {
            fields.take(8)?;
            fields.optional_time()?;
            fields.u32()?;
            if kind == 0x15 {
                fields.take(32)?;
            } else {
                fields.boolean()?;
                let path = usize::from(fields.u8()?);
                fields.take(path * 32)?;
                fields.long()?;
                fields.long()?;
            }
            said(Kind::SV2_JOB).stage(Stage::Working).fact(Some(Fact::Job))
        }
        0x19 => {
            fields.u32()?;
            fields.short(32)?;
            said(Kind::SV2_CHANNEL)
        }
        0x1c => {
            fields.take(8)?;
            let count = fields.u32()?.min(MAX_SHARES);
            fields.take(8)?;
            let finding = said(Kind::SV2_SHARE_ANSWER).stage(Stage::Submitting);
            (0..count).fold(finding, |finding, _| finding.fact(Some(Fact::Accepted)))
        }
        0x1d => {
            fields.take(8)?;
            fields.words()?;
            said(Kind::SV2_SHARE_ANSWER).stage(Stage::Submitting).fact(Some(Fact::Rejected))
        }
        0x20 => {
            fields.take(8 + 32)?;
            fields.time()?;
            fields.bits()?;
            said(Kind::SV2_PREV_HASH).stage(Stage::Working)
        }
        0x21 => {
            fields.u32()?;
            let difficulty = fields.target()?;
            said(Kind::SV2_TARGET).fact(Some(Fact::difficulty_hashes(difficulty)))
        }
        0x25 => {
            fields.u32()?;
            let channels = usize::from(fields.u16()?);
            fields.take(channels * 4)?;
            said(Kind::SV2_CHANNEL)
        }
        0x72 => {
            fields.take(8 + 32)?;
            fields.time()?;
            fields.bits()?;
            fields.target()?;
            said(Kind::SV2_PREV_HASH).stage(Stage::Working)
        }
        0x71 => {
            template(fields)?;
            said(Kind::SV2_TEMPLATE).stage(Stage::Working).fact(Some(Fact::Job))
        }
        _ => return None,
    })
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

fn template(fields: &mut Fields<'_>) -> Option<()> {
    fields.take(8)?;
    fields.boolean()?;
    // Versions of block and coinbase.
    fields.take(8)?;
    fields.short(255)?;
    // Sequence, value, number of outputs.
    fields.take(4 + 8 + 4)?;
    fields.long()?;
    fields.u32()?;
    let path = usize::from(fields.u8()?);
    fields.take(path * 32).map(drop)
}

/// Fields of a message, from the front.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.first_chunk().copied()
    }

    fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(u8::from_le_bytes)
    }

    fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn boolean(&mut self) -> Option<()> {
        (self.u8()? <= 1).then_some(())
    }

    /// `B0_32` or `B0_255`.
    fn short(&mut self, most: u8) -> Option<&'a [u8]> {
        let length = self.u8().filter(|&length| length <= most)?;
        self.take(length.into())
    }

    /// `B0_64K`.
    fn long(&mut self) -> Option<&'a [u8]> {
        let length = self.u16()?;
        self.take(length.into())
    }

    /// `STR0_255` in UTF-8, without control characters.
    fn words(&mut self) -> Option<&'a str> {
        let text = std::str::from_utf8(self.short(255)?).ok()?;
        text.chars().all(|character| !character.is_control()).then_some(text)
    }

    /// Hashes a second. A proxy without miners says 0.
    fn rate(&mut self) -> Option<f32> {
        self.array().map(f32::from_le_bytes).filter(|rate| rate.is_finite() && *rate >= 0.0)
    }

    /// The target of shares, which is not 0, as a difficulty.
    fn target(&mut self) -> Option<f64> {
        let target = self.array::<32>()?;
        let digits = target.iter().rev().flat_map(|byte| [byte >> 4, byte & 15]);
        let digits: String = digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect();
        difficulty_of_target(&digits)
    }

    /// Seconds since 1970, after Bitcoin began.
    fn time(&mut self) -> Option<u32> {
        self.u32().filter(|&time| time > 0x4960_0000)
    }

    fn optional_time(&mut self) -> Option<()> {
        match self.u8()? {
            0 => Some(()),
            1 => self.time().map(drop),
            _ => None,
        }
    }

    /// A target in the short form of a block header: an exponent and three digits of base 256.
    fn bits(&mut self) -> Option<()> {
        let bits = self.u32()?;
        ((3..=0x20).contains(&(bits >> 24)) && bits & 0x0080_0000 == 0).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<u8> {
        [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat()
    }

    fn setup_body(protocol: u8, least: u16, device: &str) -> Vec<u8> {
        let mut body = vec![protocol];
        body.extend(least.to_le_bytes());
        body.extend(2u16.to_le_bytes());
        body.extend(5u32.to_le_bytes());
        body.extend(words("pool.example"));
        body.extend(34254u16.to_le_bytes());
        for name in ["Acme", "S19", "fw-1", device] {
            body.extend(words(name));
        }
        body
    }

    #[test]
    fn a_setup_names_software_and_pool() {
        let finding = read(0, &setup_body(0, 2, "")).unwrap();
        assert_eq!(finding.kinds, [Kind::SV2_SETUP]);
        let agent = Fact::Agent("Acme S19 fw-1".to_owned());
        assert_eq!(finding.facts, [agent, Fact::PoolName("pool.example".to_owned())]);
        assert_eq!(read(0, &setup_body(1, 2, "")).unwrap().kinds, [Kind::SV2_SETUP_DECLARATION]);
        assert_eq!(read(0, &setup_body(2, 2, "")).unwrap().kinds, [Kind::SV2_SETUP_TEMPLATES]);
    }

    #[test]
    fn a_setup_that_breaks_the_rules_is_none() {
        assert_eq!(read(0, &setup_body(3, 2, "")), None);
        assert_eq!(read(0, &setup_body(0, 0, "")), None, "version 0");
        assert_eq!(read(0, &setup_body(0, 3, "")), None, "least above most");
        assert_eq!(read(0, &setup_body(0, 2, "a\u{7}b")), None, "control character");
        let mut long = setup_body(0, 2, "");
        long.push(0);
        assert_eq!(read(0, &long), None, "a byte too many");
        let body = setup_body(0, 2, "x");
        for end in 0..body.len() {
            assert_eq!(read(0, &body[..end]), None, "cut at {end}");
        }
    }

    #[test]
    fn a_channel_names_who_is_paid_and_its_difficulty() {
        let mut body = 1u32.to_le_bytes().to_vec();
        body.extend(words("alice.rig7"));
        body.extend(1.0e14f32.to_le_bytes());
        body.extend([0xff; 32]);
        let user = Fact::User { wallet: "alice".to_owned(), worker: Some("rig7".to_owned()) };
        let facts = read(0x10, &body).unwrap().facts;
        assert_eq!(facts[0], user);
        assert!(matches!(facts[1], Fact::ClaimedHashRate(rate) if (rate / 1.0e14 - 1.0).abs() < 1.0e-6));
        assert_eq!(read(0x13, &body), None, "an extended channel has a size");
        body.extend(8u16.to_le_bytes());
        assert_eq!(read(0x13, &body).unwrap().kinds, [Kind::SV2_OPEN]);

        let mut opened = vec![0; 8];
        opened.extend([&[0; 27][..], &[1], &[0; 4]].concat());
        opened.extend([3, 7, 7, 7, 1, 0, 0, 0]);
        assert_eq!(read(0x11, &opened).unwrap().facts[0], Fact::difficulty_hashes(2f64.powi(40)));
    }

    #[test]
    fn shares_and_jobs_have_the_fields_of_a_block() {
        let share = |time: u32, version: u32| {
            let mut body = vec![1; 16];
            body.extend(time.to_le_bytes());
            body.extend(version.to_le_bytes());
            body
        };
        assert_eq!(read(0x1a, &share(1_760_000_000, 0x2000_4000)).unwrap().facts, [Fact::Submitted]);
        assert_eq!(read(0x1a, &share(5, 0x2000_0000)), None);
        assert_eq!(read(0x1a, &share(1_760_000_000, 7)), None);
        let mut job = vec![0; 8];
        job.push(0);
        job.extend(0x2000_0000u32.to_le_bytes());
        job.extend([9; 32]);
        assert_eq!(read(0x15, &job).unwrap().facts, [Fact::Job]);
        let mut answer = vec![0; 8];
        answer.extend(3u32.to_le_bytes());
        answer.extend([0; 8]);
        assert_eq!(read(0x1c, &answer).unwrap().facts, [Fact::Accepted, Fact::Accepted, Fact::Accepted]);
    }
}
