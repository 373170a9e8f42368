"""Our table of sizes and images with accelerated networking against az's own validator."""

from __future__ import annotations

import json

import pytest
from local_azure import cache
from running import run

from azext_dockervm.spec import acceleration, machine

# Its list of sizes is asked for the vCPUs of a size; here each has as many as it is told.
ASK = """
import json, sys, types
from azure.cli.command_modules.vm import _validators as validators
from azure.cli.command_modules.vm.aaz.latest import vm

def accelerates(size, cores, image):
    has = types.SimpleNamespace(name=size, number_of_cores=cores)
    client = types.SimpleNamespace(virtual_machine_sizes=types.SimpleNamespace(list=lambda location: [has]))
    validators._compute_client_factory = lambda cli_ctx: client
    vm.ListSizes = lambda cli_ctx: lambda command_args: [{"name": size, "numberOfCores": cores}]
    asked = types.SimpleNamespace(accelerated_networking=None, size=size, location="westus",
                                  **dict(zip(("os_publisher", "os_offer", "os_sku"), image)))
    validators._validate_vm_vmss_accelerated_networking(None, asked)
    return bool(asked.accelerated_networking)

print(json.dumps([accelerates(*one) for one in json.load(sys.stdin)]))
"""
IMAGES = ["FlatcarLinuxFreeGen2", "Ubuntu2404", "Ubuntu2204", "Debian11", "RHELRaw8LVMGen2", "SuseSles15SP3",
          "Canonical:UbuntuServer:16.04-LTS:latest", "Canonical:UbuntuServer:18.04-LTS:latest",
          "Canonical:UbuntuServer:14.04-LTS:latest", "SUSE:SLES:12-SP3:latest", "RedHat:RHEL:7.4:latest",
          "OpenLogic:CentOS:7.4:latest", "Oracle:Oracle-Linux:7.4:latest", "credativ:Debian:9-backports:latest",
          "kinvolk:flatcar-container-linux:stable:latest", "kinvolk:flatcar-container-linux-corevm:stable:latest"]
SIZES = [*sorted(acceleration.SIZES), "d2s_v5", "d8s_v5", "d16s_v6", "b2ms", "d2s_v3", "a8_v2", "nc6", "l8s_v3"]
EVERY = [(f"Standard_{size}", cores, "FlatcarLinuxFreeGen2") for size in SIZES for cores in (2, 4, 8)]
EVERY += [("Standard_D8s_v4", 8, image) for image in IMAGES]


@pytest.mark.parametrize("environment", ["az", "oldest-az"])
def test_it_is_turned_on_where_az_does(environment):
    images = {image: machine.Image.parse(image) for image in {image for _, _, image in EVERY}}
    asked = json.dumps([(size, cores, (images[image].publisher, images[image].offer, images[image].sku))
                        for size, cores, image in EVERY])
    theirs = run([cache() / environment / "bin/python", "-c", ASK], stdin=asked).succeeded().json
    ours = [acceleration.is_usual(size, cores, images[image]) for size, cores, image in EVERY]
    assert [one for one, mine, az in zip(EVERY, ours, theirs, strict=True) if mine is not az] == []
    assert True in theirs and False in theirs
