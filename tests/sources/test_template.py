"""Templates: what they give, and that the fast path gives the same as Jinja2."""

import contextlib
import re
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claude_batch_tui.errors import ConfigError
from claude_batch_tui.sources import template as module
from claude_batch_tui.sources.rows import RowRefusedError
from claude_batch_tui.sources.template import (
    TemplateLimits,
    compile_template,
    is_constant,
    read_template,
    variables_in,
)

ROW = {"a": "Ä & <b>", "b": "{{ a }}", "First name": "Zoë", "n": 3, "none": "x"}
PIECES = [
    "{{ a }}",
    "{{b}}",
    "{{  n\n}}",
    "{",
    "}",
    "%",
    "%s",
    "x",
    "\n",
    "\r\n",
    "\r",
    "{}",
    "}}",
    "%}",
    "ü",
]


@pytest.mark.slow
@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
@settings(max_examples=300, deadline=None)
def test_the_fast_path_gives_what_jinja2_gives(text):
    names = {name: name for name in ROW}
    fast = module._plain(*module._pieces(text, names))
    if fast is not None:
        assert fast(ROW) == module._jinja(
            text, ([text], []), names, tuple(ROW), "--template", module.USUAL_LIMITS
        )(ROW)


@pytest.mark.parametrize("text", ["{{ a }}", "x", "{{ a }}{{ n }}", "100 % {{ a }} {{ b }}\n"])
def test_plain_templates_take_the_fast_path(text):
    assert module._plain(*module._pieces(text, {name: name for name in ROW})) is not None


@pytest.mark.parametrize(
    "text", ["{{ a|upper }}", "{% if a %}x{% endif %}", "{{{ a }}}", "{{ true }}", "{{- a }}"]
)
def test_anything_more_is_left_to_jinja2(text):
    assert module._plain(*module._pieces(text, {name: name for name in ROW})) is None


def test_a_value_is_never_taken_for_a_template():
    assert compile_template("{{ b }}", tuple(ROW), "--template")(ROW) == "{{ a }}"
    assert compile_template("{{ b|trim }}", tuple(ROW), "--template")(ROW) == "{{ a }}"


def test_expressions_work_and_odd_names_are_reached_through_the_row():
    fill = compile_template("{{ a|lower }} {{ row['First name'] }}", tuple(ROW), "--template")
    assert fill(ROW) == "ä & <b> Zoë"


def test_an_alias_names_a_column():
    assert compile_template("{{ prompt }}", ("a",), "--template", {"prompt": "a"})({"a": "x"}) == "x"


def test_an_unknown_variable_lists_the_columns_and_the_nearest():
    with pytest.raises(ConfigError) as caught:
        compile_template("{{ titel }}", ("title", "body"), "--template")
    assert str(caught.value) == (
        "--template: {{ titel }} is no column of the source. Did you mean 'title'? Columns: title, body. "
        "For this file: {{ title }}."
    )


def test_a_syntax_error_names_its_line():
    with pytest.raises(ConfigError, match="--system, line 2: "):
        compile_template("x\n{{ a", ("a",), "--system")


@pytest.mark.parametrize(
    "text", ["{{ ''.__class__.__mro__ }}", "{{ row.__init__.__globals__ }}", "{{ row.clear() }}", "{{ 1/0 }}"]
)
def test_a_template_executes_nothing_and_fails_on_the_row_alone(text):
    with pytest.raises(RowRefusedError, match="--template fails on this row: "):
        compile_template(text, ("a",), "--template")({"a": "x"})


def test_a_file_is_named_with_an_at_sign(tmp_path):
    path = tmp_path / "t.txt"
    path.write_text("\ufeffHallo {{ a }}\n", "utf-8")
    assert read_template(f"@{path}", "--template") == "Hallo {{ a }}\n"
    assert read_template("@@anna", "--template") == "@anna"
    with pytest.raises(ConfigError, match=r"there is no file 'gone.txt'. To begin with a plain @, write @@"):
        read_template("@gone.txt", "--template")
    path.write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="not UTF-8"):
        read_template(f"@{path}", "--template")
    with pytest.raises(ConfigError, match="cannot read the file"):
        read_template(f"@{tmp_path}", "--template")


