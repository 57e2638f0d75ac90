"""The Studio: pages in the browser over the native surface. Begin at `studio.py`.

A page is one route, one template, one module and one section of texts; what it shows and changes goes through
`/api/v1`, as any other client's. Nothing is loaded from elsewhere.
"""
