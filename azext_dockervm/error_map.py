"""The one place where this extension's errors become azure-cli's."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from azext_dockervm import errors


def _az_class(error: errors.DockerVMError) -> type[Exception]:
    from azure.cli.core import azclierror as az

    table: tuple[tuple[type[errors.DockerVMError], type[Exception]], ...] = (
        (errors.ConflictingArguments, az.MutuallyExclusiveArgumentError),
        (errors.MissingArgument, az.RequiredArgumentMissingError),
        (errors.InvalidValue, az.InvalidArgumentValueError),
        (errors.CertificateFileError, az.FileOperationError),
        (errors.CertificateError, az.ValidationError),
        (errors.DockerClientFileError, az.FileOperationError),
        (errors.DockerClientError, az.ValidationError),
        (errors.NotFound, az.ResourceNotFoundError),
        (errors.Conflict, az.ValidationError),
        (errors.Obstacle, az.ValidationError),
        (errors.LoginRequired, az.UnauthorizedError),
        (errors.AzureUnreachable, az.AzureConnectionError),
        (errors.DeadlinePassed, az.AzureResponseError),
        (errors.HostFailed, az.AzureResponseError),
        (errors.EngineUnreachable, az.AzureConnectionError),
        (errors.Interrupted, az.ManualInterrupt),
    )
    other: type[Exception] = az.AzureResponseError
    if isinstance(error, errors.AzureRefused):
        by_status: dict[int | None, type[Exception]] = {
            401: az.UnauthorizedError, 403: az.ForbiddenError, 400: az.BadRequestError}
        return by_status.get(error.status, other)
    return next((target for source, target in table if isinstance(error, source)), other)


def as_az_error(error: errors.DockerVMError) -> Exception:
    """The azclierror for one of ours. The message is kept, but for what a terminal would obey in it, and so are
    recommendations; an error that came without any gets those that help whatever the command was about."""
    from azext_dockervm.advice.refusals import of_any_command, of_reading
    from azext_dockervm.printable import lines

    message = error.message
    if isinstance(error, errors.AzureRefused) and error.code and error.code not in message:
        message = f"({error.code}) {message}"
    advice = error.recommendations or of_any_command(error) or of_reading(error)
    return _az_class(error)(lines(message), [lines(one) for one in advice])


def az_errors(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate what az calls: what leaves it is an error that az prints without a traceback, and exits with 1 or 3.

    The unexpected, too: az would print its traceback and send people to its own issues. With --debug az shows the
    traceback of what an error was raised from.
    """
    @functools.wraps(function)
    def wrapped(*arguments: Any, **options: Any) -> Any:
        try:
            return function(*arguments, **options)
        except errors.DockerVMError as error:
            raise as_az_error(error) from error
        except Exception as error:
            if _is_azs_own(error):
                raise
            raise _unexpected(error) from error
    return wrapped


def _is_azs_own(error: Exception) -> bool:
    """Such as that of a login that has expired."""
    from knack.util import CLIError

    return isinstance(error, CLIError)


def _unexpected(error: Exception) -> Exception:
    from azure.cli.core import azclierror as az

    from azext_dockervm.advice.refusals import for_the_unexpected, unexpected

    told: Exception = az.CLIInternalError(unexpected(error), list(for_the_unexpected()))
    return told
