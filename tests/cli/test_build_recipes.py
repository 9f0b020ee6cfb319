"""Params files, recipes and ids of `cbtui build`, from the command line to the requests file."""

import base64
import json
import tomllib

import pytest

from claude_batch_tui.sources.recipe import read_recipe

MODEL = ("--model", "claude-haiku-4-5", "--max-tokens", "5")
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder with rows and a picture."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.csv").write_text(
        "id,lang,body,photo\na,de,Hallo,p.png\nb,en,Hello,https://x.test/q.png\n"
    )
    (tmp_path / "p.png").write_bytes(PNG)


def requests_in(folder, name="requests.jsonl"):
    return [json.loads(line) for line in (folder / name).read_text("utf-8").splitlines()]


def test_a_params_file_gives_everything_a_row_does_not(cbtui, tmp_path):
    params = {
        "model": "claude-haiku-4-5",
        "max_tokens": 50,
        "system": "Speak {{ lang }}.",
        "messages": [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Yes?"},
        ],
        "stop_sequences": ["END", "{{ id }}"],
        "metadata": {"user_id": "{{ id }}"},
        "tools": [{"name": "t", "description": "100 % sure", "input_schema": {"type": "object"}}],
    }
    (tmp_path / "params.json").write_text(json.dumps(params))
    code, *_ = cbtui(
        "build", "csv", "rows.csv", "--params", "params.json", "--prompt-column", "body", "--id-column", "id"
    )
    assert code == 0
    first, _ = requests_in(tmp_path)
    assert first == {
        "custom_id": "a",
        "params": {
            "model": "claude-haiku-4-5",
            "max_tokens": 50,
            "system": "Speak de.",
            "messages": [*params["messages"], {"role": "user", "content": "Hallo"}],
            "stop_sequences": ["END", "a"],
            "metadata": {"user_id": "a"},
            "tools": params["tools"],
        },
    }


def test_messages_of_the_params_stand_alone_where_no_prompt_is_named(cbtui, tmp_path):
    (tmp_path / "params.toml").write_text(
        'model = "claude-haiku-4-5"\nmax_tokens = 5\n[[messages]]\nrole = "user"\ncontent = "Say {{ body }}"\n'
    )
    code, *_ = cbtui("build", "csv", "rows.csv", "--params", "params.toml")
    assert code == 0
    assert [r["params"]["messages"] for r in requests_in(tmp_path)] == [
        [{"role": "user", "content": "Say Hallo"}],
        [{"role": "user", "content": "Say Hello"}],
    ]


def test_a_column_of_images_takes_paths_urls_and_file_ids(cbtui, tmp_path):
    with (tmp_path / "rows.csv").open("a") as file:
        file.write("c,fr,Salut,file_011CNha8iCJcU1wXNR6q4V8w\n")
    code, *_ = cbtui("build", "csv", "rows.csv", "--image-column", "photo", "--prompt-column", "body", *MODEL)
    assert code == 0
    contents = [r["params"]["messages"][0]["content"] for r in requests_in(tmp_path)]
    encoded = base64.b64encode(PNG).decode()
    assert [content[0]["source"] for content in contents] == [
        {"type": "base64", "media_type": "image/png", "data": encoded},
        {"type": "url", "url": "https://x.test/q.png"},
        {"type": "file", "file_id": "file_011CNha8iCJcU1wXNR6q4V8w"},
    ]
    assert contents[1][1] == {"type": "text", "text": "Hello"}


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("gone.png", "gone.png cannot be read: No such file or directory"),
        ("rows.csv", "rows.csv is no PNG, JPEG, GIF or WebP image"),
        ("", "the image is empty in this row"),
    ],
)
def test_an_image_that_is_missing_or_none_is_a_problem_of_its_row(cbtui, tmp_path, value, sentence):
    with (tmp_path / "rows.csv").open("a") as file:
        file.write(f"c,fr,Salut,{value}\n")
    code, _, err = cbtui("build", "csv", "rows.csv", "--image-column", "photo", *MODEL)
    assert code == 2
    assert f"rows.csv:4: {sentence}" in err
    assert not (tmp_path / "requests.jsonl").exists()


def test_the_cache_breakpoint_stands_at_the_end_of_the_shared_system_prompt(cbtui, tmp_path):
    code, *_ = cbtui(
        "build",
        "csv",
        "rows.csv",
        "--prompt-column",
        "body",
        "--system",
        "Be short.",
        "--cache-ttl",
        "1h",
        *MODEL,
    )
    assert code == 0
    assert requests_in(tmp_path)[0]["params"]["system"] == [
        {"type": "text", "text": "Be short.", "cache_control": {"type": "ephemeral", "ttl": "1h"}}
    ]


def test_a_schema_becomes_the_output_config(cbtui, tmp_path):
    (tmp_path / "s.json").write_text('{"type": "object"}')
    cbtui("build", "csv", "rows.csv", "--prompt-column", "body", "--schema", "s.json", *MODEL)
    assert requests_in(tmp_path)[0]["params"]["output_config"] == {
        "format": {"type": "json_schema", "schema": {"type": "object"}}
    }


