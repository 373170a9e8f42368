"""Azure Resource Manager: its calls, its errors, its names."""
