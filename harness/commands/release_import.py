"""``dip release import`` and ``dip release export``: API releases from outside, and back."""

from __future__ import annotations

import json
from pathlib import Path

import click

from harness.spec import shelf
from harness.spec.exporting import export
from harness.spec.importing.installing import import_release
from harness.spec.release import load
from harness.writing import write_whole


@click.command(
    "import",
    epilog="\b\nExample:\n  dip release import dip-api-documentation/ --as 2.3.0\n"
    "  dip release import api-spec-resolved.json --as 2.3.0-draft --json",
)
@click.argument("source", metavar="SRC", type=click.Path(path_type=Path, exists=True))
@click.option("--as", "name", required=True, metavar="NAME", help="What the release is called from now on.")
@click.option("--replace", is_flag=True, help="Replace what was imported under this name.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def import_command(source: Path, name: str, replace: bool, as_json: bool) -> None:
    """Read the published files of an API release in SRC and put it beside the shipped ones.

    SRC is the folder of the YAML files, or one resolved OpenAPI document (JSON or YAML). Nothing is fetched:
    a reference to a file on the web means the file of that name in the folder. The release then lies in the
    folder 'releases' of the working folder, or where DIP_RELEASES says, pinned by a hash of its content.
    """
    found = import_release(source, name, replace=replace)
    release = found.release
    reports = sum(pair.report for pair in release.pairs)
    if as_json:
        click.echo(
            json.dumps(
                {
                    "name": name,
                    "folder": str(release.source),
                    "content": release.digest,
                    "files": dict(found.files),
                    "interfaces": len(release.interfaces),
                    "pairs": len(release.pairs) - reports,
                    "reports": reports,
                    "messages": len(release.messages),
                    "operations": len(release.operations),
                    "unrouted": list(found.unrouted),
                },
                indent=2,
            )
        )
        return
    click.echo(
        f"API release {name}: {len(release.messages)} messages, {len(release.pairs) - reports} "
        f"interface-event pairs, {reports} report events, {len(release.operations)} operations\n"
        f"read from {', '.join(found.files)}\n"
        f"lies in {release.source}\n"
        f"content: sha256 {release.digest}"
    )
    if found.unrouted:
        click.echo(
            f"\nNobody is known to send or receive {', '.join(found.unrouted)}: give the roles in a file "
            "that DIP_ROUTING names."
        )
    nearest = next((each for each in reversed(shelf.shipped()) if each <= name), shelf.shipped()[-1])
    click.echo(f"\nNext: dip release diff {nearest} {name}")


@click.command(
    "export",
    epilog="\b\nExample:\n  dip release export 2.2.1 --out dip-2.2.1.json\n  dip release export 2.1.0 | less",
)
@click.argument("name", metavar="RELEASE")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="File to write. [default: terminal]"
)
def export_command(name: str, out: Path | None) -> None:
    """Write RELEASE as one OpenAPI 3.0 document.

    Importing the document gives back the release, exactly. It holds the definitions and none of the
    publisher's prose; what OpenAPI has no word for stands under x-dip keys.
    """
    text = json.dumps(export(load(name)), indent=2, ensure_ascii=False) + "\n"
    if out is None:
        click.echo(text, nl=False)
        return
    write_whole(out, text.encode())
    click.echo(str(out))
