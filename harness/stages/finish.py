"""The two ends of a run: its first event, and merging the parts when it is over."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from cryptography import x509

import harness
from harness.evidence.events import HUB_REAL, RunFinished, RunStarted
from harness.evidence.evidence_class import System, evidence_class
from harness.evidence.log import CONTROLLER, FILE, PARTS, EventLog, merge
from harness.scenarios import procedures, setups, themes
from harness.scenarios.catalogue import scenario_files
from harness.scenarios.parts import folder_of
from harness.scenarios.requirements import register_of
from harness.security.profiles import TEST_AUTHORITY
from harness.stages.impact import changes
from harness.stages.options import RunOptions
from harness.stages.options import folder_of as folder_of_stage
from harness.stages.session import Shared, part


def begin(options: RunOptions, shared: Shared, selected: int) -> EventLog:
    """Write the run's first event, unless it is resumed; returns the controller's part of the log."""
    log = EventLog(part(options.out, CONTROLLER))
    if options.resumed:
        return log
    log.write(
        RunStarted(
            run=options.run,
            stage=options.stage,
            releases=list(options.releases),
            seed=options.seed,
            target=options.target,
            environment=shared.environment,
            network=[
                {
                    "organisation": party.organisation,
                    "name": party.name,
                    "mpid": party.mpid,
                    "role": party.role,
                    "dip_id": party.dip_id,
                    "real": "no" if party.simulated else "yes",
                }
                for party in shared.network.parties
            ],
            harness_version=harness.__version__,
            catalogue=catalogue_hash(options.catalogue),
            options=options.as_dict(),
            selected=selected,
            changes=changes(options.selection.changed_since, options.releases),
            cycle=options.selection.cycle,
            cohorts=list(options.selection.cohorts),
            intervals=list(options.selection.intervals),
            builds=dict(options.builds),
            register=register_of(options.catalogue).asked(),
        )
    )
    return log


def end(
    options: RunOptions,
    log: EventLog,
    shared: Shared,
    *,
    seconds: float,
    interrupted: bool,
) -> None:
    """Write the run's last event, merge all parts into `events.ndjson` and remove the parts."""
    hub_real = shared.ca is not None and not vouched_by_test_authority(shared.ca)
    systems = [System("DIP", hub_real)]
    systems += [System(party.organisation, not party.simulated) for party in shared.network.parties]
    kind, reason = evidence_class(systems)
    log.write(
        RunFinished(
            evidence_class=kind.value,
            evidence_class_reason=reason,
            seconds=round(seconds, 3),
            interrupted=interrupted,
            extra={HUB_REAL: hub_real},
        )
    )
    log.close()
    parts = options.out / PARTS
    whole = options.out / FILE
    merge([*([whole] if options.resumed else []), *sorted(parts.glob("events-*.ndjson"))], whole)
    shutil.rmtree(parts)


def vouched_by_test_authority(ca: Path) -> bool:
    """Say whether every authority in a bundle is a test authority of this harness (a simulated hub)."""
    certificates = x509.load_pem_x509_certificates(ca.read_bytes())
    return bool(certificates) and all(TEST_AUTHORITY in c.subject.rfc4514_string() for c in certificates)


def catalogue_hash(folder: Path) -> str:
    """Return one SHA-256 over names and bytes of all scenarios, load profiles, procedures, setups, themes."""
    digest = hashlib.sha256()
    kinds = (procedures.KIND, setups.KIND)
    shared = [path for kind in kinds for path in (folder / folder_of(kind)).glob("*.yaml")]
    profiles = sorted(folder_of_stage(folder, "sit-non-functional").rglob("*.yaml"))
    for path in [*scenario_files(folder), *profiles, *sorted(shared), *folder.glob(themes.FILE)]:
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
