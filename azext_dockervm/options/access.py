"""Options of what a host lets in besides Docker and SSH, and of who guards it."""

from __future__ import annotations

from azext_dockervm.options.option import Option, filled
from azext_dockervm.spec.ports import parse_ports
from azext_dockervm.spec.sources import check_sources

_GROUP = "Network"

ACCESS = (
    Option("open_ports", "--open-ports",
           "TCP ports that containers publish and that shall be reached from outside: ports and ranges, separated by "
           "spaces, such as 80 443 32768-60999. Of an existing host these become all that are open by this option.",
           _GROUP, default_in_words="none but Docker's is open, and SSH's where it is asked for", read=filled,
           check=parse_ports, place="network.open_ports", parser={"nargs": "+"}),
    Option("open_ports_sources", "--open-ports-sources",
           "Who may reach --open-ports, where that differs from --sources; '*' is everybody.", _GROUP,
           default_in_words="those of --sources", read=filled,
           check=lambda texts: check_sources(texts, "--open-ports-sources"), place="network.open_ports_sources",
           parser={"nargs": "+"}),
)
