"""From any float ONNX file to the form that is quantized: ONNX in, ONNX out, one file a pass.

The form: float32, one image, opset 13 or later, constants folded into initializers, nodes named, no
batch normalization left where a layer could take it. No pass may change what the network computes,
beyond the rounding of float32. `quantizer.statistics` runs what comes out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import onnx

from msfcnn.errors import ModelError, Problem
from msfcnn.frontend import settle_ceil_modes
from msfcnn.quantizer.graph import EditedGraph
from msfcnn.quantizer.prepare.affine import fold_affine
from msfcnn.quantizer.prepare.bands import split_bands
from msfcnn.quantizer.prepare.dimensions import batches_of, check_one_image, fix_dimensions
from msfcnn.quantizer.prepare.dynamic import undo_dynamic
from msfcnn.quantizer.prepare.exchanged import sink_exchanges
from msfcnn.quantizer.prepare.grouped import join_groups
from msfcnn.quantizer.prepare.layout import move_behind_transposes
from msfcnn.quantizer.prepare.neighbours import spell_out_neighbours
from msfcnn.quantizer.prepare.normal import name_nodes, to_normal_form
from msfcnn.quantizer.prepare.opset import current_opset, with_gelu
from msfcnn.quantizer.prepare.padding import number_paddings, pad_in_pools
from msfcnn.quantizer.prepare.parallel import merge_parallel
from msfcnn.quantizer.prepare.parts import spell_out_parts
from msfcnn.quantizer.prepare.patterns import restore_activations
from msfcnn.quantizer.prepare.precision import dequantize_constants, to_float32
from msfcnn.quantizer.prepare.products import spell_out_products
from msfcnn.quantizer.prepare.quotients import spell_out_quotients
from msfcnn.quantizer.prepare.reading import (
    drop_unread_inputs,
    lift_constants,
    read_float,
)
from msfcnn.quantizer.prepare.refused import (
    foreign_operators,
    refused_forms,
    refused_operators,
)
from msfcnn.quantizer.prepare.repeated_borders import spell_out_paddings
from msfcnn.quantizer.prepare.simplify import simplify
from msfcnn.quantizer.prepare.stacked import combine_stacked
from msfcnn.quantizer.prepare.standardized import fold_standardized_weights
from msfcnn.quantizer.prepare.statistics_layers import spell_out_normalizations
from msfcnn.quantizer.prepare.volumes import flatten_volumes

# forms that exporters write, into operators that the rest knows; in this order
REWRITES: tuple[Callable[[EditedGraph], None], ...] = (
    *(number_paddings, pad_in_pools, flatten_volumes, spell_out_neighbours, spell_out_parts),
    *(
        spell_out_paddings,
        spell_out_products,
        split_bands,
        combine_stacked,
        spell_out_normalizations,
        join_groups,
    ),
    *(sink_exchanges, to_normal_form),
)


@dataclass(frozen=True, eq=False)
class Prepared:
    """A float model that is ready: inputs of fixed shape, constants folded, nodes named.

    notes: what was changed, one sentence each.
    """

    model: onnx.ModelProto
    notes: tuple[str, ...]


def _further_problems(model: onnx.ModelProto, where: str, directory: Path) -> list[Problem]:
    """What will be refused behind the problems that are known, if onnxruntime takes the model.

    Attention behind a layer normalization, say: who replaces one should hear of the other.
    """
    try:
        return refused_forms(EditedGraph(simplify(model, where, directory)))
    except ModelError:
        return []


def prepare(
    path: Path,
    directory: Path,
    sizes: Mapping[str, int] | None = None,
    images: Mapping[str, tuple[int, ...]] | tuple[int, ...] | None = None,
) -> Prepared:
    """Read and prepare a float model; scratch files go into `directory`.

    sizes: of open dimensions, by name or axis. images: shape of a calibration image, which tells
    them too; by input if there are several.

    Raises UsageError, or ModelError with everything that cannot be quantized.
    """
    model = read_float(path)
    fold_standardized_weights(model)
    # asked twice: first for what onnxruntime would fail on with words that name no node, then for
    # what is left of control flow and computed weights when constants are folded
    problems = refused_operators(model.graph.node) + foreign_operators(model)
    if problems:
        raise ModelError(*problems, *_further_problems(model, path.name, directory))
    unread = undo_dynamic(model) + drop_unread_inputs(model)
    if isinstance(images, tuple):
        images = {border.name: images for border in model.graph.input[:1]}
    batches = batches_of(model)
    notes = unread + fix_dimensions(model, path.name, sizes or {}, images or {})
    notes += to_float32(model)
    model, converted = current_opset(model, path.name)
    notes += dequantize_constants(model)
    name_nodes(model.graph.node)
    settle_ceil_modes(model)
    # before onnxruntime, which has no group normalization and takes it apart in another way
    spell_out_normalizations(EditedGraph(model), ("GroupNormalization", "RMSNormalization"))
    try:
        edited = EditedGraph(simplify(model, path.name, directory))
    except ModelError:
        check_one_image(None, path.name, batches)
        raise
    check_one_image(edited.model, path.name, batches)
    for rewrite in REWRITES:
        rewrite(edited)
    problems = refused_operators(edited.nodes) + refused_forms(edited)
    if problems:
        raise ModelError(*problems)
    with_functions = with_gelu(edited.model)
    lift_constants(with_functions)  # ONNX's converter writes axes as nodes
    edited = EditedGraph(with_functions)
    restore_activations(edited)  # before constants are folded into layers, which takes their parts
    spell_out_quotients(edited)
    move_behind_transposes(edited)
    lonely = fold_affine(edited)
    merged = merge_parallel(edited)
    model, _ = current_opset(edited.model, path.name)  # what needed a later one may be gone
    return Prepared(model, (*notes, *converted, *_kept(edited, lonely), *merged))


def _kept(edited: EditedGraph, lonely: Mapping[str, str]) -> list[str]:
    """Which normalizations are convolutions of their own, by kind; not those that were merged."""
    left = {node.name for node in edited.nodes}
    notes = []
    for kind in dict.fromkeys(lonely.values()):
        names = [name for name, other in lonely.items() if other == kind and name in left]
        if names:
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            notes.append(f"{kind} '{names[0]}'{more} kept as a depthwise 1x1 convolution")
    return notes
