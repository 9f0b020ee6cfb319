"""The guide: a skill for agents with its references, and the man page. Plain text, read by `services/guide.py`."""
