"""Work that outlives a screen, in a thread with an event loop of its own: a terminal that stops reading blocks
Textual's loop within a second, and polling, downloads and submissions must go on.
"""
