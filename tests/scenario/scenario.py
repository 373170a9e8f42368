"""The base of all scenarios: the extension's commands against recorded answers, or against a cloud to record them."""

from __future__ import annotations

import itertools
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import SkipTest, mock

import in_process_az
from azure_devtools.scenario_tests import ReplayableTest, create_random_name, mock_in_unit_test, patch_time_sleep_api
from azure_devtools.scenario_tests.config import TestConfig
from cassettes import Serializer
from in_process_az import Finished
from live import LiveCloud
from processors import Witness, recording_processors, replay_processors
from replay import ReplayedHost, patch_clock, patch_engine, patch_login, patch_network, write_profile

from azext_dockervm.flow.workers import Ended, Workers

# Another folder records without touching the repository's cassettes, and replays what was recorded there.
RECORDINGS = Path(os.environ.get("SCENARIO_RECORDINGS") or Path(__file__).parent / "recordings")
GROUP, HOST, REGION, USER = "scenario", "web1", "westus", "skipper"
# What Azure's long lists are cut to.
NAMED = ("westus", "eastus2", "centralus", "northeurope", "Standard_D2s_v5", "Standard_L8s_v3", "Standard_NC6s_v3",
         "Standard_M128s")
NOT_OURS = ("DOCKER_HOST", "DOCKER_CERT_PATH", "DOCKER_CONFIG", "DOCKER_TLS_VERIFY", "DOCKER_CONTEXT")

# Of this process alone, and gone with it (conftest.py): homes with their keys, new cassettes.
WORK = Path(tempfile.gettempdir()) / f"dockervm-scenarios-{os.getpid()}"
# azure-devtools removes the old cassette when it is about to record, so it records into another folder.
FRESH = WORK / "cassettes"
LIVE = TestConfig().record_mode     # AZURE_TEST_RUN_LIVE

_clouds: list[LiveCloud] = []


def cloud() -> LiveCloud:
    """The cloud that this process records against; asked for in live tests only."""
    if not _clouds:
        _clouds.append(LiveCloud())
    return _clouds[0]


def clouds_used() -> list[LiveCloud]:
    return _clouds


def _in_turn(workers: Workers, key: str, call: Callable[[], Any]) -> None:
    """In place of ``Workers.start``."""
    try:
        ended = Ended(key, call())
    except BaseException as error:
        ended = Ended(key, error=error)
    workers.ended.put(ended)


