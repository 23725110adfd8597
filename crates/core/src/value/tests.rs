//! The small values against those of `serde_json`.

use super::{map, small};
use crate::seed::Seeded;
use serde_json::{Map, Value};

#[test]
fn members_are_kept_and_found_as_serde_json_does_it() {
    let mut seed = Seeded::new(11);
    for round in 0..300 {
        let (mut ours, mut theirs) = (map::Map::new(), Map::new());
        let pairs: Vec<_> = (0..seed.up_to(40)).map(|n| (format!("k{}", seed.up_to(20)), n as u32)).collect();
        for (name, value) in &pairs {
            let (before, wanted) =
                (ours.insert(name.clone(), (*value).into()), theirs.insert(name.clone(), (*value).into()));
            assert_eq!(
                before.as_ref().and_then(small::Value::as_u64),
                wanted.as_ref().and_then(Value::as_u64)
            );
        }
        let at_once: map::Map<_, _> =
            pairs.iter().map(|(name, value)| (name.clone(), (*value).into())).collect();
        for ours in [&ours, &at_once] {
            assert!(ours.keys().eq(theirs.keys()), "round {round}: {ours:?} and {theirs:?}");
            assert!(ours.values().map(small::Value::as_u64).eq(theirs.values().map(Value::as_u64)));
            for n in 0..=20 {
                let name = format!("k{n}");
                assert_eq!(ours.contains_key(&name), theirs.contains_key(&name));
                assert_eq!(
                    ours.get(&name).and_then(small::Value::as_u64),
                    theirs.get(&name).and_then(Value::as_u64)
                );
            }
        }
        assert_eq!(ours, at_once);
    }
}

/// Asks a value everything that has the same name in both.
macro_rules! asked {
    ($value:expr) => {{
        let value = $value;
        let kinds =
            (value.is_null(), value.is_array(), value.is_string(), value.is_object(), value.is_boolean());
        let parts = (value.as_bool(), value.as_i64(), value.as_u64(), value.as_str().map(str::to_owned));
        (kinds, parts, value.as_array().map(Vec::len), value.as_object().map(|members| members.len()))
    }};
}

#[test]
fn kinds_and_conversions_are_those_of_serde_json() {
    macro_rules! same {
        ($($value:expr),*) => {
            $(assert_eq!(asked!(small::Value::from($value)), asked!(Value::from($value)), "{}", stringify!($value));)*
        };
    }
    same!(true, 7_u32, 7_usize, -7_i32, i64::MIN, i64::MAX, 0.5, "text", "text".to_owned(), None::<i64>);
    same!(Some(-1_i64), None::<&str>, Some("text"), vec!["a".to_owned(), "b".to_owned()]);
    assert_eq!(asked!(small::Value::Null), asked!(Value::Null));
    let pairs = || [("a", 1), ("b", 2), ("a", 3)].map(|(name, value)| (name.to_owned(), value));
    let (mut ours, mut theirs) = (map::Map::new(), Map::new());
    ours.extend(pairs().map(|(name, value)| (name, value.into())));
    theirs.extend(pairs().map(|(name, value)| (name, value.into())));
    for (name, value) in ours.iter_mut() {
        assert_eq!(asked!(&*value), asked!(&theirs[name]));
        *value = small::Value::from(name.as_str());
    }
    assert_eq!(ours.get("a"), Some(&small::Value::from("a")));
    assert_eq!(asked!(small::Value::from(ours)), asked!(Value::from(theirs)));
}

#[test]
fn a_double_name_among_many_is_no_work_for_each() {
    let pairs = (0..200_000_u32).rev().chain([7]).map(|n| (n.to_string(), n.into()));
    let map: map::Map<_, _> = pairs.collect();
    assert_eq!(map.len(), 200_000);
    assert_eq!(map.get("199999").and_then(small::Value::as_u64), Some(199_999));
}

#[test]
fn numbers_are_those_of_serde_json() {
    for value in [0, 1, i64::MAX, i64::MIN, -1] {
        let (ours, theirs) = (small::Number::from(value), serde_json::Number::from(value));
        assert_eq!(
            (ours.as_i64(), ours.as_u64(), ours.as_f64()),
            (theirs.as_i64(), theirs.as_u64(), theirs.as_f64())
        );
        assert_eq!(ours.is_f64(), theirs.is_f64());
    }
    assert_eq!(small::Number::from(u64::MAX).as_i64(), None);
    assert_eq!(small::Number::from_f64(f64::NAN), None);
    assert_eq!(
        small::Number::from_f64(0.5).map(|number| (number.is_f64(), number.as_f64())),
        Some((true, Some(0.5)))
    );
}
