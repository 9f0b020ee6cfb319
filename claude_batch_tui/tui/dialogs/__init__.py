"""Questions that cover the screen."""
