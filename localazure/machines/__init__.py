"""The machines of Local Azure: guests that boot for real (systemd-nspawn) or plainly called fakes."""
