"""The developer on the page of a failed start, also where the database is the failure."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from starmodel.cli.serving.failed_application import FailedApplication, Failure
from starmodel.plugins.built_in.dev_sign_in.links import sign_in_token

HTML = {"accept": "text/html"}
KEY = "k" * 40


@pytest.mark.parametrize(
    "url", ["sqlite:///starmodel.db", "postgresql://test@127.0.0.1:1/test", "nonsense"]
)
async def test_failed_application_shows_the_error_to_the_developer_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STARMODEL_SECRET_KEY", KEY)
    monkeypatch.setenv("STARMODEL_DATABASE_TIMEOUT_S", "0.2")
    monkeypatch.setenv("DATABASE_URL", url)
    app = FailedApplication(Failure("It failed", "a broken drawer"))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        stranger = await client.get("/", headers=HTML)
        await client.get(f"/?token={sign_in_token(KEY)}", headers=HTML)
        developer = await client.get("/", headers=HTML)
    await app.close()

    assert "drawer" not in stranger.text
    assert "drawer" in developer.text
