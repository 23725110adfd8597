//! Delays in numbers.

use serde_json::{Value, json};

/// Mean, median and 95th percentile of delays in milliseconds, as seconds.
pub(crate) fn delays(mut ms: Vec<u64>) -> Value {
    if ms.is_empty() {
        return Value::Null;
    }
    ms.sort_unstable();
    let at = |share: f64| ms[((ms.len() - 1) as f64 * share).round() as usize] as f64 / 1000.0;
    let mean = ms.iter().sum::<u64>() as f64 / ms.len() as f64 / 1000.0;
    json!({"mean": mean, "median": at(0.5), "p95": at(0.95)})
}

/// Numbers from a seed.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// From `low` to `high`, both included.
    pub(crate) fn within(&mut self, low: u64, high: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        low + (z ^ (z >> 31)) % (high - low + 1)
    }
}
