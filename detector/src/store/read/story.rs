use std::net::IpAddr;

use jiff::{Timestamp, ToSpan as _};
use serde::{Serialize, Serializer};

use super::filter::of_identity;
use super::row::{Columns, address, rfc3339};
use super::{Case, Day, ReadError, Reader, Remark, Window};
use crate::ledger::CaseId;

/// So many relatives are named.
const RELATIVES: usize = 10;

/// A record that was written of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its number.
    pub record: u64,
    /// When.
    #[serde(serialize_with = "rfc3339")]
    pub at: Timestamp,
    /// Why.
    pub reason: String,
    /// The verdict at that time.
    pub verdict: String,
    /// The stage at that time.
    pub stage: String,
}

/// Another case that has something in common with this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Relative {
    /// Its number.
    pub case_id: CaseId,
    /// Its miner.
    pub miner_ip: IpAddr,
    /// What they have in common: `miner` or `wallet`.
    pub common: &'static str,
}

/// All that the ledger has of a case.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Story {
    /// What it is now.
    #[serde(flatten)]
    pub case: Case,
    /// What was recorded of it, the earliest first.
    pub history: Vec<Entry>,
    /// What the operator said of it, the earliest first.
    pub remarks: Vec<Remark>,
    /// Its last days.
    #[serde(rename = "activity", serialize_with = "hours")]
    pub days: Vec<Day>,
    /// Other cases of the same miner or the same wallet; the first of each.
    pub relatives: Vec<Relative>,
    /// How many other cases of the same miner there are.
    pub same_miner: usize,
    /// How many other cases with the same wallet there are.
    pub same_wallet: usize,
}

#[derive(Serialize)]
struct Hour {
    #[serde(serialize_with = "rfc3339")]
    hour: Timestamp,
    connections: u16,
}

fn hours<S: Serializer>(days: &[Day], serializer: S) -> Result<S::Ok, S::Error> {
    let hours = days.iter().flat_map(Day::hours);
    serializer.collect_seq(hours.map(|(hour, connections)| Hour { hour, connections }))
}

impl Reader {
    /// All that is known of a case; of its activity, the days of UTC that end with the one in which something last
    /// happened. `None` if there is no such case.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn story(&self, id: CaseId, days: u16) -> Result<Option<Story>, ReadError> {
        let Some(case) = self.case(id)? else { return Ok(None) };
        let number = id.0.cast_signed();
        let since = case.last_seen.checked_sub((24 * i64::from(days.saturating_sub(1))).hours());
        let window = Window::new(since.unwrap_or(case.first_seen), case.last_seen);
        let miner = self.related(
            "SELECT other.id FROM cases this JOIN cases other ON other.miner = this.miner WHERE this.id = ?1",
            number,
        )?;
        let details = &case.details;
        let wallet = match details.wallet.as_deref().or(details.wallet_sha256.as_deref()) {
            Some(wallet) => of_identity(&self.connection, "wallet", wallet)?.into_iter().collect(),
            None => Vec::new(),
        };
        let mut relatives = Vec::new();
        let mut counts = [0; 2];
        for ((common, mut others), count) in
            [("miner", miner), ("wallet", wallet)].into_iter().zip(&mut counts)
        {
            others.retain(|&other| other != number);
            others.sort_unstable();
            *count = others.len();
            for &other in others.iter().take(RELATIVES) {
                relatives.extend(self.relative(other, common)?);
            }
        }
        let [same_miner, same_wallet] = counts;
        Ok(Some(Story {
            history: self.history(number)?,
            remarks: self.remarks(number)?,
            days: self.days(number, window.whole_days())?,
            relatives,
            same_miner,
            same_wallet,
            case,
        }))
    }

    fn history(&self, case: i64) -> Result<Vec<Entry>, ReadError> {
        let mut statement = self.connection.prepare(
            "SELECT number, at, reason, verdict, stage FROM history WHERE \"case\" = ? ORDER BY number",
        )?;
        let entries = statement.query_map([case], |row| {
            let mut columns = Columns::of(row);
            Ok(Entry {
                record: columns.count()?,
                at: columns.time()?,
                reason: columns.get()?,
                verdict: columns.get()?,
                stage: columns.get()?,
            })
        })?;
        Ok(entries.collect::<rusqlite::Result<_>>()?)
    }

    fn related(&self, statement: &str, case: i64) -> Result<Vec<i64>, ReadError> {
        let mut statement = self.connection.prepare(statement)?;
        let others = statement.query_map([case], |row| row.get(0))?;
        Ok(others.collect::<rusqlite::Result<_>>()?)
    }

    fn relative(&self, case: i64, common: &'static str) -> Result<Option<Relative>, ReadError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT m.address FROM cases c JOIN miners m ON m.id = c.miner WHERE c.id = ?")?;
        let mut rows = statement.query([case])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let miner_ip = address(row.get(0)?);
        Ok(Some(Relative { case_id: CaseId(case.cast_unsigned()), miner_ip, common }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Fixture;
    use super::*;

    #[test]
    fn a_story_has_history_remarks_days_and_relatives() {
        let fixture = Fixture::new();
        let id = fixture.case("10.0.0.1", "192.0.2.1:1");
        fixture.details("10.0.0.1", r#"{"wallet":"4x"}"#);
        let other_pool = fixture.case("10.0.0.1", "192.0.2.2:1");
        let same_wallet = fixture.case("10.0.0.2", "192.0.2.2:1");
        fixture.details("10.0.0.2", r#"{"wallet":"4x"}"#);
        fixture.remark("10.0.0.1", "notified");
        fixture.day("10.0.0.1", 100, &[(5, 2)]);
        fixture.day("10.0.0.1", 90, &[(5, 2)]);
        fixture.change_case("10.0.0.1", "last_seen = 100 * 86400000 + 20000000");
        let number = id.0.cast_signed();
        for (record, reason) in [(2, "stage"), (1, "opened")] {
            let entry = (number, record, 1000 * record, reason);
            fixture
                .connection
                .execute("INSERT INTO history VALUES (?, ?, ?, ?, 'probable', 'attempt')", entry)
                .unwrap();
        }
        let story = fixture.reader().story(id, 3).unwrap().unwrap();
        assert_eq!(
            story.history.iter().map(|entry| entry.reason.as_str()).collect::<Vec<_>>(),
            ["opened", "stage"]
        );
        assert_eq!((story.remarks.len(), story.case.state), (1, "notified"));
        assert_eq!(story.days.iter().map(|day| day.day).collect::<Vec<_>>(), [100], "of the last three days");
        let relatives: Vec<_> = story.relatives.iter().map(|other| (other.case_id, other.common)).collect();
        assert_eq!(relatives, [(other_pool, "miner"), (same_wallet, "wallet")]);
        let json = serde_json::to_value(&story).unwrap();
        assert_eq!(json["activity"][0]["hour"], "1970-04-11T05:00:00.000Z");
        assert_eq!(json["activity"][0]["connections"], 2);
        assert_eq!(fixture.reader().story(CaseId(1), 3).unwrap(), None);
    }
}
