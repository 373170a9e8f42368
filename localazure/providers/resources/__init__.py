"""Microsoft.Resources, Features and Authorization: subscriptions, groups, namespaces, tags, locks, roles."""
