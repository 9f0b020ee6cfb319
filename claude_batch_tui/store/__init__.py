"""What is remembered between runs: facts in SQLite, bodies and results as files beside it."""
