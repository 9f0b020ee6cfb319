"""Results as files of other formats."""
