"""`ServiceSettings`: file, variables and options; every mistake is one sentence."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from fluxgram.errors import SettingsError
from fluxgram.service import ServiceSettings


def load(
    tmp_path: Path, file: str = "", environment: dict[str, str] | None = None, **given: Any
) -> ServiceSettings:
    (tmp_path / "service.toml").write_text(file, encoding="utf-8")
    return ServiceSettings.load(tmp_path, environment or {}, **given)


def test_without_anything_it_is_for_this_machine_only(tmp_path: Path) -> None:
    found = ServiceSettings.load(tmp_path, {})
    assert found == ServiceSettings()
    assert (found.host, found.port, found.require_key) == ("127.0.0.1", 7070, False)


def test_variables_win_over_the_file_and_options_over_both(tmp_path: Path) -> None:
    file = 'port = 1\nhost = "::1"\nprice = 0.5\nhosts = ["a", "b"]\nmodels = { "flux" = "fluxgram-mini" }\n'
    found = load(
        tmp_path, file, {"FLUXGRAM_SERVE_PORT": "2", "FLUXGRAM_SERVE_REQUIRE_KEY": "Yes"}, port=3, host=None
    )
    assert (found.port, found.host, found.price, found.require_key) == (3, "::1", 0.5, True)
    assert (found.hosts, dict(found.models)) == (("a", "b"), {"flux": "fluxgram-mini"})
    assert load(tmp_path, file, {"FLUXGRAM_SERVE_PORT": "2"}).port == 2


def test_lists_and_tables_in_variables(tmp_path: Path) -> None:
    found = load(tmp_path, "", {"FLUXGRAM_SERVE_ORIGINS": "https://a.example, https://b.example,",
                                "FLUXGRAM_SERVE_MODELS": "flux=fluxgram-mini, sdxl = flux2-klein-4b"})  # fmt: skip
    assert found.origins == ("https://a.example", "https://b.example")
    assert dict(found.models) == {"flux": "fluxgram-mini", "sdxl": "flux2-klein-4b"}


def test_secrets_are_not_shown() -> None:
    shown = repr(ServiceSettings(webhook_secret="whsec_hidden", database="postgresql://me:hidden@db/x"))  # noqa: S106
    assert "hidden" not in shown


@pytest.mark.parametrize(
    ("file", "environment", "words", "hint"),
    [
        ("prot = 1", {}, "'prot' in", "Did you mean port?"),
        ("", {"FLUXGRAM_SERVE_PROT": "1"}, "FLUXGRAM_SERVE_PROT", "FLUXGRAM_SERVE_PORT"),
        ("port = -1", {}, "port", ""),
        ("port = 1.5", {}, "port", ""),
        ('port = "x"', {}, "port", ""),
        ("port = true", {}, "port", ""),
        ("price = nan", {}, "price", ""),
        ("price = inf", {}, "price", ""),
        ("require_key = 3", {}, "require_key", ""),
        ('safety = "maybe"', {}, "can't be 'maybe'.", "require, prefer, off"),
        ("host = 3", {}, "host", ""),
        ("hosts = 3", {}, "hosts", ""),
        ("hosts = [3]", {}, "hosts", ""),
        ("models = 3", {}, "models", ""),
        ("models = { a = 3 }", {}, "models.a in", ""),
        ('models = { a = "" }', {}, "models", '{"flux" = '),
        ("", {"FLUXGRAM_SERVE_MODELS": "a"}, "FLUXGRAM_SERVE_MODELS", "flux=flux2-klein-4b"),
        ("", {"FLUXGRAM_SERVE_PORT": ""}, "FLUXGRAM_SERVE_PORT", ""),
        ("", {"FLUXGRAM_SERVE_PORT": "9" * 5000}, "FLUXGRAM_SERVE_PORT", ""),
        ("[", {}, "is not TOML", ""),
    ],
)
def test_mistakes(tmp_path: Path, file: str, environment: dict[str, str], words: str, hint: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, file, environment)
    assert words in str(caught.value)
    assert hint in caught.value.hint
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize(
    "values",
    [
        {"devices": ("tpu",)}, {"devices": ("cpu", "cuda:x")}, {"devices": ("cuda:",)}, {"devices": ("cpu:1",)},
        {"side_by_side": 0}, {"deaths": 0}, {"lease_seconds": 0.0},
        {"public_url": "pictures.example"}, {"public_url": "ftp://pictures.example"}, {"public_url": "https://"},
        {"public_url": "https://a:port"}, {"public_url": "https://a?b"}, {"public_url": "https://me:word@a"},
        {"public_url": "https://[a"}, {"public_url": "https://a b"},
        {"safety": "require"},
    ],
)  # fmt: skip
def test_what_can_be_read_and_cannot_work_is_named(values: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=next(iter(values))) as caught:
        ServiceSettings(**values).check()
    assert caught.value.hint


@pytest.mark.parametrize(
    "values",
    [
        {}, {"devices": ("cpu", "mps", "cuda", "cuda:0", "cuda:11")}, {"public_url": "https://a.example:8443/pictures"},
        {"public_url": "http://[::1]:7070"}, {"safety": "require", "classifier": "a/b"}, {"safety": "off"},
    ],
)  # fmt: skip
def test_what_can_work_is_not_refused(values: dict[str, Any]) -> None:
    ServiceSettings(**values).check()


def test_a_home_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    with pytest.raises(SettingsError, match="home is not a folder") as caught:
        ServiceSettings.load(tmp_path / "home", {})
    assert "FLUXGRAM_HOME" in caught.value.hint


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "service.toml").mkdir()
    with pytest.raises(SettingsError, match="cannot be read"):
        ServiceSettings.load(tmp_path, {})
    (tmp_path / "service.toml").rmdir()
    (tmp_path / "service.toml").write_bytes(b'host = "\xff"')
    with pytest.raises(SettingsError, match="is not TOML"):
        ServiceSettings.load(tmp_path, {})


def test_every_setting_is_explained() -> None:
    for field in fields(ServiceSettings):
        assert f"        {field.name}: " in (ServiceSettings.__doc__ or ""), field.name
