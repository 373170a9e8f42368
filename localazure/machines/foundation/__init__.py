"""What both kinds of machines stand on: records, addresses, disks, security rules, scripts that run in them."""
