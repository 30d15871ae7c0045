"""`junit.xml` as CI servers read it: one test case per scenario instance, one suite per release."""

from __future__ import annotations

import re
from xml.etree import ElementTree as Xml

from harness.evidence.verdicts import Verdict
from harness.reports.run import Instance, Run, totals
from harness.reports.tally import group

_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LEFT_OUT = (Verdict.OMITTED, Verdict.SKIPPED)
_FAILED = (Verdict.FAIL, Verdict.INCONCLUSIVE)


def junit(run: Run) -> bytes:
    """Return the document as UTF-8.

    An inconclusive instance is a ``failure`` of type ``inconclusive``: it too ends `dip run` with findings.
    """
    root = Xml.Element(
        "testsuites", {"name": _clean(f"{run.header.stage} {run.header.run}"), **_counts(run.instances)}
    )
    for release, instances in group(run.instances, lambda each: each.started.release).items():
        suite = Xml.SubElement(
            root,
            "testsuite",
            {
                "name": _clean(f"{run.header.stage} {release}"),
                **_counts(instances),
                "timestamp": run.header.at[:19],
                "hostname": _clean(run.header.target),
            },
        )
        properties = Xml.SubElement(suite, "properties")
        for name, value in _properties(run, release).items():
            Xml.SubElement(properties, "property", {"name": name, "value": _clean(value)})
        for instance in instances:
            _case(suite, instance, run)
    Xml.indent(root)
    document: bytes = Xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _properties(run: Run, release: str) -> dict[str, str]:
    return {
        "release": release,
        "evidence_class": run.evidence_class.value,
        "evidence_class_reason": run.evidence_class_reason,
        "run": run.header.run,
        "seed": str(run.header.seed),
        "target": run.header.target,
        "environment": run.header.environment,
        "harness_version": run.header.harness_version,
    }


def _counts(instances: tuple[Instance, ...]) -> dict[str, str]:
    counted = totals(instances)
    return {
        "tests": str(len(instances)),
        "failures": str(sum(counted[verdict] for verdict in _FAILED)),
        "errors": str(counted[Verdict.ERROR]),
        "skipped": str(sum(counted[verdict] for verdict in _LEFT_OUT)),
        "time": f"{sum(instance.seconds for instance in instances):.3f}",
    }


def _case(suite: Xml.Element, instance: Instance, run: Run) -> None:
    started = instance.started
    case = Xml.SubElement(
        suite,
        "testcase",
        {
            "classname": _clean(f"{started.stage}.{started.area}"),
            "name": _clean(instance.case),
            "time": f"{instance.seconds:.3f}",
        },
    )
    kind = {
        Verdict.ERROR: "error",
        **dict.fromkeys(_LEFT_OUT, "skipped"),
        **dict.fromkeys(_FAILED, "failure"),
    }
    if instance.verdict not in kind:
        return
    outcome = Xml.SubElement(case, kind[instance.verdict], {"message": _clean(instance.reason)})
    if instance.verdict not in _LEFT_OUT:
        outcome.set("type", instance.verdict.value)
    outcome.text = _clean("\n".join(_detail(instance, run)))


def _detail(instance: Instance, run: Run) -> list[str]:
    lines = [instance.started.title]
    for check in instance.failures:
        lines += [
            "",
            check.title,
            f"  expected: {check.expected}",
            f"  actual:   {check.actual}",
            f"  rule:     {check.rule}",
        ]
        if check.hint:
            lines.append(f"  hint:     {check.hint}")
    if instance.blame:
        lines += ["", f"blame: {instance.blame.cause} {run.party_name(instance.blame.party)}".rstrip()]
    if instance.started.requirements:
        lines.append(f"requirements: {', '.join(instance.started.requirements)}")
    return lines


def _clean(text: str) -> str:
    """Replace what XML 1.0 can't hold."""
    return _NO_XML.sub("�", text)
