"""Runs: one store (SQLite), a supervisor that starts workers, a worker process for each run, and the client's calls."""
