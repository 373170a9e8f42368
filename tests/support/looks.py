"""All looks before a create at a cloud in memory, for the host that a file of tests is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from fake_azure import FakeCloud
from specs import changed

from azext_dockervm.errors import DockerVMError
from azext_dockervm.preflight.found import Found
from azext_dockervm.preflight.survey import survey
from azext_dockervm.spec.host import HostSpec


@dataclass(frozen=True)
class Looks:
    spec: HostSpec

    def see(self, cloud: FakeCloud, **values: Any) -> Found:
        return survey(cloud.azure(), changed(self.spec, **values))[1]

    def refused(self, cloud: FakeCloud, kind: type[DockerVMError], **values: Any) -> DockerVMError:
        """Why nothing of it can be made, and nothing is."""
        with pytest.raises(kind) as caught:
            self.see(cloud, **values)
        assert not cloud.writes()
        return caught.value
