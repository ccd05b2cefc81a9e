"""`msfcnn quantize`: a float network to int8 QDQ, and what that costs in accuracy."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from msfcnn.cli.parser import Outcome, Subparsers, add_model, new_verb
from msfcnn.cli.preprocessing import add_preprocessing_options, dimensions, given_of
from msfcnn.cli.quantize_text import blocks, data
from msfcnn.errors import Problem, UsageError
from msfcnn.files import existing_path, write_all_at
from msfcnn.render.bars import progress_bars

if TYPE_CHECKING:
    from msfcnn.dataset import Loaded
    from msfcnn.quantizer import Quantized

NAME = "quantize"
METHODS = ("minmax", "percentile", "entropy", "mse", "best")
MOST_PICTURES = 500  # of a directory; more say nothing new about ranges


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb to the command line."""
    parser = new_verb(
        subparsers,
        NAME,
        run,
        "quantize a float network to int8",
        "msfcnn quantize float.onnx --calib images.npz -o int8.onnx\n"
        "msfcnn quantize float.onnx --calib photos/ --mean 0.485,0.456,0.406 "
        "--std 0.229,0.224,0.225 -o int8.onnx",
        "Ranges are measured on calibration images: a directory of PNG, JPEG or BMP files\n"
        "(subdirectories are classes), or an .npz or .npy file: x holds real numbers in the\n"
        "shape of the input, or pixels (uint8); labels or y the class of each image.",
    )
    add_model(parser, "float ONNX or TFLite file")
    parser.add_argument(
        "--calib",
        metavar="DIR|FILE",
        type=existing_path,
        required=True,
        help="images like those that the network will see",
    )
    parser.add_argument(
        "-o", "--out", metavar="FILE", type=Path, required=True, help="the ONNX file to write"
    )
    parser.add_argument(
        "--method",
        choices=METHODS,
        default="minmax",
        help="how ranges follow from values (default: minmax); best tries all, with and without "
        "corrected biases, and keeps what is closest on images it does not calibrate with",
    )
    parser.add_argument(
        "--correct-biases",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="make up in the biases for what rounding weights shifts (default: if best says so)",
    )
    parser.add_argument(
        "--dataset",
        metavar="DIR|FILE",
        type=existing_path,
        help="other images to compare int8 with float on (default: some of --calib)",
    )
    parser.add_argument(
        "--keep-end",
        action="store_true",
        help="keep operators at the end that msfcnn does not run (an ArgMax, say)",
    )
    add_preprocessing_options(parser)


def run(args: argparse.Namespace) -> Outcome:
    """Quantize, compare and write."""
    from msfcnn.dataset import load_samples, preprocessing_file
    from msfcnn.quantizer import QuantizeOptions, Samples, input_shape, quantize

    if args.out.is_dir():
        hint = "give the name of a file in that directory"
        raise UsageError(Problem(str(args.out), "is a directory", hint))
    sizes = dimensions(args)
    shape = input_shape(args.model, sizes)
    given = given_of(args)
    calibration = load_samples(args.calib, shape, given, MOST_PICTURES)
    dataset = load_samples(args.dataset, shape, given) if args.dataset else None
    options = QuantizeOptions(
        method=args.method,
        correct_biases=args.correct_biases,
        sizes=sizes,
        cut=not args.keep_end,
    )
    with progress_bars() as bars:
        done = quantize(
            args.model,
            Samples(calibration.images, calibration.labels),
            options,
            Samples(dataset.images, dataset.labels) if dataset else None,
            bars,
        )
    written = {args.out: done.model.SerializeToString()}
    companion = _preprocessing_text(calibration, done)
    if companion:
        written[preprocessing_file(args.out)] = companion
    write_all_at(written)
    notes = (*calibration.notes, *(dataset.notes if dataset else ()), *done.notes)
    return Outcome(data(done, tuple(written), notes), blocks(done, tuple(written), notes))


def _preprocessing_text(calibration: Loaded, done: Quantized) -> bytes | None:
    """What is kept beside the model; None where the images came as real numbers."""
    from dataclasses import replace

    if calibration.preprocessing is None:
        return None
    kept = replace(calibration.preprocessing, scale=done.scale, zero_point=done.zero_point)
    return kept.to_yaml().encode()
