"""Results as files of other formats, written whole or not at all."""
