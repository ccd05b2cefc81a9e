"""Pages and pictures of a report: HTML and SVG that stand alone."""

from msfcnn.page.charts import front_svg
from msfcnn.page.raster import png_of
from msfcnn.page.report import report_page
from msfcnn.page.style import BASE_STYLE

__all__ = ["BASE_STYLE", "front_svg", "png_of", "report_page"]
