"""The plain page of the interface at `/docs`, and one at `/` where there is no Studio; both without scripts."""

from __future__ import annotations

import html
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse

from fluxgram import errors
from fluxgram.server.failures import Defect, Malformed, NoSuchPath

router = APIRouter(include_in_schema=False)

DESCRIPTION = (
    "Three surfaces over one durable queue: the native one at `/api/v1`, ModelsLab v6 at `/api/v6`, and OpenAI Images "
    "at `/v1`. A job that was accepted is stored before the answer, and survives a crash."
)
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222;
  background: #fff }
code, pre { font: 14px/1.45 ui-monospace, monospace; background: #f3f3f1; border-radius: 4px; padding: .1em .3em }
pre { padding: .8em; overflow-x: auto }
h2 { margin-top: 2rem } h3 { margin-bottom: 0; font-size: 1rem } dt { font-weight: 600 } .more { color: #666 }
@media (prefers-color-scheme: dark) { body { color: #ddd; background: #181818 } code, pre { background: #262626 }
  a { color: #8ab4f8 } .more { color: #999 } }
"""


def page(title: str, body: str) -> HTMLResponse:
    """A whole page that needs nothing else."""
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{html.escape(title)}</title>"
    )
    text = (
        f'<!doctype html><html lang="en"><head>{head}<style>{_STYLE}</style></head><body>{body}</body></html>'
    )
    return HTMLResponse(text, headers=_HEADERS)


def install(app: FastAPI) -> None:
    """Have `/` answered with a plain page."""
    app.add_api_route("/", index, methods=["GET", "HEAD"], include_in_schema=False)


def index(request: Request) -> HTMLResponse:
    """What is here and how to try it."""
    base = html.escape(f"{request.url.scheme}://{request.url.netloc}")
    call = f"curl {base}/api/v1/jobs -H 'Content-Type: application/json' -d '{{\"prompt\": \"portrait of a sailor\"}}'"
    rows = (
        (
            "Native",
            "/api/v1",
            "everything: jobs with events, pictures, receipts, words, characters, shoots, usage",
        ),
        ("ModelsLab v6", "/api/v6", "for clients of Stable Diffusion API v6: change the host, nothing else"),
        ("OpenAI Images", "/v1", "for clients of OpenAI's images: the base URL is this address with /v1"),
    )
    items = "".join(
        f"<dt>{name} <code>{path}</code></dt><dd>{html.escape(words)}</dd>" for name, path, words in rows
    )
    return page(
        "fluxgram",
        f"<h1>fluxgram</h1><p>Photographic portraits, drawn here.</p><dl>{items}</dl><h2>Try it</h2>"
        f'<pre>{call}</pre><p><a href="/docs">The interface</a> · <a href="/openapi.json">OpenAPI document</a> · '
        '<a href="/readyz">ready?</a></p>',
    )


@router.api_route("/docs", methods=["GET", "HEAD"])
def docs(request: Request) -> HTMLResponse:
    """Every route with its fields, read from the OpenAPI document."""
    document = request.app.openapi()
    groups: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            tag = (operation.get("tags") or ["other"])[0]
            groups.setdefault(tag, []).append(_operation(path, method, operation, document))
    errors_ = "".join(
        f'<dt id="{kind.__name__}"><code>{kind.__name__}</code></dt><dd>{html.escape(_first_line(kind))}</dd>'
        for kind in (*vars(errors).values(), Malformed, NoSuchPath, Defect)
        if isinstance(kind, type) and issubclass(kind, errors.FluxgramError)
    )
    body = "".join(f"<h2>{html.escape(tag)}</h2>{''.join(entries)}" for tag, entries in groups.items())
    intro = html.escape(DESCRIPTION).replace("`", "")
    return page(
        "fluxgram: the interface",
        f'<p><a href="/">fluxgram</a></p><h1>The interface</h1><p>{intro} For machines: '
        f'<a href="/openapi.json">the OpenAPI document</a>.</p>{body}<h2>Errors</h2><dl>{errors_}</dl>',
    )


def _first_line(kind: type) -> str:
    return (kind.__doc__ or "").strip().partition("\n")[0]


def _operation(path: str, method: str, operation: dict[str, Any], document: dict[str, Any]) -> str:
    fields = [
        (entry["name"], entry.get("schema", {}), entry.get("description", ""))
        for entry in operation.get("parameters", ())
    ]
    content = operation.get("requestBody", {}).get("content", {})
    for form in content.values():
        schema = _resolved(form.get("schema", {}), document)
        fields += [
            (name, each, each.get("description", "")) for name, each in schema.get("properties", {}).items()
        ]
        break
    rows = "".join(
        f"<li><code>{html.escape(name)}</code> <span class=more>{html.escape(_kind(schema))}</span> "
        f"{html.escape(words or schema.get('description', ''))}</li>"
        for name, schema, words in fields
    )
    summary = html.escape(operation.get("summary", ""))
    words = html.escape(operation.get("description", ""))
    return (
        f"<h3><code>{method.upper()} {html.escape(path)}</code> {summary}</h3><p>{words}</p>"
        f"{f'<ul>{rows}</ul>' if rows else ''}"
    )


def _resolved(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    for part in str(schema.get("$ref", "")).removeprefix("#/").split("/"):
        if part:
            document = document[part]
    return document if "$ref" in schema else schema


def _kind(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    kinds = [each.get("type", "") for each in schema.get("anyOf", ()) if each.get("type") != "null"]
    return " or ".join(filter(None, kinds)) or str(schema.get("type", ""))
