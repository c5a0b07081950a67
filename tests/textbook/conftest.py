"""The application on a real database, for the textbook routes."""

from tests.http.conftest import api, bearer, live, projecting, resources

__all__ = ["api", "bearer", "live", "projecting", "resources"]
