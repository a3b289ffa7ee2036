"""The pages say what the code says: traits, methods, keys, messages, links and examples."""

from __future__ import annotations

import doctest
import inspect
import re
from pathlib import Path
from typing import Any

import pytest
import traitlets

from scalebridge import widgets
from scalebridge.widgets.camera import Camera
from scalebridge.widgets.gestures import _OF_LAYERS, _SETTABLE
from scalebridge.widgets.scene3d import CameraTrait
from scalebridge.widgets.state import PositionTrait

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = DOCS / "widgets"
GUIDES = ("coverage", "registration", "targeting", "image_quality")
TASKS = range(10, 37)  # what users do, as the page of coverage counts it
DOCUMENTED = {
    "slice-explorer": ("SliceExplorer", "Layer"),
    "landmark-picker": ("LandmarkPicker",),
    "surface-picker": ("SurfacePicker",),
    "segmentation-sliders": ("SegmentationSliders",),
    "trainable-segmentation": ("TrainableSegmentation",),
    "target-picker": ("TargetPicker",),
    "series-explorer": ("SeriesExplorer",),
    "size-brush": ("SizeBrush",),
    "scene": ("Scene", "Volume", "LabelSurfaces"),
}
# What the class is given when it is made, from the images and the workspace.
MADE = {
    "SliceExplorer": {
        "frame": "of the first image",
        "layers": "one an image",
        "cursor_um": "middle of the smallest image",
        "centre_um": "middle of everything",
        "width_um": "shows everything",
        "across": "`(0, 0, 1)`",
        "down": "`(0, 1, 0)`",
        "aspect": "of the images",
        "world": "of the images",
    },
    "Layer": {"image": "given", "name": "the image's", "widths_um": "`(None, None)`"},
    "LandmarkPicker": {"moving": "given", "fixed": "given"},
    "SurfacePicker": {
        "moving": "given",
        "fixed": "given",
        "segmentation": "the one tagged",
        "stage_tilt_deg": "as the file says",
        "tilt_deg": "as the file says",
    },
    "SegmentationSliders": {
        "image": "given",
        "connectivity": "`6`, in 2D `4`",
        "length_unit": "`um`, uncalibrated `px`",
        "window": "25 voxels wide",
    },
    "TrainableSegmentation": {
        "image": "given",
        "phases": "two of them",
        "scales_um": "1, 2, 4, 8 voxels",
        "features": "all",
    },
    "TargetPicker": {"frame": "given"},
    "SizeBrush": {"image": "given"},
    "Volume": {"image": "given"},
    "LabelSurfaces": {"source": "given"},
}
PANEL = ("live.py", "gestures.py", "refining.py")
KINDS = {
    traitlets.Bool: "yes or no",
    traitlets.Int: "whole number",
    traitlets.Float: "number",
    traitlets.Unicode: "text",
    traitlets.Tuple: "tuple",
    traitlets.Dict: "dict",
    traitlets.Instance: "object",
    PositionTrait: "position",
    CameraTrait: "camera, or name of a view",
}
CLASSES = [(page, name) for page, names in DOCUMENTED.items() for name in names]


def page_of(name: str) -> str:
    return (PAGES / f"{name}.md").read_text(encoding="utf-8")


def kind_of(trait: Any) -> str:
    if isinstance(trait, traitlets.Enum):
        return ", ".join(f"`{value}`" for value in trait.values)
    if isinstance(trait, traitlets.Union):
        return " or ".join(kind_of(part) for part in trait.trait_types)
    words = next(word for kind, word in KINDS.items() if isinstance(trait, kind))
    if trait.allow_none:
        words += " or None"
    return f"{words}, read only" if trait.read_only else words


def default_of(owner: str, trait: Any) -> str:
    if trait.name in MADE.get(owner, {}):
        return MADE[owner][trait.name]
    value = trait.default_value
    if isinstance(trait, CameraTrait):
        return "`corner`" if value == Camera() else str(value)
    if value is traitlets.Undefined or value in ("", (), {}):
        return "empty"
    return f"`{value}`"


def trait_row(owner: str, trait: Any) -> str:
    """The line of the page's table that this trait needs."""
    found = re.search(r"\[(.+?)\]", trait.help)
    unit = found.group(1) if found else "–"
    cells = (f"`{trait.name}`", kind_of(trait), unit, default_of(owner, trait), trait.help)
    return f"| {' | '.join(cells)} |"


def trait_rows(name: str) -> list[str]:
    owner = getattr(widgets, name)
    return [trait_row(name, t) for key, t in owner.class_traits().items() if key[0] != "_"]


@pytest.mark.parametrize(("page", "name"), CLASSES)
def test_every_trait_stands_in_its_page_as_the_code_has_it(page: str, name: str) -> None:
    lines = page_of(page).splitlines()
    missing = [row for row in trait_rows(name) if row not in lines]
    assert not missing, f"docs/widgets/{page}.md needs these lines:\n" + "\n".join(missing)


@pytest.mark.parametrize(("page", "name"), CLASSES)
def test_a_page_names_no_trait_that_is_gone(page: str, name: str) -> None:
    tables = re.findall(r"^\| `(\w+)` \|[^|]+\|[^|]+\|[^|]+\|[^|]+\|$", page_of(page), re.M)
    known = {key for one in DOCUMENTED[page] for key in getattr(widgets, one).class_traits()}
    assert tables
    assert set(tables) <= known


