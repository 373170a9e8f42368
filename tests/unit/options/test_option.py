"""One option by itself: how it is told, what it takes, how it is said again."""

from __future__ import annotations

import pytest

from azext_dockervm.errors import InvalidValue
from azext_dockervm.options.commands import option_of
from azext_dockervm.options.option import Option, filled


def double(number: int) -> int:
    if number > 9:
        raise InvalidValue(f"--another-option: {number} is too much.", "az help")
    return 2 * number


NUMBER = Option("the_number", "--the-number --number -tn", "A number.", default=3, example="7", read=int, check=double)
WORDS = Option("words", "--words", "Words.", read=filled, parser={"nargs": "+"})


def test_the_first_word_tells_what_is_wrong_whatever_option_the_rule_was_written_for():
    with pytest.raises(InvalidValue) as caught:
        NUMBER.checked(10)
    assert caught.value.message == "--the-number: 10 is too much."
    assert caught.value.recommendations == ("az help",)


def test_a_configured_text_is_told_without_an_option():
    with pytest.raises(InvalidValue) as caught:
        NUMBER.of_text("10")
    assert (caught.value.message, caught.value.recommendations) == ("10 is too much.", ("az help",))


def test_a_value_is_read_and_checked():
    assert NUMBER.checked(4) == NUMBER.of_text("4") == 8
    assert WORDS.of_text("a b") == ["a b"]      # of several, as the parser collects them
    assert NUMBER.checked(None) is None


def test_the_default_is_checked_like_a_typed_value_and_may_be_a_function():
    assert NUMBER.default_value() == 6
    assert Option("name", "--name", "", default=lambda: 4, check=double).default_value() == 8
    with pytest.raises(InvalidValue):
        Option("name", "--name", "", default=10, check=double).default_value()
    assert WORDS.default_value() is None


def test_an_option_of_which_little_is_said_can_be_left_out_and_is_a_text_that_is_always_applied():
    option = Option("x", "--x", "An x.")
    assert option.default_value() is None and not option.required and not option.is_switch
    assert option.of_text(" x ") == " x "
    assert (option.group, option.not_applied, option.gaps, dict(option.excludes)) == (None, None, (), {})


def test_choices_are_taken_in_any_case():
    option = Option("choice", "--choice", "", choices=("auto", "Never"))
    assert option.checked("AUTO") == "auto" and option.of_text("never") == "Never"
    with pytest.raises(InvalidValue, match="--choice: 'x' is none of auto, Never"):
        option.checked("x")


@pytest.mark.parametrize("text", ["", " "])
def test_nothing_is_not_taken_for_left_out(text):
    """As from "$REGION" where there is no such variable."""
    with pytest.raises(InvalidValue, match="the value is empty; leave the option out"):
        filled(text)
    assert filled("x") == "x"


@pytest.mark.parametrize(("option", "value", "words"), [
    (NUMBER, 4, ("-tn", "4")), (WORDS, ["a", "b c"], ("--words", "a", "b c")),
    (Option("tags", "--tags", ""), {"a": "1", "b": ""}, ("--tags", "a=1", "b=")),
    (Option("yes", "--yes -y", "", default=False), True, ("-y",)),
    (Option("password", "--password -p", "", secret=True), "Very-secret-1", ("-p",)),
    (Option("data", "--data", "", again=lambda text: (f"@{len(text)}",)), "a" * 99, ("--data", "@99")),
])
def test_it_is_said_again_by_its_shortest_word(option, value, words):
    assert option.given(value).words == words


def test_what_a_vm_keeps_from_its_creation_is_marked():
    assert Option("size", "--size", "", only_new=True).given("x").only_new
    assert not NUMBER.given(1).only_new


def test_the_help_tells_the_default_and_what_changes_it_for_good():
    assert NUMBER.full_help == ("A number. Default: 3; another one for good: az config set dockervm.the_number=7.")
    assert WORDS.full_help == "Words."
    assert Option("x", "--x", "An x.", default_in_words="none").full_help == "An x. Default: none."
    assert Option("x", "--x", "An x.", default=False).full_help == "An x."


@pytest.mark.parametrize(("value", "typed"), [(None, False), (False, False), (True, True), ("", True), (0, True)])
def test_what_counts_as_typed(value, typed):
    assert NUMBER.was_typed(value) is typed


# @FILE that az could not read


@pytest.mark.parametrize("name", ["user_data", "custom_data", "ssh_key_values", "engine_labels", "daemon_json",
                                  "http_proxy", "compose_file", "size"])
def test_a_file_that_is_missing_is_told_as_a_missing_file(tmp_path, name):
    option = option_of("create", name)
    word = f"@{tmp_path}/none.txt"
    with pytest.raises(InvalidValue) as caught:
        option.checked([word] if option.takes_several else word)
    assert caught.value.message == (
        f"{option.words[0]}: the file '{tmp_path}/none.txt' can't be read: No such file or directory.")


def test_a_text_that_begins_with_at_and_names_a_file_that_is_there_is_taken(tmp_path):
    (tmp_path / "there").write_text("")
    assert option_of("create", "user_data").checked(f"@{tmp_path}/there")


def test_the_name_of_a_password_s_file_is_not_said_again(tmp_path):
    assert option_of("create", "admin_password").checked("@Secret-word-1") == "@Secret-word-1"
