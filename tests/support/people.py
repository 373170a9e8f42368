"""People of a Local Azure's tenant who log in to az, by a device code that they enter somewhere else."""

from __future__ import annotations

import json
import re
import shutil
import ssl
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import HTTPSHandler, ProxyHandler, build_opener

from local_azure import LocalAzure, cache
from running import Running

Az = Callable[..., Running]
# Now: tests have a home of their own later.
PROGRAM = cache() / "az/bin/az"


def named(azure: LocalAzure, name: str) -> dict[str, str]:
    listed = json.loads(Path(azure.environment["LOCALAZURE_IDENTITIES"]).read_text())
    return next(one for one in listed if one["name"] == name)


def az_of_nobody(azure: LocalAzure, folder: Path) -> Az:
    """az with a profile of its own, ``folder``/config, in which nobody is logged in."""
    config = folder / "config"
    config.mkdir()
    for name in ("config", "clouds.config"):
        shutil.copy(Path(azure.environment["AZURE_CONFIG_DIR"]) / name, config / name)

    def start(*words: object) -> Running:
        environment = {**azure.environment, "AZURE_CONFIG_DIR": str(config)}
        return Running([PROGRAM, *words], environment, folder)

    return start


def log_in(azure: LocalAzure, az: Az, person: dict[str, str], *words: str, factors: str = "") -> None:
    """``words`` are further ones of az login; ``factors`` "true" is a second one beside the password."""
    running = az("login", "--use-device-code", *words or ("--tenant", azure.environment["LOCALAZURE_TENANT"]))
    running.until_said("enter the code")
    code = re.search(r"enter the code (\w+)", running.stderr)[1]
    form = urlencode({"user_code": code, "username": person["upn"], "factors": factors,
                      "password": Path(person["secretFile"]).read_text()})
    context = ssl.create_default_context(cafile=str(azure.folder / "tls/ca.pem"))
    with build_opener(ProxyHandler({}), HTTPSHandler(context=context)).open(
            f"{azure.environment['LOCALAZURE_ENDPOINT']}/common/oauth2/deviceauth", form.encode(), timeout=20):
        running.finish().succeeded()
