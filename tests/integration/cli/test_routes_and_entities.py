"""`starmodel routes`, `entities list`, `entities inspect` and `version`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

Run = Callable[..., Result]
Answer = Callable[..., Any]
Write = Callable[[str, str], Path]


def test_routes_as_json_have_target_and_source(shop: Path, answer: Answer) -> None:
    found = {(row["method"], row["path"]): row for row in reversed(answer("routes"))}
    assert found["GET", "/"] == {
        "method": "GET", "path": "/", "target": "main.home", "source": "own",
        "entity": None, "event": None, "replaced": False,
    }  # fmt: skip
    event = found["POST", "/products/{id}/adjust_stock"]
    assert (event["target"], event["entity"], event["event"], event["source"]) == (
        "Product.adjust_stock", "Product", "adjust_stock", "generated",
    )  # fmt: skip
    assert found["GET", "/products/new"]["target"] == "Product form for a new one"
    assert found["GET", "/chat"]["target"] == "Chat page"
    assert found["GET", "/_starmodel/stream"]["source"] == "starmodel"


@pytest.mark.parametrize("command", [("routes",), ("entities", "list"), ("doctor",)])
def test_application_argument_and_app_option_are_equivalent(
    write: Write, run: Run, command: tuple[str, ...]
) -> None:
    write(
        "other.py",
        "from starmodel import Entity, create_app\n"
        "class Lamp(Entity):\n    on: bool = False\n"
        "app = create_app([Lamp])\n",
    )
    assert "Lamp" in run(*command, "other.py").stdout
    assert run(*command, "other.py:app").stdout == run(*command, "--app", "other.py:app").stdout
    twice = run(*command, "other.py", "--app", "main.py")
    assert (twice.exit_code, "two applications" in twice.stderr) == (2, True)


def test_inspect_with_an_application_argument_loads_it(write: Write, run: Run) -> None:
    write(
        "other.py",
        "from starmodel import Entity, create_app\n"
        "class Lamp(Entity):\n    on: bool = False\n"
        "app = create_app([Lamp])\n",
    )
    assert run("entities", "inspect", "Lamp", "other.py").stdout.startswith("Lamp (other)")


def test_version_option_equals_the_version_command(run: Run) -> None:
    assert run("--version").stdout == run("version").stdout


def test_shadowed_generated_routes_are_marked_as_replaced(shop: Path, answer: Answer) -> None:
    replaced = [row["path"] for row in answer("routes") if row["replaced"]]
    assert replaced == ["/", "/products/{id}/edit"]


def test_routes_as_text_are_aligned_columns(shop: Path, run: Run) -> None:
    lines = run("routes").stdout.splitlines()
    at = lines[0].index("PATH")
    assert lines[0].split() == ["METHOD", "PATH", "TARGET", "FROM"]
    assert all(line[at - 1] == " " and line[at] == "/" for line in lines[1:])


def test_reader_that_stops_after_a_line_is_no_error(shop: Path) -> None:
    program = "from starmodel.cli.main import main; main()"
    command = [sys.executable, "-c", program, "routes", str(shop)]
    with subprocess.Popen(
        command, cwd=shop.parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as routes:
        assert routes.stdout is not None
        assert routes.stderr is not None
        routes.stdout.close()
        assert "Traceback" not in routes.stderr.read()


def test_routes_include_custom_mounts_and_websockets(write: Write, answer: Answer) -> None:
    write("static/a.txt", "a")
    write(
        "main.py",
        "from starmodel import create_app\n"
        "app = create_app([])\n"
        "@app.ws('/talk')\n"
        "def talk(text: str): ...\n",
    )
    description = {(row["method"], row["path"], row["target"]) for row in answer("routes")}
    assert ("WS", "/talk", "main.talk") in description
    assert ("*", "/static/…", "StaticFiles") in description


def test_entities_list_has_store_scope_and_path(shop: Path, run: Run, answer: Answer) -> None:
    description = {entity["name"]: entity for entity in answer("entities", "list")}
    assert (description["Product"]["store"], description["Product"]["scope"]) == ("sql", "record")
    assert description["Chat"]["access"] == {"read": "everybody", "write": "everybody"}
    assert description["Counter"]["events"] == ["increment"]
    assert "Product  sql     record   /products" in run("entities", "list").stdout


def test_inspect_as_json_has_the_complete_schema(shop: Path, answer: Answer) -> None:
    description = answer("entities", "inspect", "product")
    fields = {field["name"]: field for field in description["fields"]}
    assert fields["name"]["constraints"] == {"min_length": 2, "max_length": 20}
    assert fields["name"]["required"]
    assert fields["price"]["constraints"] == {"gt": 0}
    assert fields["price"]["default"] == 1.0
    assert fields["id"]["made_by"] == "new_id"
    assert not fields["id"]["editable"]
    assert fields["cost"]["private"]
    assert "default" not in fields["cost"]
    assert description["computed"] == [
        {"name": "worth", "type": "float", "private": False, "signal": True}
    ]
    events = {event["name"]: event for event in description["events"]}
    assert events["adjust_stock"] == {
        "name": "adjust_stock",
        "signature": "adjust_stock(delta: int, reason: Literal['sale', 'return'] = 'sale')",
        "kind": "sync",
        "access": "signed in",
        "routes": ["POST /products/{id}/adjust_stock"],
        "about": "Take from the stock, or put back.",
    }
    assert events["label"]["access"] == "role 'editor'"
    assert set(events) >= {"create", "update", "delete"}
    assert description["table"]["name"] == "product"
    assert {"name", "cost", "_version"} <= {
        column["name"] for column in description["table"]["columns"]
    }


def test_inspect_as_text_has_four_sections(shop: Path, run: Run) -> None:
    text = run("entities", "inspect", "Product").stdout
    assert "min_length=2, max_length=20" in text
    assert "worth   float      computed" in text
    assert "hidden" in text
    assert "TABLE product" in text
    assert "0.5" not in text  # a private default


def test_inspect_of_an_entity_in_memory_has_no_table(shop: Path, answer: Answer) -> None:
    assert answer("entities", "inspect", "Counter")["table"] is None


def test_inspect_of_an_unknown_entity_suggests_a_name(shop: Path, run: Run) -> None:
    result = run("entities", "inspect", "Prodct")
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1] == (
        "starmodel: There is no entity 'Prodct'. Did you mean 'Product'? "
        "This application has Product, Counter, Basket, Visit, Chat."
    )


def test_version_as_json_includes_python(answer: Answer) -> None:
    assert answer("version").keys() == {"starmodel", "python"}


def test_entities_list_of_an_empty_application_prints_a_message(write: Write, run: Run) -> None:
    write("main.py", "from starmodel import create_app\napp = create_app([])\n")
    assert run("entities", "list").stdout == "This application has no entities.\n"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("app = 3\n", "main:app is no StarModel application; its type is int. Name"),
        ("async def app(): ...\n", "main:app is an async factory. Make it a plain function."),
        (
            "from starmodel import create_app\napp = create_app([], theme='pink')\n",
            "Setting 'theme' cannot be 'pink' (from an argument): must be 'amber',",
        ),
    ],
    ids=["other", "async", "settings"],
)
def test_target_that_is_no_application_exits_with_a_message(
    write: Write, run: Run, source: str, words: str
) -> None:
    write("main.py", source)
    result = run("routes")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith(f"starmodel: {words}")
    assert "Traceback" not in result.stderr


def test_command_without_an_application_lists_the_conventions(run: Run) -> None:
    result = run("routes")
    assert result.exit_code == 1
    assert "looked for app.main:create_app, app.main:app, main:app" in result.stderr
    assert "--app hello.py" in result.stderr


def test_application_error_prints_application_frames_and_a_message(write: Write, run: Run) -> None:
    write("helper.py", "def made():\n    return {}['gone']\n")
    write("main.py", "import json\nfrom helper import made\napp = json.loads('1') and made()\n")
    result = run("entities", "list")
    assert result.exit_code == 1
    lines = result.stderr.splitlines()
    files = [line.strip().split(",")[0] for line in lines if line.strip().startswith("File ")]
    assert [Path(name.split('"')[1]).name for name in files] == ["main.py", "helper.py"]
    assert lines[-2] == "KeyError: 'gone'"
    assert lines[-1] == (
        "starmodel: main:app could not be loaded: KeyError in the application's own code, "
        "shown above. Correct it and run again."
    )


def test_factory_output_is_redirected_to_stderr(write: Write, run: Run) -> None:
    write("app/__init__.py", "")
    write(
        "app/main.py",
        "from starmodel import create_app as make\n"
        "def create_app():\n"
        "    print('hello')\n"
        "    return make([])\n",
    )
    result = run("entities", "list", "--json")
    assert json.loads(result.stdout) == []
    assert result.stderr == "hello\n"


def test_loading_an_application_prints_no_sign_in_link(shop: Path, run: Run) -> None:
    result = run("routes")
    assert "token=" not in result.output
    assert result.stderr == "shop is imported\n"


def test_routes_of_entities_and_resources_of_a_plugin_name_it(write: Write, answer: Answer) -> None:
    write(
        "main.py",
        "from starmodel import Entity, create_app\n"
        "from starmodel.plugins import Plugin, Resource\n"
        "class Pen(Entity):\n    model_config = {'scope': 'record'}\n"
        "class Note(Entity):\n    model_config = {'scope': 'record', 'plugin': 'audit'}\n"
        "class Audit(Plugin):\n    name = 'audit'\n"
        "    def entities(self): return [Note]\n"
        "    def resources(self): return [Resource(Pen, prefix='/office')]\n"
        "app = create_app([Pen], plugins=[Audit()])\n",
    )
    sources = {row["path"]: row["source"] for row in answer("routes")}
    assert sources["/audit/notes/{id}"] == sources["/office/pens"] == "plugin audit"
    assert sources["/pens"] == "generated"
