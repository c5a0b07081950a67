"""Schemathesis against the running application: no 5xx, no answer the document does not know."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from service.app import make_app
from service.http import wire
from service.http.call import Resources
from service.http.metrics import Metrics

SCHEMATHESIS = Path(sys.executable).parent / "schemathesis"
SECONDS = 20
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
)


@pytest.fixture
async def address(live: Resources) -> AsyncIterator[str]:
    async with wire.served(make_app(live, Metrics(), ["api"]), "127.0.0.1", 0, patience=1) as port:
        yield f"http://127.0.0.1:{port}"


async def test_nothing_surprising_comes_back(
    address: str, tmp_path: Path, bearer: Callable[..., dict[str, str]]
) -> None:
    fuzzing = await asyncio.create_subprocess_exec(
        SCHEMATHESIS,
        *("run", f"{address}/openapi.json", "--no-color", "--continue-on-failure"),
        *("--header", f"Authorization: {bearer('admin')['Authorization']}"),
        *("--checks", ",".join(CHECKS), "--max-time", str(SECONDS), "--warnings", "off"),
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await fuzzing.communicate()

    assert fuzzing.returncode == 0, said.decode()
