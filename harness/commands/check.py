"""``dip check``: a participant checks its own system before connectivity proving."""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from harness.commands.check_asking import asked
from harness.commands.evidence import derived
from harness.errors import ConfigurationError, HarnessError
from harness.evidence.log import FILE
from harness.evidence.pack import sealing
from harness.evidence.pack.secrets import known_keys
from harness.evidence.verdicts import Verdict
from harness.reports.self_check.readiness import Readiness, as_json, read
from harness.reports.self_check.screen import line, screen
from harness.reports.self_check.writing import write
from harness.security.signing import Signer
from harness.selfcheck import beginning
from harness.selfcheck import journal as journals
from harness.selfcheck.check import PARTS, Check, Result
from harness.selfcheck.context import NETWORK, Context, prepare_hub
from harness.selfcheck.journal import Journal
from harness.selfcheck.profile import FILE as PROFILE
from harness.selfcheck.profile import SIGNING, Profile
from harness.selfcheck.profile import load as load_profile
from harness.selfcheck.running import refuse_unknown_exemptions, selected
from harness.selfcheck.running import run as run_checks

EXPLAIN_EXAMPLE = """
\b
Example:
  dip check explain
  dip check explain connectivity
"""
RUN_EXAMPLE = """
\b
Example:
  dip check run --profile participant.toml
  dip check run --offline --only configuration
  dip check run --resume checks/20260301-101500
"""
_WIDTH = 118


GROUP_EXAMPLE = """
\b
Example:
  dip check init
  dip check run
"""


@click.group(epilog=GROUP_EXAMPLE)
def check() -> None:
    """A participant checks its own system: configuration, connectivity, signing, webhooks, interfaces.

    Start with `dip check init`, which writes participant.toml by asking.
    """


INIT_EXAMPLE = """
\b
Example:
  dip check init
  dip check init --name "Supplier X" --role SUP --mpid SUPX --dip-id 2300000077 \\
    --webhook https://127.0.0.1:9443/dip --test-certificates --no-ask
"""


@check.command(epilog=INIT_EXAMPLE)
@click.option("--name", metavar="TEXT", help="The organisation, as in its certificates.")
@click.option("--role", metavar="CODE", help="Market role: SUP, LDSO, REGS, MSS, ADS and so on.")
@click.option("--mpid", metavar="MPID", help="Four capital letters.")
@click.option("--dip-id", metavar="ID", help="Ten hexadecimal digits.")
@click.option("--environment", metavar="TAG", help="SIT, SITB, UIT or DEV.")
@click.option("--release", "releases", multiple=True, metavar="NAME", help="API release; many.")
@click.option(
    "--webhook", metavar="URL", help="Where the DIP calls you; without one only sending is checked."
)
@click.option("--test-certificates", is_flag=True, help="Make test certificates, for a first try.")
@click.option("--tls-cert", metavar="FILE", help="The certificate that opens connections.")
@click.option("--tls-key", metavar="FILE", help="Its private key.")
@click.option("--signing-cert", metavar="FILE", help="The certificate that signs.")
@click.option("--signing-key", metavar="FILE", help="Its private key.")
@click.option("--sign-command", metavar="COMMAND", help="In place of --signing-key, for a key in a vault.")
@click.option("--trust", multiple=True, metavar="FILE", help="Who vouches for these certificates; many.")
@click.option(
    "--no-ask", is_flag=True, help="Ask nothing: what is not given has its default, or is an error."
)
@click.option(
    "--profile",
    "profile_file",
    type=click.Path(path_type=Path),
    default=PROFILE,
    show_default=True,
    metavar="FILE",
    help="The file to write.",
)
def init(profile_file: Path, no_ask: bool, **given: Any) -> None:
    """Write a commented participant.toml by asking who you are."""
    answers, test = asked(given, ask=not no_ask and sys.stdin.isatty())
    if profile_file.exists():
        raise ConfigurationError(
            "is there already", where=str(profile_file), mend="Edit it, or name another with --profile."
        )
    if test:
        for path in beginning.issue_test_certificates(profile_file.parent, answers):
            click.echo(f"wrote {path}")
    else:
        prepare_hub(profile_file.parent / beginning.HUB_FOLDER)
    beginning.write(profile_file, answers)
    click.echo(f"wrote {profile_file}")
    authority = profile_file.parent / beginning.HUB_FOLDER / NETWORK.parent / "pki" / "authority" / "ca.pem"
    click.echo(f"\nFor the check, let your receiver trust {authority}")
    click.echo("Next: dip check explain, then dip check run")


