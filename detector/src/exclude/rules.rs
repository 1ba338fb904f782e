use std::net::{IpAddr, SocketAddr};

use jiff::Timestamp;

use super::index::Index;
use super::mistake::{Known, mistakes};
use super::window::Window;
use super::{PoolMatch, Rule, SignatureMatch};
use crate::enrich::{NetworkType, canonical, host_of};
use crate::judge::Protocol;
use crate::output::Identities;
use crate::signature::Signatures;

/// What a rule is held against.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// When the miner was last active.
    pub time: Timestamp,
    /// The miner's address.
    pub miner: IpAddr,
    /// The pool's end.
    pub pool: SocketAddr,
    /// The pool's name as the miner addressed it.
    pub pool_name: Option<&'a str>,
    /// The pool's name in the operator's list.
    pub pool_listed: Option<&'a str>,
    /// The dialect spoken.
    pub protocol: Protocol,
    /// Who is paid, in the form in which it is kept.
    pub wallet: Option<&'a str>,
    /// The machine within the account, in the form in which it is kept.
    pub worker: Option<&'a str>,
    /// The number of the alert.
    pub signature_id: u32,
    /// The text of the alert.
    pub signature: &'a str,
    /// The kinds of the evidence.
    pub evidence: &'a [&'a str],
    /// The kind of network in which the miner is.
    pub network_type: NetworkType,
}

/// What is wrong, or may be, with a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// The number of the rule, from 0.
    pub rule: usize,
    /// The key it is about; empty for the whole rule.
    pub key: &'static str,
    /// What is wrong and how to mend it.
    pub message: String,
}

/// All rules, compiled so that a record is held against few of them.
#[derive(Debug, Default)]
pub struct Exclusions {
    pub(super) rules: Vec<Compiled>,
    pub(super) index: Index,
}

#[derive(Debug)]
pub(super) struct Compiled {
    pub(super) rule: Rule,
    /// In the form in which it is kept, as below.
    pub(super) wallet: Option<String>,
    pub(super) worker: Option<String>,
    /// The kind of evidence that a signature of a file is.
    evidence: Option<String>,
    pub(super) window: Window,
}

impl Exclusions {
    /// Compiles rules for records in which names are kept in the form `identities`, found with `signatures`. Names of
    /// signatures and of protocols are not checked without.
    ///
    /// # Errors
    /// A rule does not say what it hides, or names what there is not.
    pub fn new(
        rules: &[Rule],
        identities: Identities,
        signatures: Option<&Signatures>,
    ) -> Result<Self, Vec<Complaint>> {
        let mut exclusions = Self::default();
        let mut complaints = Vec::new();
        let known = signatures.map(Known::of);
        for (number, rule) in rules.iter().enumerate() {
            let wrong = mistakes(rule, known.as_ref());
            complaints.extend(wrong.into_iter().map(|(key, message)| Complaint {
                rule: number,
                key,
                message,
            }));
            exclusions.add(Compiled::of(rule, identities));
        }
        if complaints.is_empty() { Ok(exclusions) } else { Err(complaints) }
    }

    /// The same rules for records in which names are kept in another form.
    #[must_use]
    pub fn for_names(&self, identities: Identities) -> Self {
        let mut exclusions = Self::default();
        for Compiled { rule, .. } in &self.rules {
            exclusions.add(Compiled::of(rule, identities));
        }
        exclusions
    }

    fn add(&mut self, rule: Compiled) {
        self.index.add(u32::try_from(self.rules.len()).unwrap_or(u32::MAX), &rule);
        self.rules.push(rule);
    }

    /// The first rule that hides a record.
    pub fn matches(&self, subject: &Subject<'_>) -> Option<&Rule> {
        let subject = &Subject {
            miner: subject.miner.to_canonical(),
            pool: SocketAddr::new(subject.pool.ip().to_canonical(), subject.pool.port()),
            ..*subject
        };
        let names = [subject.pool_name.map(host_of), subject.pool_listed];
        let pool_names: Vec<String> = names.into_iter().flatten().map(str::to_lowercase).collect();
        let names = [subject.wallet, subject.worker];
        let fitting = |numbers: &Vec<u32>| {
            numbers.iter().copied().find(|number| {
                let rule = self.rules.get(*number as usize);
                rule.is_some_and(|rule| rule.fits(subject, &pool_names))
            })
        };
        let lists = self.index.lists(subject.miner, subject.pool.ip(), names, &pool_names);
        let first = lists.filter_map(fitting).min()?;
        Some(&self.rules.get(first as usize)?.rule)
    }

    /// How many rules there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }
}

impl Compiled {
    fn of(rule: &Rule, identities: Identities) -> Self {
        let kept = |name: &Option<String>| name.as_deref().map(|name| identities.kept(name).into_owned());
        let evidence = match &rule.signature {
            Some(SignatureMatch::Name(name)) => Some(format!("signature-{name}")),
            _ => None,
        };
        Self {
            wallet: kept(&rule.wallet),
            worker: kept(&rule.worker),
            evidence,
            window: Window::of(rule),
            rule: Rule { prefix: rule.prefix.map(canonical), ..rule.clone() },
        }
    }

    fn fits(&self, subject: &Subject<'_>, pool_names: &[String]) -> bool {
        let Rule { host, pair, prefix, pool, signature, protocol, network_type, .. } = &self.rule;
        let is_pool = |pool: &PoolMatch| pool.fits(subject.pool, pool_names);
        host.is_none_or(|host| host.to_canonical() == subject.miner)
            && pair.as_ref().is_none_or(|pair| {
                pair.miner.to_canonical() == subject.miner
                    && is_pool(&PoolMatch::Address(pair.pool, pair.port))
            })
            && prefix.is_none_or(|prefix| prefix.contains(&subject.miner))
            && pool.as_ref().is_none_or(is_pool)
            && self.wallet.as_deref().is_none_or(|wallet| subject.wallet == Some(wallet))
            && self.worker.as_deref().is_none_or(|worker| subject.worker == Some(worker))
            && protocol.as_deref().is_none_or(|protocol| subject.protocol.name() == protocol)
            && network_type.is_none_or(|kind| subject.network_type == kind)
            && signature.as_ref().is_none_or(|signature| self.is_found(signature, subject))
            && self.window.holds(subject.time)
    }

    fn is_found(&self, signature: &SignatureMatch, subject: &Subject<'_>) -> bool {
        match signature {
            SignatureMatch::Id(id) => subject.signature_id == *id,
            SignatureMatch::Name(name) => {
                subject.signature == name
                    || self.evidence.as_deref().is_some_and(|kind| subject.evidence.contains(&kind))
            }
        }
    }
}
