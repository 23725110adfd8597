"""Runs one task attempt of a job in its own process. PROTOCOL.md says how the engine talks to it."""

PROTOCOL = 1
