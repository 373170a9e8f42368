"""The JSON of a create that was looked at and not carried out."""

from __future__ import annotations

import pytest
from specs import host_spec

from azext_dockervm.certs.store import StoreChange
from azext_dockervm.host.preview import Preview
from azext_dockervm.output import previews
from azext_dockervm.provision.choice import ProvisionerChoice
from azext_dockervm.provision.first_boot import FirstBoot
from azext_dockervm.secret import Secret
from azext_dockervm.spec.custom_data import CustomData, bytes_left

USERS = CustomData.read(b"#!/bin/sh\ntrue\n")


def seen(first_boot=None, set_up=None, **values):
    return Preview(host_spec(), False, ProvisionerChoice("cloud-init", "as asked"), [{"step": 1}], [], StoreChange(
        **values), ("localhost",), first_boot, set_up)


@pytest.mark.parametrize(("given", "parts"), [
    (FirstBoot(b"ours"), ["set-up"]), (FirstBoot(b"both", USERS), ["set-up", *USERS.words]),
    (FirstBoot(b"theirs", USERS, "because"), [*USERS.words])])
def test_custom_data_is_shown_by_its_size_and_what_it_is_made_of(store, given, parts):
    shown = previews.checked(seen(given), store, None)["customData"]
    assert shown == {"bytes": len(given.content), "bytesLeft": bytes_left(given.content), "parts": parts}


@pytest.mark.parametrize("given", [None, FirstBoot(None)])
def test_without_custom_data_there_is_nothing_to_show(store, given):
    assert previews.checked(seen(given), store, None)["customData"] is None


@pytest.mark.parametrize(("change", "authority", "client"), [
    ({}, "kept", "kept"), ({"client_issued": True}, "kept", "made"), ({"created": True}, "made", "made")])
def test_what_becomes_of_the_certificates(store, change, authority, client):
    shown = previews.plan(seen(**change), store, "web1")
    assert shown["certificates"] == {"folder": str(store.folder), "authority": authority, "client": client,
                                     "authorityFingerprint": store.authority_fingerprints()[0],
                                     "serverNames": ["localhost"]}
    assert shown["steps"] == [{"step": 1}] and shown["dockerContext"] == "web1"


def test_what_the_set_up_is_told_is_shown_with_its_daemon_json_to_be_read(store):
    shown = previews.plan(seen(set_up={"A": "1", "B": Secret("2")}), store, None)["setUp"]
    assert shown["parameters"] == {"A": "1", "B": "<redacted>"} and shown["daemonJson"]["live-restore"] is True
    assert previews.plan(seen(), store, None)["setUp"] is None
