"""What every resource provider shares: server, router, ids, errors, operations, identity."""
