"""Which entries a filter lets through, and in which order: over the index, raw bytes and decoded answers."""