def test_ids_from_a_template_and_a_run_prefix_keep_the_users_own_id(cbtui, tmp_path):
    cbtui(
        *("build", "csv", "rows.csv", "--prompt-column", "body", *MODEL),
        *("--id-template", "{{ lang }}/{{ id }}", "--run-prefix", "june-"),
    )
    rows = requests_in(tmp_path, "requests.rows.jsonl")
    assert [row["id"] for row in rows] == ["de/a", "en/b"]
    assert [row["custom_id"].startswith("june-") for row in rows] == [True, True]


def test_a_recipe_rebuilds_the_same_bytes_from_anywhere(cbtui, tmp_path, monkeypatch):
    (tmp_path / "t.txt").write_text("Label: {{ body }}")
    code, _, err = cbtui(
        *("build", "csv", "rows.csv", "--template", "@t.txt", "--id-column", "id", *MODEL),
        *("--save-recipe", "labels.toml", "--name", "labels", "--betas", "a-1,b-2"),
    )
    assert code == 0
    assert "recipe saved: labels.toml" in err
    before = (tmp_path / "requests.jsonl").read_bytes()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    code, _, err = cbtui("build", "--recipe", "../labels.toml")
    assert (code, "is not what it was" in err) == (0, False)
    assert (elsewhere / "requests.jsonl").read_bytes() == before
    beside = read_recipe(str(elsewhere / "requests.recipe.toml"))
    assert (beside.name, beside.betas, beside.spec.template) == (
        "labels",
        ("a-1", "b-2"),
        "Label: {{ body }}",
    )


def test_a_recipe_runs_on_another_file_and_says_what_drifted(cbtui, tmp_path):
    (tmp_path / "t.txt").write_text("Label: {{ body }}")
    cbtui("build", "csv", "rows.csv", "--template", "@t.txt", *MODEL, "--save-recipe", "labels.toml")
    (tmp_path / "t.txt").write_text("Sort: {{ body }}")
    (tmp_path / "more.csv").write_text("body\nx\n")
    code, _, err = cbtui(
        "build", "--recipe", "labels.toml", "--source", "more.csv", "--model", "claude-opus-5", "--force"
    )
    assert code == 0
    assert "recipe labels.toml: the source is not what it was when the recipe was written." in err
    assert (
        f"recipe labels.toml: the template @{'t.txt'} is not what it was when the recipe was written." in err
    )
    assert "recipe labels.toml: the model is claude-opus-5, and the recipe says claude-haiku-4-5." in err
    assert requests_in(tmp_path)[0]["params"]["messages"][0]["content"] == "Sort: x"


def test_a_recipe_is_toml_with_the_long_options_as_keys(cbtui, tmp_path):
    cbtui(
        *("build", "csv", "rows.csv", "--prompt-column", "body", "--system", "Be\nshort.", *MODEL),
        *("--save-recipe", "r.toml"),
    )
    table = tomllib.loads((tmp_path / "r.toml").read_text())
    assert table["version"] == 1
    assert table["source"]["path"] == "rows.csv"
    assert table["request"] == {"prompt_column": "body", "system": "Be\nshort."}
    assert table["params"] == {"model": "claude-haiku-4-5", "max_tokens": 5}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("version = 2", "r.toml: this recipe has version 2, and this cbtui reads version 1."),
        ("version = 1\n[sources]", "r.toml: 'sources' is no table in a recipe. Did you mean 'source'?"),
        (
            "version = 1\n[request]\ntemplat = 'x'",
            "r.toml: 'templat' is no key of [request] in a recipe. Did you mean 'template'?",
        ),
        ("version = 1\nsource = 3", "r.toml: [source] is a table. Write [source] on a line of its own."),
        (
            "version = 1\n[source]\nkind = 'xml'\npath = 'f'",
            "r.toml: Invalid enum value 'xml' - at `$.kind`. Fix the recipe.",
        ),
        ("version = ", "r.toml: the recipe is not valid TOML: Invalid value (at end of document)."),
    ],
)
def test_a_recipe_that_cannot_be_meant_is_refused_in_one_sentence(cbtui, tmp_path, text, sentence):
    (tmp_path / "r.toml").write_text(text)
    code, _, err = cbtui("build", "--recipe", "r.toml")
    assert (code, err) == (2, f"cbtui: {sentence}\n")


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("p.json", "[1]", "p.json: this is not an object. It has keys like model, max_tokens, messages."),
        (
            "p.json",
            '{\n"a": }',
            "p.json:2: this is not valid JSON: Expecting value. Fix the file, or name it .toml.",
        ),
        ("p.json", '{"container": {"id": null}}', "p.json: container.id is null. Leave the key out."),
        ("gone.json", None, "--params gone.json: there is no such file. Check the path."),
        (
            "p.json",
            '{"messages": "Hi"}',
            "params: `messages` is a list of messages, each with a role and content.",
        ),
    ],
)
def test_a_params_file_that_cannot_be_used_is_one_sentence(cbtui, tmp_path, name, text, sentence):
    if text is not None:
        (tmp_path / name).write_text(text)
    code, _, err = cbtui("build", "csv", "rows.csv", "--params", name, "--prompt-column", "body", *MODEL)
    assert (code, err) == (2, f"cbtui: {sentence}\n")


