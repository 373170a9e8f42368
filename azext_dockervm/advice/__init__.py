"""The only room that words what users are told to type: whole commands, quoted for their shell, and options.

It knows Azure's codes and the names of resources; of a host or a folder it takes what it needs (``subject``), so that
every room above it can ask. Nothing here makes a request or reads a file.
"""
