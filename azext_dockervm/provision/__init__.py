"""Provisioners: the ways in which Docker and its certificate get onto a VM."""
