"""`msfcnn quantize`: a float network to int8 QDQ, and what that costs in accuracy.

msfcnn.quantizer does it. Written are the ONNX file and, if pictures were used, NAME.preprocess.yaml
beside it, which verify, report and the generated code read later.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import msfcnn
from msfcnn.cli.parser import Outcome, Subparsers, add_model, new_verb
from msfcnn.cli.preprocessing import add_preprocessing_options, dimensions, given_of
from msfcnn.cli.quantize_text import blocks, data
from msfcnn.files import existing_path
from msfcnn.render import progress_bars

NAME = "quantize"
METHODS = ("minmax", "percentile", "entropy", "mse", "best")


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
        "Ranges are measured on calibration images: a directory of PNG, JPEG, BMP, WebP,\n"
        "TIFF or GIF files (subdirectories are classes), or an .npz or .npy file: x holds real\n"
        "numbers in the shape of the input, or pixels (uint8); labels or y the class of each\n"
        "image. A network with several inputs takes an .npz file with an array for each, called\n"
        "as the input.",
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
    """Quantize, compare and write.

    A result that msfcnn cannot run is written all the same, with a warning: the operators that it
    lacks may be cut off or replaced. Nothing is written where an error is raised.
    """
    with progress_bars() as bars:
        done = msfcnn.quantize(
            args.model,
            args.calib,
            args.out,
            method=args.method,
            correct_biases=args.correct_biases,
            cut=not args.keep_end,
            dataset=args.dataset,
            sizes=dimensions(args),
            preprocessing=given_of(args),
            watch=bars,
        )
    return Outcome(data(done), blocks(done))
