//! `lakeflow next` against every row of Java Quartz's own answers (`tests/vectors/README.md` says how they were made).

use crate::support::Room;
use serde_json::Value;

/// Quartz answers this one by its start time; the rule that was chosen has its own test in `lakeflow-tests`.
const INCONSISTENT_IN_QUARTZ: &str = "0 0 0 31W * ?";

fn rows() -> Vec<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/quartz-oracle.txt");
    std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
}

/// Seconds since 1970 of a time in UTC, whole seconds.
fn seconds(utc: &str) -> i64 {
    let time: jiff::Timestamp = utc.parse().unwrap();
    time.as_second()
}

#[test]
fn every_row_of_the_oracle() {
    let room = Room::new();
    let mut held = 0;
    for row in rows() {
        let [cron, zone, after, answer] = row.split('|').collect::<Vec<_>>().try_into().unwrap();
        if cron == INCONSISTENT_IN_QUARTZ {
            continue;
        }
        let said = room.run(&["next", cron, "--timezone", zone, "--after", after, "--count", "8", "--json"]);
        if answer.starts_with("PARSE:") {
            assert_eq!(said.code, 2, "{row}: {}", said.out);
            assert!(said.err.starts_with("error: "), "{row}: {}", said.err);
        } else {
            assert_eq!(said.code, 0, "{row}: {}", said.err);
            let fires: Vec<Value> = serde_json::from_str(&said.out).unwrap();
            let fires: Vec<i64> = fires.iter().map(|fire| seconds(fire["utc"].as_str().unwrap())).collect();
            let wanted: Vec<i64> =
                answer.split(',').filter(|s| !s.is_empty()).map(|s| s.parse().unwrap()).collect();
            assert_eq!(fires, wanted, "{row}");
        }
        held += 1;
    }
    assert_eq!(held, 800);
}
