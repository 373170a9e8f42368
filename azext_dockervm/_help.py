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
    auto-shutdown' for every evening; 'az ssh vm', or ssh, for a login where SSH is open. Ports that containers publish
    are opened by 'az dockervm create --open-ports', also those of a host that exists. In the end 'az dockervm delete'
    takes it away with all that was made for it.
"""

helps["dockervm create"] = """
type: command
short-summary: Create a Docker host, or finish one that is half made.
long-summary: >
    Makes a VM with a public address, puts Docker onto it, and proves with a verified TLS call that it answers. The
    certificate authority and the client certificate are made when the folder has none, and used again for later hosts.
    Open on the host are its Docker port, with -e SSH, and the ports of containers that --open-ports names; nothing
    else. --sources says for whom. A network security group of somebody's, the interface's by --nsg or the subnet's, is
    checked and left as it is unless --open lets rules be added.

    '--sources me' lets in the public IPv4 address of this computer, which create asks of https://api.ipify.org, as az's
    own database commands do, and prints. 'az config set dockervm.echo=URL' names another service; with 'none' no
    service is asked, and 'me' is refused. In Cloud Shell it is the address of the session, not of your computer.

    A failure before the VM runs undoes what was made. A later one keeps the VM; the same command goes on with it. A
    host that exists is asked first and left alone when it is sound: typed ports, sources and tags are applied, a server
    certificate that ends within 30 days is renewed, and what can't be changed is named. A host that trusts another
    certificate authority than your folder's is never touched; see 'az dockervm enable --replace-trust'.

    The exit code is 4 when Docker works on the host, by the host's own check, but can't be reached from here; the
    result is printed all the same, with "reachable": false. It is 5 when the host works, but a registry refuses its
    login or the Compose project is not up as it should be: "compose" says what its services do, and the same command
    tries again.

    There is no --no-wait: the server's certificate is signed here, once the host's address is known. --validate looks
    whether the host can be made, --dry-run prints what would be done; both write nothing.

    A password typed as an argument can be read in the shell's history, in process lists and in the log of --debug: use
    -p @file, or -p alone, which asks for it. The same is true of --registry-password.

    --registry-login, --compose-file and --compose-env-file are carried out again wherever they are typed, also on a
    host that exists. What they hold travels as protected parameters of a run command, never in custom data.
