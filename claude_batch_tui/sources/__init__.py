"""The user's files as rows, and rows as requests."""
