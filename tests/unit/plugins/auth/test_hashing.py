"""Password hashes: argon2id in a bounded pool, imports of bcrypt, and equal work for no hash."""

from __future__ import annotations

import asyncio
import threading
import time

import bcrypt
import pytest
from argon2 import PasswordHasher as Argon2
from argon2 import Type, extract_parameters

from cost import at_low_cost
from starmodel.adapters.web.errors.problems import problem_of
from starmodel.core.errors import ConfigurationError, OverloadedError
from starmodel.plugins.built_in.auth.passwords import algorithms, hashing
from starmodel.plugins.built_in.auth.passwords.hashing import PasswordHasher, Verified
from starmodel.plugins.built_in.auth.passwords.texts import RefusedPasswordError

PASSWORD = "correct horse battery"


@pytest.fixture
def hasher():
    made = PasswordHasher(threads=2)
    yield made
    made.close()


async def test_hash_is_argon2id_with_the_parameters_of_owasp(hasher: PasswordHasher) -> None:
    stored = await hasher.hash(PASSWORD)
    found = extract_parameters(stored)
    assert (found.type, found.memory_cost, found.time_cost, found.parallelism) == (
        Type.ID, 19456, 2, 1,
    )  # fmt: skip
    assert PASSWORD not in stored
    assert stored != await hasher.hash(PASSWORD)
    assert await hasher.verify(stored, PASSWORD) == Verified(ok=True, needs_rehash=False)
    assert await hasher.verify(stored, "another password") == Verified(ok=False)


async def test_hash_of_lower_parameters_needs_a_rehash_when_the_password_is_right(
    hasher: PasswordHasher,
) -> None:
    weaker = Argon2(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    assert await hasher.verify(weaker, PASSWORD) == Verified(ok=True, needs_rehash=True)
    assert await hasher.verify(weaker, "wrong password") == Verified(ok=False)
    stronger = Argon2(time_cost=3, memory_cost=19456, parallelism=1).hash(PASSWORD)
    assert await hasher.verify(stronger, PASSWORD) == Verified(ok=True, needs_rehash=False)


@pytest.mark.parametrize("prefix", [b"2a", b"2b"])
async def test_bcrypt_hash_is_accepted_and_needs_a_rehash(
    hasher: PasswordHasher, prefix: bytes
) -> None:
    stored = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4, prefix)).decode()
    assert await hasher.verify(stored, PASSWORD) == Verified(ok=True, needs_rehash=True)
    assert await hasher.verify(stored, "wrong password") == Verified(ok=False)


async def test_bcrypt_hash_of_a_long_password_is_compared_as_its_makers_do(
    hasher: PasswordHasher,
) -> None:
    stored = bcrypt.hashpw(b"a" * 72, bcrypt.gensalt(4)).decode()
    assert (await hasher.verify(stored, "a" * 90)).ok


