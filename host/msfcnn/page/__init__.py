"""Pages and pictures of a report: HTML and SVG that stand alone.

They take the dataclasses of `report` and `verdict` and return text or bytes; `cli.report` and
`cli.plan` write the files. Nothing is computed here but places of marks. No page loads anything
from the net, so that it can be kept, mailed and opened years later.
"""

from msfcnn.page.charts import front_svg
from msfcnn.page.raster import png_of
from msfcnn.page.report import report_page
from msfcnn.page.style import BASE_STYLE

__all__ = ["BASE_STYLE", "front_svg", "png_of", "report_page"]
