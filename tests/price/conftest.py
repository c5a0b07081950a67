"""The application on a real database, and who calls it."""

from tests.budget.conftest import api, bearer, house, live, member, projecting, resources

__all__ = ["api", "bearer", "house", "live", "member", "projecting", "resources"]
