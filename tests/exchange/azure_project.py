"""A project of the stubbed service: its profile and a small catalogue."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from azure_devops_stub import PLAN, PROJECT, Stub
from click.testing import CliRunner, Result
from played_run import SCENARIO

from harness.cli import dip


@dataclass
class Project:
    """What a test has: the service, its profile, a catalogue of three scenarios; calls the command."""

    stub: Stub
    folder: Path
    calls: list[Result] = field(default_factory=list)

    @property
    def profile(self) -> Path:
        """The profile's file."""
        return self.folder / "azure-devops.toml"

    @property
    def catalogue(self) -> Path:
        """The catalogue's folder."""
        return self.folder / "catalogue"

    def scenario(self, key: str, title: str, area: str = "exchange") -> None:
        """Write or change a scenario."""
        path = self.catalogue / "cit" / f"{key.lower()}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(SCENARIO.format(key=key, title=title, area=area))

    def ado(self, *words: object) -> Result:
        """Call ``dip ado`` for this project; a conflict exits 1."""
        told = [str(word) for word in words]
        if told[0] != "export":
            told += ["--profile", str(self.profile)]
        if told[0] != "defects":
            told += ["--catalogue", str(self.catalogue)]
        if told[0] in {"push", "pull", "import"} and "--registers" not in told:
            told += ["--registers", str(self.folder / "registers")]
        done = CliRunner().invoke(dip, ["ado", *told])
        self.calls.append(done)
        return done

    def begin(self, url: str) -> None:
        """Write the profile of a service and the scenarios."""
        self.profile.write_text(
            f'url = "{url}"\nproject = "{PROJECT}"\nplan = {PLAN}\ntoken_env = "TEST_PAT"\n'
        )
        self.scenario("CIT-ONE", "A supplier appoints")
        self.scenario("CIT-TWO", "A supplier's message is refused & answered <400>")
        self.scenario("CIT-THREE", "Another area", area="delivery")
