"""Every store of one-time secrets: a secret is used once, looking changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from starmodel.adapters.persistence.system.connection import SystemDatabase
from starmodel.adapters.persistence.system.one_time.memory import MemoryOneTime
from starmodel.adapters.persistence.system.one_time.sql import SqlOneTime
from starmodel.app.credentials.one_time import OneTimeSecrets, Purpose
from starmodel.app.ports.credentials.one_time import OneTimeStore
from starmodel.core.errors import ConfigurationError, StoreUnavailableError
from starmodel.testing.fakes import FakeClock

HOUR_S = 3600.0
Run = Callable[[Any], Any]


@pytest.fixture
def stores(databases: Callable[[], SystemDatabase | None]) -> Callable[[], OneTimeStore]:
    """`stores()`: the store as one more process opens it."""
    memory = MemoryOneTime()

    def make() -> OneTimeStore:
        database = databases()
        return memory if database is None else SqlOneTime(database)

    return make


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def secrets(stores: Callable[[], OneTimeStore], clock: FakeClock) -> OneTimeSecrets:
    return OneTimeSecrets(stores(), key=b"k" * 32, clock=clock)


def test_secret_is_used_once(secrets: OneTimeSecrets, run: Run) -> None:
    async def scenario() -> None:
        data = {"email": "ann@example.org", "roles": ["admin"], "name": "A\N{EURO SIGN}\0"}
        secret = await secrets.issue(Purpose.RESET, "user-1", lasts_s=HOUR_S, data=data)
        for _ in range(3):
            found = await secrets.look(Purpose.RESET, secret)
            assert found is not None
        used = await secrets.use(Purpose.RESET, secret)
        assert used == found
        assert used is not None
        assert (used.purpose, used.subject, dict(used.data)) == ("reset", "user-1", data)
        assert await secrets.look(Purpose.RESET, secret) is None
        assert await secrets.use(Purpose.RESET, secret) is None

    run(scenario())


def test_secret_of_another_purpose_or_text_is_unknown(secrets: OneTimeSecrets, run: Run) -> None:
    async def scenario() -> None:
        secret = await secrets.issue(Purpose.VERIFY, "user-1", lasts_s=HOUR_S)
        assert await secrets.use(Purpose.RESET, secret) is None
        changed = ("B" if secret[0] == "A" else "A") + secret[1:]
        for text in (changed, "", secret[:-1], f"{secret}=", "x" * 100_000, "\0" * 43):
            assert await secrets.look(Purpose.VERIFY, text) is None
            assert await secrets.use(Purpose.VERIFY, text) is None
        assert await secrets.use(Purpose.VERIFY, secret) is not None

    run(scenario())


def test_expired_secret_is_unknown_and_swept(
    secrets: OneTimeSecrets, stores: Callable[[], OneTimeStore], clock: FakeClock, run: Run
) -> None:
    async def scenario() -> None:
        secret = await secrets.issue(Purpose.MAGIC_LINK, "ann", lasts_s=60)
        lasting = await secrets.issue(Purpose.MAGIC_LINK, "ann", lasts_s=HOUR_S)
        clock.advance(59.9)
        assert await secrets.look(Purpose.MAGIC_LINK, secret) is not None
        clock.advance(0.2)
        assert await secrets.look(Purpose.MAGIC_LINK, secret) is None
        assert await secrets.use(Purpose.MAGIC_LINK, secret) is None
        await stores().sweep(clock.now)
        clock.advance(-60)
        assert await secrets.use(Purpose.MAGIC_LINK, secret) is None
        assert await secrets.use(Purpose.MAGIC_LINK, lasting) is not None

    run(scenario())


def test_one_of_many_concurrent_uses_in_several_processes_wins(
    stores: Callable[[], OneTimeStore], clock: FakeClock, run: Run
) -> None:
    async def scenario() -> None:
        processes = [OneTimeSecrets(stores(), key=b"k" * 32, clock=clock) for _ in range(3)]
        for turn in range(5):
            secret = await processes[0].issue(Purpose.INVITATION, f"u{turn}", lasts_s=HOUR_S)
            uses = [process.use(Purpose.INVITATION, secret) for process in processes * 3]
            won = [each for each in await asyncio.gather(*uses) if each is not None]
            assert [each.subject for each in won] == [f"u{turn}"]

    run(scenario())


def test_revocation_ends_the_secrets_of_a_subject_and_purpose(
    secrets: OneTimeSecrets, run: Run
) -> None:
    async def scenario() -> None:
        mine = [await secrets.issue(Purpose.RESET, "ann", lasts_s=HOUR_S) for _ in range(2)]
        other = await secrets.issue(Purpose.RESET, "Ann", lasts_s=HOUR_S)
        verify = await secrets.issue(Purpose.VERIFY, "ann", lasts_s=HOUR_S)
        await secrets.revoke(Purpose.RESET, "ann")
        assert [await secrets.use(Purpose.RESET, secret) for secret in mine] == [None, None]
        assert await secrets.use(Purpose.RESET, other) is not None
        assert await secrets.use(Purpose.VERIFY, verify) is not None

    run(scenario())


def test_code_is_bound_to_its_handle_and_used_once(secrets: OneTimeSecrets, run: Run) -> None:
    async def scenario() -> None:
        mine = await secrets.issue_code(Purpose.CODE, "ann", lasts_s=600)
        other = await secrets.issue_code(Purpose.CODE, "bob", lasts_s=600)
        assert len(mine.code) == 6
        assert mine.code not in repr(mine)
        assert await secrets.use(Purpose.CODE, mine.handle) is None  # without the code
        if mine.code != other.code:
            assert await secrets.use_code(Purpose.CODE, other.handle, mine.code) is None
        typed = f" {mine.code[:3]} {mine.code[3:]} "
        used = await secrets.use_code(Purpose.CODE, mine.handle, typed)
        assert used is not None
        assert used.subject == "ann"
        assert await secrets.use_code(Purpose.CODE, mine.handle, mine.code) is None

    run(scenario())


def test_code_has_five_attempts_also_at_the_same_time(
    stores: Callable[[], OneTimeStore], clock: FakeClock, run: Run
) -> None:
    async def scenario() -> None:
        processes = [OneTimeSecrets(stores(), key=b"k" * 32, clock=clock) for _ in range(2)]
        made = await processes[0].issue_code(Purpose.CODE, "ann", lasts_s=600)
        for text in ("", "12345", "1234567", "abcdef", "\u0661" * 6, "1" * 100_000):
            assert await processes[0].use_code(Purpose.CODE, made.handle, text) is None
        wrong = f"{(int(made.code) + 1) % 10**6:06}"
        guesses = [process.use_code(Purpose.CODE, made.handle, wrong) for process in processes * 2]
        assert await asyncio.gather(*guesses) == [None] * 4
        late = await processes[0].issue_code(Purpose.CODE, "ann", lasts_s=600)
        assert await processes[1].use_code(Purpose.CODE, made.handle, made.code) is not None
        wrong = f"{(int(late.code) + 1) % 10**6:06}"
        guesses = [process.use_code(Purpose.CODE, late.handle, wrong) for process in processes * 3]
        assert await asyncio.gather(*guesses) == [None] * 6
        assert await processes[0].use_code(Purpose.CODE, late.handle, late.code) is None

    run(scenario())


def test_store_has_neither_secrets_nor_codes(secrets: OneTimeSecrets, run: Run) -> None:
    async def scenario() -> None:
        stored: list[Any] = []
        issue = secrets._store.issue

        async def recorded(record: Any) -> None:
            stored.append(record)
            await issue(record)

        secrets._store.issue = recorded  # type: ignore[method-assign]
        secret = await secrets.issue(Purpose.RESET, "ann", lasts_s=HOUR_S)
        code = await secrets.issue_code(Purpose.CODE, "ann", lasts_s=HOUR_S)
        text = repr(stored)
        assert not [each for each in (secret, code.handle, f"'{code.code}'") if each in text]
        assert stored[0].subject == stored[1].subject != "ann"

    run(scenario())


@pytest.mark.parametrize(
    ("purpose", "subject", "lasts_s", "data"),
    [
        ("", "ann", 60, {}),
        ("Reset!", "ann", 60, {}),
        ("r" * 33, "ann", 60, {}),
        ("reset", "ann", 0, {}),
        ("reset", "ann", 32 * 24 * HOUR_S, {}),
        ("reset", "a" * 321, 60, {}),
        ("reset", "ann", 60, {"text": "x" * 4000}),
    ],
)
def test_argument_out_of_bounds_is_refused(
    purpose: str, subject: str, lasts_s: float, data: dict[str, Any]
) -> None:
    async def scenario() -> None:
        made = OneTimeSecrets(MemoryOneTime(), key=b"k" * 32, clock=FakeClock())
        with pytest.raises(ConfigurationError, match="one-time secret"):
            await made.issue(purpose, subject, lasts_s=lasts_s, data=data)

    asyncio.run(scenario())


def test_table_of_a_newer_version_is_refused(
    sql_databases: Callable[[], SystemDatabase], run: Run
) -> None:
    async def scenario() -> None:
        database = sql_databases()
        await SqlOneTime(database).sweep(0)
        await (await database.engine()).execute("UPDATE starmodel_system SET schema_number = 9", ())
        again = sql_databases()
        with pytest.raises(StoreUnavailableError, match="schema number 9"):
            await SqlOneTime(again).sweep(0)

    run(scenario())


def test_unreachable_database_is_unavailable() -> None:
    async def scenario() -> None:
        database = SystemDatabase(
            "postgresql://nobody@127.0.0.1:1/none", synchronous="NORMAL", timeout_s=0.2
        )
        with pytest.raises(StoreUnavailableError):
            await SqlOneTime(database).find("id", "reset", 0)

    asyncio.run(scenario())
