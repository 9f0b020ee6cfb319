"""Results from the API to a verified file on disk."""
