"""Azure SDK clients on az's login and cloud, with request bodies kept out of the log.

Client classes are named, never az's pinned ``ResourceType`` profiles: those fix azure-mgmt-network at 2022-01-01.
"""

from __future__ import annotations


def _bodyless_logging_policy():
    """az's own policy writes every request body to ``--debug``: passwords, custom data, protected settings.

    ``get_mgmt_service_client`` lets no caller replace that policy, but it obeys the option ``logging_enable``, which it
    takes away as it reads it. So this one stands behind the retry policy, switches az's off at every attempt, and logs
    in its place: URL and headers, the response, of the request's body only the size.
    """
    from azure.cli.core.sdk.policies import SafeNetworkTraceLoggingPolicy
    from knack.log import get_logger

    logger = get_logger("azext_dockervm.http")

    class BodylessLoggingPolicy(SafeNetworkTraceLoggingPolicy):
        def on_request(self, request):
            request.context.options["logging_enable"] = False
            http = request.http_request
            logger.debug("Request: %s %s", http.method, http.url)
            for name, value in http.headers.items():
                logger.debug("    %r: %r", name, "*****" if name.lower() in self.headers_to_redact else value)
            size = len(http.body) if isinstance(http.body, (str, bytes)) else 0
            logger.debug("Request body: %d bytes; not logged, it can hold secrets", size)

        def on_response(self, request, response):
            response.context["logging_enable"] = True
            super().on_response(request, response)
            response.context["logging_enable"] = False

    return BodylessLoggingPolicy()


def _client(cli_ctx, client_class):
    from azure.cli.core.commands.client_factory import get_mgmt_service_client

    return get_mgmt_service_client(cli_ctx, client_class, per_retry_policies=[_bodyless_logging_policy()])


def compute_client(cli_ctx):
    from azure.mgmt.compute import ComputeManagementClient

    return _client(cli_ctx, ComputeManagementClient)


def network_client(cli_ctx):
    from azure.mgmt.network import NetworkManagementClient

    return _client(cli_ctx, NetworkManagementClient)


def resource_client(cli_ctx):
    """azure-mgmt-resource comes with az itself."""
    from azure.mgmt.resource.resources import ResourceManagementClient

    return _client(cli_ctx, ResourceManagementClient)


def subscription_locations(cli_ctx) -> list[str]:
    """Names of the regions of the subscription, such as 'westus'."""
    from azure.cli.core.commands.parameters import get_subscription_locations

    return [location.name for location in get_subscription_locations(cli_ctx)]
