"""The ``dip`` command: the harness's own commands, and those that other packages register (`dip.commands`)."""

from __future__ import annotations

import sys
from importlib.metadata import entry_points

import click

import harness
from harness.commands.pki import pki
from harness.commands.release import release
from harness.commands.run import run
from harness.commands.sign import sign
from harness.commands.validate import validate
from harness.commands.verify import verify
from harness.errors import HarnessError

OWN = {"run": run, "validate": validate, "sign": sign, "verify": verify, "pki": pki, "release": release}


class Commands(click.Group):
    """The harness's commands, then the registered ones, which are loaded when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name every command."""
        return [*super().list_commands(ctx), *(point.name for point in entry_points(group="dip.commands"))]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by name."""
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        for point in entry_points(group="dip.commands", name=cmd_name):
            command = point.load()
            if isinstance(command, click.Command):
                return command
        return None


@click.command(cls=Commands, commands=OWN, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(harness.__version__, prog_name="dip")
def dip() -> None:
    """Test harness for the Data Integration Platform (DIP) of GB half-hourly settlement.

    Exit codes: 0 all well; 1 findings; 2 wrong usage or configuration; 3 a fault of the environment; 4 a fault of
    the harness.
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
