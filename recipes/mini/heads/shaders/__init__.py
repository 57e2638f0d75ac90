"""Materials as Cycles shader graphs: skin, eyes, hair, cloth. `graph` is the small language they are written in.

Patterns are painted in rest coordinates (`rest`, decimetres on the base mesh), so that they fit every face.
"""
