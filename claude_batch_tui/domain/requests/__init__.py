"""Requests before they are sent: drafts, the check of every parameter, what the models take."""
