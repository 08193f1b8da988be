"""Files to and from a place: streamed, verified by sha256, and put in their place by rename."""
