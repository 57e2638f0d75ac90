"""Arrays into Blender objects of the current scene: meshes, hair curves, tubes. Needs `bpy`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import bpy
import numpy as np

from recipes.mini.heads.shaders.graph import Graph
from recipes.mini.heads.strands import Strands


@dataclass(frozen=True)
class Surface:
    """A mesh to be added.

    Attributes:
        points: Positions in the scene, (n, 3), metres; unused ones are dropped.
        faces: Vertex indices, int (m, 4); triangles repeat their last vertex.
        uv: Texture coordinates (k, 2), if any, indexed by `uv_faces` (m, 4).
        uv_faces: See `uv`.
        attributes: Numbers (n,) or vectors (n, 3) on the vertices, by the name that shaders use.
        subdivisions: Levels of subdivision.
        smooth: Whether normals are interpolated.
    """

    points: np.ndarray
    faces: np.ndarray
    uv: np.ndarray | None = None
    uv_faces: np.ndarray | None = None
    attributes: dict[str, np.ndarray] = field(default_factory=dict)
    subdivisions: int = 0
    smooth: bool = True


def _link(name: str, data: Any) -> Any:
    """Put data into the scene as an object."""
    created = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(created)
    return created


def add_surface(name: str, surface: Surface, material: Graph) -> Any:
    """Add a mesh to the scene and return its object."""
    used = np.unique(surface.faces)
    renumbered = np.full(len(surface.points), -1)
    renumbered[used] = np.arange(len(used))
    faces = renumbered[surface.faces]
    triangles = surface.faces[:, 2] == surface.faces[:, 3]
    corners = np.ones_like(faces, bool)
    corners[triangles, 3] = False

    mesh = bpy.data.meshes.new(name)
    _set_faces(mesh, surface.points[used], faces[corners], np.where(triangles, 3, 4))
    if surface.uv is not None and surface.uv_faces is not None:
        layer = mesh.uv_layers.new(name="uv")
        layer.data.foreach_set("uv", surface.uv[surface.uv_faces[corners]].astype(np.float32).ravel())
    for key, values in surface.attributes.items():
        kind, slot = ("FLOAT", "value") if values.ndim == 1 else ("FLOAT_VECTOR", "vector")
        attribute = mesh.attributes.new(key, kind, "POINT")
        attribute.data.foreach_set(slot, values[used].astype(np.float32).ravel())
    if surface.smooth:
        mesh.polygons.foreach_set("use_smooth", np.ones(len(faces), bool))
    created = _link(name, mesh)
    mesh.materials.append(material.material)
    if surface.subdivisions:
        modifier = created.modifiers.new("s", "SUBSURF")
        modifier.levels = modifier.render_levels = surface.subdivisions
    return created


def _set_faces(mesh: Any, points: np.ndarray, corners: np.ndarray, sizes: np.ndarray) -> None:
    """Fill a mesh: positions, the vertex of every corner, and the number of corners of every face."""
    mesh.vertices.add(len(points))
    mesh.vertices.foreach_set("co", points.astype(np.float32).ravel())
    mesh.loops.add(int(sizes.sum()))
    mesh.loops.foreach_set("vertex_index", corners.astype(np.int32))
    mesh.polygons.add(len(sizes))
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    mesh.polygons.foreach_set("loop_start", starts.astype(np.int32))
    mesh.update(calc_edges=True)
    mesh.validate()


def thicken(created: Any, thickness: float) -> None:
    """Give an object a thickness outwards, metres."""
    modifier = created.modifiers.new("t", "SOLIDIFY")
    modifier.thickness = thickness
    modifier.offset = 1.0


def add_strands(name: str, strands: Strands, material: Graph) -> Any:
    """Add hair to the scene and return its object."""
    count, points = strands.points.shape[:2]
    curves = bpy.data.hair_curves.new(name)
    curves.add_curves([points] * count)
    curves.position_data.foreach_set("vector", strands.points.astype(np.float32).ravel())
    radius = curves.attributes.get("radius") or curves.attributes.new("radius", "FLOAT", "POINT")
    taper = np.linspace(strands.root_radius, strands.tip_radius, points)
    radius.data.foreach_set("value", np.tile(taper, count).astype(np.float32))
    curves.materials.append(material.material)
    return _link(name, curves)


def add_tube(name: str, points: np.ndarray, radius: float, closed: bool, material: Graph) -> Any:
    """Add a round wire through points (n, 3) to the scene and return its object."""
    curve = bpy.data.curves.new(name, "CURVE")
    curve.dimensions = "3D"
    curve.bevel_depth = radius
    curve.bevel_resolution = 2
    spline = curve.splines.new("POLY")
    spline.points.add(len(points) - 1)
    spline.points.foreach_set("co", np.c_[points, np.ones(len(points))].astype(np.float32).ravel())
    spline.use_cyclic_u = closed
    curve.materials.append(material.material)
    return _link(name, curve)
