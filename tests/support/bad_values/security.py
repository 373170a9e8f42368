"""Architecture, plan and security of a host's image and VM."""

from __future__ import annotations

from bad_values.row import asked, bad, pair

OWN = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute"
MANAGED, IN_GALLERY = f"{OWN}/images/i", f"{OWN}/galleries/own/images/i"
TRUSTED = [{"name": "SecurityType", "value": "TrustedLaunchSupported"}]
PLAN = "--plan-name 9-base --plan-product rockylinux-x86_64 --plan-publisher resf"
SOLD = {"name": "9-base", "product": "rockylinux-x86_64", "publisher": "resf"}


def image(**properties: object):
    return lambda cloud: setattr(cloud, "image", {"location": "westus", "properties": properties})


def region_has(size: str):
    return lambda cloud: setattr(cloud, "sizes", {size: 2})


def not_accepted(**properties: object):
    """An image that is sold, whose terms nobody has accepted."""
    return lambda cloud: (image(**{"plan": SOLD, **properties})(cloud),
                          cloud.terms.update({("resf", "rockylinux-x86_64", "9-base"): False}))


ACCEPT = "az vm image terms accept"
VALUES = (
    bad("arch", "--arch riscv", "--arch", "'riscv' is none of amd64, arm64"),
    bad("arch", ("--arch", ""), "--arch"),
    bad("arch", "--arch arm64 --image Debian:debian-13:13-gen2:latest", "--arch", "for amd64, not for arm64"),
    bad("arch", "--arch arm64 --size Standard_D4s_v5", "--arch", "Standard_D4s_v5", "--size Standard_D2ps_v6"),
    bad("arch", "--arch amd64 --image AzureLinux4Arm64", "--arch", "for arm64, not for amd64"),
    asked("arch", f"--arch arm64 --image {IN_GALLERY}", "--arch", "is for amd64, not for arm64", "az resource show",
          there=lambda cloud: (image(architecture="x64")(cloud), region_has("Standard_D2ps_v6")(cloud))),
    bad("image", "--image AzureLinux4Arm64", "Standard_D2s_v5 for amd64", "--arch arm64"),
    asked("image", f"--image {IN_GALLERY}", "is for arm64, and the size Standard_D2s_v5 for amd64", "--arch arm64",
          there=image(architecture="Arm64")),
    bad("size", "--size Standard_D2ps_v6", "for arm64", "--arch arm64"),
    asked("size", "--size Standard_D2ps_v6 --image a:b:c:latest", "is for amd64", "--size Standard_D2s_v5",
          there=lambda cloud: (image(architecture="x64")(cloud), region_has("Standard_D2ps_v6")(cloud))),
    asked("image", "--image a:b:c:latest --size Standard_D2s_v6", "of generation V1", "generation V2 only",
          there=lambda cloud: (image(hyperVGeneration="V1")(cloud), region_has("Standard_D2s_v6")(cloud))),
    bad("plan_name", ("--plan-name", "a b"), "--plan-name", "no spaces"),
    bad("plan_name", "--plan-name gold", "no --plan-product"),
    asked("plan_name", f"{PLAN} --image a:b:c:latest", "--plan-name", "has no plan", "Leave --plan-name"),
    asked("plan_name", f"{PLAN} --image a:b:c:latest", "--plan-name", "resf:rockylinux-x86_64:8-base",
          there=image(plan={**SOLD, "name": "8-base"})),
    bad("plan_product", ("--plan-product", "a/b"), "--plan-product", "'a/b'"),
    bad("plan_product", "--plan-product p --plan-name n", "no --plan-publisher"),
    bad("plan_publisher", ("--plan-publisher", "?"), "--plan-publisher", "'?'"),
    bad("plan_publisher", "--plan-publisher p", "no --plan-name"),
    bad("plan_promotion_code", ("--plan-promotion-code", ""), "--plan-promotion-code", "empty"),
    asked("plan_promotion_code", "--plan-promotion-code x", "--plan-promotion-code", "no plan"),
    asked("image", "--image resf:rockylinux-x86_64:9-base:latest", "have not been accepted",
          f"{ACCEPT} --urn resf:rockylinux-x86_64:9-base:latest", there=not_accepted()),
    asked("image", "--image resf:rockylinux-x86_64:9-base:9.6.1", "have not been accepted", f"{ACCEPT} --urn",
          there=not_accepted()),
    asked("image", f"--image {IN_GALLERY}", "have not been accepted",
          f"{ACCEPT} --publisher resf --offer rockylinux-x86_64 --plan 9-base",
          there=not_accepted(plan=None, purchasePlan=SOLD)),
    asked("plan_name", f"{PLAN} --image {MANAGED}", "have not been accepted",
          f"{ACCEPT} --publisher resf --offer rockylinux-x86_64 --plan 9-base", there=not_accepted(plan=None)),
    bad("security_type", "--security-type ConfidentialVM", "--security-type", "confidential VMs are not made"),
    bad("security_type", "--security-type Secret", "--security-type", "'Secret' is none of TrustedLaunch, Standard"),
    asked("security_type", "--security-type TrustedLaunch --image a:b:c:latest", "--security-type", "of generation V1",
          there=image(hyperVGeneration="V1", features=TRUSTED)),
    asked("security_type", "--security-type TrustedLaunch --image a:b:c:latest", "does not say that it has it",
          there=image(hyperVGeneration="V2")),
    asked("security_type", f"--security-type TrustedLaunch --image {MANAGED}", "a managed image knows nothing of it",
          there=image(hyperVGeneration="V2")),
    asked("security_type", f"--security-type Standard --image {IN_GALLERY}", "--security-type", "only VMs with",
          there=image(hyperVGeneration="V2", features=[{"name": "SecurityType", "value": "TrustedLaunch"}])),
    bad("enable_secure_boot", "--enable-secure-boot perhaps", "--enable-secure-boot"),
    asked("enable_secure_boot", "--enable-secure-boot --image a:b:c:latest", "--enable-secure-boot", "generation V1",
          there=image(hyperVGeneration="V1")),
    bad("enable_vtpm", "--enable-vtpm 2", "--enable-vtpm"),
    asked("enable_vtpm", "--enable-vtpm true --image a:b:c:latest", "--enable-vtpm", "does not say that it has it",
          there=image(hyperVGeneration="V2")),
)

PAIRS = (
    pair("arch", "provisioner", "--arch arm64 --provisioner docker-extension", "--provisioner docker-extension"),
    pair("security_type", "enable_secure_boot", "--security-type Standard --enable-secure-boot", "--enable-secure-boot",
         "Leave one"),
    pair("security_type", "enable_vtpm", "--security-type Standard --enable-vtpm true", "--enable-vtpm", "Leave one"),
    pair("security_type", "size", "--security-type TrustedLaunch --size Standard_D2ps_v5 --arch arm64",
         "--security-type", "Standard_D2ps_v5 has no Trusted Launch", asks=True,
         there=region_has("Standard_D2ps_v5")),
    pair("image", "size", f"--image {IN_GALLERY} --size Standard_D2_v4", "is for arm64",
         "--size Standard_D2ps_v6", asks=True,
         there=lambda cloud: (image(architecture="Arm64")(cloud), region_has("Standard_D2_v4")(cloud))),
)
