"""Local Azure: Azure Resource Manager over HTTPS on loopback, with machines that boot for real (or fakes, said so)."""
