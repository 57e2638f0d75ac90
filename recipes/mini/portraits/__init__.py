"""Lit, captioned portraits composed from packs of rendered heads.

A pack (see `recipes.mini.heads`) holds one head under sixteen single lights. This package mixes those lights
into a photographer's lighting, puts a background behind the head, adds the optics and the grade of a camera,
and writes a caption that is true by construction. It needs numpy, Pillow and OpenCV only. Start reading in
`compose`.
"""
