"""What goes over the wire: compressed, and kept by browsers only where the address changes with the content."""

from __future__ import annotations

import hashlib
from pathlib import Path

from flask import Flask, Request, Response, request
from flask_compress import Compress

from supplychain.kept import Kept

ASSETS = Path(__file__).parent / "assets"
LIBRARIES = "/_dash-component-suites/"  # scripts of packages; Dash puts version and time of the file into the address
YEAR = 31_536_000  # seconds
ROOM = 24 * 2**20  # bytes of compressed scripts that one process keeps


def assets_path() -> str:
    """Where the assets are served: another address as soon as one of them changes."""
    digest = hashlib.sha256()
    for file in sorted(ASSETS.iterdir()):
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return f"assets/{digest.hexdigest()[:16]}"


def compressed(server: Flask) -> None:
    """Compress answers; scripts, which never change while the process lives, only once."""
    server.config |= {
        "COMPRESS_ALGORITHM": ["br", "gzip"],
        "COMPRESS_ALGORITHM_STREAMING": ["br", "deflate"],
        "COMPRESS_CACHE_BACKEND": Scripts,
        "COMPRESS_CACHE_KEY": script_of,
    }
    Compress(server)


def kept_by_browsers(server: Flask, assets: str) -> None:
    """Say how long a browser may keep an answer: assets a year, what Dash says of its own, all else not at all."""

    @server.after_request
    def keep(response: Response) -> Response:
        if request.path.startswith(f"/{assets}/") and response.status_code in (200, 304):
            response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
        elif not request.path.startswith(LIBRARIES):
            response.headers["Cache-Control"] = "no-store"
        return response


def script_of(asked: Request) -> str:
    """The name under which a compressed answer is kept; none where the next answer may be another."""
    return asked.path if asked.method == "GET" and asked.path.startswith(LIBRARIES) else ""


class Scripts:
    """Compressed scripts by name, as flask-compress asks for them."""

    def __init__(self) -> None:
        self._bodies = Kept[bytes](ROOM, len)

    def get(self, name: str) -> bytes | None:
        return self._bodies.get(name)

    def set(self, name: str, body: bytes) -> None:
        if not name.endswith(";"):  # flask-compress writes "br;" before the name: there is none
            self._bodies.put(name, body)
