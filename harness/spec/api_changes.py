"""What changed in the HTTP operations and in the shapes of envelopes and answers."""

from __future__ import annotations

from collections.abc import Iterator

from harness.spec.change import Change, ordered, placed, tell
from harness.spec.field_changes import object_changes
from harness.spec.release import Operation, Release


def shape_changes(old: Release, new: Release) -> Iterator[Change]:
    """Compare the API shapes: envelopes, status responses, webhook configuration, journal."""
    for name in ordered(old.api, new.api):
        if name not in old.api:
            yield tell("shape-added", (), block=name, after=name, summary=f"The API shape {name} is new.")
        elif name not in new.api:
            yield tell("shape-removed", (), block=name, before=name, summary=f"The API shape {name} is gone.")
        else:
            before, after = old.api_schema(name), new.api_schema(name)
            if "properties" in before and "properties" in after:
                for change in object_changes(before, after, f"the API shape {name}"):
                    yield placed(change, block=name)


def operation_changes(old: Release, new: Release) -> Iterator[Change]:
    """Compare the operations: which there are, what each takes and answers; then the validate paths."""
    before = {f"{operation.method} {operation.path}": operation for operation in old.operations}
    after = {f"{operation.method} {operation.path}": operation for operation in new.operations}
    for name in ordered(before, after):
        if name not in before:
            answers = ", ".join(_answers(after[name]))
            what = f"{name} is new; it answers {answers}."
            yield tell("operation-added", (), field=name, after=answers, summary=what)
        elif name not in after:
            answers = ", ".join(_answers(before[name]))
            yield tell("operation-removed", (), field=name, before=answers, summary=f"{name} is gone.")
        else:
            yield from _operation(name, before[name], after[name])
    yield from _validate_paths(old, new)


def _operation(name: str, before: Operation, after: Operation) -> Iterator[Change]:
    aspects = (
        ("answer", _answers(before), _answers(after)),
        ("body", [before.body or "none"], [after.body or "none"]),
        ("parameter", list(before.parameters), list(after.parameters)),
        ("body of webhook calls", [before.callback_body or "none"], [after.callback_body or "none"]),
        ("answer of webhooks", list(before.callback_statuses), list(after.callback_statuses)),
    )
    for aspect, was, now in aspects:
        gone = [entry for entry in was if entry not in now]
        come = [entry for entry in now if entry not in was]
        if gone or come:
            words = [f"the {aspect} {entry} is new" for entry in come]
            words += [f"the {aspect} {entry} is gone" for entry in gone]
            yield tell(
                "operation-changed",
                (),
                field=name,
                before=", ".join(was),
                after=", ".join(now),
                summary=f"{name}: {'; '.join(words)}.",
            )


def _validate_paths(old: Release, new: Release) -> Iterator[Change]:
    before = {f"{interface}/{event}": interface for interface, event, _ in old.validate_paths}
    after = {f"{interface}/{event}": interface for interface, event, _ in new.validate_paths}
    for path in ordered(before, after):
        field = f"POST /validate/{path}"
        if path not in before:
            yield tell("operation-added", (after[path],), field=field, after=path, summary=f"{field} is new.")
        elif path not in after:
            what = f"{field} is gone."
            yield tell("operation-removed", (before[path],), field=field, before=path, summary=what)


def _answers(operation: Operation) -> list[str]:
    return [f"{status} ({shape})" if shape else status for status, shape in operation.statuses.items()]