def test_a_template_without_markup_is_constant():
    assert is_constant("a } b")
    assert not is_constant("{# a #}")


_values = st.text(max_size=20) | st.sampled_from(
    [
        "{{ 7 * 7 }}",
        "{% for x in 'abc' %}x{% endfor %}",
        "{{ ''.__class__ }}",
        "{# gone #}",
        "{{ a }}",
        "%s",
        "{0}",
    ]
)


@pytest.mark.slow
@given(
    a=_values,
    b=_values,
    form=st.sampled_from(["{{ a }}|{{ b }}", "{{ a|trim('') }}|{{ b }}", "{{ row.a }}|{{ b }}"]),
)
@settings(deadline=None)
def test_what_a_row_holds_is_never_executed(a, b, form):
    filled = compile_template(form, ("a", "b"), "--template")({"a": a, "b": b})
    assert filled == f"{a}|{b}"


_events: list[str] = []
_is_watching = False


def _watch(event, _arguments):
    if _is_watching and event.partition(".")[0] in {
        "exec",
        "compile",
        "import",
        "open",
        "os",
        "subprocess",
        "socket",
    }:
        _events.append(event)


sys.addaudithook(_watch)


@contextlib.contextmanager
def _audited():
    """What the interpreter was asked to run, open or import inside the block."""
    global _is_watching  # noqa: PLW0603  an audit hook cannot be taken back, only told to look away
    _events.clear()
    _is_watching = True
    try:
        yield _events
    finally:
        _is_watching = False


def test_the_watch_sees_what_is_executed():
    with _audited() as events:
        eval("1 + 1")
    assert events


_steps = st.sampled_from(
    [
        "__class__",
        "__mro__",
        "__subclasses__()",
        "__globals__",
        "__init__",
        "__builtins__",
        "mro()",
        "format",
        "gi_frame",
        "__getattribute__('x')",
        "__reduce__()",
        "f_globals",
        "tb_frame",
        "__import__('os')",
    ]
)
_starts = st.sampled_from(
    ["a", "row", "row.a", "''", "()", "cycler", "lipsum", "namespace", "joiner", "range", "dict", "self"]
)


@pytest.mark.slow
@given(start=_starts, steps=st.lists(_steps, min_size=1, max_size=4), item=st.booleans())
@settings(deadline=None, max_examples=300)
def test_no_expression_reaches_what_python_runs(start, steps, item):
    way = start + "".join(f"['{step}']" if item and "(" not in step else f".{step}" for step in steps)
    with contextlib.suppress(RowRefusedError, ConfigError):
        fill = compile_template("{{ " + way + " }}", ("a",), "--template")
        with _audited() as events:
            filled = fill({"a": "x"})
        assert events == []
        assert not re.search(r"<(class|module|frame|code) |'__name__':", filled)


def bounded(template, limits, row=None):
    return compile_template(template, list(row or {}), "--template", limits=limits)(row or {})


_SMALL = TemplateLimits(seconds=5.0, characters=1_000)


