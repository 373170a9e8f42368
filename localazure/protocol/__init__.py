"""The terms of Resource Manager: ids, errors, requests, api-versions, regions, routes; they know only each other."""
