"""A picture of plans as PNG, where SVG is not taken: slides, chats, printers' shops.

resvg draws it, which knows no CSS variables, media queries or `system-ui`: `_plain` resolves them.
"""

from __future__ import annotations

import re

from msfcnn.errors import Problem, UsageError

SCALE = 2  # pixels for one of the SVG
_FONTS = ("DejaVu Sans", "Liberation Sans", "Noto Sans", "Arial", "Helvetica", "Lato")
_DARK = re.compile(r"@media \(prefers-color-scheme: dark\) \{ \.chart \{.*?\} \}", re.DOTALL)
_VALUE = re.compile(r"--([\w-]+):\s*([^;}]+)")
_FONT = re.compile(r"font: (\d+px) [^;}]*")


def png_of(svg: str) -> bytes:
    """The light form of a picture that `front_svg` has drawn. Raises UsageError without resvg."""
    try:
        from resvg_py import svg_to_bytes
    except ImportError:
        hint = "pip install 'msfcnn[png]', or write an .svg file"
        raise UsageError(Problem("resvg", "is not installed", hint)) from None
    plain = _plain(svg)
    # resvg leaves text out without a word if the font is missing: compare with one without fonts
    mute = bytes(svg_to_bytes(svg_string=plain, zoom=SCALE, skip_system_fonts=True))
    for font in _FONTS:
        drawn = bytes(svg_to_bytes(svg_string=plain, zoom=SCALE, font_family=font))
        if drawn != mute:  # a font that is not there draws no text
            return drawn
    what, hint = f"none of {', '.join(_FONTS)} is installed", "apt install fonts-dejavu-core"
    raise UsageError(Problem("fonts", what, f"{hint}, or write an .svg file"))


def _plain(svg: str) -> str:
    """Without what only browsers know: variables, schemes of colours, the system's font."""
    light = _DARK.sub("", svg)
    values = dict(_VALUE.findall(light))
    filled = re.sub(r"var\(--([\w-]+)\)", lambda name: values[name[1]].strip(), light)
    return _FONT.sub(r"font-size: \1", re.sub(r"--[\w-]+:[^;}]*;\s*", "", filled))
