"""The contract of the application's folder `static`."""
# ruff: noqa: S101 - tests assert

from contextlib import chdir
from pathlib import Path
from tempfile import TemporaryDirectory

from starmodel.testing.contracts.web.base import WebContractBase


class StaticFilesContract(WebContractBase):
    """Files below `static`, which a new application serves."""

    def test_static_folder_of_the_application_is_served(self) -> None:
        with TemporaryDirectory() as folder, chdir(folder):
            Path("static").mkdir()
            Path("static", "site.css").write_text("body{}")
            Path("secret.txt").write_text("secret")
            with self.serving() as site:
                assert site.visitor.get("/static/site.css").text == "body{}"
                for path in ("/static/../secret.txt", "/static/%2e%2e/secret.txt"):
                    assert site.visitor.get(path).status == 404
