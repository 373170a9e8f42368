"""Local Azure's README has the table of az's verbs that the tests speak, and none is missing that hosts need."""

from __future__ import annotations

import re

import pytest
import verbs

# Group of az's commands → verbs that scripts for hosts need, each with the option without which it is another call.
NEEDED = {
    "account": "list show get-access-token list-locations",
    "group": "create list show update exists delete",
    "deployment group": "create show list validate",
    "vm": "create list list:-d show show:-d list-ip-addresses start stop deallocate restart redeploy delete "
          "update:--set resize get-instance-view open-port wait list-sizes list-skus list-usage auto-shutdown "
          "generalize",
    "vm image": "list:--all show list-offers list-skus list-publishers",
    "vm image terms": "accept show",
    "vm extension": "set list show delete wait",
    "vm extension image": "list list-versions",
    "vm run-command": "invoke create show list delete",
    "vm user": "update:-p update:--ssh-key-value",
    "vm disk": "attach:--new attach detach",
    "vm boot-diagnostics": "get-boot-log",
    "vm availability-set": "create list show update delete",
    "vm identity": "assign",
    "disk": "create list delete",
    "disk-encryption-set": "create show list delete",
    "image": "create show list",
    "sig": "create list show delete list-shared show-shared show-community",
    "sig image-definition": "create list show list-shared list-community",
    "sig image-version": "create list show",
    "sig share": "add enable-community",
    "sshkey": "create list show delete",
    "network nat gateway": "create list show update delete",
    **dict.fromkeys(["network vnet", "network vnet subnet", "network nsg", "network nsg rule", "network public-ip",
                     "network asg", "ppg", "identity"], "create list show update delete"),
    "network nic": "create list show update delete list-effective-nsg",
    "network nic ip-config": "update",
    "lock": "create list show delete",
    "role assignment": "list",
    "resource": "list show tag delete",
    "tag": "list update",
    "provider": "list show register",
    "feature": "show list",
}  # fmt: skip
# az vm create's variants are spoken through a helper, so they are known by their tests' names.
CREATED = ("defaults", "password", "custom_data", "existing_nic", "count")


def test_readme_has_the_table_that_the_tests_give():
    assert verbs.written() == verbs.table(), "run: python tests/support/verbs.py"


@pytest.mark.parametrize("group", NEEDED)
def test_each_verb_that_hosts_need_is_spoken_by_a_stock_az_test(group):
    stock = [(verb, options) for verb, options, file in verbs.commands() if (verbs.TESTS / "stock_az" / file).exists()]
    row = next(line for line in verbs.table().splitlines() if line.startswith(f"| {group} |"))
    for name in NEEDED[group].split():
        verb, _, option = name.partition(":")
        assert any(said == f"{group} {verb}" and (not option or option in options) for said, options in stock), name
        assert verb in re.split(r"[|, ]+", row)


def test_vm_create_has_a_test_for_each_variant():
    source = (verbs.TESTS / "stock_az/test_az_vm_create.py").read_text(encoding="utf-8")
    for variant in CREATED:
        assert f"def test_vm_create_with_{variant}(" in source


def test_a_word_that_is_no_verb_of_az_does_not_get_into_the_table():
    for verb in verbs.verbs():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*( [a-z]+(-[a-z]+)*){1,3}", verb), verb
