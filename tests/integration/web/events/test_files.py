"""Uploaded files as event parameters: forms, validation, lists and limits."""

from __future__ import annotations

import re
from typing import Annotated, Any

import pytest
from starlette.datastructures import UploadFile

from integration.web.browser import DATASTAR, HTML, JSON, ORIGIN, toasts, unlisted
from starmodel import UI, ConfigurationError, Entity, event


@unlisted
class Album(Entity):
    model_config = {"scope": "app", "access": "public"}
    names: list[str] = []

    @event
    async def attach(self, picture: Annotated[UploadFile, UI(widget="image")]) -> None:
        self.names.append(f"{picture.filename} {len(await picture.read())}")

    @event
    async def attach_many(self, pictures: list[UploadFile], label: str = "") -> None:
        self.names.extend(f"{label}{picture.filename}" for picture in pictures)

    @event
    async def maybe(self, picture: UploadFile | None = None, extra: list[UploadFile] = []) -> None:  # noqa: B006 - never changed
        self.names.append(f"{picture.filename if picture else 'none'} {len(extra)}")

    @event
    async def small(
        self,
        paper: Annotated[UploadFile, UI(accept=".pdf, image/*, text/plain", max_bytes=2000)],
    ) -> None:
        self.names.append(str(paper.filename))


PNG = ("sea.png", b"\x89PNG1234", "image/png")
FROM = {"origin": ORIGIN}


async def send(browser: Any, event: str, files: Any, data: Any = None, **headers: str) -> Any:
    return await browser.post(
        f"/album/{event}", files=files, data=data, headers=JSON | FROM | headers
    )


async def names(browser: Any) -> list[str]:
    return list((await browser.call("GET", "/album")).json()["names"])


def inputs(page: str) -> dict[str, str]:
    found = re.findall(r'<input[^>]*type="file"[^>]*>', page)
    return {re.search(r' id="([^"]+)"', tag)[1]: tag for tag in found}  # type: ignore[index]


async def test_forms_have_an_input_for_each_kind_of_file(visit: Any) -> None:
    tags = inputs((await visit(Album).page("/album")).text)

    assert set(tags) == {
        "Album-attach-picture", "Album-attach_many-pictures", "Album-maybe-picture",
        "Album-maybe-extra", "Album-small-paper",
    }  # fmt: skip
    several = {name for name, tag in tags.items() if "multiple" in tag}
    assert several == {"Album-attach_many-pictures", "Album-maybe-extra"}
    needed = {name for name, tag in tags.items() if " required" in tag}
    assert needed == {"Album-attach-picture", "Album-attach_many-pictures", "Album-small-paper"}
    assert 'accept="image/*"' in tags["Album-attach-picture"]
    assert 'accept=".pdf,image/*,text/plain"' in tags["Album-small-paper"]
    assert 'data-max-bytes="2000"' in tags["Album-small-paper"]


async def test_file_is_optional_in_form_check_and_required_on_submit(visit: Any) -> None:
    browser = visit(Album)
    check = JSON | FROM | {"starmodel-check": "1"}

    for name in ("attach", "attach_many", "small"):
        checked = await browser.post(f"/album/{name}", data={"x": ""}, headers=check)
        assert "x" in checked.json()["errors"]  # an unknown name is still an error
        checked = await browser.post(f"/album/{name}", data={}, headers=check)
        assert checked.json() == {"errors": {}}
        sent = await browser.post(f"/album/{name}", data={}, headers=JSON | FROM)
        assert sent.status_code == 422
        assert set(sent.json()["errors"].values()) == {"Choose a file."}
    assert await names(browser) == []


async def test_click_without_a_file_has_its_error_beside_the_input(visit: Any) -> None:
    browser = visit(Album)

    response = await browser.post("/album/attach", files={"picture": ("", b"")}, headers=DATASTAR)
    plain = await browser.post("/album/attach", files={"picture": ("", b"")}, headers=HTML | FROM)

    assert response.headers["starmodel-status"] == "422"
    messages = r'id="Album-attach-picture-problem"[^>]*>Choose a file\.<'
    assert re.search(messages, response.text)
    assert plain.status_code == 422
    assert re.search(messages, plain.text)


async def test_empty_file_input_is_no_file(visit: Any) -> None:
    browser = visit(Album)
    part = 'Content-Disposition: form-data; name="{}"; filename=""\r\n'
    headers = JSON | FROM | {"content-type": "multipart/form-data; boundary=b"}

    for name, field, status in (
        ("attach", "picture", 422), ("attach_many", "pictures", 422), ("maybe", "extra", 200),
    ):  # fmt: skip
        kind = "Content-Type: application/octet-stream"
        body = f"--b\r\n{part.format(field)}{kind}\r\n\r\n\r\n--b--\r\n"
        sent = await browser.post(f"/album/{name}", content=body, headers=headers)
        assert sent.status_code == status
        assert status == 200 or sent.json()["errors"] == {field: "Choose a file."}


