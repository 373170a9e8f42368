"""ARM templates: the expression language, parameters, resources with their loops and dependencies, outputs.

Nothing here knows of HTTP or of a resource provider; what is only known while a deployment runs (the state of other
resources) is asked of a Runtime.
"""
