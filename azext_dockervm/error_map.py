"""The one place where this extension's errors become azure-cli's."""

from __future__ import annotations

import functools

from azext_dockervm import errors


def _az_class(error: errors.DockerVMError):
    from azure.cli.core import azclierror as az

    table = (
        (errors.ConflictingArguments, az.MutuallyExclusiveArgumentError),
        (errors.MissingArgument, az.RequiredArgumentMissingError),
        (errors.InvalidValue, az.InvalidArgumentValueError),
        (errors.CertificateFileError, az.FileOperationError),
        (errors.CertificateError, az.ValidationError),
        (errors.NotFound, az.ResourceNotFoundError),
        (errors.Conflict, az.ValidationError),
        (errors.AzureUnreachable, az.AzureConnectionError),
        (errors.DeadlinePassed, az.AzureResponseError),
        (errors.HostFailed, az.AzureResponseError),
        (errors.EngineUnreachable, az.AzureConnectionError),
        (errors.Interrupted, az.ManualInterrupt),
    )
    if isinstance(error, errors.AzureRefused):
        by_status = {401: az.UnauthorizedError, 403: az.ForbiddenError, 400: az.BadRequestError}
        return by_status.get(error.status, az.AzureResponseError)
    return next((target for source, target in table if isinstance(error, source)), az.AzureResponseError)


def as_az_error(error: errors.DockerVMError) -> Exception:
    """The azclierror for one of ours; message and recommendations are kept."""
    message = error.message
    if isinstance(error, errors.AzureRefused) and error.code and error.code not in message:
        message = f"({error.code}) {message}"
    return _az_class(error)(message, list(error.recommendations))


def az_errors(handler):
    """Decorate a handler or validator: what leaves it is an error that az prints without a traceback."""
    @functools.wraps(handler)
    def wrapped(*arguments, **options):
        try:
            return handler(*arguments, **options)
        except errors.DockerVMError as error:
            raise as_az_error(error) from error
    return wrapped
