from collections.abc import Callable

from tests.http.conftest import Client


async def test_following_next_visits_every_row_once(client: Client) -> None:
    address, rows = "/api/v1/shelf?limit=7", []
    while address:
        body = await (await client.get(address)).json()
        rows += body["items"]
        address = body["next"]

    assert rows == list(range(1, 101))


async def test_the_next_page_is_linked_too(client: Client) -> None:
    response = await client.get("/api/v1/shelf?limit=7&colour=red")
    address = (await response.json())["next"]

    assert response.headers["Link"] == f'<{address}>; rel="next"'
    assert "colour=red" in address


async def test_the_last_page_links_nowhere(client: Client) -> None:
    response = await client.get("/api/v1/shelf?limit=1000")

    assert "Link" not in response.headers
    assert (await response.json())["next"] is None


async def test_a_cursor_is_good_for_another_size_of_page(client: Client) -> None:
    address = (await (await client.get("/api/v1/shelf?limit=7")).json())["next"]
    body = await (await client.get(address.replace("limit=7", "limit=9"))).json()

    assert body["items"] == list(range(8, 17))


async def test_a_cursor_of_other_filters_is_refused(client: Client) -> None:
    address = (await (await client.get("/api/v1/shelf?limit=7")).json())["next"]
    response = await client.get(address + "&colour=red")

    assert response.status == 400
    assert "start again" in (await response.json())["detail"]


async def test_a_cursor_of_another_tenant_is_refused(
    client: Client, bearer: Callable[..., dict[str, str]]
) -> None:
    address = (await (await client.get("/api/v1/shelf?limit=7")).json())["next"]

    assert (await client.get(address, headers=bearer(tenant="another"))).status == 400


async def test_a_cursor_that_was_touched_is_refused(client: Client) -> None:
    address = (await (await client.get("/api/v1/shelf?limit=7")).json())["next"]
    path, cursor = address.split("cursor=")

    for touched in ("A" + cursor[1:], cursor[:-2], cursor + "AAAA", "", "=", "%00", "~", "é"):
        assert (await client.get(path + "cursor=" + touched)).status in {400, 422}
