"""Results on disk: the file, its index in memory and on disk, and what was judged of it."""
