"""The expression language: its syntax, its functions, and what it says of mistakes."""

from __future__ import annotations

import re

import pytest
from template_support import GROUP_ID, SUBSCRIPTION, State, value

from localazure.template.errors import TemplateError

VNET = "Microsoft.Network/virtualNetworks"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("[[concat('a')]", "[concat('a')]"),
        ("[not closed", "[not closed"),
        ("[[x", "[[x"),
        ("", ""),
        ("['it''s']", "it's"),
        ("[ concat( 'a' , 'b' ) ]", "ab"),
        ("[-7]", -7),
        ("[createObject('a', createArray(1, createObject('b', 'deep'))).A[1].b]", "deep"),
        ("[createObject('x y', 3)['x y']]", 3),
        ("[CONCAT('case', 'less')]", "caseless"),
    ],
)
def test_syntax(text, expected):
    from template_support import SURROUNDINGS

    from localazure.template.evaluate import Evaluator
    from localazure.template.scope import Scope

    assert Evaluator(Scope(SURROUNDINGS)).value(text) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        # text
        ("concat('a', 1, true(), 'b')", "a1Trueb"),
        ("format('{0}-{1}|{1,4}|{1:D3}|{2:X2}|{{}}', 'x', 7, 255)", "x-7|   7|007|FF|{}"),
        ("format('{0:N0} {0:F1}', 1234567)", "1,234,567 1234567.0"),
        ("toLower('AbC')", "abc"),
        ("toUpper('AbC')", "ABC"),
        ("trim('  a ')", "a"),
        ("substring('abcdef', 2, 3)", "cde"),
        ("substring('abcdef', 2)", "cdef"),
        ("replace('a-b-c', '-', '')", "abc"),
        ("padLeft('7', 3, '0')", "007"),
        ("padLeft(7, 3)", "  7"),
        ("split('a,b;c', createArray(',', ';'))", ["a", "b", "c"]),
        ("split('a.b', '.')", ["a", "b"]),
        ("join(createArray('a', 1), '-')", "a-1"),
        ("startsWith('abc', 'AB')", True),
        ("endsWith('abc', 'BC')", True),
        ("indexOf('abCab', 'c')", 2),
        ("lastIndexOf('ababa', 'AB')", 2),
        ("indexOf('abc', 'z')", -1),
        ("string(createObject('a', createArray(1, null())))", '{"a":[1,null]}'),
        ("string(false())", "False"),
        ("base64('hello')", "aGVsbG8="),
        ("base64ToString('aGVsbG8=')", "hello"),
        ("base64ToJson('eyJhIjoxfQ==').a", 1),
        ("uri('http://host/a/', 'b/c')", "http://host/a/b/c"),
        ("uriComponent('a b/c')", "a%20b%2Fc"),
        ("uriComponentToString('a%20b')", "a b"),
        ("json('{\"a\": [1, 2]}').a[1]", 2),
        # the real service's own values
        ("uniqueString('test')", "rbgf3xv4ufgzg"),
        ("uniqueString('hello', 'world')", "a7wkljktk6wne"),
        ("uniqueString('/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/my-rg')", "bmg7c6xu4tw46"),
        # numbers
        ("add(2, 3)", 5),
        ("sub(2, 3)", -1),
        ("mul(4, 5)", 20),
        ("div(8, 3)", 2),
        ("div(-8, 3)", -2),
        ("mod(-7, 3)", -1),
        ("min(3, 1, 2)", 1),
        ("max(createArray(3, 1, 2))", 3),
        ("int('42')", 42),
        ("float('1.5')", 1.5),
        # logic
        ("and(true(), not(false()))", True),
        ("or(false(), equals('a', 'A'))", False),
        ("equals(createObject('A', 1), createObject('a', 1))", True),
        ("equals(1, true())", False),
        ("bool('true')", True),
        ("bool(0)", False),
        ("less(1, 2)", True),
        ("lessOrEquals(2, 2)", True),
        ("greater('b', 'a')", True),
        ("greaterOrEquals(1, 2)", False),
        ("coalesce(null(), 'x', 'y')", "x"),
        # arrays and objects
        ("length('abc')", 3),
        ("length(createObject('a', 1))", 1),
        ("empty(createArray())", True),
        ("empty('')", True),
        ("empty(null())", True),
        ("contains('abc', 'b')", True),
        ("contains('abc', 'B')", False),
        ("contains(createArray(1, 2), 2)", True),
        ("contains(createObject('Key', 1), 'key')", True),
        ("first('abc')", "a"),
        ("last(createArray(1, 2))", 2),
        ("take('abc', 2)", "ab"),
        ("skip(createArray(1, 2, 3), 1)", [2, 3]),
        ("range(3, 3)", [3, 4, 5]),
        ("array(1)", [1]),
        ("array(createArray(1))", [1]),
        ("union(createArray(1, 2), createArray(2, 3))", [1, 2, 3]),
        (
            "union(createObject('a', createObject('x', 1)), createObject('a', createObject('y', 2), 'b', 3))",
            {"a": {"x": 1, "y": 2}, "b": 3},
        ),
        ("intersection(createArray(1, 2, 3), createArray(3, 2))", [2, 3]),
        ("intersection(createObject('a', 1, 'b', 2), createObject('a', 1, 'b', 3))", {"a": 1}),
        ("flatten(createArray(createArray(1), createArray(2, 3)))", [1, 2, 3]),
        ("items(createObject('b', 2, 'a', 1))", [{"key": "a", "value": 1}, {"key": "b", "value": 2}]),
        ("tryGet(createObject('a', createArray(5)), 'a', 0)", 5),
        ("tryGet(createObject('a', 1), 'b')", None),
        ("map(range(0, 3), lambda('n', mul(lambdaVariables('n'), 2)))", [0, 2, 4]),
        ("filter(range(0, 5), lambda('n', greater(lambdaVariables('n'), 2)))", [3, 4]),
        ("reduce(range(1, 4), 0, lambda('sum', 'n', add(lambdaVariables('sum'), lambdaVariables('n'))))", 10),
        ("sort(createArray(3, 1, 2), lambda('a', 'b', less(lambdaVariables('a'), lambdaVariables('b'))))", [1, 2, 3]),
        (
            "toObject(createArray('a', 'b'), lambda('x', lambdaVariables('x')), "
            "lambda('x', toUpper(lambdaVariables('x'))))",
            {"a": "A", "b": "B"},
        ),
        ("cidrSubnet('10.0.0.0/16', 24, 2)", "10.0.2.0/24"),
        ("cidrHost('10.0.2.0/24', 3)", "10.0.2.4"),
        # around the template
        ("resourceGroup().location", "westus"),
        ("subscription().subscriptionId", SUBSCRIPTION),
        ("deployment().name", "first"),
        ("tenant().tenantId", "t"),
        ("environment().suffixes.storage", "core.test"),
        ("providers('Microsoft.Compute', 'VirtualMachines').apiVersions[0]", "2024-11-01"),
        (f"resourceId('{VNET}', 'v')", f"{GROUP_ID}/providers/{VNET}/v"),
        (
            f"resourceId('other', '{VNET}/subnets', 'v', 's')",
            f"/subscriptions/{SUBSCRIPTION}/resourceGroups/other/providers/{VNET}/v/subnets/s",
        ),
        (f"resourceId('sub', 'other', '{VNET}', 'v')", f"/subscriptions/sub/resourceGroups/other/providers/{VNET}/v"),
        (
            "subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'r')",
            f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/r",
        ),
        ("tenantResourceId('Microsoft.X/y', 'z')", "/providers/Microsoft.X/y/z"),
        (
            "extensionResourceId('/a', 'Microsoft.Authorization/locks', 'l')",
            "/a/providers/Microsoft.Authorization/locks/l",
        ),
    ],
)
def test_function(expression, expected):
    found = value(expression)
    assert found == expected
    assert type(found) is type(expected)


