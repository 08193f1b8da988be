"""The decision about a failed milestone, row by row."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from megaplan_cloud.harness.chain_policy import Failure, decide
from megaplan_cloud.harness.chain_spec import Policy

LADDER = Policy(retry="retry_milestone", escalate="bump_profile", abort="skip_milestone")
ROWS = [
    (Policy(), Failure(kind="failed"), "stop_chain", "abort"),
    (Policy(abort="skip_milestone"), Failure(kind="failed"), "skip_milestone", "abort"),
    (Policy(abort="retry_milestone"), Failure(kind="failed"), "retry_milestone", "retry"),
    (Policy(abort="retry_milestone"), Failure(kind="failed", retries=2), "stop_chain", "abort"),
    (
        Policy(abort="retry_milestone"),
        Failure(kind="failed", retries=1, profile="apex"),
        "stop_chain",
        "abort",
    ),
    (
        Policy(abort="retry_milestone"),
        Failure(kind="failed", retries=1, robustness="extreme"),
        "stop_chain",
        "abort",
    ),
    (Policy(retry="resume_milestone"), Failure(kind="stalled"), "resume_milestone", "retry"),
    (LADDER, Failure(kind="failed", retries=2, profile="premium"), "retry_milestone", "bump"),
    (
        LADDER,
        Failure(kind="failed", retries=2, profile="apex", bumped=True),
        "skip_milestone",
        "abort",
    ),
    (LADDER, Failure(kind="failed", retries=2, profile="mine"), "skip_milestone", "abort"),
    (LADDER, Failure(kind="quota_exceeded"), "stop_chain", "abort"),
    (LADDER, Failure(kind="auth_error"), "stop_chain", "abort"),
]


@pytest.mark.parametrize(("policy", "failure", "action", "stage"), ROWS)
def test_each_row_of_the_table(policy: Policy, failure: Failure, action: str, stage: str) -> None:
    """What happens next, and which rung that is."""
    decision = decide(policy, failure)

    assert (decision.action, decision.stage) == (action, stage)


def test_a_bump_is_one_step_up() -> None:
    """Not to the top at once."""
    profile = decide(LADDER, Failure(kind="failed", retries=2, profile="solo"))
    level = decide(Policy(escalate="bump_robustness"), Failure(kind="failed", robustness="bare"))

    assert (profile.profile, level.robustness) == ("directed", "light")


@given(
    st.sampled_from(["retry_milestone", "resume_milestone", None]),
    st.sampled_from(["bump_profile", "bump_robustness", None]),
    st.sampled_from(["stop_chain", "skip_milestone", "retry_milestone"]),
    st.sampled_from(["solo", "premium", "apex", "mine", None]),
    st.sampled_from(["bare", "thorough", "extreme", None]),
)
def test_every_ladder_ends(
    retry: str | None, escalate: str | None, abort: str, profile: str | None, level: str | None
) -> None:
    """Whatever the policy is, a milestone that always fails is left after at most four tries."""
    policy = Policy(retry=retry, escalate=escalate, abort=abort)
    failure = Failure(kind="failed", profile=profile, robustness=level)
    tries = 1

    while (decision := decide(policy, failure)).stage != "abort":
        tries += 1
        failure = Failure(
            kind="failed",
            retries=failure.retries + (decision.stage == "retry"),
            bumped=failure.bumped or decision.stage == "bump",
            profile=decision.profile or failure.profile,
            robustness=decision.robustness or failure.robustness,
        )

        assert tries <= 4
    assert decision.action in ("stop_chain", "skip_milestone")
