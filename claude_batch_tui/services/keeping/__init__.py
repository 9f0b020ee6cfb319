"""What is kept in the data folder: swept at the start, pruned and forgotten when the user says so."""
