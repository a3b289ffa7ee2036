"""RO-Crate 1.1 metadata: what a bundle is, whose, of when, made with what, and its files."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from ...errors import RefusedBundle
from .names import BUNDLE, CRATE, RECORDS

_CONTEXT = ["https://w3id.org/ro/crate/1.1/context", {"sha256": "https://schema.org/sha256"}]
_ZARR = {"@id": "https://ngff.openmicroscopy.org/0.5/"}
_LICENSE = "#no-licence-stated"
_KINDS = {
    "json": "application/json",
    "jsonl": "application/jsonl",
    "ipynb": "application/x-ipynb+json",
}


@dataclass(frozen=True)
class Member:
    """One file of a bundle.

    Attributes
    ----------
    path : str
    size : int
        Bytes.
    sha256 : str
    """

    path: str
    size: int
    sha256: str


def crate_text(
    *,
    title: str,
    description: str,
    people: Sequence[str],
    software: Sequence[str],
    begun: str,
    ended: str,
    images: Mapping[str, str],
    members: Sequence[Member],
    license: str | None,
) -> str:
    """Write ``ro-crate-metadata.json``.

    Parameters
    ----------
    title, description : str
    people, software : sequence of str
        Who wrote records, and with which programs.
    begun, ended : str
        Of the first and last record, ISO 8601.
    images : mapping of str to str
        Folder of each image in the bundle, and its name.
    members : sequence of Member
    license : str or None
        An address, or words.
    """
    authors = [_entity("Person", f"#person-{_slug(name)}", name=name) for name in people]
    programs = [
        _entity("SoftwareApplication", f"#software-{_slug(one)}", name=one, softwareVersion=one)
        for one in software
    ]
    folders = [_image_folder(folder, name, members) for folder, name in images.items()]
    alone = [one for one in members if not one.path.startswith("images/")]
    root: dict[str, Any] = {
        "@id": "./",
        "@type": "Dataset",
        "name": title,
        "description": description,
        "author": _one_or_more(_links(authors)),
        "dateCreated": begun,
        "dateModified": ended,
        "datePublished": ended,
        "license": {"@id": license if license and "://" in license else _LICENSE},
        "hasPart": _one_or_more([*_links(folders), *({"@id": quote(one.path)} for one in alone)]),
    }
    action = _entity(
        "CreateAction",
        "#written",
        name="images, decisions and measurements were recorded",
        agent=_one_or_more(_links(authors)),
        instrument=_one_or_more(_links(programs)),
        result={"@id": "./"},
        endTime=ended,
    )
    graph = [
        {
            "@id": CRATE,
            "@type": "CreativeWork",
            "about": {"@id": "./"},
            "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
        },
        root,
        _license(license),
        *authors,
        *programs,
        action,
        *folders,
        *(_file(one) for one in members),
    ]
    document = {"@context": _CONTEXT, "@graph": graph}
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def read_members(text: str) -> dict[str, Member]:
    """Read the files that the metadata list, by path.

    Raises
    ------
    RefusedBundle
    """
    try:
        graph = json.loads(text)["@graph"]
        files = [entity for entity in graph if entity["@type"] == "File"]
        members = [
            Member(unquote(one["@id"]), int(one["contentSize"]), str(one["sha256"]))
            for one in files
        ]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise RefusedBundle(
            f"expected RO-Crate metadata with contentSize and sha256 of every file in {CRATE}, got "
            f"others ({type(error).__name__}: {error}): ask for a bundle that Scalebridge wrote"
        ) from error
    return {one.path: one for one in members}


def _entity(kind: str, identity: str, **more: Any) -> dict[str, Any]:
    return {"@id": identity, "@type": kind, **more}


def _links(entities: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    return [{"@id": one["@id"]} for one in entities]


def _one_or_more(links: list[dict[str, str]]) -> Any:
    """A single value stands without a list, as RO-Crate recommends."""
    return links[0] if len(links) == 1 else links


def _image_folder(folder: str, name: str, members: Sequence[Member]) -> dict[str, Any]:
    parts = [{"@id": quote(one.path)} for one in members if one.path.startswith(folder)]
    return _entity("Dataset", folder, name=name, conformsTo=_ZARR, hasPart=_one_or_more(parts))


def _file(member: Member) -> dict[str, Any]:
    ending = member.path.rpartition(".")[2]
    words = {RECORDS: "every version of every record, a line each", BUNDLE: "what this bundle is"}
    return _entity(
        "File",
        quote(member.path),
        name=words.get(member.path, member.path.rpartition("/")[2]),
        encodingFormat=_KINDS.get(ending, "application/octet-stream"),
        contentSize=str(member.size),
        sha256=member.sha256,
    )


def _license(license: str | None) -> dict[str, Any]:
    if license and "://" in license:
        return _entity("CreativeWork", license, name=license)
    words = license or "No licence is stated: ask the authors before you use it"
    return _entity("CreativeWork", _LICENSE, name=words, description=words)


def _slug(text: str) -> str:
    return quote(re.sub(r"\s+", "-", text.strip()), safe="")
