"""What is handed out: wheel and sdist hold the code and the data and nothing else; licences; no way to run data."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib.metadata import distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CODE = re.compile(r"(supplychain|dashboard)/([a-z_]+/)?[a-z_]+\.py|supplychain/py\.typed")
BESIDE = re.compile(
    r"dashboard/assets/[a-z_]+\.(css|js)|supplychain/report/templates/[a-z]+\.(html|css|js)|supplychain/figures/world\.json"
)
DATA = re.compile(r"[a-z_]+\.csv|datapackage\.json")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a wheel and an sdist of the checkout."""
    folder = tmp_path_factory.mktemp("dist")
    line = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def tracked_code() -> set[str]:
    found = {
        path.relative_to(ROOT).as_posix() for top in ("supplychain", "dashboard") for path in (ROOT / top).rglob("*")
    }
    return {name for name in found if (ROOT / name).is_file() and "__pycache__" not in name}


def test_the_wheel_holds_code_and_data_and_nothing_else(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    data = {name.removeprefix("supplychain/_data/") for name in names if name.startswith("supplychain/_data/")}
    code = {name for name in names if not name.startswith("supplychain/_data/")}
    assert data == {path.name for path in (ROOT / "data").iterdir()}
    assert all(DATA.fullmatch(name) for name in data)
    assert code == tracked_code()
    assert not [name for name in code if not CODE.fullmatch(name) and not BESIDE.fullmatch(name)]


def test_the_sdist_holds_what_the_wheel_is_made_from_and_nothing_else(built: Path) -> None:
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        assert all(member.isfile() or member.isdir() for member in tar)  # no links
        names = {member.name.partition("/")[2] for member in tar if member.isfile()}
    data = {f"data/{path.name}" for path in (ROOT / "data").iterdir()}
    texts = {"README.md", "LICENSE", "CITATION.cff", "pyproject.toml", "PKG-INFO"}
    assert names - {".gitignore"} == tracked_code() | data | texts


def test_no_path_of_a_machine_is_in_the_wheel(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            content = archive.read(name)
            assert str(ROOT).encode() not in content, name
            assert not re.search(rb"(?<![\w.])/(home|root|Users|tmp)/\w", content), name


# --- licences ---------------------------------------------------------------------------------------------------------

PERMISSIVE = (
    "MIT", "BSD", "Apache", "ISC", "PSF", "Python Software Foundation", "0BSD", "Zlib", "CC0", "Zope", "ZPL", "HPND",
    "Mozilla Public License", "MPL",
)  # fmt: skip
CHOICE = {  # several licences of which we take the one named
    "pyphen": "Mozilla Public License 1.1",
    "text-unidecode": "Artistic License",
}
DEVELOPMENT = {"pycountry": "LGPL; compared with in a test, never handed out"}
UNSTATED = {"axe-playwright-python": "MIT, by its repository; drives a test"}


def test_every_installed_package_has_a_licence_that_fits() -> None:
    unfit = {}
    for found in distributions():
        about, name = found.metadata, str(found.metadata["Name"])
        stated = [str(about.get("License-Expression") or ""), str(about.get("License") or "").partition("\n")[0]]
        stated += [line for line in about.get_all("Classifier") or [] if line.startswith("License ::")]
        said = " | ".join(line for line in stated if line)
        strict = re.search(r"\b[AL]?GPL|General Public", said) is not None
        known = name in CHOICE or name in DEVELOPMENT or name in UNSTATED
        fits = any(word in said for word in PERMISSIVE) or re.search(r"^Copyright.*", said) is not None
        if (strict or not fits) and not known:
            unfit[name] = said
    assert not unfit


def test_every_dependency_has_its_reason_and_bounds() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    reasons = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    extras = [line for name, lines in project["optional-dependencies"].items() if name != "dev" for line in lines]
    for line in [*project["dependencies"], *extras]:
        name = re.split(r"[<>=\[]", line)[0]
        assert ">=" in line, line
        assert "<" in line, line
        assert re.search(rf"^\|[^|]*\b{re.escape(name)}\b", reasons, re.MULTILINE), f"{name} has no reason"


# --- nothing in the data is run ---------------------------------------------------------------------------------------

NEVER_IMPORTED = {
    "pickle",
    "dill",
    "cloudpickle",
    "shelve",
    "marshal",
    "yaml",
    "imp",
    "ctypes",
    "subprocess",
    "tarfile",
}
NEVER_CALLED = {"eval", "exec", "compile", "__import__", "read_pickle", "to_pickle", "system", "popen", "extractall",
                "read_html", "read_xml", "query"}  # fmt: skip
PLAIN = {"re.compile"}  # a call that only shares the name


@pytest.mark.parametrize("path", sorted(name for name in tracked_code() if name.endswith(".py")))
def test_no_code_is_loaded_from_data(path: str) -> None:
    for node in ast.walk(ast.parse((ROOT / path).read_text("utf-8"))):
        if isinstance(node, ast.Import):
            assert not {alias.name.partition(".")[0] for alias in node.names} & NEVER_IMPORTED
        elif isinstance(node, ast.ImportFrom):
            assert (node.module or "").partition(".")[0] not in NEVER_IMPORTED
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called.rpartition(".")[2] not in NEVER_CALLED or called in PLAIN, f"line {node.lineno}: {called}"
            assert not any(keyword.arg == "shell" for keyword in node.keywords)
