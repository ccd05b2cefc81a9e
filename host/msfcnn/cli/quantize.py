"""`msfcnn quantize`: a float network to int8 QDQ."""

from __future__ import annotations

import argparse
from pathlib import Path

from msfcnn.cli.parser import Outcome, Subparsers, add_model, new_verb
from msfcnn.files import existing_file, write_atomically
from msfcnn.render import Facts
from msfcnn.sizes import format_size

NAME = "quantize"


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb to the command line."""
    parser = new_verb(
        subparsers,
        NAME,
        run,
        "quantize a float network to int8",
        "msfcnn quantize float.onnx --calib images.npz -o int8.onnx",
    )
    add_model(parser, "float ONNX or TFLite file")
    parser.add_argument(
        "--calib",
        metavar="FILE.npz",
        type=existing_file,
        required=True,
        help="images as the network takes them, to measure the ranges of its tensors",
    )
    parser.add_argument(
        "-o", "--out", metavar="FILE", type=Path, required=True, help="the ONNX file to write"
    )


def run(args: argparse.Namespace) -> Outcome:
    """Quantize and write."""
    from msfcnn.quantizer import load_calibration, quantize

    model = quantize(args.model, load_calibration(args.calib))
    content = model.SerializeToString()
    write_atomically(args.out, content)
    return Outcome(
        {"file": str(args.out), "bytes": len(content)},
        (Facts((("file", str(args.out)), ("size", f"{format_size(len(content))} bytes"))),),
    )
