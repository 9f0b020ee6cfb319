"""The terminal: a driver that never waits, frames in few bytes, and text made inert."""
