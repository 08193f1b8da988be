"""The actions that the operator's playbooks have beside the language's own."""
