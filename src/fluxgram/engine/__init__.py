"""The engine: requests in, pictures with receipts out.

Read `engine.py` first: `Engine.step` is the whole idea.
"""
