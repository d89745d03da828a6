"""The HTTP application: routes of the table, files, schema, metrics. Every answer is typed, limited and measured."""

import time
from collections.abc import Awaitable, Callable
from functools import cache
from ipaddress import ip_address
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Router
from starlette.routing import Route as StarletteRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from werkfunk.domain.errors import Code, Failure
from werkfunk.http import app_files, maps, openapi, tus
from werkfunk.http.call import Call
from werkfunk.http.context import Services, address, body, identifier
from werkfunk.http.handlers import HANDLERS, ID_SIZES
from werkfunk.http.headers import Headers
from werkfunk.http.problems import encode, problem
from werkfunk.storage.store import StoreFull
from werkfunk.wire.routes import ROUTES, Route

Endpoint = Callable[[Services, Request], Awaitable[Response]]


def application(services: Services, *, https: bool) -> ASGIApp:
    """The ASGI application; `https` says that people reach it over TLS."""
    routes = [_mount(services, r.path, r.method, r.name, _from_table(r)) for r in ROUTES]
    for path, method, name, endpoint in (
        ("/v1/blobs", "OPTIONS", "blob_options", tus.options),
        ("/v1/blobs", "POST", "blob_create", tus.create),
        ("/v1/blobs/{blob}", "HEAD", "blob_head", tus.head),
        ("/v1/blobs/{blob}", "PATCH", "blob_patch", tus.patch),
        ("/v1/blobs/{blob}", "DELETE", "blob_delete", tus.delete),
        ("/v1/blobs/{blob}", "GET", "blob_get", tus.download),
        ("/maps/{name}.pmtiles", "GET", "map_piece", maps.piece),
        ("/schema/openapi.json", "GET", "openapi", _schema),
        ("/metrics", "GET", "metrics", _metrics),
    ):
        routes.append(_mount(services, path, method, name, endpoint))
    app = _mount(services, "/{path:path}", "GET", "app", app_files.AppFiles(app_files.FOLDER).serve)
    return Headers(_Edge(Router(routes), Router([app])), https=https)


class _Edge:
    """The API first; what it does not know is the app's, or one of our own problem answers."""

    def __init__(self, api: Router, app: Router) -> None:
        self._api = api
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        matches = [route.matches(scope)[0] for route in self._api.routes]
        if Match.FULL in matches:
            await self._api(scope, receive, send)
            return
        known = Match.PARTIAL in matches
        if not known and scope["method"] == "GET":
            await self._app(scope, receive, send)
            return
        failure = Failure(Code.METHOD if known else Code.NOT_FOUND)
        allowed = {
            method
            for route, match in zip(self._api.routes, matches, strict=True)
            if match is Match.PARTIAL and isinstance(route, StarletteRoute)
            for method in route.methods or ()
        }
        answer = problem(failure)
        if known:
            answer.headers["Allow"] = ", ".join(sorted(allowed))
        await answer(scope, receive, send)


def _mount(services: Services, path: str, method: str, name: str, endpoint: Endpoint) -> StarletteRoute:
    async def run(request: Request) -> Response:
        started = time.perf_counter()
        try:
            answer = await endpoint(services, request)
        except Failure as failure:
            services.metrics.refused.labels(failure.code.value.code).inc()
            answer = problem(failure)
        except StoreFull:
            answer = problem(Failure(Code.STORAGE_FULL))
        except Exception as error:
            services.fault(error)
            answer = problem(Failure(Code.INTERNAL))
        if path.startswith("/v1/"):
            answer.headers["DPoP-Nonce"] = services.sessions.nonce()
        services.metrics.requests.labels(name, answer.status_code).inc()
        services.metrics.seconds.labels(name).observe(time.perf_counter() - started)
        return answer

    route = StarletteRoute(path, run, methods=[method], name=name)
    # Starlette adds HEAD to GET by itself; uploads answer HEAD differently.
    route.methods = {method}
    return route


def _from_table(route: Route) -> Endpoint:
    handler = HANDLERS[route.name]
    decoder: msgspec.json.Decoder[msgspec.Struct] | None = (
        msgspec.json.Decoder(route.request) if route.request is not None else None
    )

    async def endpoint(services: Services, request: Request) -> Response:
        subject = None
        if route.operation is not None:
            subject = services.authenticate(request)
            # A conversation's operations are decided in the service, which knows the members.
            if "conversation" not in request.path_params:
                services.directory.require(subject, route.operation)
        elif route.path.startswith("/v1/"):
            services.limit(address(request))
        ids = {name: identifier(text, ID_SIZES[name]) for name, text in request.path_params.items()}
        query = _query(route, request)
        payload = None
        if decoder is not None:
            if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
                raise Failure(Code.UNSUPPORTED_MEDIA)
            try:
                payload = decoder.decode(await body(services, request, route.body_max))
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                raise Failure(Code.MALFORMED, _reason(error)) from error
        proof = request.headers.get("dpop", "")
        result = await handler(Call(services, subject, ids, query, payload, proof, request.url.path))
        return Response(encode(result), 200, media_type="application/json")

    return endpoint


def _reason(error: Exception) -> str:
    """Which field is wrong; msgspec names types and places, never values."""
    return str(error) if isinstance(error, msgspec.ValidationError) else "not JSON"


def _query(route: Route, request: Request) -> dict[str, int]:
    query = dict.fromkeys(route.query, 0)
    try:
        pairs = parse_qsl(request.url.query, keep_blank_values=True, max_num_fields=20)
    except ValueError:
        raise Failure(Code.MALFORMED, "query: too many parameters") from None
    for key, value in pairs:
        if key not in query:
            raise Failure(Code.MALFORMED, "query: unknown parameter")
        if not (value.isascii() and value.isdigit() and len(value) < 17 and int(value) < 2**53):
            raise Failure(Code.MALFORMED, f"query: {key}")
        query[key] = int(value)
    return query


@cache
def _document() -> bytes:
    """Made when somebody asks: most servers are never asked, and making it takes 1.5 MB."""
    return encode(openapi.document())


async def _schema(_: Services, __: Request) -> Response:
    return Response(_document(), 200, media_type="application/json")


async def _metrics(services: Services, request: Request) -> Response:
    who = services.config.metrics
    if who == "off" or (who == "loopback" and not _is_local(request)):
        raise Failure(Code.NOT_FOUND)
    return Response(services.metrics.text(), 200, media_type="text/plain; version=0.0.4")


def _is_local(request: Request) -> bool:
    """From this machine and not through a proxy on it."""
    forwarded = any(name in request.headers for name in ("forwarded", "x-forwarded-for", "x-real-ip", "via"))
    try:
        return not forwarded and request.client is not None and ip_address(request.client.host).is_loopback
    except ValueError:
        return False
