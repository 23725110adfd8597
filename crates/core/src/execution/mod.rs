//! The machine that executes one job run: readiness, retries, time-outs, cancel, repair, for-each.
