"""cbtui: a terminal dashboard for Claude Message Batches. Importing this package costs nothing."""

__version__ = "0.1.0"
