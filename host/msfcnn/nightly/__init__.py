"""Models x boards, night by night: run, kept, compared with the last run that was good.

The way through the package: `settings` reads the YAML file into jobs, `campaign` runs those that
are left and judges them, `job` is one of them as a process, `history` is the file that lasts,
`compare` is what counts as worse; `junit` and `page` show the result. `cli.nightly` calls it.
"""

from msfcnn.nightly.campaign import Report, accept, run_all
from msfcnn.nightly.compare import Verdict
from msfcnn.nightly.history import History
from msfcnn.nightly.junit import junit_xml
from msfcnn.nightly.page import html_page
from msfcnn.nightly.settings import read_settings

__all__ = [
    "History",
    "Report",
    "Verdict",
    "accept",
    "html_page",
    "junit_xml",
    "read_settings",
    "run_all",
]
