"""Captions of portraits, true by construction: every word comes from facts of the render and of the light.

`caption` in `layout` decides what is said and in which form; `person`, `clothing`, `setting` and `lighting`
know the words. Nothing is stated that a viewer could not see (see `recipes.mini.heads.visibility`), and each
optional fact is left out at random, as people do.
"""

from recipes.mini.portraits.captions.layout import caption

__all__ = ["caption"]
