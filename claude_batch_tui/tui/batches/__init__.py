"""The Batches screen: the list, the detail beside it, and their keys."""