def test_guid_is_stable_and_of_version_five():
    assert value("guid('a', 'b')") == value("guid('a', 'b')")
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", value("guid('a')"))
    assert value("guid('a')") != value("guid('b')")


def test_only_the_chosen_branch_is_evaluated():
    assert value("if(true(), 'yes', parameters('none'))") == "yes"
    assert value("and(false(), parameters('none'))") is False
    assert value("or(true(), parameters('none'))") is True
    assert value("coalesce('x', parameters('none'))") == "x"


def test_parameters_and_variables_ignore_case_and_see_each_other():
    found = value(
        "variables('GREETING')",
        parameters={"who": "you"},
        variables={"greeting": "[concat(variables('hello'), parameters('WHO'))]", "hello": "hi "},
    )
    assert found == "hi you"


def test_variables_with_loops():
    loops = {"copy": [{"name": "names", "count": 3, "input": "[concat('n', copyIndex('names', 1))]"}]}
    assert value("variables('names')", variables=loops) == ["n1", "n2", "n3"]
    inner = {"made": {"copy": [{"name": "list", "count": 2, "input": {"at": "[copyIndex('list')]"}}]}}
    assert value("variables('made')", variables=inner) == {"list": [{"at": 0}, {"at": 1}]}


def test_copy_index_counts_the_loops_around():
    assert value("copyIndex()", loops={"outer": 4}, loop="outer") == 4
    assert value("copyIndex(10)", loops={"outer": 4}, loop="outer") == 14
    assert value("copyIndex('outer', 1)", loops={"outer": 4}, loop=None) == 5


