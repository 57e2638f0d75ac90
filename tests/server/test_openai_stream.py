"""Pictures as they come: the published client's streams against a real service with the embedded checkpoint."""

from __future__ import annotations

import asyncio
import base64
import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import openai
import pytest
from openai.types import ImageGenCompletedEvent, ImageGenPartialImageEvent
from PIL import Image

from tests.serving import Server, serving

PROMPT = "portrait of a woman with auburn hair, soft window light from the left, 85mm lens"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("stream"), checkpoint="fluxgram-mini") as running:
        yield running


@pytest.fixture
def client(server: Server) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="any", _strict_response_validation=True) as one:
        yield one


def picture(event: Any) -> Image.Image:
    image = Image.open(io.BytesIO(base64.b64decode(event.b64_json, validate=True)))
    image.load()
    return image


def likeness(one: Image.Image, other: Image.Image) -> float:
    """Correlation of two pictures' brightness at 32 x 32."""
    small = [
        np.asarray(image.convert("L").resize((32, 32)), dtype=np.float64).ravel() for image in (one, other)
    ]
    return float(np.corrcoef(small[0], small[1])[0, 1])


def test_previews_become_the_picture(client: openai.OpenAI) -> None:
    fields: dict[str, Any] = {
        "prompt": PROMPT,
        "size": "256x256",
        "quality": "low",
        "extra_body": {"seed": 9},
    }
    events: list[Any] = list(client.images.generate(**fields, stream=True, partial_images=3))
    *partials, last = events
    assert [type(event) for event in partials] == [ImageGenPartialImageEvent] * 3
    assert isinstance(last, ImageGenCompletedEvent)
    assert [event.partial_image_index for event in partials] == [0, 1, 2]
    assert {event.size for event in events} == {"256x256"}
    assert {event.quality for event in events} == {"low"}
    final = picture(last)
    assert final.size == (256, 256)
    previews = [picture(event) for event in partials]
    assert (
        {image.format for image in previews}
        == {"JPEG"}
        == {event.output_format.upper() for event in partials}
    )
    assert {image.size for image in previews} == {(256, 256)}
    assert likeness(previews[-1], final) > 0.9
    assert likeness(previews[-1], final) > likeness(previews[0], final)
    assert last.usage.total_tokens == last.usage.input_tokens + last.usage.output_tokens
    plain = client.images.generate(**fields)
    assert plain.data
    assert picture(plain.data[0]).tobytes() == final.tobytes()


@pytest.mark.parametrize("partials", [0, 1])
def test_as_many_previews_as_asked_for(client: openai.OpenAI, partials: int) -> None:
    stream = client.images.generate(
        prompt=PROMPT, stream=True, partial_images=partials, output_format="webp", extra_body={"steps": 2}
    )
    events = list(stream)
    assert [event.type.rpartition(".")[2] for event in events] == ["partial_image"] * partials + ["completed"]
    assert picture(events[-1]).format == "WEBP"


def test_several_pictures_come_one_by_one(client: openai.OpenAI) -> None:
    stream = client.images.generate(prompt=PROMPT, n=2, stream=True, extra_body={"steps": 1, "seed": 4})
    events: list[Any] = list(stream)
    assert sorted((event.index, event.seed) for event in events) == [(0, 4), (1, 5)]


def test_the_asynchronous_stream(server: Server) -> None:
    async def kinds() -> list[str]:
        async with openai.AsyncOpenAI(
            base_url=f"{server.url}/v1", api_key="any", _strict_response_validation=True
        ) as client:
            stream = await client.images.generate(
                prompt=PROMPT, stream=True, partial_images=2, extra_body={"steps": 6}
            )
            return [event.type.rpartition(".")[2] async for event in stream]

    assert asyncio.run(kinds()) == ["partial_image", "partial_image", "completed"]


def test_errors_before_the_stream_are_plain_errors(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.images.generate(prompt=PROMPT, stream=True, size="huge")
    assert caught.value.param == "size"
