"""Templates: parameters and their rules, resources out of loops, parents and conditions, dependencies, outputs."""

from __future__ import annotations

import time

import pytest
from template_support import GROUP_ID, State, resource, template

from localazure.template import jsonc
from localazure.template.errors import TemplateError
from localazure.template.parameters import rendered
from localazure.template.template import hash_of, identifier

IP = "Microsoft.Network/publicIPAddresses"


def needs(made) -> dict[str, list[str]]:
    """Name → names of what it waits for."""
    names = {one.key: one.name for one in made.resources}
    return {one.name: sorted(names[key] for key in one.needs) for one in made.resources}


@pytest.mark.parametrize(
    ("definition", "given", "expected"),
    [
        ({"type": "string"}, "x", "x"),
        ({"type": "String", "defaultValue": "[concat('a', 'b')]"}, None, "ab"),
        ({"type": "int", "minValue": 1, "maxValue": 3}, 3, 3),
        ({"type": "bool"}, False, False),
        ({"type": "array", "allowedValues": ["a", "b"]}, ["b"], ["b"]),
        ({"type": "object", "defaultValue": {"k": "[resourceGroup().name]"}}, None, {"k": "rg"}),
        ({"type": "string", "nullable": True}, None, None),
        ({"type": "securestring", "minLength": 2}, "ab", "ab"),
    ],
)
def test_a_parameter_gets_its_value(definition, given, expected):
    made = template(parameters={"p": definition}, given=None if given is None else {"P": given})
    assert made.scope.parameters["p"] == expected


@pytest.mark.parametrize(
    ("definition", "given", "reason"),
    [
        (
            {"type": "string"},
            None,
            "The value for the template parameter 'p' at line '1' and column '1' is not provided.",
        ),
        ({"type": "string"}, 7, "Expected 'String, Uri'. Actual 'Integer'."),
        ({"type": "int"}, "7", "Expected 'Integer'. Actual 'String'."),
        ({"type": "int", "minValue": 5}, 4, "Value should be greater than or equal to '5'."),
        ({"type": "int", "maxValue": 5}, 6, "Value should be less than or equal to '5'."),
        ({"type": "string", "minLength": 3}, "ab", "Length of the value should be greater than or equal to '3'."),
        ({"type": "array", "maxLength": 1}, [1, 2], "Length of the value should be less than or equal to '1'."),
        (
            {"type": "string", "allowedValues": ["a", "b"]},
            "c",
            "The value 'c' is not part of the allowed value(s): 'a,b'.",
        ),
        ({"type": "secret"}, "x", "The template type 'secret' is not valid."),
    ],
)
def test_a_parameter_that_does_not_fit(definition, given, reason):
    with pytest.raises(TemplateError) as caught:
        template(parameters={"p": definition}, given=None if given is None else {"p": given})
    assert caught.value.message.startswith("Deployment template validation failed: '")
    assert reason in caught.value.message


def test_a_parameter_that_is_not_in_the_template():
    with pytest.raises(TemplateError, match="'q' in the parameters file are not valid.*supported parameters.*'p'"):
        template(parameters={"p": {"type": "string", "defaultValue": ""}}, given={"q": 1})


def test_secure_parameters_are_never_shown():
    definitions = {
        "a": {"type": "secureString", "allowedValues": ["x", "hidden"]},
        "b": {"type": "secureObject"},
        "c": {"type": "string"},
    }
    made = template(parameters=definitions, given={"a": "hidden", "b": {"k": "hidden"}, "c": "seen"})
    shown = rendered(made.scope, made.defined)
    assert shown == {
        "a": {"type": "SecureString"},
        "b": {"type": "SecureObject"},
        "c": {"type": "String", "value": "seen"},
    }
    with pytest.raises(TemplateError) as caught:
        template(parameters=definitions, given={"a": "other-hidden", "b": {}, "c": ""})
    assert "other-hidden" not in caught.value.message