@pytest.mark.parametrize(
    "template",
    [
        "{% for a in range(40) %}{% for b in range(40) %}x{% endfor %}{% endfor %}",
        "{{ 'x' * 1001 }}",
        "{{ 1001 * 'x' }}",
        "{{ [1] * 1001 }}",
        "{% set t = namespace(x='ab') %}{% for a in range(12) %}{% set t.x = t.x ~ t.x %}{% endfor %}",
        "{% set t = namespace(x='ab') %}{% for a in range(12) %}{% set t.x = t.x + t.x %}{% endfor %}",
        "{{ 'x'.center(1001) }}",
        "{{ 'x' | center(1001) }}",
        "{{ 'x'.zfill(1001) }}",
        "{{ 'a b'.replace(' ', 'x' * 999) }}",
        "{{ 'a b' | replace(' ', 'x' * 999) }}",
        "{{ ['a', 'b', 'c'] | join('x' * 900) }}",
        "{{ ('x' * 900).join(['a', 'b', 'c']) }}",
        "{{ 'a\nb\nc' | indent(600) }}",
        "{{ ['x'] | map('center', 1001) | list }}",
    ],
)
def test_a_template_that_makes_too_much_of_a_row_is_refused(template):
    with pytest.raises(RowRefusedError, match="makes more than 1,000 characters of this row"):
        bounded(template, _SMALL)


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{{ 10 ** 10000 }}", "a number that is too large"),
        ("{{ '%099999d' % 1 }}", "a width that is too large"),
        ("{{ '{:>99999}'.format(1) }}", "a width that is too large"),
        ("{{ '{:{w}}'.format(1, w=5) }}", "that another value says"),
        ("{{ '%099999d' | format(1) }}", "a width that is too large"),
    ],
)
def test_numbers_and_widths_have_bounds(template, words):
    with pytest.raises(RowRefusedError, match=words):
        bounded(template, TemplateLimits())


@pytest.mark.parametrize(
    "template",
    [
        "{% for a in range(3) %}{% endfor %}",
        "{% macro m(n) %}{% endmacro %}{{ m(1) }}",
        "{% for a in [1] recursive %}{% endfor %}",
    ],
)
def test_every_turn_of_a_loop_looks_at_the_time(template):
    with pytest.raises(RowRefusedError, match="takes more than -1 s for this row"):
        bounded(template, TemplateLimits(seconds=-1))


def test_what_templates_usually_do_stays_within_the_bounds():
    template = (
        "{% for tag in tags %}{{ loop.index }}. {{ tag | upper }}{{ ', ' if not loop.last }}{% endfor %}"
        "{{ ' / ' ~ tags | join('; ') ~ '!' }}{{ '%.2f' % price }}{{ '{:,}'.format(7800000000) }}"
        "{{ 'a b' | replace(' ', '-') }}{{ 2 ** 10 }}{{ tags | length * 3 }}{{ 'x'.center(5) | trim }}"
        "{{ tags | map('title') | join }}{{ {'a': 1} | tojson(indent=1) }}{{ 'a\nb' | indent(2) }}"
    )
    text = bounded(template, TemplateLimits(), {"tags": ["a", "b"], "price": 1.5})
    assert text == '1. A, 2. B / a; b!1.507,800,000,000a-b10246xAB{\n "a": 1\n}a\n  b'


@pytest.mark.parametrize(
    "template", ["{{ " + "(" * 400 + "1" + ")" * 400 + " }}", "{{ " + "9" * 5_000 + " }}"]
)
def test_a_template_that_nests_too_deep_or_has_too_long_a_number_is_one_sentence(template):
    with pytest.raises(ConfigError, match="nested too deep, or a number is too long"):
        compile_template(template, [], "--template")


def test_loops_within_many_loops_are_one_sentence():
    template = "{% for a in [1] %}" * 30 + "x" + "{% endfor %}" * 30
    with pytest.raises(ConfigError, match="nested too deep"):
        compile_template(template, [], "--template")


@pytest.mark.parametrize(
    ("template", "unknown"),
    [
        ("{{ body }} {{First name}} {{ row['x'] }} {{ prompt }}", []),
        ("{{ boddy }} and {{ boddy | upper }}", ["{{ boddy }}", "{{ boddy | upper }}"]),
        ("{{ Last name }}", ["{{ Last name }}"]),
        ("{{ body | upper }} {{ range(3) }} {{ 'text' }} {{ body.x }}", []),
        ('{"a": 1} {{ "}}" }} {% if boddy %}x{% endif %}', []),
    ],
)
def test_an_editor_is_told_which_variables_name_no_column(template, unknown):
    found = list(variables_in(template, {"body", "First name", "row", "prompt"}))
    assert [template[one.start : one.end] for one in found if not one.is_known] == unknown