profile_option = click.option(
    "--profile",
    "profile_file",
    type=click.Path(path_type=Path),
    default=PROFILE,
    show_default=True,
    metavar="FILE",
    help="Who the participant is.",
)


@check.command(epilog=EXPLAIN_EXAMPLE)
@click.argument("names", nargs=-1)
@click.option("--json", "as_data", is_flag=True, help="Print the checks as JSON.")
def explain(names: tuple[str, ...], as_data: bool) -> None:
    """Say what would be checked, why, and which rule it rests on.

    NAMES are parts, checks or the beginnings of their ids; without one, all.
    """
    from harness.selfcheck.check import checks, find

    chosen = {each.id for name in names for each in find(name)}
    found = [each for each in checks() if not names or each.id in chosen]
    if as_data:
        click.echo(json.dumps([_described(each) for each in found], indent=2))
        return
    part = ""
    for each in found:
        if each.part != part:
            part = each.part
            click.echo(f"{click.style(PARTS[part], bold=True)}\n")
        click.echo(f"  {each.title}  {click.style(each.id, dim=True)}")
        click.echo(click.wrap_text(each.why, _WIDTH, "    ", "    "))
        click.echo(click.wrap_text(f"rule: {each.rule} ({each.basis})", _WIDTH, "    ", "    "))
        needs = [*(f"after {name}" for name in each.after), *(["needs the network"] if each.online else [])]
        if needs:
            click.echo(click.wrap_text("; ".join(needs), _WIDTH, "    ", "    "))
        click.echo()


def _described(each: Check) -> dict[str, object]:
    return {
        "id": each.id,
        "part": each.part,
        "title": each.title,
        "why": each.why,
        "rule": each.rule,
        "basis": each.basis,
        "blame": each.blame.value,
        "after": list(each.after),
        "online": each.online,
    }


@check.command(epilog=RUN_EXAMPLE)
@profile_option
@click.option(
    "--only",
    multiple=True,
    metavar="NAME",
    help="A part, a check or the beginning of ids, made with what it depends on; many.",
)
@click.option("--offline", is_flag=True, help="Only what needs no network.")
@click.option(
    "--resume",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Go on with an earlier self-check; with --only, make these checks again in it.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Where the results go.  [default: checks/<time>]",
)
@click.option("--sign", is_flag=True, help="Sign the sealed file with the profile's signing certificate.")
@click.option("--no-ask", is_flag=True, help="Ask no questions, even at a terminal.")
@click.option("--json", "as_data", is_flag=True, help="Print check.json on standard output.")
def run(
    profile_file: Path,
    only: tuple[str, ...],
    offline: bool,
    resume: Path | None,
    out: Path | None,
    sign: bool,
    no_ask: bool,
    as_data: bool,
) -> None:
    """Check the participant's system; say whether it is ready and what to mend first.

    Writes check.json, check-report.html and a sealed file to send. Exit codes: 0 nothing fails; 1 something
    fails or could not be judged; 2 wrong usage or configuration; 3 interrupted or a fault of the environment;
    4 a fault of the harness.
    """
    profile = load_profile(profile_file)
    refuse_unknown_exemptions(profile)
    chosen = selected(only)
    folder = _folder(resume, out)
    console = Console(stderr=True, highlight=False)
    context = Context(profile, folder, offline=offline, ask=None if no_ask else _asked)
    journal = None
    again: set[str] = set()
    if resume is not None:
        _refuse_another(resume, profile)
        context.results = journals.results(resume)
        context.met = journals.met(resume)
        again = {each.id for each in chosen} if only else _unfinished(context)
    started, interrupted = time.perf_counter(), False
    try:
        journal = Journal(folder, profile, chosen)
        console.print(f"Self-check {folder.name} of {profile.name}: {len(chosen)} checks")
        run_checks(
            context,
            chosen,
            journal,
            again=again,
            told=lambda result: _progress(console, result),
        )
    except KeyboardInterrupt:
        interrupted = True
    finally:
        if journal is not None:
            journal.end(context.met, time.perf_counter() - started, interrupted=interrupted)
            journal.close()
        context.close()
    readiness = read(folder)
    written = write(readiness)
    if not interrupted:
        written.append(_sealed(folder, profile, sign=sign))
    if as_data:
        click.echo(json.dumps(as_json(readiness), indent=2))
    else:
        Console(highlight=False).print(screen(readiness, [_shown(path) for path in written]), soft_wrap=False)
    sys.exit(_exit_code(readiness, interrupted=interrupted))


