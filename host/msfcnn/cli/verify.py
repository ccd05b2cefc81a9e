"""`msfcnn verify`: generated code, reference and onnxruntime against each other.

The C code is compiled for this computer and must give the reference's bytes, op by op. The
reference in turn may differ from onnxruntime, which rounds in float, by one step of int8 an op.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import msfcnn
from msfcnn.cli.dataset_text import dataset_blocks
from msfcnn.cli.generate import add_plan_options, options_of
from msfcnn.cli.parser import Outcome, Subparsers, add_model, new_verb
from msfcnn.cli.preprocessing import add_picture_options, given_of
from msfcnn.errors import SUCCESS, MismatchError, Problem, UsageError
from msfcnn.files import existing_file, existing_path
from msfcnn.render import Block, Column, Facts, Table, progress_bars
from msfcnn.report import to_data
from msfcnn.sizes import format_size

if TYPE_CHECKING:
    from msfcnn.report import OpCheck, TfliteCheck, Verification

NAME = "verify"


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb to the command line."""
    parser = new_verb(
        subparsers,
        NAME,
        run,
        "compare the generated code with the reference and onnxruntime",
        "msfcnn verify apps/digits/digits.onnx\nmsfcnn verify model.onnx --images images.npz",
        "Exit code 4 means that they do not agree.",
    )
    add_model(parser)
    parser.add_argument(
        "--images",
        metavar="FILE.npz",
        type=existing_file,
        help="images to run (default: random ones)",
    )
    parser.add_argument(
        "--dataset",
        metavar="DIR|FILE",
        type=existing_path,
        help="classify these images as well, by onnxruntime and by C code: pictures (made "
        "inputs as NAME.preprocess.yaml beside the model says), an .npz or an .npy file",
    )
    parser.add_argument(
        "--float",
        dest="float_model",
        metavar="FILE",
        type=existing_file,
        help="with --dataset: the float network that the model was made from, to compare with",
    )
    add_picture_options(parser)
    add_plan_options(parser)


def run(args: argparse.Namespace) -> Outcome:
    """Generate, compile, run and compare; with --dataset classify those images, too.

    Only the first comparison decides the exit code: accuracy is for people to judge.
    """
    if args.float_model and not args.dataset:
        hint = "name a directory of pictures or an .npz file"
        raise UsageError(Problem("--float", "is for --dataset, which is missing", hint))
    found = msfcnn.verify(args.model, options_of(args), args.images)
    data = _data(found)
    blocks: tuple[Block, ...] = (_table(found), _facts(found))
    if args.dataset:
        with progress_bars() as bars:
            classified = msfcnn.evaluate(
                args.model,
                args.dataset,
                options_of(args),
                float_model=args.float_model,
                preprocessing=given_of(args),
                watch=bars,
            )
        data["dataset"] = to_data(classified)
        blocks += dataset_blocks(classified)
    agrees = found.first_mismatch is None
    return Outcome(data, blocks, SUCCESS if agrees else MismatchError.exit_code)


def _data(found: Verification) -> dict[str, object]:
    """As JSON: *_lsb are largest differences in steps of int8, *_differs shares of the values.

    c_differs is a number of values; a figure is null where an op was not compared.
    """
    mismatch = found.first_mismatch
    return {
        "agrees": mismatch is None,
        "first_mismatch": mismatch.node if mismatch else None,
        "images": found.images,
        "peak_ram": found.peak_ram,
        "arena_untouched": found.arena_untouched,
        "outputs_lsb": found.outputs_lsb,
        "accuracy": found.accuracy,
        "layers": [
            {
                "node": op.node,
                "op": op.op,
                "tensor": op.tensor,
                "c_differs": op.c_differs,
                "oracle_lsb": op.oracle_lsb,
                "oracle_differs": op.oracle_differs,
                "tflite_lsb": op.tflite_lsb,
                "tflite_differs": op.tflite_differs,
                "agrees": op.agrees,
            }
            for op in found.ops
        ],
        "tflite": None if found.tflite is None else _tflite_data(found.tflite),
    }


def _tflite_data(found: TfliteCheck) -> dict[str, object]:
    """runtime is None where nothing was compared; reason says why."""
    return {
        "runtime": found.runtime or None,
        "reason": found.reason or None,
        "outputs_lsb": found.outputs_lsb if found.runtime else None,
    }


def _table(found: Verification) -> Table:
    more = (Column("TFLite, LSB", right=True), Column("differing", right=True))
    with_tflite = found.tflite is not None and bool(found.tflite.runtime)
    return Table(
        columns=(
            Column("node", wraps=True),
            Column("op"),
            Column("C differs", right=True),
            Column("onnxruntime, LSB", right=True),
            Column("differing values", right=True),
            *(more if with_tflite else ()),
            Column(""),
        ),
        rows=tuple(_row(op, with_tflite) for op in found.ops),
    )


def _row(op: OpCheck, with_tflite: bool) -> tuple[str, ...]:
    """An op's row: bytes where C differs, and its distance from the other implementations."""
    cells = _judged(op.oracle_lsb, op.oracle_differs)
    if with_tflite:
        cells += _judged(op.tflite_lsb, op.tflite_differs)
    return (op.node, op.op, str(op.c_differs), *cells, "" if op.agrees else "MISMATCH")


def _judged(lsb: int | None, differs: float) -> tuple[str, ...]:
    """Largest difference and share of differing values; dashes where nothing was compared."""
    return ("-", "-") if lsb is None else (str(lsb), f"{differs:.2%}")


def _facts(found: Verification) -> Facts:
    mismatch = found.first_mismatch
    pairs = [
        ("verdict", f"MISMATCH, first at {mismatch.node}" if mismatch else "agrees"),
        ("images", str(found.images)),
        ("peak RAM", f"{format_size(found.peak_ram)} bytes"),
        ("unused arena", f"{format_size(found.arena_untouched)} bytes"),
        ("whole network", f"at most {found.outputs_lsb} LSB from onnxruntime"),
    ]
    if found.tflite is not None:
        pairs.append(("TFLite", _tflite_words(found.tflite)))
    if found.accuracy is not None:
        pairs.append(("accuracy", f"{found.accuracy:.2%}"))
    return Facts(tuple(pairs))


def _tflite_words(found: TfliteCheck) -> str:
    if not found.runtime:
        return f"not compared: {found.reason}"
    return f"at most {found.outputs_lsb} LSB from {found.runtime}, which rounds twice"
