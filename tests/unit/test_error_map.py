"""What our errors are to az: the class decides the exit code, the words stay; and none is a traceback."""

from __future__ import annotations

import pytest
from azure.cli.core import azclierror as az
from knack.util import CLIError

from azext_dockervm import errors
from azext_dockervm.error_map import as_az_error, az_errors


@pytest.mark.parametrize(("error", "kind"), [
    (errors.ConflictingArguments, az.MutuallyExclusiveArgumentError),
    (errors.MissingArgument, az.RequiredArgumentMissingError), (errors.InvalidValue, az.InvalidArgumentValueError),
    (errors.CertificateFileError, az.FileOperationError), (errors.CertificateError, az.ValidationError),
    (errors.DockerClientFileError, az.FileOperationError), (errors.DockerClientError, az.ValidationError),
    (errors.NotFound, az.ResourceNotFoundError), (errors.HostGone, az.ResourceNotFoundError),
    (errors.Conflict, az.ValidationError), (errors.AzureUnreachable, az.AzureConnectionError),
    (errors.DeadlinePassed, az.AzureResponseError), (errors.HostFailed, az.AzureResponseError),
    (errors.EngineUnreachable, az.AzureConnectionError), (errors.Interrupted, az.ManualInterrupt),
    (errors.DockerVMError, az.AzureResponseError)])
def test_each_has_its_class_and_keeps_its_words(error, kind):
    made = as_az_error(error("What happened.", ["first", "second"]))
    assert type(made) is kind
    assert (made.error_msg, made.recommendations) == ("What happened.", ["first", "second"])


@pytest.mark.parametrize(("status", "kind"), [
    (400, az.BadRequestError), (401, az.UnauthorizedError), (403, az.ForbiddenError), (409, az.AzureResponseError),
    (None, az.AzureResponseError)])
def test_a_refusal_of_azure_s_goes_by_its_status(status, kind):
    assert type(as_az_error(errors.AzureRefused("No.", status=status))) is kind


def test_azure_s_code_is_told_once():
    assert as_az_error(errors.AzureRefused("No.", code="Broken")).error_msg == "(Broken) No."
    assert as_az_error(errors.AzureRefused("(Broken) No.", code="Broken")).error_msg == "(Broken) No."


def failing(error: BaseException):
    @az_errors
    def fail():
        raise error
    return fail


def test_ours_is_translated_and_az_s_own_stays():
    with pytest.raises(az.ValidationError) as refused:
        failing(errors.Conflict("Taken."))()
    assert isinstance(refused.value.__cause__, errors.Conflict), "--debug shows where it came from"
    own = CLIError("Please run 'az login'.")
    with pytest.raises(CLIError) as refused:
        failing(own)()
    assert refused.value is own


@pytest.mark.parametrize(("error", "says"), [
    (KeyError("vmSize"), "KeyError: 'vmSize'"), (OSError(28, "No space left on device"), "No space left on device"),
    (ValueError("x\x1b[31m"), r"x\x1b[31m"), (RuntimeError("x" * 5000), "…"), (AssertionError(), "AssertionError: ")])
def test_the_unexpected_is_one_clear_error_that_says_where_to_look(error, says):
    with pytest.raises(az.AzCLIError) as told:
        failing(error)()
    assert says in told.value.error_msg and told.value.error_msg.isprintable() and len(told.value.error_msg) < 500
    assert told.value.exception_trace is None, "az would print a traceback"
    assert told.value.__cause__ is error, "--debug shows where it came from"
    assert "--debug" in told.value.recommendations[0]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(4)])
def test_who_leaves_is_let_go(error):
    with pytest.raises(type(error)) as left:
        failing(error)()
    assert left.value is error


def test_a_table_that_can_t_be_made_is_told_the_same_way():
    from azext_dockervm.commands import _table

    with pytest.raises(az.AzCLIError, match="KeyError: 'name'"):
        _table("host_row")({})


def test_who_may_not_read_gets_advice_where_the_command_has_none_of_its_own():
    assert "the role Reader" in as_az_error(errors.AzureRefused("no", status=403)).recommendations[0]
    assert as_az_error(errors.AzureRefused("no", "ask me", status=403)).recommendations == ["ask me"]
