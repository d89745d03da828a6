"""OpenAPI 3.1, generated from the table of routes and the bodies' types."""

import re
from typing import Any

import msgspec

from werkfunk import __version__
from werkfunk.domain.errors import Code
from werkfunk.http.handlers import ID_SIZES
from werkfunk.wire.api import Problem
from werkfunk.wire.routes import ROUTES, Route

REF = "#/components/schemas/{name}"


def document() -> dict[str, Any]:
    """The whole document."""
    types = {t for route in ROUTES for t in (route.request, route.response) if t is not None} | {Problem}
    ordered = sorted(types, key=lambda t: t.__name__)
    schemas, components = msgspec.json.schema_components(ordered, ref_template=REF)
    paths: dict[str, Any] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(
            route, dict(zip(ordered, schemas, strict=True))
        )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Werkfunk",
            "version": __version__,
            "license": {"name": "AGPL-3.0-or-later", "identifier": "AGPL-3.0-or-later"},
            "description": "Files are the tus 1.0 protocol at /v1/blobs; live events the WebSocket at /v1/ws.",
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "dpop": {"type": "http", "scheme": "DPoP", "description": "RFC 9449, Ed25519, nonce required"}
            },
        },
    }


def _operation(route: Route, schemas: dict[type, Any]) -> dict[str, Any]:
    parameters: list[dict[str, Any]] = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "pattern": f"^[0-9a-f]{{{2 * ID_SIZES[name]}}}$"},
        }
        for name in re.findall(r"{(\w+)}", route.path)
    ]
    parameters += [
        {"name": name, "in": "query", "schema": {"type": "integer", "minimum": 0, "maximum": 2**53 - 1}}
        for name in route.query
    ]
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "parameters": parameters,
        "responses": {
            "200": {"description": "Done", "content": {"application/json": {"schema": schemas[route.response]}}},
            **{str(status): _problem(status) for status in sorted({code.value.status for code in Code})},
        },
    }
    if route.request is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schemas[route.request]}},
        }
    if route.operation is not None:
        operation["security"] = [{"dpop": []}]
    return operation


def _problem(status: int) -> dict[str, Any]:
    codes = ", ".join(sorted(code.value.code for code in Code if code.value.status == status))
    schema = {"$ref": REF.format(name="Problem")}
    return {"description": f"Refused: {codes}", "content": {"application/problem+json": {"schema": schema}}}
