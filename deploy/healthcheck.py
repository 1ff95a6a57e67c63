"""Exit code 0 when the server in this container answers; else 1, with the reason."""

import http.client
import os
import sys

TIMEOUT = 4  # Seconds; Docker's own limit is in the Dockerfile.


def main() -> int:
    """Ask for the address that needs nothing but the process."""
    # The server refuses names it does not know; without this option it knows localhost.
    name = os.environ.get("MINITWITTER_ALLOWED_HOSTS", "").split(",")[0].strip() or "localhost"
    connection = http.client.HTTPConnection(
        "127.0.0.1", int(os.environ.get("MINITWITTER_PORT", "8000")), timeout=TIMEOUT
    )
    try:
        connection.request("GET", "/healthz", headers={"Host": name})
        status = connection.getresponse().status
    except OSError as error:
        print(f"The server does not answer: {error}", file=sys.stderr)
        return 1
    if status != http.client.OK:
        print(f"The server answers {status}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
