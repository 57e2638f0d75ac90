"""Shape, pose, hair and fitting of a head: plain numpy, no Blender."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("scipy", reason="building heads needs scipy")

from recipes.mini.heads.anatomy import shape
from recipes.mini.heads.attributes import sample
from recipes.mini.heads.base_mesh import ASSETS, base_mesh, to_scene
from recipes.mini.heads.beard import grow_beard
from recipes.mini.heads.fitting import load_proxy
from recipes.mini.heads.hair import STYLERS, grow_hair
from recipes.mini.heads.hairline import beard_density, scalp_density
from recipes.mini.heads.posing import Pose, express, pose
from recipes.mini.heads.scalp import PosedHead, head_collider
from recipes.mini.heads.surfaces import Collider, scatter, vertex_normals

UPRIGHT = {"yaw": 0.0, "pitch": 0.0, "roll": 0.0}


def build(**changes: Any) -> tuple[np.ndarray, Pose]:
    attributes = {**sample(12), **UPRIGHT, **changes}
    vertices, _ = shape(attributes, np.random.default_rng(1))
    vertices = express(vertices, attributes)
    return vertices, pose(vertices, attributes)


def test_the_base_mesh_faces_forwards_and_is_of_human_size() -> None:
    mesh = base_mesh()
    points = to_scene(mesh.vertices)
    assert mesh.joint("l-eye", points)[0] > 0 > mesh.joint("r-eye", points)[0]
    assert mesh.joint("mouth", points)[1] < mesh.joint("head", points)[1]
    assert mesh.joint("l-eye", points)[2] > mesh.joint("mouth", points)[2] > mesh.joint("neck", points)[2]
    body = points[mesh.vertices_of("body")]
    assert 1.4 < np.ptp(body[:, 2]) < 2.0


def test_the_same_seed_gives_the_same_shape() -> None:
    first, second = build()[1].positions, build()[1].positions
    assert np.array_equal(first, second)
    other, _ = shape({**sample(12), **UPRIGHT}, np.random.default_rng(2))
    assert not np.array_equal(other, shape({**sample(12), **UPRIGHT}, np.random.default_rng(1))[0])


def test_a_turned_head_turns_its_nose_and_not_its_chest() -> None:
    mesh = base_mesh()
    _, straight = build()
    _, turned = build(yaw=30.0)
    nose = np.argmax(mesh.vertices[:, 2] * ((mesh.vertices[:, 1] > 6.8) & (mesh.vertices[:, 1] < 7.1)))
    assert turned.positions[nose, 0] - straight.positions[nose, 0] > 0.03  # to the viewer's right
    chest = (mesh.vertices[:, 1] < 5.0) & (mesh.vertices[:, 1] > 4.0)
    body = np.isin(np.arange(len(chest)), mesh.vertices_of("body"))
    assert np.abs(turned.positions - straight.positions)[chest & body].max() < 0.01
    assert np.allclose(turned.rotation @ turned.rotation.T, np.eye(3))
    points = straight.positions[:10].astype(float)
    assert np.allclose(turned.to_scene(turned.to_head(points)), points)


def test_a_smile_widens_the_mouth() -> None:
    mesh = base_mesh()
    rest = mesh.vertices
    lips = (np.abs(rest[:, 1] - 6.6) < 0.05) & (rest[:, 2] > 1.1) & (np.abs(rest[:, 0]) < 0.4)
    serious = build(expression="serious")[0][lips, 0]
    smile = build(expression="smile")[0][lips, 0]
    assert np.ptp(smile) > np.ptp(serious)


def test_normals_of_a_plane_point_up() -> None:
    points = np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
    faces = np.array([[0, 1, 2, 3]])
    assert np.allclose(vertex_normals(points, faces), [0, 0, 1])
    roots, normals = scatter(
        points, np.tile([0.0, 0, 1], (4, 1)), faces, np.ones(4), 500, np.random.default_rng(0)
    )
    assert len(roots) == 500
    assert roots.min() >= 0
    assert roots.max() <= 1
    assert np.allclose(roots.mean(0), [0.5, 0.5, 0], atol=0.05)
    assert np.allclose(normals, [0, 0, 1])


def test_a_collider_pushes_points_out() -> None:
    grid = np.stack(np.meshgrid(np.linspace(-1, 1, 41), np.linspace(-1, 1, 41), indexing="ij"), -1).reshape(
        -1, 2
    )
    points = np.c_[grid, np.zeros(len(grid))]
    index = np.arange(41 * 41).reshape(41, 41)
    faces = np.stack([index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]], -1).reshape(-1, 4)
    inside = np.array([[0.0, 0.0, -0.01], [0.3, 0.2, 0.2]])
    moved, normals = Collider(points, faces)(inside, np.full(2, 0.05))
    assert moved[0, 2] == pytest.approx(0.05)
    assert moved[1, 2] == pytest.approx(0.2)
    assert np.allclose(normals, [0, 0, 1])


@pytest.mark.parametrize("folder", ["brows", "lashes", "clothes"])
def test_proxies_fit_where_they_belong(folder: str) -> None:
    vertices, posed = build()
    head_height = base_mesh().joint("l-eye", posed.positions)[2]
    for path in sorted((ASSETS / folder).glob("*.mhclo")):
        proxy = load_proxy(path)
        points = proxy.fit(vertices, posed.positions, posed.rotation)
        assert proxy.faces.max() < len(points)
        assert proxy.uv_faces.max() < len(proxy.uv)
        if folder == "clothes":
            assert points[:, 2].max() < head_height
            assert len(proxy.hidden_body)
        else:
            assert np.abs(points[:, 2] - head_height).max() < 0.06


def test_hair_grows_on_the_head_and_beards_on_the_face() -> None:
    mesh = base_mesh()
    scalp, beard = scalp_density(), beard_density("full beard")
    assert mesh.vertices[scalp > 0.5, 1].min() > 6.4
    face = beard > 0.5
    assert mesh.vertices[face, 1].max() < 7.4
    assert (mesh.vertices[face, 2] > 0).all()
    cheeks = np.abs(mesh.vertices[:, 0]) < 0.6
    assert not ((scalp > 0.5) & face & cheeks).any()  # they meet at the sideburns only
    assert beard_density("goatee").sum() < beard.sum()


@pytest.mark.parametrize("style", sorted(STYLERS))
def test_every_style_grows(style: str) -> None:
    _, posed = build()
    mesh = base_mesh()
    normals = vertex_normals(posed.positions, mesh.faces[mesh.body])
    head = PosedHead(posed.positions, normals, posed.rotation, mesh.joint("head", posed.positions))
    attributes = {**sample(12), "hair_style": style, "hair_n": 1500}
    strands = grow_hair(head, attributes, head_collider(posed.positions), np.random.default_rng(0))
    points = np.concatenate([s.points.reshape(-1, 3) for s in strands])
    assert np.isfinite(points).all()
    assert np.linalg.norm(points - head.center, axis=1).max() < 0.6
    eyes = mesh.joint("l-eye", posed.positions)[2]
    if style.startswith(("long", "shoulder")):
        assert np.quantile(points[:, 2], 0.01) < eyes - 0.15
    if style in ("buzz cut", "shaved", "fade"):
        assert points[:, 2].min() > eyes - 0.12


def test_no_beard_grows_nothing() -> None:
    _, posed = build()
    head = PosedHead(posed.positions, posed.positions, posed.rotation, posed.pivot)
    assert grow_beard(head, {"beard": "none"}, np.random.default_rng(0)) == []
    collider = head_collider(posed.positions)
    assert grow_hair(head, {"hair_style": "bald"}, collider, np.random.default_rng(0)) == []
