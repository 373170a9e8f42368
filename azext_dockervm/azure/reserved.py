"""Words that Azure keeps for itself in names of what can be reached from outside.

https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-reserved-resource-name; for DNS labels
there is no list, but words of this one are refused anywhere in them (DomainNameLabelReserved, azure-docs#104539).
"""

from __future__ import annotations

# As a whole name.
WORDS = frozenset(
    "access azure bing bizspark biztalk cortana directx dotnet dynamics excel exchange forefront groove hololens "
    "hyperv kinect lync msdn o365 office office365 onedrive onenote outlook powerpoint sharepoint skype visio "
    "visualstudio xbox".split())
ANYWHERE = ("microsoft", "windows")
AT_THE_BEGINNING = ("login", "xbox")
# Azure's code for a DNS label, and what it means, as a phrase.
RESERVED_LABEL = "DomainNameLabelReserved"
HOLDS_A_RESERVED_WORD = "holds a word that Azure keeps for itself"


def reserved_word(name: str) -> str | None:
    """The word because of which Azure refuses a resource of this name (ReservedResourceName); None where it takes
    it."""
    lower = name.lower()
    if lower in WORDS:
        return lower
    return (next((word for word in ANYWHERE if word in lower), None)
            or next((word for word in AT_THE_BEGINNING if lower.startswith(word)), None))


def may_be_refused_as_label(text: str) -> bool:
    """Whether a DNS label with this text in it may be refused: which words that are, Azure does not tell."""
    return any(word in text.lower() for word in (*WORDS, *ANYWHERE, *AT_THE_BEGINNING))
