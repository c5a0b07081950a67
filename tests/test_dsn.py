from urllib.parse import parse_qsl, urlsplit

import asyncpg
import psycopg
import pytest

from service import dsn
from service.dsn import Dsn, DsnError

NEON = "ep-1-pooler.x.neon.tech"

BINDING = "channel_binding=require"

FORMS = [
    ("postgresql://u:p@h:5433/d", "host=h port=5433 user=u password=p dbname=d"),
    ("postgres://u:p@h/d", "host=h user=u password=p dbname=d"),
    ("postgresql+asyncpg://u:p@h/d", "host=h user=u password=p dbname=d"),
    ("postgresql+psycopg://u:p@h/d", "host=h user=u password=p dbname=d"),
    ("postgresql+psycopg2://u@h/d", "host=h user=u dbname=d"),
    ("  postgresql://h/d\n", "host=h dbname=d"),
    ("'postgresql://h/d'", "host=h dbname=d"),
    ("psql 'postgresql://h/d?sslmode=require'", "host=h dbname=d sslmode=require"),
    ("postgresql://h/d?ssl=require", "host=h dbname=d sslmode=require"),
    ("postgresql://h/d?ssl=true", "host=h dbname=d sslmode=require"),
    ("postgresql://h/d?sslmode=VERIFY-FULL", "host=h dbname=d sslmode=verify-full"),
    ("postgresql://h/d?connect_timeout=5", "host=h dbname=d connect_timeout=5"),
    ("postgresql://u:p%40s%2Fs%3A%25@h/d", "host=h user=u password=p@s/s:% dbname=d"),
    ("postgresql://u:a:b@h/d", "host=h user=u password=a:b dbname=d"),
    ("postgresql://u@/d?host=/var/run/pg", "host=/var/run/pg user=u dbname=d"),
    ("postgresql:///d?host=/run/pg&port=5433", "host=/run/pg port=5433 dbname=d"),
    ("postgresql://u@%2Fvar%2Frun%2Fpg/d", "host=/var/run/pg user=u dbname=d"),
    ("postgresql://[::1]:5433/d", "host=::1 port=5433 dbname=d"),
    ("postgresql://a:5432,b:5433/d", "host=a,b port=5432,5433 dbname=d"),
    ("postgresql://h/d?user=u&password=p", "host=h dbname=d user=u password=p"),
    (f"postgres://u:p@{NEON}/d?{BINDING}", f"host={NEON} user=u password=p dbname=d {BINDING}"),
]  # fmt: skip


@pytest.mark.parametrize(("url", "parameters"), FORMS)
def test_every_form_people_paste_means_one_thing(url: str, parameters: str) -> None:
    meant = dict(pair.split("=", 1) for pair in parameters.split(" "))

    assert dsn.parse(url).parameters == meant


@pytest.mark.parametrize("url", [url for url, _ in FORMS])
def test_the_libpq_form_says_the_same_again(url: str) -> None:
    once = dsn.parse(url)

    assert dsn.parse(once.libpq) == Dsn(
        once.parameters | dsn.parse(once.libpq).parameters, once.pooled
    )
    assert psycopg.conninfo.conninfo_to_dict(once.libpq).items() >= once.parameters.items()


@pytest.mark.parametrize("url", [url for url, _ in FORMS])
def test_the_yoyo_form_carries_everything_in_its_query(url: str) -> None:
    once = dsn.parse(url)

    parts = urlsplit(once.yoyo)

    assert (parts.scheme, dict(parse_qsl(parts.query))) == ("postgresql+psycopg", once.parameters)


def test_asyncpg_gets_no_key_that_it_would_send_to_the_server() -> None:
    url = (
        f"postgresql+asyncpg://u:p@{NEON}/d?ssl=require&channel_binding=require&keepalives=1"
        "&connect_timeout=30&statement_cache_size=0&target_session_attrs=read-write"
    )

    assert dsn.parse(url).asyncpg == {
        "dsn": "postgresql://?sslmode=require&target_session_attrs=read-write",
        "host": [NEON],
        "user": "u",
        "password": "p",
        "database": "d",
        "timeout": 30.0,
        "statement_cache_size": 0,
    }