def _progress(console: Console, result: Result) -> None:
    """Say what a check came to; what was left out stands in the summary alone."""
    if result.verdict is not Verdict.OMITTED:
        console.print(line(result), overflow="ellipsis", no_wrap=True)


def _folder(resume: Path | None, out: Path | None) -> Path:
    if resume is not None:
        if out is not None:
            raise ConfigurationError("goes on in its own folder", where="--resume", mend="Leave out --out.")
        return resume
    folder = out or Path("checks") / datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    if (folder / FILE).exists():
        raise ConfigurationError(
            "holds a self-check already", where=str(folder), mend=f"Go on with it: --resume {folder}."
        )
    return folder


def _refuse_another(resume: Path, profile: Profile) -> None:
    """Raise ConfigurationError for the folder of somebody else's self-check."""
    whose = read(resume).name
    if whose != profile.name:
        raise ConfigurationError(
            f"is a self-check of {whose}, not of {profile.name}",
            where=str(resume),
            mend="Give that profile, or begin a new one without --resume.",
        )


def _unfinished(context: Context) -> set[str]:
    """Return the checks that a resumed self-check makes again: what was not judged, and what waited."""
    judged = (Verdict.PASS, Verdict.FAIL, Verdict.SKIPPED)
    return {name for name, result in context.results.items() if result.verdict not in judged}


def _asked(question: str) -> str | None:
    if not sys.stdin.isatty():
        return None
    answer: str = click.prompt(question, default="", show_default=False, err=True)
    return answer


def _sealed(folder: Path, profile: Profile, *, sign: bool) -> Path:
    keys = []
    for party in profile.parties:
        try:
            keys.append(party.api_key())
        except ConfigurationError:
            continue
    out = folder.with_name(f"{folder.name}.evidence.zip")
    out.unlink(missing_ok=True)
    known = known_keys(keys) if keys else None
    with Context(profile, folder) as context:
        signer = None
        if sign:
            own = context.certificate_set(profile.signing, SIGNING)
            signer = Signer.load(own.cert, own.key, own.sign_command or None)
        sealing.seal(folder, out, derive=derived, signer=signer, known=known)
    return out


def _shown(path: Path) -> Path:
    try:
        return path.absolute().relative_to(Path.cwd())
    except ValueError:
        return path


def _exit_code(readiness: Readiness, *, interrupted: bool) -> int:
    verdicts = {each.verdict for each in readiness.results}
    if interrupted:
        return 3
    if verdicts & {Verdict.FAIL, Verdict.INCONCLUSIVE}:
        return 1
    return HarnessError.exit_code if Verdict.ERROR in verdicts else 0
