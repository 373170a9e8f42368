"""Help texts with examples."""

from knack.help_files import helps

helps["dockervm"] = """
type: group
short-summary: Make and look after Docker hosts on Azure, reached over mutual TLS.
long-summary: >
    One command makes a Linux VM that is a Docker host. Its certificates lie in one folder on this computer, by default
    ~/.docker, where the docker client looks for them. Without them nobody gets in.

    A host is an ordinary VM, so az's own commands rule its life: 'az vm start' and 'az vm restart'; 'az vm stop', after
    which it costs as much as before, and 'az vm deallocate', after which it costs its disk and address only; 'az vm
    auto-shutdown' for every evening; 'az vm open-port' for the ports that containers publish; 'az ssh vm', or ssh, for
    a login where SSH is open; 'az vm delete'.
"""

helps["dockervm create"] = """
type: command
short-summary: Create a Docker host, or finish one that is half made.
long-summary: >
    Makes a VM with a public address, puts Docker onto it, and proves with a verified TLS call that it answers. The
    certificate authority and the client certificate are made when the folder has none, and used again for later hosts.
    Open on the host are its Docker port and, with -e, SSH; nothing else.

    A failure before the VM runs undoes what was made. A later one keeps the VM; the same command goes on with it. A
    host that exists is asked first and left alone when it is sound: typed ports, sources and tags are applied, a server
    certificate that ends within 30 days is renewed, and what can't be changed is named. A host that trusts another
    certificate authority than your folder's is never touched; see 'az dockervm enable --replace-trust'.

    The exit code is 4 when Docker works on the host, by the host's own check, but can't be reached from here; the
    result is printed all the same, with "reachable": false.

    A password typed as an argument can be read in the shell's history, in process lists and in the log of --debug: use
    -p @file, or -p alone, which asks for it.
examples:
    - name: A Docker host with defaults; then docker --tls -H tcp://web1.westus.cloudapp.azure.com:4243 info works.
      text: az dockervm create -g mygroup -n web1
    - name: As the command of 2014 - a region as people write it, SSH open, a password asked for.
      text: az dockervm create -g mygroup -n web1 -l "West US" -u azureuser -p -e 22
    - name: Another port for Docker, another folder for the certificates, sshd on port 2222.
      text: az dockervm create -g mygroup -n web2 -dp 2376 -dc ./certs -e 2222
    - name: Docker and SSH for one network only.
      text: az dockervm create -g mygroup -n web3 -e --sources 203.0.113.0/24
    - name: By the Docker VM extension, as in 2014, on today's image.
      text: az dockervm create -g mygroup -n web4 --provisioner docker-extension
    - name: In a script - one JSON object on stdout, nothing on stderr but errors.
      text: >
        DOCKER_HOST=$(az dockervm create -g mygroup -n ci1 --only-show-errors --query dockerHost -o tsv)
        && export DOCKER_HOST
"""

helps["dockervm enable"] = """
type: command
short-summary: Make an existing host trust your certificate authority.
long-summary: >
    For a host whose certificates are lost, or that was a colleague's and shall be yours: who may run commands on a VM
    by Azure's rights is root there anyway. With --replace-trust the host gets a server certificate of the authority in
    your folder and trusts that authority only. It says first whom that cuts off, and asks. Containers
    run on, unless somebody has switched live-restore off on the host.
examples:
    - name: The folder is lost; make a new one and let the host trust it.
      text: az dockervm enable -g mygroup -n web1 --replace-trust
    - name: In a script, with another folder and without a question.
      text: az dockervm enable -g mygroup -n web1 --replace-trust -dc ./certs --yes
"""

helps["dockervm env"] = """
type: command
short-summary: Print the lines that point the docker client of a shell at a host.
long-summary: >
    They set DOCKER_TLS_VERIFY, DOCKER_HOST and DOCKER_CERT_PATH, which the docker client, Compose and Docker's SDKs
    read. One request to Azure; the host is not dialled. The lines stand on stdout as they are, whatever --output says;
    nothing else does. The folder's certificates are checked, and that the host trusts their authority.

    docker build is done by buildx, which takes certificates from a context only, not from the environment: for that
    there is 'az dockervm context create'.

    With --testcontainers, testcontainers of Java, Python and Node.js look for published ports on the host. These have
    numbers from 32768 to 60999, and Azure keeps them closed until 'az network nsg rule create' opens them, with
    --destination-port-ranges 32768-60999 and your own address as --source-address-prefixes. The same holds for Ryuk,
    which tidies up after tests: without that rule set TESTCONTAINERS_RYUK_DISABLED=true, and remove what is left
    yourself.
examples:
    - name: In bash and zsh.
      text: eval "$(az dockervm env -g mygroup -n web1)"
    - name: In fish.
      text: az dockervm env -g mygroup -n web1 | source
    - name: In PowerShell.
      text: az dockervm env -g mygroup -n web1 | Out-String | Invoke-Expression
    - name: In cmd; in a batch file each % is doubled.
      text: FOR /f "tokens=*" %i IN ('az dockervm env -g mygroup -n web1 --shell cmd') DO @%i
    - name: Back to the engine of this computer.
      text: eval "$(az dockervm env --unset)"
    - name: Not through the proxy of this network.
      text: eval "$(az dockervm env -g mygroup -n web1 --no-proxy)"
    - name: For testcontainers too.
      text: eval "$(az dockervm env --testcontainers -g mygroup -n web1)"
"""

