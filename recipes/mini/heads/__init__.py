"""Rendered heads: a seed becomes a head in Blender, path-traced under sixteen single lights, kept as a pack.

`attributes`, `palettes` and `visibility` are plain Python and numpy; everything that builds or renders needs
the `bpy` package. Start reading in `attributes` (what is decided) and `render` (what is done).
"""
