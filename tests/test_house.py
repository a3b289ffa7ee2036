"""The folder listing is the architecture: packaging, imports and environments agree with it."""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.resources
import json
import re
import shlex
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
ROOMS = ["analysis", "io", "workspace", "plots", "widgets", "guides", "reports", "dialogue", "app"]
ROOMS += ["cli"]


def test_every_folder_of_the_package_is_listed_in_pyproject():
    folders = {
        ".".join(("scalebridge", *init.parent.relative_to(ROOT / "src").parts))
        for init in (ROOT / "src").rglob("__init__.py")
    }
    folders.add("scalebridge.templates")
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == folders


def test_the_lab_opens_where_tutorials_and_templates_are():
    planned = subprocess.run(
        ["make", "-n", "lab"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    command = next(line for line in planned.splitlines() if "jupyter lab" in line)
    folders = [word for word in shlex.split(command)[2:] if not word.startswith("-")]
    root = ROOT.joinpath(*folders)  # a folder that is given would be the whole tree
    assert (root / "templates" / "10_survey.ipynb").is_file()
    assert (root / "notebooks" / "01_your_own_data.ipynb").is_file()


def imported_rooms(path: Path) -> set[str]:
    depth = len(path.relative_to(ROOT / "src").parts)
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level == depth:
            names = [node.module] if node.module else [alias.name for alias in node.names]
            found |= {name.split(".")[0] for name in names if name}
        elif isinstance(node, ast.Import):
            assert not any(alias.name.startswith("scalebridge") for alias in node.names), path
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_imports_between_rooms_run_one_way(room):
    place = ROOT / "src" / room
    files = sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]
    assert files
    later = set(ROOMS[ROOMS.index(room) + 1 :])
    offences = {str(file.relative_to(ROOT)): imported_rooms(file) & later for file in files}
    assert not {file: rooms for file, rooms in offences.items() if rooms}


@pytest.mark.parametrize("package", ["", "plots", "io", "widgets", "reports", "app"])
def test_no_file_of_a_lazy_package_has_the_name_of_what_it_exports(package):
    """Importing the file would put the module in the place of the function."""
    place = ROOT / "src" / package
    exported = set(importlib.import_module(f"scalebridge.{package}".rstrip("."))._HOMES)
    assert exported
    assert not exported & {path.stem for path in place.iterdir()}


def test_analysis_knows_no_file_database_or_jupyter():
    forbidden = {"sqlalchemy", "zarr", "ipywidgets", "IPython", "holoviews", "h5py", "tifffile"}
    for file in (ROOT / "src" / "analysis").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                names = {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = {(node.module or "").split(".")[0]}
            else:
                continue
            assert not names & forbidden, f"{file} imports {names & forbidden}"


def test_nothing_that_a_file_can_reach_uses_pickle_eval_or_a_shell():
    pattern = re.compile(r"\bimport pickle\b|\byaml\.load\(|(?<![\w.])eval\(|shell=True|0\.0\.0\.0")
    offences = [
        f"{file.relative_to(ROOT)}: {match.group()}"
        for file in (ROOT / "src").rglob("*.py")
        for match in pattern.finditer(file.read_text())
    ]
    assert not offences


def test_templates_are_found_through_the_installed_package():
    names = {entry.name for entry in importlib.resources.files("scalebridge.templates").iterdir()}
    assert {
        "10_survey.ipynb",
        "20_registration.ipynb",
        "30_targeting.ipynb",
        "40_quantification.ipynb",
    } <= names


def test_the_wheel_holds_every_module_and_template(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", tmp_path, ROOT], check=True
    )
    (wheel,) = tmp_path.glob("*.whl")
    inside = set(zipfile.ZipFile(wheel).namelist())
    modules = {
        f"scalebridge/{path.relative_to(ROOT / 'src').as_posix()}"
        for path in (ROOT / "src").rglob("*")
        if path.suffix in {".py", ".css", ".js", ".html"}
        and not {"__pycache__", "js"} & set(path.parts)
    }
    templates = {f"scalebridge/templates/{path.name}" for path in ROOT.glob("templates/*.ipynb")}
    assert modules | templates <= inside


def test_the_environments_bring_the_same_package():
    import yaml

    for name in ("environment.yml", "binder/environment.yml"):
        environment = yaml.safe_load((ROOT / name).read_text())
        plain = [entry for entry in environment["dependencies"] if isinstance(entry, str)]
        python = next(entry for entry in plain if entry.startswith("python"))
        assert python.removeprefix("python").strip() == PROJECT["project"]["requires-python"]
        assert {entry.split()[0] for entry in plain} == {"python", "pip"}, (
            "declare once, in pyproject"
        )
    assert "pip:" in (ROOT / "environment.yml").read_text()
    assert "pip install" in (ROOT / "binder/postBuild").read_text()


def test_what_is_locked_runs_on_the_first_release_of_this_python():
    """Systems ship 3.11.2 for years: a package that wants 3.11.5 would stop every command."""
    first = f"{sys.version_info.major}.{sys.version_info.minor}.0"
    lock = ROOT / f"requirements/py{first[:-2].replace('.', '')}.lock"
    for line in lock.read_text().split():
        name, _, version = line.partition("==")
        known = importlib.metadata.distribution(name)
        if known.version == version:
            # not [...]: where some package has loaded a newer importlib.metadata, that raises
            needed = known.metadata.get("Requires-Python") or ""
            assert SpecifierSet(needed).contains(first), f"{line} needs Python {needed}"


@pytest.mark.parametrize("version", ["311", "312", "313"])
def test_the_locks_pin_every_dependency_and_hold_no_address(version):
    lines = (ROOT / f"requirements/py{version}.lock").read_text().split()
    pinned = {line.split("==")[0].replace("_", "-") for line in lines}
    extras = PROJECT["project"]["optional-dependencies"]
    declared = PROJECT["project"]["dependencies"] + extras["test"] + extras["formats"]
    names = {re.split(r"[<>=\[ ;]", entry)[0].lower().replace("_", "-") for entry in declared}
    assert names <= pinned
    assert all(re.fullmatch(r"[\w.-]+==[\w.!+-]+", line) for line in lines)


def test_notebooks_are_committed_without_outputs():
    for path in [*ROOT.glob("templates/*.ipynb"), *ROOT.glob("notebooks/*.ipynb")]:
        for cell in json.loads(path.read_text())["cells"]:
            assert not cell.get("outputs"), f"{path.name} holds outputs: run nbstripout"


def test_importing_the_package_loads_nothing_heavy():
    code = "import scalebridge, sys; print(*sorted(m.split('.')[0] for m in sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"numpy", "pandas", "zarr", "sqlalchemy", "holoviews", "skimage"} & set(loaded)


def test_src_is_not_a_package_name():
    result = subprocess.run(
        [sys.executable, "-c", "import src"], capture_output=True, text=True, cwd=ROOT
    )
    assert "import scalebridge, not src" in result.stderr
