"""Files written whole or not at all: what fails on the way leaves the old file as it was, and nothing beside it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from supplychain.errors import InputError


def check_target(path: Path, force: bool, call: str = "write", argument: str = "--output") -> None:
    """Refuse a file that will not be written, before any work is done for it. Raises InputError.

    force: an existing file may be replaced; a folder, pipe or device never.
    """
    try:
        if not path.name or "\0" in str(path):
            raise InputError(call, argument, str(path), "the name of a file")
        if path.exists() and not path.is_file():
            raise InputError(call, argument, str(path), "a file, no folder, pipe or device")
        if path.exists() and not force:
            raise InputError(call, argument, str(path), "a new file", "Add --force to replace it.")
        if not path.parent.is_dir():
            raise InputError(call, argument, str(path), "a file that can be written, in an existing folder")
    except OSError as error:  # such as a name that is too long
        raise cannot_write(path, error, call, argument) from error


@contextmanager
def replacing(path: Path, call: str = "write", argument: str = "--output") -> Iterator[Path]:
    """A hidden file beside `path` to write to; it takes the place of `path` at the end, or goes when anything fails.

    Only a killed process leaves it behind: every reader of this package passes over hidden files. Raises InputError.
    """
    temporary = path.with_name(f".{path.name[:80]}.{secrets.token_hex(6)}")
    try:
        yield temporary
        with temporary.open("rb+") as written:
            os.fsync(written.fileno())  # before the old file goes
        if path.exists():
            temporary.chmod(path.stat().st_mode & 0o777)
        temporary.replace(path)
    except OSError as error:
        raise cannot_write(path, error, call, argument) from error
    finally:
        temporary.unlink(missing_ok=True)


def write_whole(path: Path, content: str | bytes, call: str = "write", argument: str = "--output") -> None:
    """Write a file in place of any old one. Raises InputError when that cannot be; see `replacing`."""
    with replacing(path, call, argument) as temporary:
        temporary.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)


def cannot_write(path: Path, error: OSError, call: str, argument: str) -> InputError:
    """The error of a file or folder that the system refuses to write, with its reason."""
    return InputError(call, argument, str(path), f"a place that can be written ({error.strerror or error})")
