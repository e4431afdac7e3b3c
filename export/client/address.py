"""Where a served model is: the address a client is given, and its parts."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

_PORTS = {"grpc": 8500, "grpcs": 8500, "http": 80, "https": 443}
_MODEL = r"(?P<model>[^/:@?#]+)(?:/versions/(?P<version>\d+)|/labels/(?P<label>[^/:?#]+))?/?"
_PATHS = {
    scheme: re.compile(("/v1/models/" if scheme.startswith("http") else "/") + _MODEL)
    for scheme in _PORTS
}
GRAMMAR = (
    "grpc://HOST:8500/MODEL, http://HOST:8501/v1/models/MODEL (grpcs:// and https:// with TLS), "
    "each with /versions/N or /labels/NAME after it where one version is meant"
)


@dataclass(frozen=True)
class Address:
    """A model on a server.

    Attributes:
        scheme: "grpc", "grpcs", "http" or "https".
        target: `host:port`.
        model: Its name on the server.
        version: The version asked for; None lets the server choose.
        label: The version label asked for, instead of a number.
    """

    scheme: str
    target: str
    model: str
    version: int | None = None
    label: str | None = None

    @property
    def secure(self) -> bool:
        """Whether the connection is encrypted."""
        return self.scheme.endswith("s")

    def path(self, version: int | None = None) -> str:
        """`/v1/models/MODEL[/versions/N | /labels/NAME]`; `version` in place of the address's."""
        version = self.version if version is None else version
        if version is not None:
            return f"/v1/models/{self.model}/versions/{version}"
        if self.label is not None:
            return f"/v1/models/{self.model}/labels/{self.label}"
        return f"/v1/models/{self.model}"


def parse_address(url: str) -> Address:
    """The parts of a URL.

        grpc://HOST[:8500]/MODEL[/versions/N | /labels/NAME]
        http://HOST[:80]/v1/models/MODEL[/versions/N | /labels/NAME]

    `grpcs` and `https` are the same over TLS.

    Raises:
        ValueError: It is no such URL.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"{url!r} is no address of a served model: {error}") from error
    found = _PATHS[parts.scheme].fullmatch(parts.path) if parts.scheme in _PATHS else None
    if not found or not host or parts.query or parts.fragment or parts.username:
        raise ValueError(f"{url!r} is no address of a served model. Write {GRAMMAR}.")
    name = f"[{host}]" if ":" in host else host
    return Address(
        scheme=parts.scheme,
        target=f"{name}:{_PORTS[parts.scheme] if port is None else port}",
        model=found["model"],
        version=None if found["version"] is None else int(found["version"]),
        label=found["label"],
    )
