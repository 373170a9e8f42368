"""The Docker VM extension's body: the settings that its handler reads, and those that nobody else does."""

from __future__ import annotations

from specs import host_spec

from azext_dockervm.body import extension
from azext_dockervm.flow.request import Ref, printed
from azext_dockervm.secret import Secret

KEY = Secret("c2VydmVyIGtleQ==")


def made(**values):
    return extension.body(host_spec("demo", "web1", tags={"team": "a"}, **values), "r1", ["--live-restore"],
                          ca=Ref("authority", "certificate_pem"), certificate="Y2VydA==", key=KEY)


def test_the_body_is_what_the_handler_reads():
    """Its port is text. The key is a secret leaf among the settings that Azure encrypts."""
    assert made(port=2376) == {
        "location": "westus", "tags": {"team": "a", "dockervm-host": "web1", "dockervm-run": "r1"},
        "properties": {
            "publisher": "Microsoft.Azure.Extensions", "type": "DockerExtension", "typeHandlerVersion": "1.0",
            "autoUpgradeMinorVersion": True,
            "settings": {"docker": {"port": "2376", "options": ["--live-restore"]}},
            "protectedSettings": {"certs": {"ca": Ref("authority", "certificate_pem"), "cert": "Y2VydA==",
                                            "key": KEY}}}}
    assert printed(made())["properties"]["protectedSettings"]["certs"]["key"] == "<redacted>"


def test_in_china_the_handler_is_told_where_it_is():
    """There it takes Docker from a mirror that can be reached."""
    assert made(cloud="AzureChinaCloud")["properties"]["settings"] == {
        "docker": {"port": "4243", "options": ["--live-restore"]}, "azure-environment": "AzureChinaCloud"}
    assert "azure-environment" not in made(cloud="AzureUSGovernment")["properties"]["settings"]
