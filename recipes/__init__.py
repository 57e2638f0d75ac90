"""How the artefacts that ship inside the package are made, whole and repeatable."""
