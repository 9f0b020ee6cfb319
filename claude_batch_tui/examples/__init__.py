"""Worked examples: each folder holds a recipe and the files it reads."""