def test_what_is_wrong_in_every_request_is_said_once_and_nothing_is_written(cbtui, tmp_path):
    (tmp_path / "p.json").write_text('{"stream": true}')
    code, _, err = cbtui("build", "csv", "rows.csv", "--params", "p.json", "--prompt-column", "body", *MODEL)
    assert code == 2
    assert err.count("in every request") == 1
    assert not (tmp_path / "requests.jsonl").exists()


RECIPE = """version = 1
[source]
kind = "csv"
path = "{source}"
[request]
prompt_column = "body"
template = "{template}"
[params]
model = "m"
max_tokens = 1
"""


def foreign_recipe(tmp_path, source="rows.csv", template="@t.txt"):
    """A recipe in a folder of its own, with rows and a template; and a file that is nobody's business."""
    folder = tmp_path / "theirs"
    folder.mkdir(exist_ok=True)
    (tmp_path / "private.txt").write_text("{{ body }} secret")
    (folder / "t.txt").write_text("{{ body }}")
    (folder / "rows.csv").write_text("body\nhello\n")
    (folder / "r.toml").write_text(RECIPE.format(source=source, template=template))
    return "theirs/r.toml"


def test_a_recipe_that_names_files_of_its_own_folder_is_not_asked_about(cbtui, tmp_path):
    assert cbtui("build", "--recipe", foreign_recipe(tmp_path))[0] == 0


@pytest.mark.parametrize(
    "named", [{"template": "@../private.txt"}, {"source": "../rows.csv"}, {"template": "@link.txt"}]
)
def test_a_recipe_that_names_a_file_outside_of_its_folder_asks_once(cbtui, tmp_path, named):
    recipe = foreign_recipe(tmp_path, **named)
    (tmp_path / "theirs" / "link.txt").symlink_to(tmp_path / "private.txt")
    code, _, err = cbtui("build", "--recipe", recipe)
    assert code == 2
    assert "has files outside of its folder read and sent: " in err
    assert "pass --trust-recipe to agree" in err
    assert not (tmp_path / "requests.jsonl").exists()
    assert cbtui("build", "--recipe", recipe, "--trust-recipe")[0] == 0
    assert cbtui("build", "--recipe", recipe, "--force")[0] == 0
    (tmp_path / recipe).write_text((tmp_path / recipe).read_text() + "\n")
    assert cbtui("build", "--recipe", recipe, "--force")[0] == 2


def test_a_source_of_the_users_own_is_none_of_the_recipes(cbtui, tmp_path):
    recipe = foreign_recipe(tmp_path, source="../rows.csv")
    assert cbtui("build", "--recipe", recipe, "--source", "rows.csv")[0] == 0


def test_what_cbtui_wrote_itself_is_not_asked_about(cbtui, tmp_path):
    (tmp_path / "out").mkdir()
    assert cbtui("build", "csv", "rows.csv", "--prompt-column", "body", *MODEL, "-o", "out/r.jsonl")[0] == 0
    assert cbtui("build", "--recipe", "out/r.recipe.toml")[0] == 0


def test_a_path_within_params_is_a_file_that_a_recipe_names(cbtui, tmp_path):
    recipe = foreign_recipe(tmp_path)
    more = '[[params.messages]]\nrole = "user"\n[[params.messages.content]]\ntype = "image"\n'
    more += '[params.messages.content.source]\ntype = "path"\npath = "../../p.png"\n'
    (tmp_path / recipe).write_text((tmp_path / recipe).read_text() + more)
    code, _, err = cbtui("build", "--recipe", recipe)
    assert (code, "p.png" in err) == (2, True)


@pytest.mark.slow
def test_a_recipe_says_which_variables_a_script_sees(cbtui, tmp_path, monkeypatch):
    monkeypatch.setenv("SHOP_DB", "a-place")
    (tmp_path / "mine.py").write_text(
        "import os\ndef build_requests():\n    return [{'custom_id': os.environ['SHOP_DB'], 'params': {'model': 'm',"
        " 'max_tokens': 1, 'messages': [{'role': 'user', 'content': 'x'}]}}]\n"
    )
    options = ("--trust-script", "--script-env", "SHOP_DB")
    assert cbtui("build", "custom", "mine.py", *options)[0] == 0
    assert read_recipe("requests.recipe.toml").spec.script_env == ("SHOP_DB",)
    code, _, err = cbtui("build", "--recipe", "requests.recipe.toml", "--force")
    assert (code, "and, as asked, SHOP_DB" in err) == (2, True)
    assert cbtui("build", "--recipe", "requests.recipe.toml", "--force", "--trust-script")[0] == 0
    assert requests_in(tmp_path)[0]["custom_id"] == "a-place"
