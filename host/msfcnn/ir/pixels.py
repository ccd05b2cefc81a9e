"""How a pixel becomes an input of the network, where the model's files tell."""

from __future__ import annotations

from dataclasses import dataclass, replace

SHIFT = 16  # fractional bits of the factors for firmware


@dataclass(frozen=True)
class Pixels:
    """real = (pixel * white / 255 - mean) / std, for a pixel from 0 to 255.

    color:  rgb, bgr or gray: the order of the channels.
    mean, std: one number, or one per channel.
    labels: names of the classes in the order of the scores; empty if unknown.
    """

    color: str
    white: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    labels: tuple[str, ...] = ()

    def then(self, mean: tuple[float, ...], std: tuple[float, ...]) -> Pixels:
        """This followed by (real - mean) / std, one number or one per channel; nothing if empty."""
        if not mean:
            return self
        channels = max(len(self.mean), len(self.std), len(mean))
        first = (v * channels if len(v) == 1 else v for v in (self.mean, self.std, mean, std))
        rows = list(zip(*first, strict=True))
        return replace(
            self,
            mean=tuple(m + n * s for m, s, n, _ in rows),
            std=tuple(s * t for _, s, _, t in rows),
        )

    def steps(self, scale: float, zero_point: int) -> tuple[tuple[int, int], ...]:
        """Per channel (factor, offset): q = (pixel * factor + offset) >> SHIFT, then saturate."""
        channels = 1 if self.color == "gray" else 3
        means, stds = (v if len(v) == channels else v * channels for v in (self.mean, self.std))
        pairs = zip(means, stds, strict=True)
        one, half = 1 << SHIFT, 1 << (SHIFT - 1)
        return tuple(
            (
                round(self.white / 255 / std / scale * one),
                round((zero_point - mean / std / scale) * one) + half,
            )
            for mean, std in pairs
        )
