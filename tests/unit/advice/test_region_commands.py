"""Commands about a region, and about what can be had there."""

from __future__ import annotations

import pytest

from azext_dockervm.advice import region_commands


@pytest.mark.parametrize(("command", "words"), [
    (lambda host: region_commands.list_regions(host.subscription), "az account list-locations -o table"),
    (lambda host: region_commands.list_region_names(host.subscription),
     "az account list-locations --query '[].name' -o tsv"),
    (lambda host: region_commands.list_sizes(host.location, host.subscription),
     "az vm list-skus --resource-type virtualMachines -l westus -o table"),
    (lambda host: region_commands.list_zonal_sizes(host.location, host.subscription),
     "az vm list-skus -l westus --zone -o table"),
    (lambda host: region_commands.list_zonal_sizes(None, host.subscription, "Standard_B2s"),
     "az vm list-skus -l REGION --zone --size Standard_B2s -o table"),
    (lambda host: region_commands.list_groups(host.subscription), "az group list -o table"),
    (region_commands.list_publisher_images, "az vm image list -l westus --publisher Canonical --all -o table"),
    (region_commands.accept_terms, "az vm image terms accept --urn Canonical:ubuntu-24_04-lts:server:latest"),
    (region_commands.show_compute_quota, "az vm list-usage -l westus -o table"),
    (region_commands.show_network_quota, "az network list-usages -l westus -o table"),
])
def test_each_command_is_whole_and_names_the_subscription(host, command, words):
    assert command(host) == f"{words} --subscription 'sub 1'"


def test_where_no_subscription_was_named_none_is():
    assert region_commands.list_regions() == "az account list-locations -o table"


def test_a_region_that_nobody_named_is_for_the_user_to_fill_in():
    assert region_commands.list_sizes(None) == "az vm list-skus --resource-type virtualMachines -l REGION -o table"
