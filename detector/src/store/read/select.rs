//! Which cases a filter lets through. All are read once, in the order of the file, with few columns: for a listing of some
//! lines that is faster than any join, and what is shown is looked up afterwards.

use std::ops::{AddAssign, RangeInclusive};

use rusqlite::types::Value as Parameter;
use rusqlite::{Row, params_from_iter};

use super::filter::{Filter, Hidden, Ids};
use super::names::{LIVES, STATES, VERDICTS, rank, word};
use super::sort::Value;
use super::{ReadError, Reader};

/// Up to so many miners or pools, their cases are found by an index; of more, all cases are read.
const FEW: usize = 64;

/// What a listing counts and leaves out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// How many there are, with those beyond the limit.
    pub found: usize,
    /// How many cases were left out because an exclusion hides them.
    pub hidden: usize,
    /// How many cases were left out because they are nodes of peer-to-peer networks.
    pub nodes: usize,
}

impl AddAssign for Listing {
    fn add_assign(&mut self, other: Self) {
        self.found += other.found;
        self.hidden += other.hidden;
        self.nodes += other.nodes;
    }
}

/// What one thread took of cases, and what came together on the way.
type Piece<T, C> = (Vec<T>, C);

/// Which cases are read at all.
#[derive(Clone, Debug)]
enum Among {
    /// Those whose numbers are in a range.
    Range(RangeInclusive<i64>),
    /// Those with one of the values in a column.
    Values(&'static str, Ids),
}

/// What is read of each case.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) id: i64,
    pub(super) miner: i64,
    pub(super) pool: i64,
    pub(super) verdict: u8,
    pub(super) life: u8,
    pub(super) last_seen: i64,
}

pub(super) const HEAD: &str = "c.id, c.miner, c.pool, c.hidden IS NOT NULL, c.verdict, c.life, c.last_seen";

impl Head {
    /// The case, and whether it is hidden.
    pub(super) fn of(row: &Row<'_>) -> rusqlite::Result<(Self, bool)> {
        let among =
            |column, names: &[&str]| row.get_ref(column).map(|text| rank(text.as_str().unwrap_or(""), names));
        let head = Self {
            id: row.get(0)?,
            miner: row.get(1)?,
            pool: row.get(2)?,
            verdict: among(4, &VERDICTS)?,
            life: among(5, &LIVES)?,
            last_seen: row.get(6)?,
        };
        Ok((head, row.get(3)?))
    }
}

/// A case with what it is sorted by.
#[derive(Clone, Debug)]
pub(super) struct Brief {
    pub(super) head: Head,
    pub(super) key: Value,
}

impl Brief {
    /// The key as a number; 0 if it is none.
    pub(super) const fn number(&self) -> f64 {
        match self.key {
            Value::Number(number) => number,
            _ => 0.0,
        }
    }
}

impl Reader {
    /// The cases that a filter lets through, each with the value of an expression.
    pub(super) fn briefs(&self, filter: &Filter, key: &str) -> Result<(Vec<Brief>, Listing), ReadError> {
        let at = HEAD.split(", ").count();
        let make = |row: &Row<'_>, head, (): &mut ()| Ok(Brief { head, key: Value::of(row.get_ref(at)?) });
        let (pieces, left) = self.select(filter, key, make)?;
        Ok((pieces.into_iter().flat_map(|(briefs, ())| briefs).collect(), left))
    }

