"""How `inspect` shows dead channels, and what leaving them out saves."""

from __future__ import annotations

from msfcnn.optimize import FoldedLayer, Folding
from msfcnn.render import Column, Table
from msfcnn.sizes import format_size


def folding_data(folding: Folding) -> dict[str, object]:
    """For --json: pairs are before and after."""
    return {
        "macs": list(folding.macs),
        "weight_bytes": list(folding.weight_bytes),
        "layers": [
            {
                "node": layer.node,
                "op": layer.op,
                "channels": list(layer.channels),
                "macs": list(layer.macs),
                "weight_bytes": list(layer.weight_bytes),
            }
            for layer in folding.layers
        ],
    }


def folding_blocks(folding: Folding) -> tuple[Table, ...]:
    """A table of the layers that become smaller; nothing if there are none."""
    if not folding.changed:
        return ()
    pairs = ("channels", "left", "MACs", "left", "weights", "left")
    table = Table(
        columns=(
            Column("node", wraps=True),
            Column("op"),
            *(Column(title, right=True) for title in pairs),
        ),
        rows=tuple(_row(layer) for layer in folding.layers),
        totals=(
            *("whole network", "", "", ""),
            *map(format_size, (*folding.macs, *folding.weight_bytes)),
        ),
        title="Dead channels: what is left without them",
    )
    return (table,)


def _row(layer: FoldedLayer) -> tuple[str, ...]:
    sizes = (*layer.channels, *layer.macs, *layer.weight_bytes)
    return (layer.node, layer.op, *map(format_size, sizes))