async def test_several_files_one_file_and_none(visit: Any) -> None:
    browser = visit(Album)
    a, b = ("a.txt", b"a", "text/plain"), ("b.txt", b"b", "text/plain")

    two = await send(browser, "attach_many", [("pictures", a), ("pictures", b)], {"label": "x"})
    one = await send(browser, "attach_many", [("pictures", a)])
    marked = await send(browser, "attach_many", [("pictures[]", a), ("pictures[]", b)])
    none = await send(browser, "attach_many", [("pictures", ("", b""))])
    gaps = await send(browser, "attach_many", [("pictures", ("", b"")), ("pictures", b)])

    assert [r.status_code for r in (two, one, marked, none, gaps)] == [200, 200, 200, 422, 200]
    assert await names(browser) == [
        "xa.txt", "xb.txt", "a.txt", "a.txt", "b.txt", "b.txt",
    ]  # fmt: skip


async def test_optional_files_may_be_left_out(visit: Any) -> None:
    browser = visit(Album)

    await send(browser, "maybe", [("picture", ("", b"")), ("extra", ("", b""))])
    await send(browser, "maybe", [("picture", PNG), ("extra", PNG), ("extra", PNG)])
    await browser.call("POST", "/album/maybe", {"picture": None})

    assert await names(browser) == ["none 0", "sea.png 2", "none 0"]


@pytest.mark.parametrize(
    ("event", "files", "data", "message"),
    [
        ("attach", [("picture", PNG), ("picture", PNG)], None, "one file"),
        ("attach", None, {"picture": "sea.png"}, "Choose a file."),
        ("attach_many", None, {"pictures": "sea.png"}, "Choose a file."),
        ("attach_many", [("pictures", PNG), ("label", PNG)], None, "takes no file"),
        ("small", [("paper", ("a.pdf", b"x" * 2001, "application/pdf"))], None, "at most 2 kB"),
        ("small", [("paper", ("a.exe", b"x", "application/x-dosexec"))], None, "of type .pdf"),
    ],
)
async def test_invalid_file_errors_are_sentences(
    visit: Any, event: str, files: Any, data: Any, message: str
) -> None:
    browser = visit(Album)

    response = await send(browser, event, files, data)

    assert response.status_code == 422
    assert message in "".join(response.json()["errors"].values())
    assert "UploadFile(" not in response.text
    assert "instance" not in response.text
    assert await names(browser) == []


@pytest.mark.parametrize(
    "file", [("A.PDF", b"x", ""), ("x", b"x", "image/webp"), ("x", b"x", "text/plain; a=b")]
)
async def test_accepted_files_by_ending_and_type(visit: Any, file: Any) -> None:
    assert (await send(visit(Album), "small", {"paper": file})).status_code == 200


async def test_oversized_upload_has_its_error_beside_the_file_input(visit: Any) -> None:
    browser = visit(Album, max_body_bytes=5000)
    page = (await browser.page("/album")).text
    large = {"picture": ("a.png", b"x" * 6000, "image/png")}

    response = await browser.post("/album/attach", files=large, headers=DATASTAR)

    assert 'data-max-body="5000"' in page
    assert response.headers["starmodel-status"] == "413"
    assert re.search(
        r"attach-picture-problem[^>]*>Together at most 5 kB are possible\.<", response.text
    )
    assert toasts(response.text) == []


@pytest.mark.parametrize(
    ("annotation", "message"),
    [
        (dict[str, UploadFile], "which no input fills"),
        (UploadFile | str, "which no input fills"),
        (set[UploadFile], "which no input fills"),
        (list[list[UploadFile]], "which no input fills"),
        (list[UploadFile | str], "which no input fills"),
        (tuple[UploadFile, UploadFile], "which no input fills"),
        (Annotated[UploadFile, UI(widget="text")], "chooses none"),
        (Annotated[str, UI(widget="file")], "expected UploadFile"),
        (Annotated[bytes, UI(max_bytes=5)], "expected UploadFile"),
    ],
    ids=str,
)
def test_file_type_without_usable_input_fails_startup(
    serve: Any, annotation: Any, message: str
) -> None:
    async def attach(self: Any, thing: Any) -> None:
        """Never runs."""

    attach.__annotations__ = {"thing": annotation}

    @unlisted
    class Box(Entity):
        n: int = 0
        put = event(attach)

    with pytest.raises(ConfigurationError, match=message):
        serve(Box)


@pytest.mark.parametrize("method", ["get", "delete"])
def test_file_event_with_bodyless_method_fails_startup(serve: Any, method: Any) -> None:
    @unlisted
    class Box(Entity):
        n: int = 0

        @event(method=method)
        def put(self, file: UploadFile) -> None:
            """Never runs."""

    with pytest.raises(ConfigurationError, match="body of the request"):
        serve(Box)


async def test_default_method_get_keeps_post_for_file_events(visit: Any) -> None:
    browser = visit(Album, default_event_method="get")

    assert (await send(browser, "attach", {"picture": PNG})).status_code == 200


def test_file_as_a_field_is_a_definition_error() -> None:
    with pytest.raises(ConfigurationError, match="no store keeps files"):

        class Box(Entity):
            model_config = {"arbitrary_types_allowed": True}
            picture: UploadFile | None = None


def test_file_widget_on_a_field_is_a_definition_error() -> None:
    with pytest.raises(ConfigurationError, match="wants an input for files"):

        class Box(Entity):
            picture: Annotated[str, UI(widget="image")] = ""
