"""Batches that are there: listed, polled, labelled, canceled, deleted, and told of when they end."""
