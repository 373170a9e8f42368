"""Microsoft.DevTestLab: of the labs nothing, of schedules those that shut down a VM every day."""
