"""Tours: a login that stops at each hop, in the person's own browser or in the sandbox's, and may be broken there."""
