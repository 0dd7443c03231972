"""Serves the page to browsers on this machine, and to nobody else."""

from __future__ import annotations

import json
import logging
import math
import threading
from collections.abc import Callable
from dataclasses import asdict
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from typing import Any
from urllib.parse import urlsplit

from rgbt_perception.errors import RgbtError
from rgbt_perception.live.view.gallery import KINDS, Gallery, legend
from rgbt_perception.live.view.state import Problem, ViewState

ADDRESS = "127.0.0.1"
DEFAULT_PORT = 8642

_log = logging.getLogger(__name__)

_FILES = {
    "/": ("page.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
}
_LEGENDS = ("depth", "confidence")
# The page may load what this server has and nothing else; no other page may frame it.
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_IDLE_S = 30.0


class ViewServer:
    """The page's web server; a thread of its own, bound to 127.0.0.1.

    Attributes:
        gallery, state: what it serves.
        port: bound.
        stopped: it answers no more.
    """

    def __init__(self, gallery: Gallery, state: Callable[[], ViewState], port: int) -> None:
        """Bind the port; nothing is served before ``start``.

        Args:
            gallery: the pictures.
            state: called for every question of a page, from its thread.
            port: 0 = any that is free.

        Raises:
            RgbtError: the port is taken or not allowed.
        """
        self.gallery = gallery
        self.state = state
        try:
            self._server = _Server((ADDRESS, port), _Handler)
        except OSError as error:
            raise RgbtError(
                f"--port {port}: cannot be used on {ADDRESS} ({error.strerror}); "
                "expected another one, or 0 for any that is free"
            ) from None
        self._server.view = self
        self.stopped = False
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True
        )

    @property
    def url(self) -> str:
        """What to open in a browser."""
        return f"http://{ADDRESS}:{self.port}/"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Answer nobody any more; idempotent."""
        self.stopped = True
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # Threads of browsers that keep their connection would hold up the end.
    block_on_close = False
    view: ViewServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes away in the middle is no news."""
        _log.debug("view: request from %s failed", client_address, exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "rgbt"
    sys_version = ""
    timeout = _IDLE_S
    # Headers and body leave in one segment each; waiting for the first one's receipt costs 40 ms.
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        view = self.server.view
        if view.stopped:
            # A browser that has kept its connection is still heard.
            self.close_connection = True
            return
        # Another site's page that a name server points here must not see the cameras.
        if self.headers.get("Host", "") not in _hosts(view.port):
            self._answer(HTTPStatus.FORBIDDEN, "text/plain", b"expected this machine's own address")
            return
        # Nor may its pages show the pictures of this one, or make the engine work by asking.
        if self.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            self._answer(HTTPStatus.FORBIDDEN, "text/plain", b"expected a request of this page")
            return
        path = urlsplit(self.path).path
        found = self._content(view, path)
        if found is None:
            self._answer(HTTPStatus.NOT_FOUND, "text/plain", b"not here")
        else:
            self._answer(HTTPStatus.OK, *found)

    do_HEAD = do_GET

    def _content(self, view: ViewServer, path: str) -> tuple[str, bytes] | None:
        if path in _FILES:
            name, kind = _FILES[path]
            return kind, page_file(name)
        folder, _, name = path.lstrip("/").partition("/")
        if path == "/state":
            view.gallery.look()
            return "application/json", state_json(view.gallery, view.state())
        if folder == "picture" and name in KINDS:
            jpeg = view.gallery.jpeg(name)
            return None if jpeg is None else ("image/jpeg", jpeg)
        if folder == "legend" and name in _LEGENDS:
            return "image/jpeg", legend(name)
        return None

    def _answer(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Security-Policy", _POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - inherited name
        _log.debug(format, *args)


def _hosts(port: int) -> tuple[str, ...]:
    return (f"{ADDRESS}:{port}", f"localhost:{port}")


def page_file(name: str) -> bytes:
    """One of the files that the page is made from."""
    return (resources.files("rgbt_perception.live.view") / "page" / name).read_bytes()


def state_json(gallery: Gallery, state: ViewState) -> bytes:
    """What the page asks for several times a second.

    Args:
        gallery: tells which pictures are new and the limits of the depth colours.
        state: the rest.
    """
    scale = gallery.scale
    tree = asdict(state)
    tree["mode"] = state.mode.name
    pictures = [Problem("warn", text) for text in gallery.problems.values()]
    tree["problems"] = [asdict(problem) for problem in (*state.problems, *pictures)]
    tree["pictures"], tree["notes"] = gallery.numbers, gallery.notes
    tree["depth_ticks"] = (
        []
        if scale is None
        else [(tick, round(float(scale.position(tick)), 4)) for tick in scale.ticks()]
    )
    return json.dumps(_finite(tree), allow_nan=False).encode()


def _finite(tree: Any) -> Any:
    """JSON has no NaN."""
    if isinstance(tree, dict):
        return {key: _finite(value) for key, value in tree.items()}
    if isinstance(tree, (list, tuple)):
        return [_finite(value) for value in tree]
    return None if isinstance(tree, float) and not math.isfinite(tree) else tree
