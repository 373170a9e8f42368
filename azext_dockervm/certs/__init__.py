"""Certificates: ``authority`` makes them in memory, ``identity`` says for whom, ``store`` alone touches the disk."""
