"""What all pages look like: colours for light and dark, text, tables that scroll by themselves."""

from __future__ import annotations

from pathlib import Path

BASE_STYLE = Path(__file__).with_name("base.css").read_text(encoding="utf-8")
