"""From the user's file to a checked and priced requests file."""
