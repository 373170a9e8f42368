"""How a VM is secured and how its image is paid for, as it may be asked for."""

from __future__ import annotations

import pytest

from azext_dockervm.errors import ConflictingArguments, InvalidValue
from azext_dockervm.spec.placement import Placement
from azext_dockervm.spec.security import Plan, Security
from azext_dockervm.spec.security_rules import check_plan_word, check_together, check_type


def test_nothing_is_asked_for_unless_it_was():
    assert Security() == Security(None, None, None) and not Security().wants_trusted_launch
    assert Plan() == Plan(None, None, None, None) and not Plan().is_named
    assert Placement() == Placement(None, None, None, None, None, None, None, None, None, None, None, "UTC", None)


@pytest.mark.parametrize(("asked", "wants"), [
    (Security("TrustedLaunch"), True), (Security(secure_boot=True), True), (Security(vtpm=True), True),
    (Security("Standard"), False), (Security(secure_boot=False, vtpm=False), False)])
def test_what_only_trusted_launch_has(asked, wants):
    assert asked.wants_trusted_launch is wants


def test_a_type_is_taken_in_any_case_and_no_other_is():
    assert (check_type("trustedlaunch"), check_type("STANDARD")) == ("TrustedLaunch", "Standard")
    with pytest.raises(InvalidValue, match="'Shielded' is none of TrustedLaunch, Standard") as caught:
        check_type("Shielded")
    assert "--security-type TrustedLaunch" in caught.value.recommendations[0]
    with pytest.raises(InvalidValue, match="confidential VMs are not made"):
        check_type("ConfidentialVM")


def test_a_standard_vm_has_neither():
    check_together(Security("Standard", False, False), Plan())
    for asked, option in ((Security("Standard", True), "--enable-secure-boot"),
                          (Security("Standard", None, True), "--enable-vtpm")):
        with pytest.raises(ConflictingArguments, match=option):
            check_together(asked, Plan())


def test_a_plan_is_whole_or_not_there():
    check_together(Security(), Plan("9-base", "rocky", "resf", "code"))
    assert Plan("9-base").is_named
    for plan, option in ((Plan("9-base"), "--plan-product"), (Plan("a", "b"), "--plan-publisher"),
                         (Plan(None, "b", "c"), "--plan-name")):
        with pytest.raises(ConflictingArguments, match=f"there is no {option}"):
            check_together(Security(), plan)


def test_a_word_of_a_plan_can_be_a_part_of_a_url():
    assert check_plan_word("x" * 128) == "x" * 128
    for text in ("", "x" * 129, "a/b", "a b", "a\n"):
        with pytest.raises(InvalidValue):
            check_plan_word(text)