helps["dockervm info"] = """
type: command
short-summary: Show a host and its Docker engine.
long-summary: >
    The VM's half comes from Azure, the engine's from a verified TLS call. A host that is off or can't be reached still
    shows the VM's half, and the reason for the missing one. A server certificate that ends within 30 days, and ports
    that containers publish but that the network security group keeps closed, are warned of with the command to type.
examples:
    - name: Show a host.
      text: az dockervm info -g mygroup -n web1
    - name: Only the engine's version.
      text: az dockervm info -g mygroup -n web1 --query engine.version -o tsv
"""

helps["dockervm list"] = """
type: command
short-summary: List the hosts of a resource group or of the subscription.
long-summary: >
    What Azure knows and the VMs' tags note: what was ordered of each host. 'finished' says whether a create has proven
    it; 'problems' names tags that a hand has changed. No host is dialled but with --check, which asks every engine by a
    verified TLS call.
examples:
    - name: All hosts of the subscription.
      text: az dockervm list -o table
    - name: Those of a group, and whether they answer.
      text: az dockervm list -g mygroup --check -o table
    - name: The endpoints of those that run.
      text: az dockervm list --query "[?powerState=='running'].dockerHost" -o tsv
"""

helps["dockervm show"] = """
type: command
short-summary: Show a host as Azure knows it and its tags note it.
long-summary: >
    One request, and nobody is dialled; 'az dockervm info' asks the engine too.
examples:
    - name: Show a host.
      text: az dockervm show -g mygroup -n web1
    - name: Where its Docker listens.
      text: az dockervm show -g mygroup -n web1 --query dockerHost -o tsv
"""

helps["dockervm delete"] = """
type: command
short-summary: Delete a host with all that was made for it, and nothing else.
long-summary: >
    Says what it will delete, and asks. The VM goes with its disk, network interface and public address, then its
    security group; the virtual network that hosts share goes with the last of them. What others have given the VM stays
    as it is: further network interfaces and addresses, and data disks unless '--data-disks delete' is given. What bears
    the host's names but not its tag stays too, and is named.

    The same command goes on with what an earlier one has left, and takes away what a create that was killed has made.
examples:
    - name: Delete a host.
      text: az dockervm delete -g mygroup -n web1
    - name: In a script, without a question.
      text: az dockervm delete -g mygroup -n web1 --yes
    - name: All hosts of a group, side by side; the second time for their security groups and the network.
      text: >
        ids=$(az dockervm list -g mygroup --query "[].id" -o tsv);
        az dockervm delete --yes --no-wait --ids $ids
"""

helps["dockervm wait"] = """
type: command
short-summary: Wait until a host is there, has a property, or is gone.
long-summary: >
    As az's other wait commands. What it looks at is what 'az dockervm show' shows.
examples:
    - name: Wait until another terminal's create has finished a host.
      text: az dockervm wait -g mygroup -n web1 --custom finished
    - name: Wait until a deletion that was sent with --no-wait has ended.
      text: az dockervm wait -g mygroup -n web1 --deleted
"""

helps["dockervm cert"] = """
type: group
short-summary: The certificates on this computer that open the Docker hosts.
"""

helps["dockervm cert create"] = """
type: command
short-summary: Make the certificate authority and the client certificate if they are missing.
long-summary: >
    Needs no login. A sound set is left as it is, docker-machine's and hand-made ones too. A client certificate that is
    missing, half there, damaged or expired is issued again by the same authority, which cuts nobody off. --force makes
    a new authority, which cuts this computer off from all hosts of the old one; it asks first. Either way, old files
    are kept in a backup folder.

    A folder that everybody can write to is refused; what else leaves the keys open to others is a warning.
examples:
    - name: Make them in ~/.docker before the first host.
      text: az dockervm cert create
    - name: Mend a set whose key.pem was lost; the hosts stay as they are.
      text: az dockervm cert create -dc ./certs --query clientReason
    - name: Make them in another folder.
      text: az dockervm cert create -dc ./certs
    - name: Begin anew, without a question.
      text: az dockervm cert create --force --yes
"""

helps["dockervm cert show"] = """
type: command
short-summary: Show the certificates - subject, issuer, names, serial, fingerprint, validity, days left.
long-summary: >
    Needs no login. 'problem' tells why the set can't be used, and which command mends it where one does; 'advice' has
    what else can be done; 'warnings' tell who else can get at the keys.
examples:
    - name: Show those in ~/.docker.
      text: az dockervm cert show -o table
    - name: Days until the client certificate expires.
      text: az dockervm cert show --query client.daysLeft -o tsv
"""
