"""The application on a real database, for the routes of content."""

from tests.http.conftest import api, bearer, live, projecting, resources

__all__ = ["api", "bearer", "live", "projecting", "resources"]
