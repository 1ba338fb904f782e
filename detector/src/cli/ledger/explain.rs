use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use detector::advice::{Advice, Circumstances, Language, advise};
use detector::dispatch::is_farm;
use detector::judge::{Counterfactuals, Judged, Protocol, Verdict, counterfactuals};
use detector::store::OperatorState;
use detector::store::read::Story;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::super::print;
use super::list::json_line;
use super::output::view;
use super::source::Source;
use super::story::tell;

#[derive(Args)]
pub(in crate::cli) struct Options {
    /// The case: at least four digits of its number, or the address of a miner with one case
    #[arg(value_name = "CASE")]
    case: String,

    #[command(flatten)]
    source: Source,

    /// How many days of activity to show, from 1 to 366
    #[arg(long, value_name = "COUNT", default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=366))]
    days: u16,

    /// In which language to advise
    #[arg(long, value_name = "LANGUAGE", default_value = "en")]
    lang: Language,

    /// Write one JSON object, with all that is known
    #[arg(long)]
    json: bool,

    /// Tell times in UTC and not in the local zone
    #[arg(long)]
    utc: bool,
}

/// A story with what is told of it that the ledger does not have.
#[derive(Serialize)]
struct Explained<'a> {
    #[serde(flatten)]
    story: &'a Story,
    #[serde(skip_serializing_if = "Option::is_none")]
    counterfactuals: Option<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    advice: Vec<Advice>,
}

pub(in crate::cli) fn explain(options: &Options) -> anyhow::Result<ExitCode> {
    let Options { case, source, days, lang, json, utc } = options;
    let reader = source.reader()?;
    let id = reader.find(case)?;
    let Some(story) = reader.story(id, *days)? else { bail!("case {id} is gone from the ledger") };
    let language = *lang;
    let advice = advice(&story, language).unwrap_or_default();
    let otherwise = otherwise(&story);
    print::all(|out| {
        if *json {
            return json_line(
                out,
                &Explained {
                    story: &story,
                    counterfactuals: otherwise.as_ref().map(|it| object(&story, it)),
                    advice,
                },
            );
        }
        write!(out, "{}", tell(&story, otherwise.as_ref(), (&advice, language), *days, &view(*utc)))?;
        Ok(())
    })?;
    Ok(ExitCode::SUCCESS)
}

/// What a word in the ledger stands for. `None` if it is one of a later version.
fn known<T: DeserializeOwned>(word: &str) -> Option<T> {
    serde_json::from_value(word.into()).ok()
}

/// What would have changed the verdict.
fn otherwise(story: &Story) -> Option<Counterfactuals> {
    let case = &story.case;
    let stage = known(&case.stage)?;
    let evidence = case.evidence.as_slice();
    let protocol = Protocol::named(&case.protocol);
    let judged = Judged { protocol, stage, encrypted: case.encrypted, evidence };
    (!evidence.is_empty()).then(|| counterfactuals(&judged))
}

fn object(story: &Story, counterfactuals: &Counterfactuals) -> Value {
    let evidence = &story.case.evidence;
    let kinds = |places: &[usize]| -> Vec<&str> {
        places.iter().filter_map(|&place| Some(evidence.get(place)?.kind)).collect()
    };
    let Counterfactuals { without_each, lower_without, nothing_without, higher_with, .. } = counterfactuals;
    let without = evidence.iter().zip(without_each).map(|(reason, without)| {
        json!({"kind": reason.kind, "verdict": without.verdict, "confidence": without.confidence})
    });
    let higher = higher_with.iter().map(|way| json!({"verdict": way.verdict, "needs": way.to_string()}));
    json!({
        "without_each": without.collect::<Vec<Value>>(),
        "lower_without": kinds(lower_without),
        "nothing_without": kinds(nothing_without),
        "higher_with": higher.collect::<Vec<Value>>(),
    })
}

/// What to do about it. Nothing, if the ledger has words of a later version.
fn advice(story: &Story, language: Language) -> Option<Vec<Advice>> {
    let case = &story.case;
    let (network, lease) = (&case.network, case.details.lease.as_ref());
    let verdict: Verdict = known(&case.verdict)?;
    let count = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    let state =
        story.remarks.last().map(|remark| OperatorState { name: remark.state.clone(), at: remark.at });
    let circumstances = Circumstances {
        network: network.kind,
        protocol: Protocol::named(&case.protocol),
        carrier: known(&case.transport)?,
        encrypted: case.encrypted,
        verdict,
        stage: known(&case.stage)?,
        farm: is_farm(verdict, count(case.workers), count(case.parallel_connections)),
        returned: case.returns > 0,
        returned_after_fixed: state.is_some_and(|state| state.is_refuted(case.last_seen)),
        miner: case.miner_ip,
        pool: SocketAddr::new(case.pool_ip, case.pool_port),
        pool_name: case.details.pool_name.as_deref(),
        coin: case.coin.as_deref(),
        site: network.site.as_deref(),
        owner: network.owner.as_deref(),
        contact: network.contact.as_deref(),
        user: lease.and_then(|lease| lease.user.as_deref()),
        mac: lease.and_then(|lease| lease.mac.as_deref()),
    };
    Some(advise(&circumstances, language))
}
