"""The classes of failure that agents share, told by their own words."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

# Looked for in this order, in what the agent wrote last; each with what a person can do.
KNOWN: tuple[tuple[str, str, str], ...] = (
    (
        "quota_exceeded",
        r"quota|usage limit|credit balance|billing|insufficient (credits|funds)",
        "Wait until the quota is renewed or raise it, then: megaplan resume --plan {plan}",
    ),
    (
        "rate_limit",
        r"rate.?limit|too many requests|\b429\b(?= (too|error|status))|overloaded",
        "Try again in a few minutes: megaplan resume --plan {plan}",
    ),
    (
        "auth_error",
        r"unauthori[sz]ed|not logged in|invalid api key|authentication|expired token",
        "Log the agent in again, then: megaplan resume --plan {plan}",
    ),
    (
        "context_overflow",
        r"context (length|window)|maximum context|prompt is too long|context_exhausted",
        "Run the phase with a smaller task, or with a model that holds more.",
    ),
    (
        "connection_error",
        r"connection (refused|reset|error)|network is unreachable|could not resolve",
        "Check the network, then: megaplan resume --plan {plan}",
    ),
    (
        "model_error",
        r"model .{0,60}(not found|does not exist|not supported)|unknown model",
        "Name another model in the profile.",
    ),
)
LOOKED_AT = 4000


def classify(text: str, own: Iterable[Mapping[str, Any]] = ()) -> tuple[str, str]:
    """Return the failure's class and hint for the end of what an agent wrote.

    `own` are the agent's own patterns, which come first. An unknown one is `worker_error`.
    """
    end = text[-LOOKED_AT:]
    for each in own:
        if re.search(each["pattern"], end, re.IGNORECASE):
            return str(each["error"]), str(each.get("hint", ""))
    for error, pattern, hint in KNOWN:
        if re.search(pattern, end, re.IGNORECASE):
            return error, hint
    return "worker_error", "What it wrote is in {raw}." if text else "Run its command by hand."
