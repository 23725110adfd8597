//! What waits cost, for `cargo xtask bench waits`: a fake workspace on loopback, waits of this client against it, and the
//! polls of this client and of its peers' published schedules in virtual time.
//!
//! `serve` prints its port and serves until its input ends; `live PORT WAITS LENGTH_MS` and `virtual` print one line of
//! JSON.
#![expect(clippy::print_stdout, clippy::print_stderr, clippy::expect_used, reason = "a program for a bench")]

mod fleet;
mod live;
mod policies;
mod serve;
mod simulated;
mod stats;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let number = |text: &str| text.parse::<u64>().expect("a number");
    match words.as_slice() {
        ["serve"] => serve::run(),
        ["live", port, waits, length] => live::run(number(port), number(waits), number(length)),
        ["virtual"] => simulated::run(),
        _ => eprintln!("usage: waits serve | live PORT WAITS LENGTH_MS | virtual"),
    }
}
