"""The contract of streams of records and lists as data."""
# ruff: noqa: S101 - tests assert

from starmodel.testing.contracts.web.base import WebContractBase


class DataStreamsContract(WebContractBase):
    """`Accept: application/x-ndjson` on the URLs of pages."""

    def test_data_stream_follows_entities_and_lists(self) -> None:
        with self.serving() as site:
            visitor = site.visitor
            visitor.post("/counter/increment")
            counter, products = visitor.follow("/counter"), visitor.follow("/products?total=1")

            visitor.post("/counter/increment", {"amount": 4})
            created = visitor.post("/products", {"name": "Pen"}).json()["entity"]

            assert [patch["type"] for patch in counter.patches] == ["snapshot", "patch"]
            assert counter.state == visitor.get("/counter").json()
            assert (products.state, products.total) == ([created], 1)
            product = visitor.follow(f"/products/{created['id']}")
            visitor.delete(f"/products/{created['id']}")
            assert product.patches[-1]["type"] == "deleted"
            assert (product.state, products.state, products.total) == (None, [], 0)

    def test_data_stream_is_refused_as_a_problem(self) -> None:
        with self.serving() as site:
            for path, status in (("/vault", 401), ("/products/none", 404), ("/products?x=1", 400)):
                refused = site.visitor.follow(path)
                assert (refused.status, refused.is_open, refused.patches) == (status, False, [])

    def test_data_stream_ends_at_sign_out(self) -> None:
        with self.serving() as site:
            site.visitor.sign_in("ann", roles=["keeper"])
            vault = site.visitor.follow("/vault")
            assert vault.state["sum"] == 7

            site.visitor.sign_out()

            assert not vault.is_open