@pytest.mark.parametrize(("page", "name"), CLASSES)
def test_every_method_stands_in_its_page(page: str, name: str) -> None:
    owner, text = getattr(widgets, name), page_of(page)
    methods = {
        key
        for key, _ in inspect.getmembers(owner, callable)
        if key[0] != "_" and not hasattr(traitlets.HasTraits, key)
    }
    shared = {"view", "offline", "snapshot"}  # of every widget: on the page of pages
    missing = sorted(key for key in methods - shared if f"`{key}(" not in text)
    assert not missing


def test_every_key_stands_in_the_explorers_page() -> None:
    words = (ROOT / "src" / "widgets" / "js" / "words.js").read_text(encoding="utf-8")
    listed = words.split("KEYS")[1].split("];")[0]
    keys = re.findall(r'^  \["([^"]+)", "([^"]+)"(?:, "[^"]+")?\],$', listed, re.M)
    lines = page_of("slice-explorer").splitlines()
    assert len(keys) > 8
    assert not [row for key, what in keys if (row := f"| {key} | {what} |") not in lines]


def test_every_message_of_a_panel_stands_in_its_page() -> None:
    folder, text = ROOT / "src" / "widgets", page_of("panel-messages")
    code = {name: (folder / name).read_text(encoding="utf-8") for name in PANEL}
    heard = set(re.findall(r'^ {12}"(\w+)": lambda', code["live.py"], re.M))
    told = {kind for each in code.values() for kind in re.findall(r'"kind": "(\w+)"', each)}
    done = set(re.findall(r'what == "(\w+)"', code["gestures.py"]))
    done |= {
        name
        for names in re.findall(r"what in \((.+?)\)", code["gestures.py"])
        for name in re.findall(r'"(\w+)"', names)
    }
    asked = text.split("## From the kernel")[0]
    assert heard == set(re.findall(r"^\| `(\w+)` \|", asked, re.M))
    assert {"patch", "doing", "rested", "volume", "picture", "dragged", "done", "printed"} == told
    assert not [kind for kind in told if f"| `{kind}` |" not in text]
    words = set(re.findall(r"\w+", text))
    assert {"annotate", "fly", "print"} <= done <= words
    assert not [name for name in (*_OF_LAYERS, *_SETTABLE) if f"`{name}`" not in text]


def test_every_page_is_reached_and_no_link_is_dead() -> None:
    index = page_of("README")
    for page in PAGES.glob("*.md"):
        assert page.name == "README.md" or f"({page.name})" in index
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            if not target.startswith("http"):
                assert (PAGES / target).exists(), (page.name, target)


def guide(name: str) -> str:
    return (DOCS / f"{name}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", GUIDES)
def test_every_link_of_a_guide_leads_somewhere_and_to_what_it_names(name: str) -> None:
    links = re.findall(r"\[([^\]]+)\]\(([^)#]+)\)", guide(name))
    assert links
    for words, target in links:
        if target.startswith("http"):
            continue
        assert (DOCS / target).exists(), (name, target)
        if target.endswith(".py"):
            code = (DOCS / target).read_text(encoding="utf-8")
            named = words.strip("`")
            assert re.search(rf"^ *(?:def|class) {named}\b", code, re.M), (name, words, target)


def test_everything_that_users_do_has_a_place_or_is_said_to_have_none() -> None:
    rows = re.findall(r"^\| (\d+) \| ([^|]+) \| ([^|]+) \| ([^|]*)\|$", guide("coverage"), re.M)
    assert [int(row[0]) for row in rows] == list(TASKS)
    for number, _, where, yet in rows:
        if "](" not in where:
            assert where == "**not yet**", number
            assert yet.strip(), number


def test_the_functions_that_coverage_names_have_an_example_or_are_shown_in_a_guide() -> None:
    guides = "".join(guide(name) for name in GUIDES[1:])
    shown = guides + "".join(p.read_text() for p in PAGES.glob("*.md"))
    for room in ("templates", "notebooks"):
        shown += "".join(page.read_text() for page in (ROOT / room).glob("*.ipynb"))
    for named, target in re.findall(r"\[`(\w+)`\]\(([^)]+\.py)\)", guide("coverage")):
        code = (DOCS / target).read_text(encoding="utf-8")
        body = re.split(rf"^ *(?:def|class) {named}\b", code, flags=re.M)[1]
        own = re.split(r"^ *(?:def|class) ", body, maxsplit=1, flags=re.M)[0]
        assert ">>>" in own or re.search(rf"\b{named}\b", shown), named


@pytest.mark.parametrize("name", GUIDES[1:])
def test_the_examples_of_a_guide_give_what_they_say(name: str) -> None:
    text = re.sub(r"^```.*$", "", guide(name), flags=re.M)
    test = doctest.DocTestParser().get_doctest(text, {}, name, f"docs/{name}.md", 0)
    assert len(test.examples) > 20
    told: list[str] = []
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    doctest.DocTestRunner(optionflags=options).run(test, out=told.append)
    assert not told, "".join(told)


def test_the_example_of_the_page_on_care_gives_what_it_says() -> None:
    text = re.sub(r"^```.*$", "", guide("care"), flags=re.M)
    test = doctest.DocTestParser().get_doctest(text, {}, "care", "docs/care.md", 0)
    told: list[str] = []
    doctest.DocTestRunner().run(test, out=told.append)
    assert len(test.examples) >= 5
    assert not told, "".join(told)


def test_the_readme_names_the_guides() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert not [name for name in GUIDES if f"(docs/{name}.md)" not in readme]
