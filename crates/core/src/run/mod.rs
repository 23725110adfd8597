//! What a run is: status and legacy state, tasks, attempts, outcome, progress.
