"""The registry of ops: each has all its facts, and its sample computes what its facts promise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from msfcnn.ir import FACTS, Model, Op, Reads
from msfcnn.isa import ISAS, choose
from msfcnn.nodes import Importer
from msfcnn.ops import IMPORTERS, OPS, Sketch, check, draw_conv
from msfcnn.optimize.ranges import ranges
from msfcnn.reference import execute


def stub(without: str | None = None) -> type[Op]:
    """A class with all facts but one."""

    def fact(*args: Any) -> None:
        """Is there; nobody calls it."""

    return type("Stub", (Op,), {name: fact for name in FACTS if name != without})


@pytest.mark.parametrize("fact", FACTS)
def test_an_op_that_lacks_a_fact_is_refused_by_its_name(fact: str) -> None:
    check(stub())
    with pytest.raises(TypeError, match=rf"the op Stub lacks {fact} \({FACTS[fact][:10]}"):
        check(stub(without=fact))


def test_every_op_has_all_facts_and_an_importer() -> None:
    for op in OPS:
        check(op)
        assert op.importers
        assert all(isinstance(i, Importer) for i in op.importers)


def test_an_operator_is_imported_in_one_place() -> None:
    kinds = [importer.kind for importer in IMPORTERS]
    assert len(kinds) == len(set(kinds))


def sample(op: type[Op]) -> Model:
    net = Sketch((7, 10, 3))
    draw_conv(net, 12, 1)
    op.sample(net)
    return net.model("sample")


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.__name__)
def test_a_sample_stays_within_its_ranges_and_its_calls_cover_the_output(op: type[Op]) -> None:
    model = sample(op)
    assert any(isinstance(o, op) for o in model.ops)
    images = np.random.default_rng(1).integers(-128, 128, (2, 7, 10, 3)).astype(np.int8)
    values = execute(model, images)
    for tensor, found in zip(values, ranges(model), strict=True):
        assert (tensor >= found.low).all()
        assert (tensor <= found.high).all()
    for o in model.ops:
        calls, target = o.calls(model), model.tensors[o.output].shape
        assert o.view == (not calls)
        assert sum(c.target[2] for c in calls) in (0, target[2])
        assert all(c.target[:2] == target[:2] for c in calls)
        for c in calls:
            assert set(c.inputs) <= set(o.inputs)
            assert c.reads is not Reads.LOAD
            for isa in ISAS:
                chosen = choose(model, o, c, isa)
                assert chosen.first.name.startswith("msfcnn_")
