"""Pages and pictures of a report: HTML and SVG that stand alone."""

from msfcnn.page.charts import front_svg
from msfcnn.page.report import report_page

__all__ = ["front_svg", "report_page"]