examples:
    - name: A Docker host for this computer alone; docker --tls -H tcp://web1.westus.cloudapp.azure.com:4243 info works.
      text: az dockervm create -g mygroup -n web1 --sources me
    - name: With defaults; the whole Internet may reach its Docker port, which asks for your certificate.
      text: az dockervm create -g mygroup -n web1
    - name: As the command of 2014 - a region as people write it, SSH open, a password asked for.
      text: az dockervm create -g mygroup -n web1 -l "West US" -u azureuser -p -e 22
    - name: Another port for Docker, another folder for the certificates, sshd on port 2222.
      text: az dockervm create -g mygroup -n web2 -dp 2376 -dc ./certs -e 2222
    - name: Docker and SSH for one network only.
      text: az dockervm create -g mygroup -n web3 -e --sources 203.0.113.0/24
    - name: A web server's ports for everybody, Docker for one network only.
      text: >
        az dockervm create -g mygroup -n web7 --open-ports 80 443 --open-ports-sources "*"
        --sources 203.0.113.0/24
    - name: For testcontainers - all ports that Docker gives away, for this computer alone.
      text: az dockervm create -g mygroup -n tests1 --open-ports 32768-60999 --sources me
    - name: In a network of another name and range, which is made, with an address and a name of your own DNS.
      text: >
        az dockervm create -g mygroup -n net1 --vnet-name mynet --vnet-address-prefix 10.42.0.0/16
        --private-ip-address 10.42.0.10 --tls-san docker.example.com
    - name: Without a public IP address, in a subnet that is there and has a NAT gateway.
      text: az dockervm create -g mygroup -n net2 --vnet-name corp --subnet apps --public-ip-address ""
    - name: On a network interface that is there, which is neither changed nor deleted.
      text: az dockervm create -g mygroup -n net3 --nics mynic
    - name: With a larger OS disk, and two empty data disks of different types that outlive the host.
      text: >
        az dockervm create -g mygroup -n data1 --os-disk-size-gb 64 --data-disk-sizes-gb 128 512
        --storage-sku os=Premium_LRS 0=Premium_LRS 1=StandardSSD_LRS --data-disk-caching 0=ReadOnly
    - name: With a data disk that is there, such as one of an earlier host.
      text: az dockervm create -g mygroup -n data2 --attach-data-disks mydisk
    - name: With all of Docker's data on a fast data disk.
      text: az dockervm create -g mygroup -n big1 --docker-disk-size-gb 512 --storage-sku docker=Premium_LRS
    - name: With the Docker disk of an earlier host, which keeps its images, containers and volumes.
      text: az dockervm create -g mygroup -n big2 --docker-disk mydisk
    - name: Docker of a chosen version from Docker's own package repository, without which RHEL has none.
      text: >
        az dockervm create -g mygroup -n red1 --image RedHat:RHEL:9_5:latest --docker-channel docker
        --docker-version 28.5
    - name: With an OS disk that a key of your own encrypts.
      text: az dockervm create -g mygroup -n secret1 --os-disk-encryption-set mykeys
    - name: On an Arm processor; the image is Ubuntu's for it, the size the usual one.
      text: az dockervm create -g mygroup -n arm1 --arch arm64
    - name: Of an image whose terms were accepted once with 'az vm image terms accept', without Trusted Launch.
      text: >
        az dockervm create -g mygroup -n sold1 --image kinvolk:flatcar-container-linux:stable-gen2:latest
        --security-type Standard
    - name: For builds - an OS disk on the VM's own server, fast and lost with it.
      text: az dockervm create -g mygroup -n ci2 --size Standard_D4ds_v5 --ephemeral-os-disk
    - name: Behind a network security group that is there already, with rules for this host beside its own.
      text: az dockervm create -g mygroup -n web8 --nsg corp-nsg --open
    - name: In application security groups, and guarded by the subnet's security group alone.
      text: az dockervm create -g mygroup -n web9 --vnet-name corp --subnet apps --nsg "" --asgs web db
    - name: With a Compose project that answers on its port once the host is there.
      text: az dockervm create -g mygroup -n app1 --compose-file compose.yaml --open-ports 80
    - name: From a registry that wants a login, which is asked for, with variables that are secret.
      text: >
        az dockervm create -g mygroup -n app2 --registry-login myregistry.azurecr.io=puller
        --compose-file compose.yaml --compose-env-file production.env --open-ports 443
    - name: By the Docker VM extension, as in 2014, on today's image.
      text: az dockervm create -g mygroup -n web4 --provisioner docker-extension
    - name: With a context of the docker client; then docker --context web5 info works from anywhere.
      text: az dockervm create -g mygroup -n web5 --docker-context
    - name: With a picture of what waited for what, for a browser.
      text: az dockervm create -g mygroup -n web6 --timeline web6.svg
    - name: What would be done, each request with its body; nothing is made.
      text: az dockervm create -g mygroup -n web7 --dry-run
    - name: Network and VM as an ARM template, for az deployment group validate.
      text: az dockervm create -g mygroup -n web7 -p --dry-run template -o json
    - name: A Spot VM, shut down every evening at seven o'clock in Berlin.
      text: >
        az dockervm create -g mygroup -n web8 --priority Spot
        --auto-shutdown 1900 --auto-shutdown-time-zone "W. Europe Standard Time"
    - name: With an identity of which containers get tokens, from the VM's metadata service.
      text: az dockervm create -g mygroup -n web9 --assign-identity [system] --container-metadata
    - name: With a cloud-config of your own beside the set-up, such as packages, files and users.
      text: az dockervm create -g mygroup -n web10 --custom-data init.yaml
    - name: With a script from the web, which runs at the first boot once Docker is there.
      text: az dockervm create -g mygroup -n web11 --custom-data "#include https://example.com/first-boot.sh"
    - name: With a mirror of Docker Hub, labels, containers' output in the journal, and 40 GB for the cache of builds.
      text: >
        az dockervm create -g mygroup -n build1 --registry-mirrors https://mirror.example.com
        --engine-labels role=build team=web --log-driver journald --build-cache-gb 40
    - name: With settings of the engine from a file of your own, and one that goes over it.
      text: >
        az dockervm create -g mygroup -n build2 --daemon-json daemon.json
        --engine-options max-concurrent-downloads=6
    - name: Other settings for an engine that is there; containers run on.
      text: az dockervm create -g mygroup -n build1 --engine-labels role=test --apply
    - name: Behind a proxy.
      text: >
        az dockervm create -g mygroup -n corp1 --http-proxy http://proxy.example.com:3128
        --https-proxy http://proxy.example.com:3128 --no-proxy .corp.example.com
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
    numbers from 32768 to 60999, and Azure keeps them closed unless the host was created with '--open-ports
    32768-60999', and 'me' (your own address) as --sources or --open-ports-sources; the same 'az dockervm create' opens
    them later too. So it is with Ryuk, which tidies up after tests: where they stay closed set
    TESTCONTAINERS_RYUK_DISABLED=true, and remove what is left yourself.
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
    it; it is null where only the engine can tell, because cloud-init sets the host up. 'problems' names tags that a
    hand has changed. No host is dialled but with --check, which asks every engine by a verified TLS call.
    Without --check 'dockerHost' is what a tag says ('addressFrom' is 'tag'); whoever may write tags can write anything
    there. With --check it is the address that Azure shows for the VM ('addressFrom' is 'azure').
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
    The address is Azure's own. No host is dialled; 'az dockervm info' asks the engine too.
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
    the host's names but not its tag stays too, and is named. Of network security groups of others the rules go that
    --open has added for the host.

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
    As az's other wait commands. What it looks at is what 'az dockervm show' shows; of a host that cloud-init sets up
    the engine itself is asked, with the certificates of this computer, whether it is finished: its tags can't tell.
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

