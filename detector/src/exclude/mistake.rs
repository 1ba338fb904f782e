use super::{Rule, SignatureMatch};
use crate::judge::Protocol;
use crate::output::alert_signatures;
use crate::problem::nearest;
use crate::signature::Signatures;

/// What a rule may name.
pub(super) struct Known<'a> {
    protocols: Vec<&'a str>,
    alerts: Vec<(u32, String)>,
    /// Signatures that are evidence: they have a weight.
    weighted: Vec<&'a str>,
}

impl<'a> Known<'a> {
    pub(super) fn of(signatures: &'a Signatures) -> Self {
        let own = signatures.iter().map(|signature| signature.protocol.as_str());
        let protocols: Vec<&str> = Protocol::ALL.iter().map(|known| known.name()).chain(own).collect();
        let alerts = alert_signatures(protocols.iter().map(|name| Protocol::named(name))).collect();
        let weighted =
            signatures.iter().filter(|one| one.weight > 0.0).map(|one| one.name.as_str()).collect();
        Self { protocols, alerts, weighted }
    }

    /// What may be found.
    fn found(&self) -> impl Iterator<Item = &str> {
        self.alerts.iter().map(|(_, text)| text.as_str()).chain(self.weighted.iter().copied())
    }
}

/// What is wrong with a rule: the key, and what.
pub(super) fn mistakes(rule: &Rule, known: Option<&Known<'_>>) -> Vec<(&'static str, String)> {
    let mut wrong = Vec::new();
    if !rule.says_what() {
        let message = "the rule hides everything; add host, pair, prefix, pool, wallet, worker, signature, protocol or \
                       network-type";
        wrong.push(("", message.to_owned()));
    }
    if rule.timezone.is_some()
        && rule.hours.is_none()
        && rule.days.is_empty()
        && rule.from.is_none()
        && rule.until.is_none()
    {
        wrong.push((
            "timezone",
            "there is no from, until, hours or days for it; add one or leave it out".to_owned(),
        ));
    }
    let Some(known) = known else { return wrong };
    if let Some(name) = rule.protocol.as_deref().filter(|name| !known.protocols.contains(name)) {
        let hint = hint(name, known.protocols.iter().copied(), "`firedamp signatures list` tells the names");
        wrong.push(("protocol", format!("no protocol is called \"{name}\"; {hint}")));
    }
    match &rule.signature {
        Some(SignatureMatch::Id(id)) if !known.alerts.iter().any(|(known, _)| known == id) => {
            let message = format!("no alert has the number {id}; take `alert.signature_id` of one");
            wrong.push(("signature", message));
        }
        Some(SignatureMatch::Name(name)) if !known.found().any(|found| found == name) => {
            let remedy = "take `alert.signature` of an alert, or the name of a signature with a weight from \
                              `firedamp signatures list`";
            let hint = hint(name, known.found(), remedy);
            wrong.push(("signature", format!("nothing is found under the name \"{name}\"; {hint}")));
        }
        _ => {}
    }
    wrong
}

fn hint<'a>(name: &str, known: impl Iterator<Item = &'a str>, otherwise: &str) -> String {
    let near = nearest(name, known);
    near.map_or_else(|| otherwise.to_owned(), |near| format!("did you mean \"{near}\"?"))
}
