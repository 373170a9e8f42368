"""The commands about one host, run against a cloud in memory and a folder with certificates."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fake_azure import FakeCloud, Heard
from specs import host_spec

from azext_dockervm.certs.store import CertificateStore
from azext_dockervm.errors import DockerVMError
from azext_dockervm.flow.cancellation import Cancellation
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.host import create
from azext_dockervm.host.finished import FinishedHost
from azext_dockervm.spec.host import HostSpec

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIC me@here"


class Commands:
    """``create`` as the handler calls it; what it says is in ``heard``, its switch in ``cancellation``."""

    def __init__(self, cloud: FakeCloud, store: CertificateStore) -> None:
        self.cloud, self.store = cloud, store
        self.heard = Heard()
        self.cancellation = Cancellation()

    def azure(self, seconds: float = 1200.0):
        return self.cloud.azure(Deadline(seconds, self.cancellation))

    def prepared(self, spec: HostSpec | None = None, *, store: CertificateStore | None = None,
                 **values) -> create.Creation:
        """A create that has looked and done nothing yet."""
        azure, store = self.azure(), store or self.store
        asked = spec or host_spec(**values)
        return create.Creation(azure, create.prepare(azure, asked, store), store, self.heard)

    def create(self, spec: HostSpec | None = None, *, store: CertificateStore | None = None, seconds: float = 1200.0,
               keys: Callable[[], tuple[str, ...]] = lambda: (KEY,), **values) -> FinishedHost:
        azure, store = self.azure(seconds), store or self.store
        prepared = create.prepare(azure, spec or host_spec(**values), store)
        return create.create(azure, prepared, store, self.heard, keys)

    def failing(self, kind: type[DockerVMError] = DockerVMError, **values) -> DockerVMError:
        """The error of a create that fails."""
        with pytest.raises(kind) as caught:
            self.create(**values)
        return caught.value

    def anew(self) -> None:
        """What was said and sent until now is forgotten."""
        self.heard = Heard()
        self.cloud.log.clear()
        self.cloud.asked.clear()
        for host in self.cloud.hosts.values():
            host.actions.clear()
