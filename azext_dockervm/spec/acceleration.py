"""Which new hosts get accelerated networking unasked: those for which az itself turns it on.

Copied, because az has its table inside a validator (azure-cli, vm/_validators.py,
_validate_vm_vmss_accelerated_networking, the same in 2.74 and 2.91); tests/stock_az/test_az_acceleration.py compares
the two. Later sizes and images have it, or not, as Azure decides.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from azext_dockervm.spec.machine import Image

# Sizes without "Standard_", in small letters.
SIZES = frozenset("""
    b12ms b16ms b20ms ds2_v2 ds3_v2 ds4_v2 ds5_v2 ds11-1_v2 ds11_v2 ds12-1_v2 ds12-2_v2 ds12_v2 ds13-2_v2 ds13-4_v2
    ds13_v2 ds14-4_v2 ds14-8_v2 ds14_v2 ds15_v2 ds2_v2_promo ds3_v2_promo ds4_v2_promo ds5_v2_promo ds11_v2_promo
    ds12_v2_promo ds13_v2_promo ds14_v2_promo f2s f4s f8s f16s d4s_v3 d8s_v3 d16s_v3 d32s_v3 d2_v2 d3_v2 d4_v2 d5_v2
    d11_v2 d12_v2 d13_v2 d14_v2 d15_v2 d2_v2_promo d3_v2_promo d4_v2_promo d5_v2_promo d11_v2_promo d12_v2_promo
    d13_v2_promo d14_v2_promo f2 f4 f8 f16 d4_v3 d8_v3 d16_v3 d32_v3 d48_v3 d64_v3 d48s_v3 d64s_v3 e4_v3 e8_v3
    e16_v3 e20_v3 e32_v3 e48_v3 e64i_v3 e64_v3 e4-2s_v3 e4s_v3 e8-2s_v3 e8-4s_v3 e8s_v3 e16-4s_v3 e16-8s_v3 e16s_v3
    e20s_v3 e32-8s_v3 e32-16s_v3 e32s_v3 e48s_v3 e64-16s_v3 e64-32s_v3 e64is_v3 e64s_v3 l8s_v2 l16s_v2 l32s_v2
    l48s_v2 l64s_v2 l80s_v2 e4_v4 e8_v4 e16_v4 e20_v4 e32_v4 e48_v4 e64_v4 e4d_v4 e8d_v4 e16d_v4 e20d_v4 e32d_v4
    e48d_v4 e64d_v4 e4-2s_v4 e4s_v4 e8-2s_v4 e8-4s_v4 e8s_v4 e16-4s_v4 e16-8s_v4 e16s_v4 e20s_v4 e32-8s_v4
    e32-16s_v4 e32s_v4 e48s_v4 e64-16s_v4 e64-32s_v4 e64s_v4 e4-2ds_v4 e4ds_v4 e8-2ds_v4 e8-4ds_v4 e8ds_v4
    e16-4ds_v4 e16-8ds_v4 e16ds_v4 e20ds_v4 e32-8ds_v4 e32-16ds_v4 e32ds_v4 e48ds_v4 e64-16ds_v4 e64-32ds_v4
    e64ds_v4 d4d_v4 d8d_v4 d16d_v4 d32d_v4 d48d_v4 d64d_v4 d4_v4 d8_v4 d16_v4 d32_v4 d48_v4 d64_v4 d4ds_v4 d8ds_v4
    d16ds_v4 d32ds_v4 d48ds_v4 d64ds_v4 d4s_v4 d8s_v4 d16s_v4 d32s_v4 d48s_v4 d64s_v4 f4s_v2 f8s_v2 f16s_v2 f32s_v2
    f48s_v2 f64s_v2 f72s_v2 m208ms_v2 m208s_v2 m416-208s_v2 m416s_v2 m416-208ms_v2 m416ms_v2 m64 m64m m128 m128m
    m8-2ms m8-4ms m8ms m16-4ms m16-8ms m16ms m32-8ms m32-16ms m32ls m32ms m32ts m64-16ms m64-32ms m64ls m64ms m64s
    m128-32ms m128-64ms m128ms m128s d4a_v4 d8a_v4 d16a_v4 d32a_v4 d48a_v4 d64a_v4 d96a_v4 d4as_v4 d8as_v4 d16as_v4
    d32as_v4 d48as_v4 d64as_v4 d96as_v4 e4a_v4 e8a_v4 e16a_v4 e20a_v4 e32a_v4 e48a_v4 e64a_v4 e96a_v4 e4as_v4
    e8as_v4 e16as_v4 e20as_v4 e32as_v4 e48as_v4 e64as_v4 e96as_v4
    """.split())
# Those that have it with four vCPUs; all others have eight at least.
WITH_FOUR_CORES = frozenset("""
    d3_v2 d3_v2_promo d3_v2_abc ds3_v2 ds3_v2_promo d12_v2 d12_v2_promo d12_v2_abc ds12_v2 ds12_v2_promo f8s_v2
    f4 f4_abc f4s e8_v3 e8s_v3 d8_v3 d8s_v3
    """.split())
LEAST_CORES = 8
# By publisher and offer, how the SKU begins.
IMAGES = (("canonical", "ubuntuserver", "16.04|18.04"), ("suse", "sles", "12-sp3"), ("redhat", "rhel", "7.4"),
          ("openlogic", "centos", "7.4"), ("kinvolk", "flatcar-container-linux-free", ""),
          ("kinvolk", "flatcar-container-linux", ""), ("credativ", "debian", "-backports"),
          ("oracle", "oracle-linux", "7.4"))


def is_usual(size: str, cores: int | None, image: Image) -> bool:
    """``cores`` is None where the region's sizes were not told."""
    name = size.lower().removeprefix("standard_")
    if name not in SIZES or not (name in WITH_FOUR_CORES or (cores or 0) >= LEAST_CORES):
        return False
    publisher, offer, sku = ((part or "").lower() for part in (image.publisher, image.offer, image.sku))
    return any((publisher, offer) == (by, of) and bool(re.match(begins, sku)) for by, of, begins in IMAGES)