@pytest.mark.parametrize(
    ("kind", "name", "path"),
    [
        (IP, "ip", f"{GROUP_ID}/providers/{IP}/ip"),
        (
            "Microsoft.Network/virtualNetworks/subnets",
            "v/s",
            f"{GROUP_ID}/providers/Microsoft.Network/virtualNetworks/v/subnets/s",
        ),
        (
            f"{IP}/providers/locks",
            "ip/Microsoft.Authorization/l",
            f"{GROUP_ID}/providers/{IP}/ip/providers/Microsoft.Authorization/locks/l",
        ),
    ],
)
def test_ids_of_resources(kind, name, path):
    assert identifier("11111111-1111-4111-8111-111111111111", "rg", kind, name) == path


def test_a_scope_makes_an_extension_of_a_resource():
    lock = resource("l", kind="Microsoft.Authorization/locks", scope=f"{IP}/ip")
    (made,) = template([lock]).resources
    assert made.id == f"{GROUP_ID}/providers/{IP}/ip/providers/Microsoft.Authorization/locks/l"


def test_loops_are_unfolded():
    loop = {"name": "many", "count": "[parameters('n')]"}
    made = template(
        [resource("[concat('ip', copyIndex(1))]", copy=loop), resource("last", "many")],
        parameters={"n": {"type": "int"}},
        given={"n": 2},
    )
    assert needs(made) == {"ip1": [], "ip2": [], "last": ["ip1", "ip2"]}


def test_serial_loops_go_one_batch_after_the_other():
    loop = {"name": "many", "count": 5, "mode": "Serial", "batchSize": 2}
    made = template([resource("[concat('ip', copyIndex())]", copy=loop)])
    assert needs(made) == {"ip0": [], "ip1": [], "ip2": ["ip0", "ip1"], "ip3": ["ip0", "ip1"], "ip4": ["ip2", "ip3"]}


def test_a_loop_of_no_turns_makes_nothing():
    assert needs(template([resource("x", copy={"name": "none", "count": 0})])) == {}


def test_children_lie_in_their_parents():
    child = {"type": "subnets", "apiVersion": "2022-01-01", "name": "s", "dependsOn": ["v"]}
    made = template([resource("v", kind="Microsoft.Network/virtualNetworks", resources=[child])])
    assert [one.id.partition("/providers/")[2] for one in made.resources] == [
        "Microsoft.Network/virtualNetworks/v",
        "Microsoft.Network/virtualNetworks/v/subnets/s",
    ]
    assert needs(made) == {"v": [], "v/s": ["v"]}


@pytest.mark.parametrize(
    "name",
    [
        "a",
        "A",
        f"{IP}/a",
        "microsoft.network/PUBLICIPADDRESSES/a",
        f"{GROUP_ID}/providers/{IP}/a",
        f"[resourceId('{IP}', 'a')]",
        "[concat('a', '')]",
    ],
)
def test_a_dependency_may_be_named_in_several_ways(name):
    assert needs(template([resource("a"), resource("b", name)]))["b"] == ["a"]


def test_a_reference_is_a_dependency_unless_it_names_an_api_version():
    made = template(
        [
            resource("a"),
            resource("b", properties={"x": "[reference('a').ipAddress]"}),
            resource("c", properties={"x": f"[reference(resourceId('{IP}', 'a')).ipAddress]"}),
            resource("d", properties={"x": f"[reference(resourceId('{IP}', 'a'), '2022-01-01').ipAddress]"}),
        ]
    )
    assert needs(made) == {"a": [], "b": ["a"], "c": ["a"], "d": []}


def test_conditions_leave_out_a_resource_and_what_is_in_it():
    child = {"type": "subnets", "apiVersion": "2022-01-01", "name": "s"}
    made = template(
        [
            resource("v", kind="Microsoft.Network/virtualNetworks", condition="[equals(1, 2)]", resources=[child]),
            resource("b", "v"),
        ]
    )
    assert {one.name: one.included for one in made.resources} == {"v": False, "v/s": False, "b": True}