    /// What is taken of each case that a filter lets through, from the columns behind [`HEAD`].
    pub(super) fn select<T: Send, C: Default + Send>(
        &self,
        filter: &Filter,
        columns: &str,
        make: impl Fn(&Row<'_>, Head, &mut C) -> rusqlite::Result<T> + Sync,
    ) -> Result<(Vec<Piece<T, C>>, Listing), ReadError> {
        let (miners, pools) = (filter.miners(&self.connection)?, filter.pools(&self.connection)?);
        let identified = filter.identified(&self.connection)?;
        let states = if filter.states.is_empty() { None } else { Some(self.states()?) };
        let fixed = if filter.came_back { Some(self.fixed()?) } else { None };
        let is_let_through = |head: &Head| {
            let is_among = |ids: &Option<Ids>, id| ids.as_ref().is_none_or(|ids| ids.contain(id));
            is_among(&miners, head.miner)
                && is_among(&pools, head.pool)
                && is_among(&identified, head.id)
                && fixed
                    .as_ref()
                    .is_none_or(|fixed| fixed.get(&head.id).is_some_and(|&at| at < head.last_seen))
                && states.as_ref().is_none_or(|states| {
                    let state = word(states.get(&head.id).copied().unwrap_or(0), &STATES);
                    filter.states.iter().any(|asked| asked.eq_ignore_ascii_case(state))
                })
        };
        let nodes = !filter.only_mining || !filter.verdicts.is_empty();
        let read = |reader: &Self, among: Among| {
            let (mut taken, mut common, mut left) = (Vec::new(), C::default(), Listing::default());
            reader.visit(filter, columns, among, |row| {
                let (head, is_hidden) = Head::of(row)?;
                if !is_let_through(&head) || (filter.hidden == Hidden::Only && !is_hidden) {
                    return Ok(());
                }
                if is_hidden && filter.hidden == Hidden::Leave {
                    left.hidden += 1;
                } else if head.verdict == 0 && !nodes {
                    left.nodes += 1;
                } else {
                    taken.push(make(row, head, &mut common)?);
                }
                Ok(())
            })?;
            Ok(((taken, common), left))
        };
        let few = |ids: &Option<Ids>| ids.clone().filter(|ids| ids.len() <= FEW);
        let narrowest = [("c.miner", few(&miners)), ("c.pool", few(&pools)), ("c.id", identified.clone())];
        let narrowest = narrowest.into_iter().filter_map(|(column, ids)| Some((column, ids?)));
        let pieces = match narrowest.min_by_key(|(column, ids)| (*column == "c.pool", ids.len())) {
            Some((column, ids)) => vec![read(self, Among::Values(column, ids))?],
            None => self.by_ranges(|reader, range| read(reader, Among::Range(range)))?,
        };
        let mut left = Listing::default();
        let pieces = pieces.into_iter().map(|(piece, its)| {
            left += its;
            piece
        });
        Ok((pieces.collect(), left))
    }

    /// Reads cases that fulfil a filter by themselves.
    fn visit(
        &self,
        filter: &Filter,
        columns: &str,
        among: Among,
        mut take: impl FnMut(&Row<'_>) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        let conditions = filter.of_cases();
        let word = if conditions.text().is_empty() { "WHERE" } else { "AND" };
        let statement = format!("SELECT {HEAD}, {columns} FROM cases c {} {word}", conditions.text());
        let mut read = |further: &str, ids: &[i64]| {
            let mut statement = self.connection.prepare_cached(&format!("{statement} {further}"))?;
            let ids = ids.iter().copied().map(Parameter::Integer);
            let mut rows =
                statement.query(params_from_iter(conditions.values().iter().cloned().chain(ids)))?;
            while let Some(row) = rows.next()? {
                take(row)?;
            }
            Ok(())
        };
        match among {
            Among::Range(range) => read("c.id BETWEEN ? AND ?", &[*range.start(), *range.end()]),
            Among::Values(column, ids) => ids.iter().try_for_each(|id| read(&format!("{column} = ?"), &[id])),
        }
    }

    /// The values in the second column of a statement, whose first goes up, for ids that go up.
    pub(super) fn values_of(
        &self,
        statement: &str,
        ids: impl Iterator<Item = i64>,
    ) -> Result<Vec<Value>, ReadError> {
        let mut statement = self.connection.prepare(statement)?;
        let mut rows = statement.query([])?;
        let mut current: Option<(i64, Value)> = None;
        let mut values = Vec::new();
        for id in ids {
            while current.as_ref().is_none_or(|(at, _)| *at < id) {
                match rows.next()? {
                    Some(row) if row.get::<_, i64>(0)? < id => {}
                    Some(row) => current = Some((row.get(0)?, Value::of(row.get_ref(1)?))),
                    None => current = Some((i64::MAX, Value::Nothing)),
                }
            }
            let value = current.as_ref().filter(|(at, _)| *at == id).map(|(_, value)| value.clone());
            values.push(value.unwrap_or(Value::Nothing));
        }
        Ok(values)
    }
}

/// The cases whose speed and power count: those that are open, or, if none is, the one that was seen last.
pub(super) fn going<T>(cases: &[T], head: fn(&T) -> &Head) -> impl Iterator<Item = &T> {
    let open = rank("open", &LIVES);
    let any = cases.iter().any(|case| head(case).life == open);
    let last = cases.iter().map(head).max_by_key(|head| (head.last_seen, head.id)).map(|head| head.id);
    cases.iter().filter(move |case| {
        let head = head(case);
        if any { head.life == open } else { Some(head.id) == last }
    })
}

/// Cases in groups: those with the same number stand together. The numbers go up.
pub(super) fn grouped<T>(cases: &mut [T], by: impl Fn(&T) -> (i64, i64)) -> Vec<&[T]> {
    cases.sort_unstable_by_key(&by);
    cases.chunk_by(|a, b| by(a).0 == by(b).0).collect()
}