def test_functions_of_ones_own():
    own = {
        "contoso": {
            "shout": {
                "parameters": [{"name": "what", "type": "string"}],
                "output": {"type": "string", "value": "[concat(toUpper(parameters('what')), '!')]"},
            }
        }
    }
    assert value("contoso.shout('hey')", functions=own) == "HEY!"
    with pytest.raises(TemplateError, match="is not valid"):
        value("contoso.whisper('hey')", functions=own)


def test_reference_and_list_ask_the_state():
    state = State(nic={"ip": "10.0.0.4"})
    assert value("reference('nic').ip", state=state) == "10.0.0.4"
    assert value("reference('nic', '2022-01-01', 'Full').ip", state=state) == "10.0.0.4"
    assert value("listKeys('account', '2022-01-01').keys[0]", state=state) == "k"
    assert state.asked == [("nic", None, False), ("nic", "2022-01-01", True), ("listKeys", "account", "2022-01-01", {})]


def test_new_values_stand_in_defaults_only():
    assert re.fullmatch(r"\d{8}T\d{6}Z", value("utcNow()", defaults=True))
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", value("utcNow('yyyy-MM-dd')", defaults=True))
    assert len(value("newGuid()", defaults=True)) == 36
    with pytest.raises(TemplateError, match="'newGuid' is not expected at this location"):
        value("newGuid()")


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("nosuch('a')", "The template function 'nosuch' is not valid. Please see https://aka.ms/arm-functions"),
        ("parameters('none')", "The template parameter 'none' is not found"),
        ("variables('none')", "The template variable 'none' is not found"),
        ("reference('x')", "The template function 'reference' is not expected at this location"),
        ("copyIndex()", "The template function 'copyIndex' is not expected at this location"),
        (
            "concat('a'",
            "Unable to parse language expression 'concat('a'': expected token 'Comma' and actual 'EndOfData'",
        ),
        ("concat", "expected token 'LeftParenthesis' and actual 'EndOfData'"),
        ("'a' 'b'", "expected token 'EndOfData'"),
        ("concat('a)", "Unable to parse language expression"),
        ("createObject('a', 1).b", "The language expression property 'b' doesn't exist, available properties are 'a'"),
        ("createArray(1)[1]", "The language expression property array index '1' is out of bounds"),
        ("toLower(1)", "'toLower': the argument at position 1 must be of type 'String', and is of type 'Integer'"),
        ("add(1)", "'add': the function expects 2 arguments and was given 1"),
        ("div(1, 0)", "attempted to divide by zero"),
        ("int('x')", "can't be converted to a whole number"),
        ("substring('abc', 2, 5)", "the index and length parameters must refer to a location within the string"),
        ("resourceId('Microsoft.Network/virtualNetworks/subnets', 'v')", "requires '2' resource name argument(s)"),
        ("union(createArray(1), createObject('a', 1))", "must all be arrays or all be objects"),
        ("if('yes', 1, 2)", "a 'Boolean' is needed"),
        ("base64ToString('%')", "not a text in base64"),
    ],
)
def test_mistakes_are_named(expression, reason):
    with pytest.raises(TemplateError) as caught:
        value(expression)
    assert reason in caught.value.message


def test_a_variable_that_refers_to_itself():
    with pytest.raises(TemplateError, match="refers to itself"):
        value("variables('a')", variables={"a": "[variables('b')]", "b": "[variables('a')]"})


def test_nesting_without_end_is_refused():
    with pytest.raises(TemplateError):
        value("concat(" * 5000 + ")" * 5000)
    with pytest.raises(TemplateError, match="length limit"):
        value(f"concat('{'x' * 30000}')")


def test_a_value_keeps_what_is_no_expression():
    raw = {"a": [1, None, True, "x"], "[concat('k', 'ey')]": "[add(1, 1)]"}
    assert value(raw) == {"a": [1, None, True, "x"], "key": 2}