def test_symbolic_names():
    raw = {
        "first": resource("a"),
        "second": {**resource("b"), "dependsOn": ["first"]},
        "there": {**resource("c"), "existing": True},
    }
    made = template(raw)
    assert needs(made)["b"] == ["a"]
    assert [one.name for one in made.resources if one.existing] == ["c"]


@pytest.mark.parametrize(
    ("resources", "reason"),
    [
        ([resource("a", "b")], "The resource 'b' is not defined in the template."),
        ([resource("a", "b"), resource("b", "a")], "Circular dependency detected on resource:"),
        ([resource("a"), resource("A")], f"The resource '{IP}/A' at line '1' and column '1' is defined multiple times"),
        ([{"type": IP, "name": "a"}], "is missing the required property 'apiVersion'"),
        ([resource("v/s", kind="Microsoft.Network/virtualNetworks")], "has incorrect segment lengths"),
        ([resource("[nosuch()]")], "The template function 'nosuch' is not valid."),
        ([resource("[reference('a')]")], "The template function 'reference' is not expected at this location."),
        ([resource("a", copy={"name": "l", "count": -1})], "must be a whole number that is not negative"),
        ([resource("a", copy={"name": "l", "count": 801})], "over the limit of '800'"),
        ([resource("a", copy={"name": "l", "count": 2})], "is defined multiple times"),
        (["a"], "The template's 'resources[0]' is of the wrong type: expected 'Object', actual 'String'."),
    ],
)
def test_resources_that_can_not_be(resources, reason):
    with pytest.raises(TemplateError) as caught:
        template(resources)
    assert reason in caught.value.message


@pytest.mark.parametrize(
    "sections",
    [
        {"parameters": {"p": None}},
        {"parameters": {"p": {"type": 7}}},
        {"variables": []},
        {"variables": {"copy": ["x"]}},
        {"functions": {}},
        {"functions": [{"namespace": "n"}]},
        {"functions": [{"namespace": "n", "members": {"f": {"parameters": [{"type": "string"}]}}}]},
        {"functions": [{"namespace": "n", "members": {"f": None}}]},
        {"outputs": {"o": "x"}},
        {"outputs": {"o": {"type": "array", "copy": "x"}}},
        {"resources": "none"},
        {"resources": [None]},
        {"resources": [resource("a", copy={"count": 2})]},
        {"resources": [resource("a", properties="text")]},
        {"resources": [{**resource("a"), "dependsOn": "b"}]},
        {"resources": [resource("a", resources=[["x"]])]},
        {"resources": [resource("a", kind="Microsoft.Resources/deployments", properties={"template": "[x()]"})]},
    ],
)
def test_a_template_of_the_wrong_make(sections):
    with pytest.raises(TemplateError) as caught:
        template(**{"resources": [], **sections})
    assert caught.value.message.startswith("Deployment template validation failed: '")


@pytest.mark.parametrize("section", ["$schema", "contentVersion", "resources"])
def test_a_template_needs_its_sections(section):
    with pytest.raises(TemplateError, match=f"missing the required property '.?{section.strip('$')}'"):
        made = template()
        raw = {name: value for name, value in made.raw.items() if name != section}
        type(made)(raw, made.scope, {})


def test_outputs():
    made = template(
        outputs={
            "plain": {"type": "string", "value": "[concat('a', 'b')]"},
            "list": {"type": "array", "copy": {"count": 2, "input": "[copyIndex()]"}},
            "left out": {"type": "string", "condition": False, "value": "[reference('nowhere')]"},
            "state": {"type": "object", "value": "[reference('ip', '2022-01-01')]"},
        }
    )
    assert made.outputs(State(ip={"ipAddress": "1.2.3.4"})) == {
        "plain": {"type": "String", "value": "ab"},
        "list": {"type": "Array", "value": [0, 1]},
        "state": {"type": "Object", "value": {"ipAddress": "1.2.3.4"}},
    }


