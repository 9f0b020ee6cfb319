"""The documents name only what is there: files, folders, functions, sections and layers of the project."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")),
]
FOLDERS = ("claude_batch_tui/", "tests/", "docs/", ".ci/", "findings/", "screenshots/")
_CODE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)


def prose(document):
    """A document without its blocks of code."""
    return _CODE.sub("", (ROOT / document).read_text())


def quoted(document):
    """What stands in backticks in its prose."""
    return re.findall(r"`([^`\n]+)`", prose(document))


def is_there(name):
    """Whether a quoted name of a file or folder is one of the project; a bare file name may be anywhere in it."""
    if name.startswith(FOLDERS):
        return (ROOT / name).exists()
    places = (ROOT, ROOT / "claude_batch_tui", ROOT / "tests/benchmarks")
    if any((place / name).exists() for place in places):
        return True
    return "/" not in name and any((ROOT / "claude_batch_tui").rglob(name))


def is_named_file(name):
    """Whether a quoted text names a file or folder of the project."""
    inside = name.startswith(FOLDERS) and " " not in name
    return inside or re.fullmatch(r"[\w/.-]+\.py", name) is not None


def source_files():
    return [path.read_text() for path in (ROOT / "claude_batch_tui").rglob("*.py")]


def test_every_file_that_a_document_names_exists():
    missing = [
        f"{document}: {name}"
        for document in (name for name in DOCUMENTS if name not in ("README.md", "CHANGELOG.md"))
        for name in quoted(document)
        if is_named_file(name) and not is_there(name)
    ]
    assert missing == []


def test_every_file_of_the_project_that_readme_and_changelog_name_exists():
    named = [name for document in ("README.md", "CHANGELOG.md") for name in quoted(document)]
    assert [name for name in named if name.startswith(FOLDERS) and not (ROOT / name).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_of_a_document_leads_somewhere(document):
    for target in re.findall(r"\]\(([^)]+)\)", prose(document)):
        if target.startswith("https://"):
            continue
        path, _, section = target.partition("#")
        linked = (ROOT / document).parent / path if path else ROOT / document
        assert linked.exists(), target
        if section:
            titles = re.findall(r"^#+ (.+)$", linked.read_text(), re.MULTILINE)
            assert section in [title.lower().replace(" ", "-") for title in titles], target


def test_every_method_that_the_documents_name_is_in_its_class():
    text = "\n".join(source_files())
    named = {name for document in ("docs/architecture.md", "CONTRIBUTING.md") for name in quoted(document)}
    methods = [name for name in named if re.fullmatch(r"[A-Z][a-z]\w+\.[a-z_]\w*", name)]
    ours = [name for name in methods if not name.startswith(("App.", "Screen."))]
    assert len(ours) > 10
    for name in ours:
        owner, method = name.split(".")
        body = re.search(rf"^class {owner}\b.*?(?=^(?:class|def|@)|\Z)", text, re.DOTALL | re.MULTILINE)
        assert body is not None, name
        assert re.search(rf"^    (?:async )?def {method}\(", body[0], re.MULTILINE), name


def test_every_name_of_the_code_that_the_documents_quote_is_in_the_code():
    words = set(re.findall(r"\w+", "\n".join(source_files())))
    named = {name for document in ("docs/architecture.md", "CONTRIBUTING.md") for name in quoted(document)}
    names = [name for name in named if re.fullmatch(r"_*[A-Za-z]\w*", name) and re.search(r"[A-Z_]", name)]
    assert len(names) > 20
    assert [name for name in names if name not in words and not list(ROOT.glob(f"tests/**/{name}"))] == []


def test_every_function_of_a_walk_is_in_the_file_that_is_named_with_it():
    walks = prose("docs/architecture.md").partition("## Four walks")[2].partition("## What runs where")[0]
    pairs = re.findall(
        r"`(?:\w+\.)?(\w+)`\s+(?:of the service\s+)?in\s+`(claude_batch_tui/[\w/]+\.py)`", walks
    )
    assert len(pairs) > 10
    for function, file in pairs:
        assert re.search(
            rf"^\s*(?:async def|def|class) {function}\b", (ROOT / file).read_text(), re.MULTILINE
        ), (
            function,
            file,
        )


def test_every_benchmark_is_in_the_table_of_figures():
    text = (ROOT / "docs/performance.md").read_text()
    scripts = (ROOT / "tests/benchmarks").glob("bench_*.py")
    assert [path.name for path in scripts if f"`{path.name}" not in text] == []


def test_every_package_and_folder_stands_in_the_architecture():
    text = (ROOT / "docs/architecture.md").read_text()
    package = ROOT / "claude_batch_tui"
    packages = [path.parent.name for path in package.glob("*/__init__.py")]
    assert [name for name in packages if f"`claude_batch_tui/{name}`" not in text] == []
    for path in package.glob("*/*/__init__.py"):
        row = re.search(rf"^\| `{path.parents[1].name}` \| .*$", text, re.MULTILINE)
        assert row is not None, path
        assert f"`{path.parent.name}`" in row[0], path


def test_the_layers_in_the_architecture_are_those_that_are_held():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    held = next(one for one in contracts if one["containers"] == ["claude_batch_tui"])["layers"]
    drawn = prose_block("docs/architecture.md", "## Who may import whom").replace(" → ", "\n").splitlines()
    assert drawn == held


def prose_block(document, heading):
    """The first block of code after a heading, without its fences."""
    after = (ROOT / document).read_text().partition(heading)[2]
    return after.partition("```\n")[2].partition("\n```")[0]


def test_the_changelog_is_in_the_form_of_keep_a_changelog():
    text = (ROOT / "CHANGELOG.md").read_text()
    parts = re.findall(r"^### (.+)$", text, re.MULTILINE)
    assert set(parts) <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    versions = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert versions[0] == "[Unreleased]"
    assert all(re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", version) for version in versions[1:])


def test_every_document_of_the_project_is_in_the_source_distribution():
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    included = build["targets"]["sdist"]["include"]
    assert {"docs", "findings", "CONTRIBUTING.md", "CHANGELOG.md", "README.md", "LICENSE"} <= set(included)
    assert [name for name in included if not (ROOT / name).exists()] == []


def test_the_gate_runs_on_every_python_and_system_that_is_claimed():
    claimed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["classifiers"]
    workflow = (ROOT / ".github/workflows/gate.yml").read_text()
    pythons = [each.rpartition(" ")[2] for each in claimed if re.search(r":: 3\.\d+$", each)]
    assert f"python: {json.dumps(pythons)}" in workflow
    assert f".ci/package {' '.join(pythons)}\n" in workflow
    runners = {
        "Operating System :: MacOS": "macos-latest",
        "Operating System :: POSIX :: Linux": "ubuntu-latest",
    }
    systems = [each for each in claimed if each.startswith("Operating System")]
    assert [system for system in systems if runners[system] not in workflow] == []
