//! The wait machine as a class of JavaScript: for drivers of one's own, and for the vectors.

use crate::fault::{argument, thrown};
use lakeflow_core::door;
use napi::Result;
use napi_derive::napi;

/// A wait without IO. Times are milliseconds.
#[napi]
pub struct WaitMachine(door::WaitMachine);

#[napi]
impl WaitMachine {
    /// Begins a wait with JSON text of its options.
    #[napi(constructor)]
    pub fn new(tick: i64, wall: i64, options: String) -> Result<Self> {
        let options = door::parse("wait", &options).map_err(|e| thrown(&e))?;
        door::WaitMachine::new(ticks(tick)?, wall, options).map(Self).map_err(|e| thrown(&e))
    }

    /// The next thing to do, as JSON text.
    #[napi]
    pub fn poll(&mut self) -> String {
        door::js_text(&self.0.poll())
    }

    /// Takes in what happened, as JSON text.
    #[napi]
    pub fn handle(&mut self, tick: i64, wall: i64, input: String) -> Result<()> {
        let input = door::parse("wait", &input).map_err(|e| thrown(&e))?;
        self.0.handle(ticks(tick)?, wall, input).map_err(|e| thrown(&e))
    }
}

fn ticks(tick: i64) -> Result<u64> {
    u64::try_from(tick).map_err(|_| thrown(&argument("wait", format!("tick {tick} is below 0"))))
}
