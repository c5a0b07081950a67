import logging
import stat
from pathlib import Path
from threading import Thread

import pytest

from service.settings import Secret, Settings, SettingsError, listing, load, secret_key

CANARY = "canary-41af9c"


def settings(home: Path, **environ: str) -> Settings:
    return load({"DAYBOOK_HOME": str(home), **environ}, None)


def test_nothing_needs_to_be_set(tmp_path: Path) -> None:
    found = settings(tmp_path)

    assert (found.database_url, found.port, found.pool_size) == (None, 8080, 10)
    assert (found.generator, found.home) == ("offline", tmp_path)


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(
        "# ours\nexport DAYBOOK_PORT=1\nOPENAI_MODEL='a b'  # quoted\nLOG_LEVEL=DEBUG\n"
    )

    found = load({"DAYBOOK_HOME": str(tmp_path), "DAYBOOK_PORT": "2", "LOG_LEVEL": ""}, file)

    assert (found.port, found.openai_model, found.log_level) == (2, "a b", "debug")


def test_a_dollar_in_the_file_stands_for_itself(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("DB_HOST=h\nDB_NAME=n\nDB_PASSWORD=a${HOME}b\n")

    found = load({"DAYBOOK_HOME": str(tmp_path)}, file)

    assert found.database_url == Secret("postgresql://:a%24%7BHOME%7Db@h:5432/n")


def test_the_whole_url_wins_over_its_parts(tmp_path: Path) -> None:
    found = settings(tmp_path, DATABASE_URL="postgres://h/d", DB_HOST="x", DB_NAME="y")

    assert found.database_url == Secret("postgres://h/d")


def test_rabbitmq_may_be_named_in_parts(tmp_path: Path) -> None:
    found = settings(tmp_path, RABBITMQ_HOST="mq", RABBITMQ_USER="u", RABBITMQ_PASSWORD="p@")

    assert found.amqp_url == Secret("amqp://u:p%40@mq:5672/%2F")


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("DAYBOOK_PORT", "http", "a whole number from 0 to 65535"),
        ("DAYBOOK_PORT", "65536", "a whole number from 0 to 65535"),
        ("DAYBOOK_PORT", "٣", "a whole number from 0 to 65535"),
        ("DB_POOL_SIZE", "2", "a whole number from 4"),
        ("DB_POOLER", "session", "auto, transaction, none"),
        ("GENERATOR", "magic", "offline, openai"),
        ("LOG_LEVEL", "loud", "debug, info, warning, error"),
        ("SQL_ECHO", "perhaps", "true or false"),
        ("OPENAI_BASE_URL", "localhost:1234", "http:// or https://"),
        ("OPENAI_TEMPERATURE", "2.5", "a number from 0 to 2"),
        ("OPENAI_TEMPERATURE", "nan", "a number from 0 to 2"),
        ("OPENAI_MAX_TOKENS", "0", "a whole number from 256"),
        ("OPENAI_CONTEXT", "10", "a whole number from 1000"),
        ("DB_HOST", "h", "DB_NAME is missing"),
    ],
)
def test_a_wrong_value_is_refused_by_name(tmp_path: Path, name: str, text: str, says: str) -> None:
    with pytest.raises(SettingsError) as refused:
        settings(tmp_path, **{name: text})

    assert says in str(refused.value)
    assert name.split("_", maxsplit=1)[0] in str(refused.value)


@pytest.mark.parametrize(
    "name", ["DATABASE_URL", "DATABASE_DIRECT_URL", "AMQP_URL", "DAYBOOK_SECRET_KEY"]
)
def test_a_wrong_secret_is_refused_without_its_value(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError) as refused:
        settings(tmp_path, **{name: CANARY})

    assert name in str(refused.value)
    assert CANARY not in str(refused.value)


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        settings(tmp_path, DAYBOOK_PORT="x", SQL_ECHO="x", DATABASE_URL="x")

    assert len(str(refused.value).splitlines()) == 3


def test_the_openai_generator_wants_a_key_or_a_server(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="OPENAI_API_KEY is missing"):
        settings(tmp_path, GENERATOR="openai")

    local = settings(tmp_path, GENERATOR="openai", OPENAI_BASE_URL="http://localhost:11434/v1")
    assert local.generator == "openai"


def test_a_secret_shows_nowhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    url = f"postgresql://u:{CANARY}@h/d"
    found = settings(tmp_path, DATABASE_URL=url, OPENAI_API_KEY=CANARY)

    logging.getLogger().warning("%s %r %s", found, found.openai_api_key, found.database_url)
    listed = listing({"DATABASE_URL": url, "OPENAI_API_KEY": CANARY}, None)

    assert CANARY not in f"{found}{listed}{caplog.text}{[found.database_url]}"
    assert found.openai_api_key is not None
    assert found.openai_api_key.reveal() == CANARY


def test_the_key_is_made_once_for_the_owner_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"

    first = settings(home).secret_key

    assert first == settings(home).secret_key
    assert len(first.reveal()) >= 32
    assert stat.S_IMODE((home / "secret-key").stat().st_mode) == 0o600
    assert [path.name for path in home.iterdir()] == ["secret-key"]


def test_starts_at_the_same_moment_agree_on_the_key(tmp_path: Path) -> None:
    keys: list[Secret] = []
    threads = [Thread(target=lambda: keys.append(secret_key(tmp_path))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(keys) == 8
    assert len(set(keys)) == 1
