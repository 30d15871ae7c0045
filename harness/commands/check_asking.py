"""The questions of ``dip check init``: what an option says is not asked."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import click

from harness.errors import ConfigurationError, nearest
from harness.selfcheck.beginning import Answers
from harness.spec.release import DEFAULT, names
from harness.spec.roles import roles
from harness.transport.network import ROLES
from harness.transport.target import ENVIRONMENTS

_WITHOUT_MPID = ("DCP",)


def asked(given: Mapping[str, Any], *, ask: bool) -> tuple[Answers, bool]:
    """Return the answers, and whether test certificates are wanted; asks for what is missing.

    Raises ConfigurationError where nobody is asked and an answer has no default, or is wrong.
    """

    def answer(option: str, question: str, check: Callable[[str], str], default: str = "") -> str:
        value = given[option]
        while True:
            if value is None and ask:
                value = click.prompt(question, default=default or None, err=True)
            elif value is None and not default:
                raise ConfigurationError("is missing", where=_name(option), mend="Nobody is asked here.")
            problem = check(str(value if value is not None else default))
            if not problem:
                return str(value if value is not None else default)
            if given[option] is not None or not ask:
                raise ConfigurationError(problem, where=_name(option))
            click.echo(problem, err=True)
            value = None

    name = answer("name", "Organisation, as in its certificates", _anything)
    role = answer("role", "Market role (SUP, LDSO, REGS, MSS, ADS, ...)", _role)
    mpid = "" if role in _WITHOUT_MPID else answer("mpid", "MPID (four capital letters)", _mpid)
    usual = f"{roles()[role].prefix}00000077" if role in roles() else "1000000077"
    dip_id = answer("dip_id", "DIP id (ten hexadecimal digits)", _dip_id, usual)
    environment = answer("environment", "Environment tag", _one_of(ENVIRONMENTS), "SIT")
    releases = _releases(given["releases"], ask=ask)
    webhook = given["webhook"]
    if webhook is None and ask:
        question = "URL of your webhook (empty: none yet)"
        webhook = click.prompt(question, default="", show_default=False, err=True)
    if webhook and not (webhook.startswith("https://") and urlsplit(webhook).hostname):
        raise ConfigurationError(
            f"'{webhook}' is no https URL", where="--webhook", mend='For example "https://host:port/path".'
        )
    files = {key: given[key] for key in ("tls_cert", "tls_key", "signing_cert", "signing_key")}
    test = bool(given["test_certificates"])
    if not test and not any(files.values()) and ask:
        test = not click.confirm("Do you have certificates already?", default=False, err=True)
    if test:
        return Answers(name, role, mpid, dip_id, environment, releases, webhook or ""), True
    questions = {
        "tls_cert": "File of the TLS client certificate",
        "tls_key": "File of its private key",
        "signing_cert": "File of the signing certificate",
    }
    tls_cert, tls_key, signing_cert = (
        answer(option, question, _anything) for option, question in questions.items()
    )
    command = tuple(shlex.split(given["sign_command"])) if given["sign_command"] else ()
    signing_key = "" if command else answer("signing_key", "File of its private key", _anything)
    return (
        Answers(
            name,
            role,
            mpid,
            dip_id,
            environment,
            releases,
            webhook or "",
            tls=(tls_cert, tls_key),
            signing=(signing_cert, signing_key),
            sign_command=command,
            trust=tuple(given["trust"]),
        ),
        False,
    )


def _releases(given: Sequence[str], *, ask: bool) -> tuple[str, ...]:
    """Return the releases: those given, or one that is asked for, or the usual one."""
    if not given and ask:
        given = [click.prompt("API release", default=DEFAULT, type=click.Choice(names()), err=True)]
    for each in given:
        if each not in names():
            raise ConfigurationError(
                f"'{each}' is no release", where="--release", mend=nearest(each, names())
            )
    return tuple(given) or (DEFAULT,)


def _name(option: str) -> str:
    return "--" + option.replace("_", "-")


def _anything(value: str) -> str:
    return "" if value.strip() else "must not be empty"


def _role(value: str) -> str:
    known = [each for each in ROLES if each != "DIP"]
    return "" if value in known else f"'{value}' is no market role. {nearest(value, known)}"


def _mpid(value: str) -> str:
    return "" if re.fullmatch(r"[A-Z]{4}", value) else f"'{value}' is no MPID: four capital letters"


def _dip_id(value: str) -> str:
    fine = re.fullmatch(r"[0-9A-Fa-f]{10}", value)
    return "" if fine else f"'{value}' is no DIP id: ten hexadecimal digits"


def _one_of(known: tuple[str, ...]) -> Callable[[str], str]:
    return lambda value: "" if value in known else f"'{value}' is none. {nearest(value, known)}"
