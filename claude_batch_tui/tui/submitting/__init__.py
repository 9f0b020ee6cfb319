"""Dialogs of what is paid: a submission as it goes, and a retry."""
