"""The decision about a failed milestone: try again, try one step higher, skip it, or stop."""

from dataclasses import dataclass

from megaplan_cloud.harness.chain_spec import Policy
from megaplan_cloud.harness.workflow import PLAYABLE

RETRIES = 2
# The most thorough levels cost so much that one more try is enough.
RETRIES_AT_TOP = 1
TOP = frozenset({"apex", "extreme"})
PROFILES = ("solo", "directed", "partnered", "premium", "apex")
LEVELS = tuple(
    level for level in ("bare", "light", "full", "thorough", "extreme") if level in PLAYABLE
)
# Not a plan's failure: a second try meets the same wall, and a skip would hide it.
NEVER_RETRIED = frozenset({"awaiting_human", "human_required", "quota_exceeded", "auth_error"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What is known when a milestone has failed; `retries` counts those already spent."""

    kind: str
    retries: int = 0
    bumped: bool = False
    profile: str | None = None
    robustness: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the chain does now. `stage` is the rung of the ladder: retry, bump or abort.

    `action` is retry_milestone, resume_milestone, skip_milestone or stop_chain; a bump is a
    retry_milestone with a higher `profile` or `robustness`.
    """

    action: str
    stage: str
    reason: str
    profile: str | None = None
    robustness: str | None = None


def decide(policy: Policy, failure: Failure) -> Decision:
    """Return what to do about a failure; every rung is taken a bounded number of times."""
    if failure.kind in NEVER_RETRIED:
        return Decision(
            action="stop_chain", stage="abort", reason=f"{failure.kind} is for a person to resolve"
        )
    cap = retries(failure)
    again = policy.retry or ("retry_milestone" if policy.abort == "retry_milestone" else None)
    if again and failure.retries < cap:
        told = f"try {failure.retries + 2} of {cap + 1}"
        return Decision(action=again, stage="retry", reason=told)
    higher = _bump(policy, failure)
    if higher is not None:
        return higher
    action = "skip_milestone" if policy.abort == "skip_milestone" else "stop_chain"
    spent = f"{failure.retries} of {cap} retries are spent" if again else f"the policy is {action}"
    return Decision(action=action, stage="abort", reason=spent)


def retries(failure: Failure) -> int:
    """Return how many more tries a milestone gets after its first."""
    at_top = {failure.profile, failure.robustness} & TOP
    return RETRIES_AT_TOP if at_top else RETRIES


def _bump(policy: Policy, failure: Failure) -> Decision | None:
    if policy.escalate is None or failure.bumped:
        return None
    if policy.escalate == "bump_profile":
        profile = _next(PROFILES, failure.profile)
        if profile is None:
            return None
        told = f"once more with the profile {profile}"
        return Decision(action="retry_milestone", stage="bump", reason=told, profile=profile)
    level = _next(LEVELS, failure.robustness)
    if level is None:
        return None
    told = f"once more at the level {level}"
    return Decision(action="retry_milestone", stage="bump", reason=told, robustness=level)


def _next(steps: tuple[str, ...], present: str | None) -> str | None:
    """Return the step above `present`; None at the top, and for one that is not on the ladder."""
    if present not in steps or present == steps[-1]:
        return None
    return steps[steps.index(present) + 1]
