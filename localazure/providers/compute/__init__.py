"""Microsoft.Compute: one noun a file; compute.py and model.py are what they share, vm_*.py are parts of vms.py."""
