"""Where the assets come from: packing MakeHuman's data into `mesh.npz`, and proving the textures by their hashes."""
