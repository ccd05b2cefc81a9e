"""What the documentation site takes from outside docs/: pages and files that links lead to.

mkdocs.yml names it. A link to a file of the repository leads to a copy of it below repo/; pages of
the repository (README, CONTRIBUTING, ...) become pages of the site. C's API is its header.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "riot_pkg/msfcnn/doc.md")
HEADER = "riot_pkg/msfcnn/include/msfcnn.h"
_LINK = re.compile(r"(\]\()([^)#:\s]+)((?:#[^)]*)?\))")
_DOXYGEN = re.compile(r"^@(?:defgroup \S+|ingroup +\S+|brief) *", re.MULTILINE)


def on_files(files: Files, config: Any) -> Files:
    """Adds what is linked, and what that links."""
    files.append(File.generated(config, "c-api.md", content=_c_api()))
    pending = [Path("docs") / file.src_uri for file in files.documentation_pages()]
    pending = [page for page in pending if (ROOT / page).is_file()] + [Path(p) for p in PAGES]
    known = set(pending)
    for name in PAGES:
        _add(files, config, name)
    while pending:
        page = pending.pop()
        for target in _targets(page):
            if target in known or target.parts[0] == "docs":
                continue
            known.add(target)
            _add(files, config, target.as_posix())
            pending += [target] if target.suffix == ".md" else []
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Leads links of the repository to where the site has what they name."""
    source = _source(page.file.src_uri)
    here = posixpath.dirname(page.file.src_uri)

    def lead(link: re.Match[str]) -> str:
        target = _resolved(source, link[2])
        if target is None:
            return link[0]
        return f"{link[1]}{posixpath.relpath(_place(target.as_posix()), here or '.')}{link[3]}"

    if source.name == "doc.md":  # Doxygen reads it, too
        markdown = _DOXYGEN.sub("", markdown.replace("@ref ", ""))
        markdown = f"# {markdown}"
    return _LINK.sub(lead, markdown)


def _targets(page: Path) -> Iterator[Path]:
    for link in _LINK.finditer((ROOT / page).read_text(encoding="utf-8")):
        target = _resolved(page, link[2])
        if target is not None:
            yield target


def _resolved(page: Path, link: str) -> Path | None:
    """The file of the repository that a link of a page names; None if there is none."""
    target = Path(posixpath.normpath((page.parent / link).as_posix()))
    if (ROOT / target).is_dir():
        target = target / "README.md"
    return target if (ROOT / target).is_file() else None


def _place(path: str) -> str:
    """Where the site has a file of the repository."""
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    return posixpath.join("repo", *(part.lstrip(".") for part in path.split("/")))


def _source(place: str) -> Path:
    """The file of the repository that the site has at a place."""
    return Path(place.removeprefix("repo/")) if place.startswith("repo/") else Path("docs") / place


def _add(files: Files, config: Any, path: str) -> None:
    place = _place(path)
    if files.get_file_from_path(place) is None:
        files.append(File.generated(config, place, abs_src_path=str(ROOT / path)))


def _c_api() -> str:
    text = (ROOT / HEADER).read_text(encoding="utf-8")
    body = text.split("#pragma once")[1].strip()
    return (
        "# C API\n\nThe header `msfcnn.h`; RIOT's `make doc` and Doxygen read it, too. "
        f"[Tables](../riot_pkg/msfcnn/include/msfcnn/tables.h) are written by `msfcnn generate`.\n"
        f"\n```c\n{body}\n```\n"
    )
