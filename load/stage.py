"""The stage SIT Non-Functional of `dip run`: its load profiles, selected like scenarios, played in turn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rich.console import Console

from harness.errors import ConfigurationError
from harness.stages.options import RunOptions
from load.playing import EMBEDDED, Request
from load.profile import Profile, profile_files, read_profile
from load.running import CATALOGUE, fitted, run
from load.view import LoadView


def play(options: RunOptions, path: Path | None) -> None:
    """Play the selected profiles; raises ConfigurationError where none is."""
    folder = path or options.catalogue / CATALOGUE
    files = (folder,) if folder.is_file() else profile_files(folder)
    found = [profile for profile in map(read_profile, files) if _selected(profile, options)]
    if not found:
        raise ConfigurationError(
            "no profile is selected", where=str(folder), mend="Loosen the options, or see `dip load --list`."
        )
    requests = [
        Request(
            fitted(
                replace(profile, release=release),
                target=EMBEDDED if options.target == EMBEDDED else "",
                scale=None,
                seconds=None,
            ),
            target=options.target,
            seed=options.seed,
        )
        for release in options.releases
        for profile in found
    ]
    with LoadView(Console(stderr=True)) as view:
        run(requests, options, view)


def _selected(profile: Profile, options: RunOptions) -> bool:
    asked = options.selection
    return (
        (not asked.scenarios or profile.id in asked.scenarios)
        and (not asked.areas or profile.area in asked.areas)
        and (not asked.themes or profile.theme in asked.themes)
        and (not asked.requirements or bool(set(asked.requirements) & set(profile.requirements)))
        and (not asked.interfaces or bool(set(asked.interfaces) & {flow.interface for flow in profile.flows}))
        and (not asked.roles or bool(set(asked.roles) & {flow.sender for flow in profile.flows}))
    )
