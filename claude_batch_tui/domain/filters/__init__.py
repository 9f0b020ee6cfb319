"""The filter language of both lists, and matching of text and JSON paths."""
