"""The ``dip`` command: the harness's own commands, and those that others register (`dip.commands`).

A command's module is imported when the command is asked for, so that none pays for another's imports.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.metadata import entry_points

import click

import harness
from harness.errors import HarnessError, nearest

OWN = (
    *(
        "run",
        "check",
        "validate",
        "sign",
        "verify",
        "pki",
        "release",
        "evidence",
        "data",
        "plan",
        "gate",
        "report",
    ),
    *("defect", "override", "reliance", "ado"),
)
"""Each is the object of its own name in the module of its own name below `harness.commands`."""


class Commands(click.Group):
    """The harness's own commands, then the registered ones."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Name every command."""
        return [*OWN, *sorted(point.name for point in entry_points(group="dip.commands"))]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by name; an unknown one is answered with the nearest known."""
        if cmd_name in OWN:
            found = getattr(import_module(f"harness.commands.{cmd_name}"), cmd_name)
        else:
            points = [point for point in entry_points(group="dip.commands") if point.name == cmd_name]
            if not points:
                ctx.fail(f"'{cmd_name}' is no command. {nearest(cmd_name, self.list_commands(ctx))}")
            found = points[0].load()
        return found if isinstance(found, click.Command) else None


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(harness.__version__, prog_name="dip")
def dip() -> None:
    """Test harness for the Data Integration Platform (DIP) of GB half-hourly settlement.

    Exit codes: 0 all well; 1 findings; 2 wrong usage or configuration; 3 a fault of the environment;
    4 a fault of the harness.
    """


def main() -> None:
    """Run the command line; errors are one sentence on standard error."""
    try:
        dip(standalone_mode=False)
    except HarnessError as error:
        click.echo(f"dip: {error}", err=True)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except click.Abort:
        click.echo("dip: interrupted", err=True)
        sys.exit(3)