class Scenario(ReplayableTest):
    """One cassette a test. ``group`` and ``name`` are unique when live, and the same at each replay.

    With AZURE_TEST_RUN_LIVE=true a test records; its cassette is replaced only if it passes. Else it replays, and fails
    when it makes another request than those recorded, or fewer.
    """

    # Tests whose group is elsewhere than in REGION. (A host elsewhere than its group makes az list the regions, by a
    # part of azure-mgmt-resource that its newest version has given away.)
    REGIONS: dict[str, str] = {}
    # azure-devtools would drop Retry-After; NoWaiting makes it 0.
    FILTER_HEADERS = [name for name in ReplayableTest.FILTER_HEADERS if name != "retry-after"]

    def __init__(self, method_name: str) -> None:
        super().__init__(method_name, recording_dir=str(FRESH if LIVE else RECORDINGS),
                         recording_name=method_name.removeprefix("test_"))

    def setUp(self) -> None:
        WORK.mkdir(mode=0o700, exist_ok=True)
        self.home = Path(tempfile.mkdtemp(dir=WORK))
        self.addCleanup(shutil.rmtree, self.home, ignore_errors=True)
        self.password = f"Aa1+{secrets.token_urlsafe(16)}"
        self.group, self.name = GROUP, HOST
        self.region = self.REGIONS.get(self._testMethodName, REGION)
        self._prepare_live() if self.is_live else self._prepare_replay()
        self._set_environment()
        self.vcr.serializer, self.vcr.match_on = "scenario", ("method", "same_path", "query")
        self.vcr.register_matcher("same_path", _same_path)
        super().setUp()
        if not self.is_live:
            # vcr treats all answers when it loads them; the host's tags are known only while the scenario runs.
            play = self.cassette.play_response
            self.cassette.play_response = lambda request: self.replayed_host.own(play(request))
            self._note_what_was_not_recorded()
        numbers = itertools.count(1)
        uuid4 = SimpleNamespace(uuid4=lambda: SimpleNamespace(hex=f"5ce0{next(numbers):08d}"))
        mock_in_unit_test(self, "azext_dockervm.host.create.uuid", uuid4)
        # vcr is not made for threads: it takes its patches out for a moment, and requests of others go by unrecorded.
        # So steps that could run side by side take turns here, and a cassette's order is always the same.
        mock_in_unit_test(self, "azext_dockervm.flow.workers.Workers.start", _in_turn)
        # Whether a look or the operation tells a write's end first, hangs on how busy the machine is that records.
        mock_in_unit_test(self, "azext_dockervm.azure.watching.Watch.can_tell", lambda *_arguments, **_options: False)

    def _note_what_was_not_recorded(self) -> None:
        """vcr's own error for it is one of many to the extension, which tells of an answer that can't be read."""
        self.not_recorded: list[str] = []
        can_play = self.cassette.can_play_response_for

        def noted(request: Any) -> bool:
            known = can_play(request)
            if not known:
                self.not_recorded.append(f"{request.method} {request.uri}")
            return known

        self.cassette.can_play_response_for = noted

    def _prepare_replay(self) -> None:
        assert Path(self.recording_file).exists(), f"{self.recording_file} is missing; script/record makes it"
        self.config_folder = self.home / ".azure"
        write_profile(self.config_folder)
        self.replayed_host = ReplayedHost()
        self.replay_processors = [self.replayed_host, *replay_processors(self.replayed_host.engine.signing_request)]
        self.replay_patches = [patch_network, patch_time_sleep_api, patch_clock, patch_login, patch_engine]
        self.vcr.record_mode = "none"
        self.vcr.register_serializer("scenario", Serializer())

    def _prepare_live(self) -> None:
        live = cloud()
        self.config_folder = live.folder
        self.group, self.name = create_random_name("dockervm-scenario-", 28), create_random_name("web", 12)
        names = {self.group: GROUP, self.name: HOST}
        witness = Witness()
        self.recording_processors = [
            witness, *recording_processors(live.endpoint, (live.subscription, live.tenant), names, NAMED)]
        self.vcr.register_serializer("scenario", Serializer(live.head, self._secrets(witness)))
        self.addCleanup(live.begin_to_delete, self.group)
        live.make_group(self.group, self.region)

    def _set_environment(self) -> None:
        kept = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
        own = {"HOME": str(self.home), "AZURE_CONFIG_DIR": str(self.config_folder),
               "AZURE_CORE_COLLECT_TELEMETRY": "no"}
        environment = mock.patch.dict(os.environ, {**kept, **own}, clear=True)
        environment.start()
        self.addCleanup(environment.stop)

    def tearDown(self) -> None:
        with mock.patch.object(os, "environ", os.environ):      # azure-devtools puts a plain dictionary in its place
            super().tearDown()
        if not self.is_live:
            assert not self.network_used, self.network_used
            assert not self.not_recorded, f"asked for but not recorded: {self.not_recorded}"
            unused = [request.uri for index, request in enumerate(self.cassette.requests)
                      if not self.cassette.play_counts[index]]
            assert not unused, f"recorded but not asked for any more: {unused}"

    def ended(self, passed: bool) -> None:
        """Live: the new cassette takes the old one's place."""
        if passed:
            RECORDINGS.mkdir(exist_ok=True)
            shutil.copyfile(self.recording_file, RECORDINGS / Path(self.recording_file).name)

    def _secrets(self, witness: Witness) -> Iterable[str]:
        """Asked when the cassette is written: what this run had to keep to itself."""
        test = self

        class Secrets:
            def __iter__(self) -> Iterator[str]:
                yield from (test.password, cloud().token, *witness.secrets)
                for path in test.home.rglob("*"):
                    if path.is_file() and "PRIVATE KEY" in (text := path.read_text(errors="replace")):
                        yield text

        return Secrets()

    # What scenarios are written with

    def az(self, *words: object) -> Finished:
        """``az WORDS``; what it must not end with is a traceback."""
        return in_process_az.run(self.config_folder, *words)

    def create(self, *words: object, password: bool = True) -> Finished:
        """``az dockervm create`` of this scenario's host."""
        login = ("-u", USER, "-p", self.password) if password else ()
        return self.az("dockervm", "create", "-g", self.group, "-n", self.name, *login, *words)

    def info(self, *words: object) -> Finished:
        return self.az("dockervm", "info", "-g", self.group, "-n", self.name, *words)

    def left(self) -> set[str]:
        """Types and names of what the group holds; recorded, because it is what the scenario is about."""
        found = in_process_az.rest(self.config_folder, "GET", f"/resourceGroups/{self.group}/resources", "2024-11-01")
        return {f"{one['type'].rpartition('/')[2]}/{self._shown(one['name'])}" for one in found["value"]}

    def _shown(self, name: str) -> str:
        return name.rpartition("/")[2].replace(self.name, HOST)

    def parts(self) -> set[str]:
        """What a host consists of, without its disk, whose name is Azure's choice."""
        return {one for one in self.left() if not one.startswith("disks/")}

    def given(self, kind: str, version: str, body: dict[str, Any]) -> None:
        """Something that is there before the scenario begins (``kind``: provider/type/name); made live, unrecorded."""
        self.behind_the_scenes(lambda live: live.make(
            f"/resourceGroups/{self.group}/providers/{kind}", version, {"location": self.region, **body}))

    def behind_the_scenes(self, act) -> None:
        """Live, do something that is not recorded; at replay, nothing."""
        if not self.is_live:
            return
        self.disable_recording = True
        try:
            act(cloud())
        finally:
            self.disable_recording = False

    def out_of_reach(self) -> None:
        """From now on no packet from here reaches an engine, as behind an office's firewall; live as well."""
        def dropped(*_arguments, **_options):
            raise TimeoutError

        import socket
        unreachable = SimpleNamespace(**{**vars(socket), "create_connection": dropped})
        mock_in_unit_test(self, "azext_dockervm.engine.tls.socket", unreachable)
        for patience in ("PATIENCE_SECONDS", "UNCHECKED_PATIENCE_SECONDS"):
            mock_in_unit_test(self, f"azext_dockervm.provision.proof.{patience}", 3.0)

    def needs_local_azure(self) -> None:
        if self.is_live and not cloud().is_local:
            raise SkipTest("no real Azure can be made to answer like that")

    def needs_docker_extension(self, location: str, published: bool = True) -> None:
        """The service retired it in 2018; which regions still list it is theirs to decide."""
        def look(live):
            if live.publishes_docker_extension(location) is not published:
                raise SkipTest(f"{location} {'does not publish' if published else 'publishes'} the Docker VM extension")

        self.behind_the_scenes(look)


def _same_path(one, other) -> None:
    """Azure compares paths without case, and the SDKs' versions differ in it."""
    assert one.path.lower() == other.path.lower(), f"{one.path}\nis not\n{other.path}"

