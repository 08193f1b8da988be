"""What the operator's side refuses, each refusal with the code that its JSON carries."""

from typing import ClassVar

from megaplan_cloud.engine.errors import EngineError, SchemaError


class FutureProvider(SchemaError):
    """The provider has a name already, and comes with a later release."""

    code = "future_provider"


class InvalidArguments(EngineError):
    """A command was called with words that do not fit together."""

    code = "invalid_args"


class ProviderUnavailable(EngineError):
    """The provider of cloud.yaml cannot be used from here."""

    code = "provider_unavailable"


class MissingIdeaFile(EngineError):
    """A milestone names an idea file that is nowhere to be found."""

    code = "missing_idea_file"


class MissingRemoteSpec(EngineError):
    """Nothing says which chain of the box is meant."""

    code = "missing_remote_spec"
    exit_code: ClassVar[int] = 1