def test_outputs_hold_no_secret():
    """Neither by a secure type, nor by a parameter or a variable that a secret went into."""
    made = template(
        parameters={"p": {"type": "securestring"}},
        given={"p": "hidden"},
        variables={"v": "[concat('x', parameters('p'))]"},
        outputs={
            "typed": {"type": "securestring", "value": "also hidden"},
            "direct": {"type": "string", "value": "[parameters('p')]"},
            "roundabout": {"type": "object", "value": {"deep": ["[base64(variables('v'))]"]}},
            "plain": {"type": "string", "value": "seen"},
        },
    )
    shown = made.outputs(State())
    assert {name: "value" in one for name, one in shown.items()} == {
        "typed": False,
        "direct": False,
        "roundabout": False,
        "plain": True,
    }


def test_an_output_that_can_not_be_evaluated_is_named():
    with pytest.raises(TemplateError, match="The template output 'o' is not valid: The template parameter 'none'"):
        template(outputs={"o": {"type": "string", "value": "[parameters('none')]"}}).outputs(State())


def test_the_hash_is_of_the_meaning_not_of_the_writing():
    assert hash_of({"a": 1, "b": 2}) == hash_of({"b": 2, "a": 1})
    assert hash_of({"a": 1}) != hash_of({"a": 2})
    assert hash_of({}).isdigit()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '{ // a comment with "quotes"\n "a": "no // comment", /* several\n lines */ "b": 1 }',
            {"a": "no // comment", "b": 1},
        ),
        ('{"a": "two\nlines \\" here"}', {"a": 'two\nlines " here'}),
        (
            '{"properties": {"mode": "x", template:{"a": "b: c"}}}',
            {"properties": {"mode": "x", "template": {"a": "b: c"}}},
        ),
        ("{'a': 'it\\'s \"so\"', b : [1, 2, // last\n ], }", {"a": 'it\'s "so"', "b": [1, 2]}),
        ('{"a": [true, false, null, -1.5e3]}', {"a": [True, False, None, -1500.0]}),
        ('{"a":1, /* x */ "b":2 /* y */}', {"a": 1, "b": 2}),
        ('{"a":1, // x }\n "b":[2, /* ] */ 3], /* , */ }', {"a": 1, "b": [2, 3]}),
        ('{"a":1, // x ]\r"b":2}', {"a": 1, "b": 2}),
        ('[1, /** x **/ 2, /***/]', [1, 2]),
        ('{a /* : */ : /* } */ 1, b: 2}', {"a": 1, "b": 2}),
        ('{"a": "https://x/*", "b": "*/ , }", "c": \'// , ]\'}', {"a": "https://x/*", "b": "*/ , }", "c": "// , ]"}),
        ("{'a': 'say \\\"so\\\" and \\\\', 'b': 1}", {"a": 'say "so" and \\', "b": 1}),
        ('{"a": "[concat(\r\n\t\'x\', // kept\n \'y\')]"}', {"a": "[concat(\n\t'x', // kept\n 'y')]"}),
        ('[[1,],{"a":{},},]', [[1], {"a": {}}]),
    ],
)
def test_the_json_of_templates(text, expected):
    assert jsonc.loads(text) == expected


@pytest.mark.parametrize(
    "text", ["{", '{"a" 1}', "{a}", '{"a": "b}', "[1 2]", "", "[1,,2]", '{"a": 1 /* }', '{"a": 1 // }', "{'a: 1}"]
)
def test_what_is_no_json_is_refused(text):
    with pytest.raises(ValueError, match=r"line 1 column"):
        jsonc.loads(text)


@pytest.mark.parametrize("text", ["/*" * 200_000, "a" * 400_000, "a " * 200_000, ", /*" * 100_000, "'" + "x" * 400_000])
def test_hostile_json_is_read_in_one_go(text):
    began = time.monotonic()
    with pytest.raises(ValueError):
        jsonc.loads(text)
    assert time.monotonic() - began < 2
