"""The server URL in the development sign-in link."""

import pytest

from starmodel.adapters.web.server_address import server_address


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["/x/bin/uvicorn", "hello:app"], "http://127.0.0.1:8000"),
        (["/x/bin/uvicorn", "hello:app", "--port", "9000"], "http://127.0.0.1:9000"),
        (["/x/uvicorn/__main__.py", "a:b", "--host=::1", "--port=81"], "http://[::1]:81"),
        (["/x/bin/other", "--port", "9000"], "http://127.0.0.1:8000"),
        ([], "http://127.0.0.1:8000"),
    ],
)
def test_server_address_reads_the_server_s_options(arguments, expected, monkeypatch):
    monkeypatch.delenv("STARMODEL_ADDRESS", raising=False)
    assert server_address(arguments) == expected


def test_server_address_prefers_starmodel_run_options(monkeypatch):
    monkeypatch.setenv("STARMODEL_ADDRESS", "http://127.0.0.1:7000")
    assert server_address(["uvicorn", "--port", "9"]) == "http://127.0.0.1:7000"
