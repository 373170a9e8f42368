"""Which host is meant, and where it stands."""

from __future__ import annotations

from bad_values.row import asked, bad

VALUES = (
    bad("resource_group_name", ("-g", "demo/web1"), "--resource-group", "'demo/web1'"),
    bad("resource_group_name", ("-g", ""), "--resource-group"),
    asked("resource_group_name", "-g nowhere", "'nowhere' does not exist", "az group create -n nowhere"),
    bad("vm_name", "-n web_1", "--name", "letters, digits and hyphens"),
    bad("vm_name", f"-n {'a' * 65}", "--name", "65 characters"),
    bad("vm_name", ("-n", "web\x1b[31m1"), "--name", r"web\x1b[31m1"),
    bad("location", ("-l", ""), "--location", "empty"),
    bad("location", "-l west?mars", "--location", "west?mars", "az account list-locations"),
    asked("location", "-l westmars", "--location", "'westmars'", "az account list-locations"),
)
