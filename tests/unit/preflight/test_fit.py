"""Whether image, size and security go together, as far as it is told before anything is made."""

from __future__ import annotations

import pytest
from bad_values.security import IN_GALLERY, TRUSTED, image
from specs import changed, host_spec

from azext_dockervm.errors import InvalidValue
from azext_dockervm.preflight.survey import survey
from azext_dockervm.spec.disks import Disks
from azext_dockervm.spec.machine import Image
from azext_dockervm.spec.security import Security

SPEC = host_spec(location=None, image=Image.parse(IN_GALLERY))
SIZES = ("Standard_D2s_v5", "Standard_D2ps_v5", "Standard_D2ps_v6", "Standard_D2s_v6", "Standard_D2_v3", "Standard_X")
REQUIRED = [{"name": "SecurityType", "value": "TrustedLaunch"}]


@pytest.fixture
def see(cloud):
    cloud.sizes = dict.fromkeys(SIZES, 2)

    def see(size="Standard_D2s_v5", there=None, **values):
        if there is not None:
            image(**there)(cloud)
        return survey(cloud.azure(), changed(SPEC, size=size, **values))[1]

    return see


def refused(see, *arguments, **values):
    with pytest.raises(InvalidValue) as caught:
        see(*arguments, **values)
    return caught.value


@pytest.mark.parametrize(("size", "there"), [
    ("Standard_D2s_v5", {"architecture": "x64", "hyperVGeneration": "V1"}),
    ("Standard_D2s_v5", {"architecture": "x64", "hyperVGeneration": "V2"}),
    ("Standard_D2ps_v6", {"architecture": "Arm64", "hyperVGeneration": "V2"}),
    ("Standard_D2s_v6", {"hyperVGeneration": "V2"}), ("Standard_D2_v3", {"hyperVGeneration": "V1"}),
    # Of what nothing is told, Azure decides.
    ("Standard_X", {"architecture": "Arm64", "hyperVGeneration": "V1"}), ("Standard_D2ps_v6", {})])
def test_what_goes_together(see, size, there):
    see(size, there)


@pytest.mark.parametrize(("size", "there", "says"), [
    ("Standard_D2ps_v6", {"architecture": "x64"}, "is for amd64, and the size Standard_D2ps_v6 for arm64"),
    ("Standard_D2s_v5", {"architecture": "Arm64"}, "is for arm64, and the size Standard_D2s_v5 for amd64"),
    ("Standard_D2s_v6", {"hyperVGeneration": "V1"},
     "of generation V1, and the size Standard_D2s_v6 boots generation V2 only"),
    ("Standard_D2_v3", {"hyperVGeneration": "V2"},
     "of generation V2, and the size Standard_D2_v3 boots generation V1 only")])
def test_what_does_not(see, size, there, says):
    assert says in refused(see, size, there).message


def test_what_the_service_tells_of_a_size_counts_more_than_its_name(cloud, see):
    cloud.capabilities = {"CpuArchitectureType": "Arm64", "HyperVGenerations": "V2", "MaxResourceVolumeMB": "99999"}
    asked = {"disks": Disks(ephemeral=True)}
    see("Standard_X", {"architecture": "Arm64", "hyperVGeneration": "V2"}, **asked)
    assert "for amd64" in refused(see, "Standard_X", {"architecture": "x64"}, **asked).message
    assert "V2 only" in refused(see, "Standard_D2s_v5", {"hyperVGeneration": "V1"}, **asked).message


@pytest.mark.parametrize("there", [{"hyperVGeneration": "V2", "features": TRUSTED},
                                   {"hyperVGeneration": "V2", "features": REQUIRED}])
def test_trusted_launch_for_an_image_that_has_it(see, there):
    for asked in ({"type": "TrustedLaunch"}, {"secure_boot": True}, {"vtpm": True}, {}):
        see(there=there, security=Security(**asked))


def test_an_image_that_may_not_be_read_is_taken_on_trust(cloud, see):
    cloud.forbidden = {"image"}
    see(security=Security("TrustedLaunch"))


def test_an_image_that_demands_it_needs_a_size_that_has_it(see):
    told = refused(see, "Standard_D2ps_v5", {"hyperVGeneration": "V2", "architecture": "Arm64", "features": REQUIRED})
    assert told.message == "--size: the size Standard_D2ps_v5 has no Trusted Launch, which the image demands."
    see("Standard_D2ps_v6", {"hyperVGeneration": "V2", "architecture": "Arm64", "features": REQUIRED})


def test_a_vm_without_it_of_an_image_that_has_it_is_told(see):
    there = {"hyperVGeneration": "V2", "architecture": "Arm64", "features": TRUSTED}
    told = see("Standard_D2ps_v5", there).remarks
    assert [one.partition(":")[0] for one in told] == ["Security type"] and "Standard_D2ps_v5" in told[0]
    assert not see("Standard_D2ps_v5", there, security=Security("Standard")).remarks
    assert not see("Standard_D2ps_v6", there).remarks and not see("Standard_D2ps_v5", {"architecture": "Arm64"}).remarks


@pytest.mark.parametrize(("state", "known"), [("Registered", True), ("NotRegistered", False), (None, False)])
def test_whether_a_standard_vm_may_be_named_is_asked_of_the_subscription(cloud, see, state, known):
    if state:
        cloud.features["UseStandardSecurityType"] = state
    assert see(security=Security("Standard")).standard_is_known is known
    assert "feature UseStandardSecurityType" in cloud.asked


def test_who_may_not_ask_does_not_name_it(cloud, see):
    cloud.forbidden = {"feature_state"}
    assert see(security=Security("Standard")).standard_is_known is False


def test_nobody_else_is_asked(cloud, see, finished):
    see(security=Security("Standard"))
    survey(cloud.azure(), host_spec(name="web2", location=None))
    assert "feature_state" not in cloud.asked
