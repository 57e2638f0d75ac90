"""Painted backgrounds: studio walls, rooms, streets, gardens, beaches; procedural, meant to be out of focus.

Each family is a file of painters; `places` knows which place suits which lighting and how far away it lies.
"""