async def test_bcrypt_hash_without_its_library_names_the_remedy(
    hasher: PasswordHasher, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    monkeypatch.setitem(__import__("sys").modules, "bcrypt", None)
    with pytest.raises(ConfigurationError, match=r"starmodel\[bcrypt\]"):
        await hasher.verify(stored, PASSWORD)


@pytest.mark.parametrize(
    "stored",
    [
        "", "plain", "$argon2id$v=19$broken", "$2b$04$short", "pbkdf2_sha256$1$a$b", "x" * 5000,
        "$argon2id$v=19$m=4194304,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNo",
        "$argon2id$v=19$m=19456,t=4000000,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNo",
        "$2b$31$" + "a" * 53,
    ],
)  # fmt: skip
async def test_hash_of_another_kind_or_out_of_bounds_lets_nobody_in(
    hasher: PasswordHasher, stored: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert await hasher.verify(stored, PASSWORD) == Verified(ok=False)
    assert "unknown kind" in caplog.text
    assert not stored or stored not in caplog.text


async def test_no_hash_does_the_same_work(
    hasher: PasswordHasher, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked: list[str] = []
    verify = algorithms._argon2_verified

    def counted(stored: str, text: str) -> bool:
        worked.append(stored.rpartition("$")[0].rpartition("$")[0])  # kind and parameters
        return verify(stored, text)

    monkeypatch.setattr(algorithms, "_argon2_verified", counted)
    stored = await hasher.hash(PASSWORD)
    assert await hasher.verify(stored, "wrong password") == Verified(ok=False)
    assert await hasher.verify(None, "wrong password") == Verified(ok=False)
    assert worked[0] == worked[1]
    assert len(worked) == 2


async def test_time_of_no_hash_is_that_of_a_wrong_password(hasher: PasswordHasher) -> None:
    """A rank test over interleaved pairs: either is the slower one about as often."""
    stored = await hasher.hash(PASSWORD)

    async def spent(known: str | None) -> float:
        before = time.perf_counter()
        await hasher.verify(known, "wrong password")
        return time.perf_counter() - before

    pairs = [(await spent(stored), await spent(None)) for _ in range(40)]
    slower = sum(known > unknown for known, unknown in pairs)
    assert 5 <= slower <= 35  # outside of it by chance: less than once in a million


@pytest.mark.parametrize(
    "text",
    [
        "x" * 1_000_000, "x" * 1025, "\N{EURO SIGN}" * 400, "a\0b" * 5, "half \ud800 a pair",
        "\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 300,
    ],
)  # fmt: skip
async def test_unreadable_or_long_text_is_refused_before_any_hash(
    hasher: PasswordHasher, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hashing, "hashed", pytest.fail)
    monkeypatch.setattr(hashing, "verified", pytest.fail)

    async def refused() -> None:
        with pytest.raises(RefusedPasswordError) as caught:
            await hasher.hash(text)
        assert caught.value.status == 422
        with pytest.raises(RefusedPasswordError):
            await hasher.verify(None, text)
        assert text not in str(caught.value)

    await at_low_cost(refused)


async def test_longest_password_is_hashed(hasher: PasswordHasher) -> None:
    assert (await hasher.verify(await hasher.hash("x" * 1024), "x" * 1024)).ok


async def test_keyboards_that_compose_letters_differently_agree(hasher: PasswordHasher) -> None:
    stored = await hasher.hash(
        "Stra\N{LATIN SMALL LETTER SHARP S}e caf\N{LATIN SMALL LETTER E WITH ACUTE}"
    )
    typed = "Stra\N{LATIN SMALL LETTER SHARP S}e cafe\N{COMBINING ACUTE ACCENT}"
    assert (await hasher.verify(stored, typed)).ok


async def test_full_queue_refuses_with_retry_after_and_recovers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    release, running = threading.Event(), threading.Semaphore(0)

    def slow(text: str) -> str:
        running.release()
        release.wait(20)
        return text

    monkeypatch.setattr(hashing, "hashed", slow)
    hasher = PasswordHasher(threads=2, waiting=3)
    try:
        jobs = [asyncio.create_task(hasher.hash(f"password {n}")) for n in range(5)]
        await asyncio.sleep(0)
        await asyncio.to_thread(running.acquire)
        with pytest.raises(OverloadedError) as caught:
            await hasher.hash("one too many")
        problem = problem_of(caught.value)
        assert (problem.status, problem.retry_after_s) == (503, 1)
        jobs.pop().cancel()  # a request that was aborted gives its place back
        await asyncio.sleep(0)
        jobs.append(asyncio.create_task(hasher.hash("in its place")))
        await asyncio.sleep(0)
        release.set()
        assert sorted(await asyncio.gather(*jobs))[0] == "in its place"
        assert await hasher.hash("again") == "again"
    finally:
        release.set()
        hasher.close()


async def test_event_loop_goes_on_while_few_threads_hash(hasher: PasswordHasher) -> None:
    before = threading.active_count()
    jobs = asyncio.gather(*(hasher.hash(f"password {n}") for n in range(20)))
    turns = 0
    while not jobs.done():
        await asyncio.sleep(0)
        turns += 1
    assert len(set(await jobs)) == 20
    assert turns > 20
    assert threading.active_count() <= before + 2


async def test_closed_hasher_starts_again(hasher: PasswordHasher) -> None:
    stored = await hasher.hash(PASSWORD)
    hasher.close()
    assert (await hasher.verify(stored, PASSWORD)).ok
