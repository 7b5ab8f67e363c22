"""How InsForge reads bodies: what its JSON parser says of each defect, and what counts as a body at all."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.insforge import EXCHANGE, VALID_JSON, error

# What V8 says, as Node.js 20 has it.
COMPLAINTS = {
    "{": "Expected property name or '}' in JSON at position 1",
    '{"code":': "Unexpected end of JSON input",
    '{"code":"a': "Unterminated string in JSON at position 10",
    '{"a" 1}': "Expected ':' after property name in JSON at position 5",
    '{"a":1 "b"}': "Expected ',' or '}' after property value in JSON at position 7",
    "[1 2]": "Expected ',' or ']' after array element in JSON at position 3",
    '{"a":1,}': "Expected double-quoted property name in JSON at position 7",
    "{a:1}": "Expected property name or '}' in JSON at position 1",
    '{"a":tru}': 'Unexpected token \'}\', "{"a":tru}" is not valid JSON',
    '{"a":1}x': "Unexpected non-whitespace character after JSON at position 7",
    '{"a":"\x01"}': "Bad control character in string literal in JSON at position 6",
    '{"a":"\\q"}': "Bad escaped character in JSON at position 7",
    '{"a":"\\u12"}': "Bad Unicode escape in JSON at position 10",
    '{"a":-}': "No number after minus sign in JSON at position 6",
    '{"a":01}': "Unexpected number in JSON at position 6",
    '{"a":1.}': "Unterminated fractional number in JSON at position 7",
    '{"a":1e}': "Exponent part is missing a number in JSON at position 7",
    '{"a":1.5e+}': "Exponent part is missing a number in JSON at position 10",
    "[": "Unexpected end of JSON input",
    "[1": "Expected ',' or ']' after array element in JSON at position 2",
    "[1,": "Unexpected end of JSON input",
    '{"a"': "Expected ':' after property name in JSON at position 4",
    '{"a":1,': "Expected double-quoted property name in JSON at position 7",
    '{"a":"x\\': "Unexpected end of JSON input",
    '{"longlonglonglonglong":x}': 'Unexpected token \'x\', ..."longlong":x}" is not valid JSON',
    '{"longlonglonglonglong":xlonglonglonglong}': (
        'Unexpected token \'x\', ..."longlong":xlonglongl"... is not valid JSON'
    ),
    '{"a":xlonglonglonglonglonglong}': 'Unexpected token \'x\', "{"a":xlonglongl"... is not valid JSON',
    '{"a":NaN}': 'Unexpected token \'N\', "{"a":NaN}" is not valid JSON',
    " ": "Unexpected end of JSON input",
    "[1,]": "Unexpected token ']', \"[1,]\" is not valid JSON",
    '{"a":nul': "Unexpected end of JSON input",
    '{"a":[{"b":[]},{}]]': "Expected ',' or '}' after property value in JSON at position 18",
    "[object Object]": '"[object Object]" is not valid JSON',
    # What begins with neither brace nor bracket is refused before it is parsed, in the same words.
    "abc": "Unexpected token 'a', \"abc\" is not valid JSON",
    " 7": "Unexpected token '7', \" 7\" is not valid JSON",
    "null": "Unexpected token 'n', \"null\" is not valid JSON",
}


@pytest.mark.parametrize("text", COMPLAINTS)
def test_a_defect_is_told_in_the_words_of_the_engine(sandbox, text):
    answer = sandbox.post(EXCHANGE, data=text, content_type="application/json")

    assert answer.json == error(400, "INVALID_INPUT", COMPLAINTS[text], VALID_JSON)


def test_the_engine_itself_says_the_same(node: Callable[..., Any]):
    """Against the Node.js that is installed; what is refused unparsed, and places within lines, are left out."""
    texts = [text for text in COMPLAINTS if text.lstrip()[:1] in ("{", "[")]
    script = (
        "const say = (text) => { try { JSON.parse(text) } catch (error) { return error.message } };"
        "console.log(JSON.stringify(JSON.parse(process.argv[1]).map(say)))"
    )
    ran = subprocess.run(["node", "-e", script, json.dumps(texts)], capture_output=True, text=True, check=True)

    said = [message.partition(" (line")[0] for message in json.loads(ran.stdout)]
    if any("Expected" in message for message in said):  # Node.js before 20 has other words
        assert dict(zip(texts, said, strict=True)) == {text: COMPLAINTS[text] for text in texts}


@pytest.mark.parametrize("sent", ['{"code": "\\ud800"}', '{"code": 1e999}', '{"code": ' + "9" * 5000 + "}"])
def test_what_nothing_could_store_is_no_json(sandbox, sent):
    answer = sandbox.post(EXCHANGE, data=sent, content_type="application/json")

    assert answer.json == error(400, "INVALID_INPUT", "Unexpected end of JSON input", VALID_JSON)


def test_a_byte_order_mark_is_passed_over(sandbox):
    answer = sandbox.post(EXCHANGE, data='{"code": 1}'.encode("utf-8-sig"), content_type="application/json")

    assert answer.json["message"] == "code: Expected string, received number"
