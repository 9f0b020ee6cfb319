"""Submitting: from requests the user wants sent to batches, each paid for once. `run` is the whole way, for every face."""