helps["dockervm context"] = """
type: group
short-summary: Contexts of the docker client for your hosts - after that, docker --context web1 is enough.
long-summary: >
    A context is the docker client's own note of an engine: where it is, and copies of the certificates that open it.
    docker, docker compose, buildx and editors know contexts. Those that these commands make lie in the docker client's
    configuration folder (DOCKER_CONFIG, else ~/.docker). Contexts of others are listed and never changed.
"""

helps["dockervm context create"] = """
type: command
short-summary: Make a context of the docker client for a host, or refresh it.
long-summary: >
    Asks Azure once and dials nobody. The same command again gives the context the host's present name and port and the
    folder's present certificates; one that has them is left alone. A name that belongs to another context is never
    taken.

    A host that can't be reached directly is reached through a tunnel. By SSH: ssh -N -L 2376:localhost:4243 USER@HOST.
    By Azure Bastion: az network bastion tunnel -g GROUP -n BASTION --target-resource-id ID --resource-port 4243 --port
    2376, where ID is what az dockervm show -g GROUP -n HOST --query id -o tsv prints. Leave it running and make the
    context with --via 127.0.0.1:2376: TLS goes through the tunnel to the host itself, whose certificate names 127.0.0.1
    and localhost.

    Builds on one host need no builder: docker --context web1 build.
examples:
    - name: A context that is named as the host; then docker --context web1 info works.
      text: az dockervm context create -g mygroup -n web1
    - name: Another name, current at once - plain docker commands go to the host from then on.
      text: az dockervm context create -g mygroup -n web1 --context-name production --use
    - name: Through an SSH tunnel, opened by ssh -N -L 2376:localhost:4243 azureuser@web1.westus.cloudapp.azure.com
      text: az dockervm context create -g mygroup -n web1 --via 127.0.0.1:2376
    - name: Through Azure Bastion, with the tunnel of the command above on port 2377.
      text: az dockervm context create -g mygroup -n web1 --context-name inside --via 127.0.0.1:2377
"""

helps["dockervm context list"] = """
type: command
short-summary: List the docker client's contexts - those of your hosts, and all others.
long-summary: >
    Needs no login and makes no request. 'host' is the VM of a context that these commands made; 'stale' says that the
    certificates in its folder have changed since they were copied.
examples:
    - name: List them.
      text: az dockervm context list -o table
    - name: Names of those that need to be made again.
      text: az dockervm context list --query "[?stale].name" -o tsv
"""

helps["dockervm context show"] = """
type: command
short-summary: Show a context, the current one if none is named.
long-summary: >
    Needs no login and makes no request. The current one is the one that docker commands take - DOCKER_HOST decides,
    then DOCKER_CONTEXT, then the choice that 'use' made.
examples:
    - name: Where plain docker commands go now.
      text: az dockervm context show --query "[name, dockerHost]" -o tsv
    - name: Show the context of a host.
      text: az dockervm context show -n web1
"""

helps["dockervm context use"] = """
type: command
short-summary: Make a context the current one, as docker context use does.
examples:
    - name: Let plain docker commands go to a host.
      text: az dockervm context use -n web1
    - name: Go back to the docker client's own.
      text: az dockervm context use -n default
"""

helps["dockervm context remove"] = """
type: command
short-summary: Remove a context that these commands made; the host stays as it is.
long-summary: >
    Asks first. The current context is removed with --force only; docker's own is current then. Contexts of others are
    refused.
examples:
    - name: Remove a context.
      text: az dockervm context remove -n web1
    - name: In a script, whether it is in use or not.
      text: az dockervm context remove -n web1 --force --yes
"""

helps["dockervm builder"] = """
type: group
short-summary: Builders of docker buildx over several hosts.
long-summary: >
    For builds that several hosts share, such as images for several platforms. Builds on one host need no builder:
    docker --context web1 build.
"""

helps["dockervm builder create"] = """
type: command
short-summary: Make a builder over hosts, or add to it what it lacks.
long-summary: >
    Each host gets a context of the docker client where it has none, and the docker client's own buildx a builder with a
    node for each, of the driver docker-container: the first build starts a container of BuildKit there. The hosts must
    run and be reachable; buildx dials them. The same command again goes on where one that failed stopped; nodes that
    are there stay. A builder of that name that these commands did not make is refused.
examples:
    - name: A builder over two hosts; then docker buildx build --builder pool . builds on them.
      text: az dockervm builder create -g mygroup -n pool --hosts web1 web2
    - name: One more host for it.
      text: az dockervm builder create -g mygroup -n pool --hosts web3
"""

helps["dockervm builder remove"] = """
type: command
short-summary: Remove a builder that these commands made, and BuildKit from its hosts.
long-summary: >
    The caches of its builds are lost; images, contexts and hosts stay. Where a host does not answer, what is on it
    stays, and a warning says so.
examples:
    - name: Remove a builder.
      text: az dockervm builder remove -n pool
"""
