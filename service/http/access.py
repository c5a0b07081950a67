"""The access log: one line a request, without query strings, which may carry what is private."""

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

from service.http.trace import TRACE


class AccessLogger(AbstractAccessLogger):
    """Writes method, path, status, size, milliseconds and trace id."""

    @property
    def enabled(self) -> bool:
        """Whether anybody reads these lines."""
        return self.logger.isEnabledFor(20)

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        """Write the line of one request; `time` is in seconds."""
        trace = request.get(TRACE)
        self.logger.info(
            "%s %s %d %d bytes %.1f ms trace %s",
            request.method,
            request.rel_url.raw_path,
            response.status,
            response.body_length,
            time * 1000,
            trace.trace_id if trace else "-",
        )
