"""Batches and runs: what the API reports, what the list shows, when to look again."""
