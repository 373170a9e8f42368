"""Machines that boot for real: systemd-nspawn guests, their networks, image and supervisors."""
