"""What to do where the subscription has no more to give, or where a lock stands."""

from __future__ import annotations

from azext_dockervm.advice import limits

SUBSCRIPTION = "--subscription 'sub 1'"


def test_quotas_are_shown_by_a_command_and_raised_in_the_portal(host):
    first, other, more = limits.for_cores(host)
    assert first.endswith(f": az vm list-usage -l westus -o table {SUBSCRIPTION}")
    assert "smaller --size" in other and "portal" in more
    first, unused, more = limits.for_addresses(host)
    assert first.endswith(f": az network list-usages -l westus -o table {SUBSCRIPTION}")
    assert unused.endswith(": az network public-ip list --query '[?ipConfiguration==null]|[?natGateway==null].id' -o "
                           f"tsv {SUBSCRIPTION}")


def test_locks_and_registrations(host):
    assert limits.for_a_lock(host, "/s/l/keep") == (
        f"Who may, takes it away: az lock delete --ids /s/l/keep {SUBSCRIPTION}",)
    assert limits.list_locks(host) == f"az lock list -g 'my(group)' -o table {SUBSCRIPTION}"
    assert limits.register(host, "Microsoft.Compute") == (
        f"az provider register -n Microsoft.Compute --wait {SUBSCRIPTION}")
