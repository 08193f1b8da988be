"""The worker's side: plans, phases, agents and chains, the `megaplan` command."""
