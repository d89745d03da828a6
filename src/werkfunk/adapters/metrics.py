"""Prometheus metrics: counts and durations of the server, nothing about people."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest


class Metrics:
    """One registry a server, so that several can run in one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        r = self.registry
        self.events = Counter("werkfunk_events", "Events logged durably", registry=r)
        self.refused = Counter("werkfunk_refused", "Requests and frames refused", ["code"], registry=r)
        self.requests = Counter("werkfunk_http_requests", "HTTP requests", ["route", "status"], registry=r)
        self.seconds = Histogram("werkfunk_http_seconds", "Duration of HTTP requests", ["route"], registry=r)
        self.connections = Gauge("werkfunk_connections", "Signed-in WebSocket connections", registry=r)
        self.push = Counter("werkfunk_push", "Push messages by result", ["result"], registry=r)
        self.voice = Counter("werkfunk_voice_frames", "Voice frames delivered", registry=r)
        self.voice_dropped = Counter(
            "werkfunk_voice_dropped", "Voice frames dropped: late, or not the floor's", registry=r
        )
        self.faults = Counter("werkfunk_faults", "Mistakes of the server", registry=r)

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self.registry)