def test_a_short_connect_timeout_still_lets_a_serverless_database_wake() -> None:
    assert dsn.parse("postgresql://h/d?connect_timeout=2").asyncpg["timeout"] >= 10


def test_the_machines_own_certificates_become_a_context_that_checks_names() -> None:
    arguments = dsn.parse("postgresql://h/d?sslmode=verify-full&sslrootcert=system").asyncpg

    assert arguments["ssl"].check_hostname
    assert "ssl" not in arguments["dsn"]


@pytest.mark.parametrize(
    ("url", "pooler", "pooled"),
    [
        (f"postgresql://{NEON}/d", "auto", True),
        ("postgresql://h:6432/d", "auto", True),
        ("postgresql://h:6543/d", "auto", True),
        ("postgresql://h/d?pgbouncer=true", "auto", True),
        ("postgresql://h/d?prepared_statement_cache_size=0", "auto", True),
        ("postgresql://h/d", "transaction", True),
        ("postgresql://h:6432/d", "none", False),
        ("postgresql://h:5432/d", "auto", False),
        ("postgresql://ep-cool.us-east-2.aws.neon.tech/d", "auto", False),
    ],
)
def test_a_transaction_pooler_is_noticed(url: str, pooler: str, pooled: bool) -> None:  # noqa: FBT001
    target = dsn.parse(url, pooler=pooler)

    assert (target.pooled, target.asyncpg["statement_cache_size"] == 0) == (pooled, pooled)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql://u:s3cret@x@h/d", "%40"),
        ("postgresql://u:s3cret/x@h/d", "%2F"),
        ("postgresql://u:s3cret?x=y@h/d", "%3F"),
        ("postgresql://u:s3cret#x@h/d", "%23"),
        ("postgresql://u:s3cret%x@h/d", "%25"),
        ("postgresql://u:s3cret[x@h/d", "host"),
        ("postgresql://u:s3cret@h:port/d", "port"),
        ("postgresql://u:s3cret@h/d?sslmode=s3cret", "sslmode"),
        ("postgresql://u:s3cret@h/d?schema=public", "'schema'"),
        ("postgresql://u:s3cret@h/d?connect_timeout=s3cret", "connect_timeout"),
        ("mysql://u:s3cret@h/d", "postgresql://"),
        ("s3cret", "postgresql://"),
    ],
)
def test_what_cannot_be_used_is_refused_without_being_repeated(url: str, says: str) -> None:
    with pytest.raises(DsnError) as refused:
        dsn.parse(url, "DATABASE_DIRECT_URL")

    assert says in str(refused.value)
    assert "DATABASE_DIRECT_URL" in str(refused.value)
    assert "s3cret" not in repr(refused.getrepr(style="native"))


@pytest.mark.parametrize(
    "names",
    [
        ("DB_HOST", "DB_PORT", "DB_NAME", "DB_USER", "DB_PASSWORD"),
        ("POSTGRES_SERVER", "POSTGRES_PORT", "POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD"),
    ],
)
def test_the_database_may_be_named_in_parts(names: tuple[str, ...]) -> None:
    found = dsn.from_parts(dict(zip(names, ("h", "5433", "d", "u", "p@/"), strict=True)))

    assert found is not None
    assert found.libpq == "postgresql://u:p%40%2F@h:5433/d"


def test_a_missing_part_is_named() -> None:
    with pytest.raises(DsnError, match="DB_NAME is missing"):
        dsn.from_parts({"DB_HOST": "h"})


def test_no_part_is_no_database() -> None:
    assert dsn.from_parts({"DB_USER": "u"}) is None


def test_a_database_prints_without_its_password() -> None:
    target = dsn.parse("postgresql://u:s3cret@h/d")

    assert f"{target} {target!r} {[target]}" == "h:5432/d h:5432/d [h:5432/d]"


async def test_both_drivers_connect_with_their_forms(server: str) -> None:
    target = dsn.parse(server.replace("postgresql://", "postgres+asyncpg://", 1))

    connection = await asyncpg.connect(**target.asyncpg)
    name = await connection.fetchval("SELECT current_database()")
    await connection.close()

    with psycopg.connect(target.libpq) as other:
        assert other.execute("SELECT current_database()").fetchone() == (name,)
