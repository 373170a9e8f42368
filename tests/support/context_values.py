"""Two VMs, and the engine of one, as tests of the docker client's contexts name them."""

VM = "/subscriptions/s1/resourceGroups/G/providers/Microsoft.Compute/virtualMachines/web1"
OTHER_VM = VM.replace("web1", "web9")
HOST = "tcp://web1.westus.cloudapp.azure.com:4243"
