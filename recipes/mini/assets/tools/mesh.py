"""Packs the base mesh, morph targets and skinning weights of MakeHuman and MPFB into `mesh.npz`.

Usage: `python -m recipes.mini.assets.tools.mesh MPFB MAKEHUMAN OUTPUT`, where MPFB is a checkout of mpfb2 and
MAKEHUMAN one of makehuman. Only what a head needs is kept: targets of head, face, neck, shoulders and chest.
"""

import argparse
import gzip
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

Weights = dict[str, list[tuple[int, float]]]
Arrays = dict[str, np.ndarray]

KEPT_TARGETS = (
    "macrodetails/african",
    "macrodetails/asian",
    "macrodetails/caucasian",
    "macrodetails/universal",
    "expression/",
    "head/",
    "cheek/",
    "chin/",
    "ears/",
    "eyebrows/",
    "eyes/",
    "forehead/",
    "mouth/",
    "neck/",
    "nose/",
    "asym/",
    "torso/measure-shoulder",
    "torso/torso-scale-horiz",
    "breast/female-",
)

HEAD_BONES = (
    "head",
    "jaw",
    "levator05.L",
    "levator05.R",
    "levator06.L",
    "levator06.R",
    "oculi01.L",
    "oculi01.R",
    "orbicularis03.L",
    "orbicularis03.R",
    "orbicularis04.L",
    "orbicularis04.R",
    "oris01",
    "oris03.L",
    "oris03.R",
    "oris05",
    "oris07.L",
    "oris07.R",
    "risorius03.L",
    "risorius03.R",
    "special04",
    "special05.L",
    "special05.R",
    "eye.L",
    "eye.R",
)
NECK_BONES = ("neck03", "neck02", "neck01")
"""From the top down."""

ARM_BONES = ("upperarm", "lowerarm", "wrist", "finger", "metacarpal")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m recipes.mini.assets.tools.mesh", description=__doc__)
    parser.add_argument("mpfb", type=Path, help="checkout of mpfb2")
    parser.add_argument("makehuman", type=Path, help="checkout of makehuman")
    parser.add_argument("output", type=Path, help="the file to write")
    options = parser.parse_args(arguments)
    data = options.mpfb / "src/mpfb/data"
    rig = options.makehuman / "makehuman/data/rigs/default_weights.mhw"
    weights: Weights = json.loads(rig.read_text(encoding="utf-8"))["weights"]
    mesh = read_base_mesh(data / "3dobjs/base.obj")
    count = len(mesh["V"])
    arrays: dict[str, Any] = {**mesh, **read_targets(data / "targets"), **skinning(weights, count)}
    arrays["scalp_faces"] = read_scalp(data / "uv_layers/scalp_solid.json.gz")
    np.savez_compressed(options.output, **arrays)
    print(f"{count} vertices, {len(arrays['tn'])} targets, {options.output.stat().st_size / 1e6:.1f} MB")
    return 0


def read_base_mesh(path: Path) -> Arrays:
    """Vertices `V`, texture coordinates `UV`, faces `F` and `FU`, group of each face `G`, names `groups`."""
    vertices: list[list[float]] = []
    uv: list[list[float]] = []
    faces: list[list[int]] = []
    uv_faces: list[list[int]] = []
    face_groups: list[int] = []
    groups: list[str] = []
    group = -1
    for line in path.read_text(encoding="utf-8").splitlines():
        words = line.split()
        match words[:1]:
            case ["v"]:
                vertices.append([float(word) for word in words[1:4]])
            case ["vt"]:
                uv.append([float(word) for word in words[1:3]])
            case ["g"]:
                if words[1] not in groups:
                    groups.append(words[1])
                group = groups.index(words[1])
            case ["f"]:
                corners = [word.split("/") for word in words[1:]]
                faces.append(_quad([int(corner[0]) - 1 for corner in corners]))
                uv_faces.append(_quad([int(c[1]) - 1 if len(c) > 1 and c[1] else 0 for c in corners]))
                face_groups.append(group)
    return {
        "V": np.array(vertices, np.float32),
        "UV": np.array(uv, np.float32),
        "F": np.array(faces, np.int32),
        "FU": np.array(uv_faces, np.int32),
        "G": np.array(face_groups, np.int16),
        "groups": np.array(groups),
    }


def _quad(corners: list[int]) -> list[int]:
    """A triangle with its last corner repeated, or the quad as it is."""
    return [*corners, corners[2]] if len(corners) == 3 else corners


def read_targets(folder: Path) -> Arrays:
    """Names `tn`, starts `to`, vertex indices `ti` and displacements `td` (float16, decimetres) of the targets."""
    names: list[str] = []
    starts = [0]
    indices: list[np.ndarray] = []
    displacements: list[np.ndarray] = []
    for path in sorted(folder.glob("**/*.target.gz"), key=str):
        name = path.relative_to(folder).as_posix().removesuffix(".target.gz")
        if not _is_kept(name):
            continue
        with gzip.open(path, "rt", encoding="utf-8") as file:
            rows = [line.split() for line in file if line.strip() and not line.startswith("#")]
        names.append(name)
        indices.append(np.array([int(row[0]) for row in rows], np.uint16))
        moves = np.array([[float(word) for word in row[1:4]] for row in rows], np.float32)
        displacements.append(moves.reshape(-1, 3).astype(np.float16))
        starts.append(starts[-1] + len(rows))
    return {
        "tn": np.array(names),
        "to": np.array(starts),
        "ti": np.concatenate(indices),
        "td": np.concatenate(displacements),
    }


def _is_kept(name: str) -> bool:
    """Whether a head needs a target."""
    if not name.startswith(KEPT_TARGETS) or "baby" in name or "_images" in name:
        return False
    if name.startswith("breast/"):
        return "averagemuscle-averageweight" in name and ("-young-" in name or "-old-" in name)
    return True


def skinning(weights: Weights, count: int) -> Arrays:
    """Weights of head and neck `W` (count, 4), of the jaw, and of arm and shoulder of either side."""
    tongue = [bone for bone in weights if bone.startswith("tongue")]
    head = _sum(weights, [*HEAD_BONES, *tongue], count)
    necks = [_sum(weights, [bone], count) for bone in NECK_BONES]
    arrays = {"W": np.stack([head, *necks], 1), "jaw": _sum(weights, ["jaw"], count)}
    for side in "LR":
        arm = [b for b in weights if b.endswith(f".{side}") and b.split(".")[0].startswith(ARM_BONES)]
        shoulder = [bone for bone in weights if bone.startswith(f"shoulder01.{side}")]
        arrays[f"arm{side}"] = _sum(weights, arm, count)
        arrays[f"sh{side}"] = _sum(weights, shoulder, count)
    return arrays


def _sum(weights: Weights, bones: Iterable[str], count: int) -> np.ndarray:
    """Sum of the bones' weights on each vertex, float32 (count,)."""
    total = np.zeros(count, np.float32)
    for bone in bones:
        for vertex, weight in weights[bone]:
            total[vertex] += weight
    return total


def read_scalp(path: Path) -> np.ndarray:
    """Faces that have an area in the scalp's texture layer."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        layer: dict[str, Any] = json.load(file)
    corners = {int(face): np.array(list(uv.values())) for face, uv in layer.items()}
    return np.array([face for face, uv in corners.items() if np.ptp(uv, axis=0).max() > 1e-4], np.int32)


if __name__ == "__main__":
    sys.exit(main())
