use std::cmp::Ordering;

use rusqlite::types::ValueRef;

/// In which order a listing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort<K> {
    /// By what.
    pub key: K,
    /// The greatest first.
    pub descending: bool,
}

/// What is compared. Nothing comes last in either order.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Number(f64),
    Text(Box<[u8]>),
    Nothing,
}

impl Value {
    #[expect(clippy::cast_precision_loss, reason = "nobody sees the difference beyond 2^53")]
    pub(super) const fn count(count: i64) -> Self {
        Self::Number(count as f64)
    }

    pub(super) fn of(value: ValueRef<'_>) -> Self {
        match value {
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Self::text(bytes),
            ValueRef::Integer(number) => Self::count(number),
            ValueRef::Real(number) => Self::Number(number),
            ValueRef::Null => Self::Nothing,
        }
    }

    pub(super) fn number(number: Option<f64>) -> Self {
        number.map_or(Self::Nothing, Self::Number)
    }

    pub(super) fn text(text: impl AsRef<[u8]>) -> Self {
        Self::Text(text.as_ref().into())
    }
}

/// The first things, `limit` at most, in the order of a value of each; of equals, those with the greater second value come
/// first, and then those that stand first.
pub(super) fn order(values: Vec<(Value, i64)>, descending: bool, limit: usize) -> Vec<usize> {
    let directed = |ordering: Ordering| if descending { ordering.reverse() } else { ordering };
    let compare = |(a, first): &(Value, i64), (b, second): &(Value, i64)| {
        let ordering = match (a, b) {
            (Value::Number(a), Value::Number(b)) => directed(a.total_cmp(b)),
            (Value::Text(a), Value::Text(b)) => directed(a.cmp(b)),
            (Value::Nothing, Value::Nothing) => Ordering::Equal,
            (Value::Nothing, _) | (Value::Text(_), Value::Number(_)) => Ordering::Greater,
            (_, Value::Nothing) | (Value::Number(_), Value::Text(_)) => Ordering::Less,
        };
        ordering.then(second.cmp(first))
    };
    let mut keyed: Vec<((Value, i64), usize)> = values.into_iter().zip(0..).collect();
    let compare = |(a, place): &((Value, i64), usize), (b, other): &((Value, i64), usize)| {
        compare(a, b).then(place.cmp(other))
    };
    // Most listings show few of many.
    if limit < keyed.len() {
        keyed.select_nth_unstable_by(limit, compare);
        keyed.truncate(limit);
    }
    keyed.sort_unstable_by(compare);
    keyed.into_iter().map(|(_, place)| place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_comes_last_and_of_equals_the_latest_first() {
        let values = || {
            vec![
                (Value::Number(1.0), 5),
                (Value::Nothing, 9),
                (Value::Number(2.0), 1),
                (Value::Number(1.0), 7),
            ]
        };
        assert_eq!(order(values(), false, 9), [3, 0, 2, 1]);
        assert_eq!(order(values(), true, 9), [2, 3, 0, 1]);
        for limit in 0..4 {
            assert_eq!(order(values(), true, limit), [2, 3, 0, 1][..limit]);
        }
        let texts = vec![(Value::text("b"), 0), (Value::text("a"), 0)];
        assert_eq!(order(texts, false, 9), [1, 0]);
    }
}
