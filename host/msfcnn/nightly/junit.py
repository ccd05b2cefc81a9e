"""The verdicts of a run as JUnit XML, for CI services.

The format has no standard; only the elements that all readers of it know are used. A failure is a
result that is worse, an error a job that gave none.
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree

from msfcnn.nightly.campaign import Report

_KINDS: Mapping[str, str] = {
    "failed": "error",
    "regressed": "failure",
    "disagrees": "failure",
}


def junit_xml(report: Report) -> str:
    """A suite with one case a job; regressions are failures, broken jobs errors.

    A case has the model as class name and the board as name, so that services group by model.
    """
    states = [verdict.state for verdict in report.verdicts]
    absent = "skipped" if report.skip_absent else "error"
    kinds = [_KINDS.get(state, absent if state == "absent" else "") for state in states]
    results = report.run.results
    # the timestamp is the name of the run without what the format has no place for: zone and number
    suite = ElementTree.Element(
        "testsuite",
        name="msfcnn nightly",
        timestamp=report.run.name.rstrip("Z").partition("+")[0].rstrip("Z"),
        tests=str(len(states)),
        failures=str(kinds.count("failure")),
        errors=str(kinds.count("error")),
        skipped=str(kinds.count("skipped")),
        time=str(sum(results[v.job]["seconds"] for v in report.verdicts)),
    )
    for verdict, kind in zip(report.verdicts, kinds, strict=True):
        model, _, board = verdict.job.partition("/")
        seconds = str(results[verdict.job]["seconds"])
        name = _printable(model)
        case = ElementTree.SubElement(suite, "testcase", classname=name, name=board, time=seconds)
        if kind:
            ElementTree.SubElement(case, kind, message=_printable("; ".join(verdict.reasons)))
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _printable(text: str) -> str:
    """XML has no way to write control characters."""
    return "".join(c if c.isprintable() else " " for c in text)
