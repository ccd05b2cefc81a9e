"""How a data set came out, as tables; for `verify --dataset` and `report --dataset`.

A way is one of those that classify the same images: the C code, onnxruntime, the float network.
"""

from __future__ import annotations

import math

from msfcnn.render import Block, Column, Facts, Table
from msfcnn.report import DatasetReport

MOST_COLUMNS = 24  # classes that a confusion matrix shows on a terminal


def dataset_blocks(found: DatasetReport) -> tuple[Block, ...]:
    """The ways side by side, then the confusion matrix of the C code."""
    facts = [("data set", f"{found.images} images, {found.labelled} labelled")]
    facts += [("note", note) for note in found.notes]
    columns = (
        Column("on the data set"),
        Column("accuracy", right=True),
        Column("same class as C", right=True),
        Column("difference from C", right=True),
    )
    rows = tuple(
        (way.name, _share(way.accuracy), _share(way.as_c), _difference(way.error))
        for way in found.ways
    )
    blocks: tuple[Block, ...] = (Table(columns, rows), Facts(tuple(facts)))
    return (*blocks, _confusion(found)) if found.confusion else blocks


def _confusion(found: DatasetReport) -> Block:
    """The matrix, or the worst mistakes where it would be too wide for a terminal."""
    names = found.classes
    if len(names) > MOST_COLUMNS:
        return _mistakes(found)
    columns = (Column("C code: true class", wraps=True), *(Column(n, right=True) for n in names))
    rows = zip(names, found.confusion, strict=True)
    return Table(columns, tuple((name, *(str(n) if n else "." for n in row)) for name, row in rows))


def _mistakes(found: DatasetReport) -> Block:
    """Of many classes only the most frequent mistakes."""
    every = [
        (count, found.classes[true], found.classes[guess])
        for true, row in enumerate(found.confusion)
        for guess, count in enumerate(row)
        if count and true != guess
    ]
    columns = (Column("true class"), Column("C code says"), Column("images", right=True))
    ranked = sorted(every, key=lambda mistake: -mistake[0])[:MOST_COLUMNS]
    return Table(columns, tuple((true, guess, str(count)) for count, true, guess in ranked))


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.2%}"


def _difference(value: float) -> str:
    return f"{value:.2%}" if math.isfinite(value) else "other outputs"
