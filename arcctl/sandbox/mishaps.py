"""The faults of the wire: what can befall any request on its way (`arm.md` 14.5).

{"status": 503, "body": …, "headers": {…}}   answered instead of acting; body JSON or text
{"reset": "before" | "after"}                the connection dies before, or after, the act
{"cut": "mid"}                               … in the middle of the answer's body
{"delay": 60}                                seconds of real time before the act
{"add_header": {…}, "drop_header": "name"}   the answer altered; Date too
{"patch_body": {…}, "patch_items": {…}}      merged into the answer, or each of its "value"
{"mangle_ids": true}                         ids come back in another case
{"gzip": true} {"chunked": true}             the answer travels in another form
{"bytes": "AP8=", "headers": {…}}            the true answer with these bytes as its body (base64)
{"truncate": 20}                             … with so many bytes of it, and a length that agrees
{"charset": "utf-16"}                        … in another charset, and the header says so
"""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import struct
from typing import TYPE_CHECKING, Any

from aiohttp import web

from arcctl.sandbox.merge import merged

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Act = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def befall(fault: dict[str, Any], request: web.Request, act: Act) -> web.StreamResponse:
    """Let one fault happen to one request."""
    if "delay" in fault:
        await asyncio.sleep(float(fault["delay"]))
    if fault.get("reset") == "before":
        return dropped(request)
    if "status" in fault:
        return _instead(fault)
    answer = await act(request)
    if fault.get("reset") == "after":
        return dropped(request)
    if isinstance(answer, web.Response):
        _alter(fault, answer)
        if "cut" in fault:
            return await _cut(request, answer)
    return answer


def _instead(fault: dict[str, Any]) -> web.Response:
    body, headers = fault.get("body"), fault.get("headers")
    if body is None or isinstance(body, str):
        return web.Response(status=fault["status"], text=body, headers=headers)
    return web.json_response(body, status=fault["status"], headers=headers)


def _alter(fault: dict[str, Any], answer: web.Response) -> None:
    answer.headers.update(fault.get("add_header", {}))
    for name in _names(fault.get("drop_header", [])):
        answer.headers.pop(name, None)
    if fault.keys() & {"patch_body", "patch_items", "mangle_ids"}:
        _alter_body(fault, answer)
    if fault.keys() & {"bytes", "truncate", "charset"}:
        _alter_bytes(fault, answer)
    if fault.get("gzip"):
        answer.enable_compression(web.ContentCoding.gzip)
    if fault.get("chunked"):
        answer.enable_chunked_encoding()


def _alter_body(fault: dict[str, Any], answer: web.Response) -> None:
    if not isinstance(answer.body, bytes) or not answer.body:
        return
    document = merged(json.loads(answer.body), fault.get("patch_body", {}))
    if isinstance(document, dict) and isinstance(document.get("value"), list):
        patch = fault.get("patch_items", {})
        document["value"] = [merged(item, patch) for item in document["value"]]
    answer.body = json.dumps(_mangled(document) if "mangle_ids" in fault else document).encode()


def _alter_bytes(fault: dict[str, Any], answer: web.Response) -> None:
    body = answer.body if isinstance(answer.body, bytes) else b""
    if "bytes" in fault:
        body = base64.b64decode(fault["bytes"])
        answer.headers.update(fault.get("headers", {}))
    if charset := fault.get("charset"):
        body = body.decode().encode(charset)
        answer.headers["Content-Type"] = f"application/json; charset={charset}"
    answer.body = body[: int(fault.get("truncate", len(body)))]


def _mangled(document: Any) -> Any:
    if isinstance(document, list):
        return [_mangled(item) for item in document]
    if not isinstance(document, dict):
        return document
    return {
        key: value.swapcase() if key == "id" and isinstance(value, str) else _mangled(value)
        for key, value in document.items()
    }


async def _cut(request: web.Request, answer: web.Response) -> web.StreamResponse:
    body = answer.body if isinstance(answer.body, bytes) else b""
    half = web.StreamResponse(status=answer.status, headers=answer.headers)
    half.content_length = max(len(body), 2)
    await half.prepare(request)
    await half.write(body[: len(body) // 2])
    if request.transport:
        request.transport.close()
    return half


def dropped(request: web.Request) -> web.Response:
    """End the connection without an answer, as a machine that dies does."""
    if request.transport:
        raw = request.transport.get_extra_info("socket")
        # Without lingering the peer sees a reset, not an orderly end.
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.transport.abort()
    return web.Response(status=503)


def _names(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
