"""Worked examples: each folder holds a recipe, the files it reads, and what the simulator answers to it."""
