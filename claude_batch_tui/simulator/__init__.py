"""The Message Batches API served on loopback."""
