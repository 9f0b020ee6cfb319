"""The Results screen: the list of entries, the inspector, and the screens that open over it."""
