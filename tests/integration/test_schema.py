"""The documented API, tried out by generated requests against a real server: as documented, and never a 5xx."""

import asyncio
from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from e2e.process import Cli, Serving
from werkfunk.http import openapi
from werkfunk.sdk.client import Client

SCHEMA = schemathesis.openapi.from_dict(openapi.document())
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)


class Tried:
    """A server and an owner who signs requests."""

    def __init__(self, base: str, client: Client) -> None:
        self.base, self.client = base, client

    def headers(self, method: str, path: str) -> dict[str, str]:
        """Token and proof."""
        transport = self.client.core.transport
        return {"authorization": f"DPoP {transport._token}", "dpop": transport.proof(method, path, transport._token)}


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tried]:
    folder = tmp_path_factory.mktemp("schema")
    cli = Cli(folder)
    server = Serving(cli)
    server.environment = {"WERKFUNK_REQUESTS_PER_SECOND": "100000", "WERKFUNK_REQUESTS_BURST": "100000"}
    server.start()
    cli.one("join", server.setup, "--profile", "anna", "--name", "Anna")

    async def opened() -> Client:
        client = Client(folder / "anna")
        await client.core.chains.refresh()
        # Only the token is wanted; the connection belongs to this loop, which ends here.
        await client.core.transport.close()
        return client

    client = asyncio.run(opened())
    yield Tried(client.core.transport.base, client)
    client.core.local.close()
    server.stop()


@SCHEMA.parametrize()
@settings(max_examples=8, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
def test_unsigned(case: schemathesis.Case, tried: Tried) -> None:
    response = case.call(base_url=tried.base)
    case.validate_response(response, checks=CHECKS)


@SCHEMA.parametrize()
@settings(max_examples=8, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
def test_signed(case: schemathesis.Case, tried: Tried) -> None:
    generated = {name: value for name, value in case.headers.items() if name.lower() != "authorization"}
    for _ in range(2):
        case.headers = {**generated, **tried.headers(case.method.upper(), case.formatted_path)}
        response = case.call(base_url=tried.base)
        for nonce in response.headers.get("dpop-nonce", []):
            tried.client.core.transport._nonce = nonce
        if "use_dpop_nonce" not in response.text:
            break
    if not set("%?#") & set(case.formatted_path):
        # The proof is for this very path: what is refused is refused for another reason.
        assert response.status_code != 401 or case.path == "/v1/sessions", response.text
    case.validate_response(response, checks=CHECKS)
