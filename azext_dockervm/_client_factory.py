"""Azure SDK clients on az's login and cloud, with request bodies kept out of the log.

Client classes are named, never az's pinned ``ResourceType`` profiles: those fix azure-mgmt-network at 2022-01-01.
"""

from __future__ import annotations

import logging
from typing import Any

# Where az itself tells of a claims challenge, once for each request that met it and not with --only-show-errors.
CHALLENGE_LOGGER = "cli.azure.cli.core.auth.util"
CHATTY_LOGGERS = ("azure.mgmt.compute._utils.model_base", "azure.mgmt.network._utils.model_base",
                  "azure.mgmt.resource.resources._utils.model_base", "azure.core.pipeline.transport._requests_basic")


def _bodyless_logging_policy() -> Any:
    """az's own policy writes every request body to ``--debug``: passwords, custom data, protected settings.

    ``get_mgmt_service_client`` lets no caller replace that policy, but it obeys the option ``logging_enable``, which it
    takes away as it reads it. So this one stands behind the retry policy, switches az's off at every attempt, and logs
    in its place: URL and headers, the response, of the request's body only the size.
    """
    from azure.cli.core.sdk.policies import SafeNetworkTraceLoggingPolicy
    from knack.log import get_logger

    logger = get_logger("azext_dockervm.http")

    class BodylessLoggingPolicy(SafeNetworkTraceLoggingPolicy):
        def on_request(self, request: Any) -> None:
            request.context.options["logging_enable"] = False
            http = request.http_request
            logger.debug("Request: %s %s", http.method, http.url)
            for name, value in http.headers.items():
                logger.debug("    %r: %r", name, "*****" if name.lower() in self.headers_to_redact else value)
            size = len(http.body) if isinstance(http.body, (str, bytes)) else 0
            logger.debug("Request body: %d bytes; not logged, it can hold secrets", size)

        def on_response(self, request: Any, response: Any) -> None:
            response.context["logging_enable"] = True
            super().on_response(request, response)
            response.context["logging_enable"] = False

    return BodylessLoggingPolicy()


def _client(cli_ctx: Any, client_class: type, options: dict[str, Any]) -> Any:
    from azure.cli.core.commands.client_factory import get_mgmt_service_client

    _quieten_the_sdk()
    return get_mgmt_service_client(cli_ctx, client_class, per_retry_policies=[_bodyless_logging_policy()], **options)


def _quieten_the_sdk() -> None:
    """az shows what the SDKs warn of. azure-mgmt-network warns, with a traceback, of each error that is no JSON (a
    proxy's 502, say), azure-core of each broken answer, az of each claims challenge: what they mean, ``azure.errors``
    tells."""
    for name in CHATTY_LOGGERS:
        logging.getLogger(name).addFilter(_for_debug_only)
    logging.getLogger(CHALLENGE_LOGGER).addFilter(_challenge_for_debug_only)


def _for_debug_only(record: logging.LogRecord) -> bool:
    record.levelno, record.levelname = logging.DEBUG, "DEBUG"
    return True


def _challenge_for_debug_only(record: logging.LogRecord) -> bool:
    return _for_debug_only(record) if "--claims-challenge" in record.getMessage() else True


def compute_client(cli_ctx: Any, **options: Any) -> Any:
    """``options`` go to the SDK's client: policies, say."""
    from azure.mgmt.compute import ComputeManagementClient

    return _client(cli_ctx, ComputeManagementClient, options)


def network_client(cli_ctx: Any, **options: Any) -> Any:
    from azure.mgmt.network import NetworkManagementClient

    return _client(cli_ctx, NetworkManagementClient, options)


def resource_client(cli_ctx: Any, **options: Any) -> Any:
    from azure.mgmt.resource.resources import ResourceManagementClient

    return _client(cli_ctx, ResourceManagementClient, options)


def subscription_id(cli_ctx: Any) -> str:
    """Of the subscription that the command is about; --subscription may have named it by its name."""
    from azure.cli.core._profile import Profile

    return str(Profile(cli_ctx=cli_ctx).get_subscription(cli_ctx.data.get("subscription_id"))["id"])


def access_token(cli_ctx: Any) -> str:
    """The one that Resource Manager gets, out of az's cache while it lasts."""
    from azure.cli.core._profile import Profile

    credentials, _subscription, _tenant = Profile(cli_ctx=cli_ctx).get_raw_token(
        subscription=cli_ctx.data.get("subscription_id"))
    return str(credentials[1])


def subscription_locations(cli_ctx: Any) -> list[str]:
    """Names of the regions of the subscription, such as 'westus'."""
    from azure.cli.core.commands.parameters import get_subscription_locations

    return [location.name for location in get_subscription_locations(cli_ctx)]


def login_errors() -> tuple[type[Exception], ...]:
    """What az's login raises: in words that are meant for people."""
    from knack.util import CLIError

    return (CLIError,)


def az_version() -> str:
    """Of the az that runs, such as 2.91.0."""
    from azure.cli.core import __version__

    return str(__version__)
