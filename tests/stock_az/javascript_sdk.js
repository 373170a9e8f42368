// A program as users write it, with the Azure SDKs for JavaScript: a VM with all that it needs, from create to delete.
//
// `node javascript_sdk.js GROUP`, with the environment of `localazure env` and NODE_EXTRA_CA_CERTS. It prints the
// SDKs' versions and what it did as JSON, and fails at the first answer that is not as it must be. What counts is what a
// user's program sees: the SDKs' models, and where these throw.
"use strict";

const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { generateKeyPairSync } = require("node:crypto");
const { ComputeManagementClient } = require("@azure/arm-compute");
const { NetworkManagementClient } = require("@azure/arm-network");
const { ResourceManagementClient } = require("@azure/arm-resources");
const { ClientSecretCredential } = require("@azure/identity");

const endpoint = process.env.LOCALAZURE_ENDPOINT.replace(/\/$/, "");
const subscription = process.env.LOCALAZURE_SUBSCRIPTION;
const location = "westus";
const quickly = { updateIntervalInMs: 200 }; // between two polls; two seconds by default

const group = process.argv[2];
const secret = require("fs").readFileSync(process.env.LOCALAZURE_CLIENT_SECRET_FILE, "ascii");
const credential = new ClientSecretCredential(process.env.LOCALAZURE_TENANT, process.env.LOCALAZURE_CLIENT_ID, secret, {
  authorityHost: endpoint,
  disableInstanceDiscovery: true, // the public cloud is not asked whether this authority is one
});
const options = { endpoint, credentials: { scopes: [`${endpoint}/.default`] } };
const compute = new ComputeManagementClient(credential, subscription, options);
const network = new NetworkManagementClient(credential, subscription, options);
const resources = new ResourceManagementClient(credential, subscription, options);
const vms = compute.virtualMachines;

const all = async (list) => {
  const found = [];
  for await (const one of list) found.push(one);
  return found;
};
const names = async (list) => (await all(list)).map((one) => one.name);

/** The error of a call that must be refused with this status and code. */
async function refused(call, status, code) {
  const error = await call().then(() => assert.fail(`${code} was expected`), (error) => error);
  assert.deepEqual([error.name, error.statusCode, error.code], ["RestError", status, code], error.stack);
  assert.ok(error.message.length > 10, error.message);
  return error;
}

/** The VM's power state, from its instance view. */
async function power() {
  const { statuses } = await vms.instanceView(group, "web1");
  return statuses.map((one) => one.code).find((code) => code.startsWith("PowerState/")).slice("PowerState/".length);
}

/** An RSA key in the format of OpenSSH: three fields with their lengths in front. */
function sshKey() {
  const { n, e } = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ format: "jwk" });
  const modulus = Buffer.concat([Buffer.from([0]), Buffer.from(n, "base64url")]);
  const fields = [Buffer.from("ssh-rsa"), Buffer.from(e, "base64url"), modulus].flatMap((field) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(field.length);
    return [length, field];
  });
  return `ssh-rsa ${Buffer.concat(fields).toString("base64")} me@here`;
}

const made = {}; // what later steps need of earlier ones

const steps = {
  async makeGroup() {
    const one = await resources.resourceGroups.createOrUpdate(group, { location, tags: { of: "javascript" } });
    assert.deepEqual([one.name, one.location, one.properties.provisioningState], [group, location, "Succeeded"]);
    assert.ok((await resources.resourceGroups.checkExistence(group)).body);
    assert.ok((await names(resources.resourceGroups.list({ filter: "tagName eq 'of'" }))).includes(group));
  },

  async makeNetwork() {
    const vnet = await network.virtualNetworks.beginCreateOrUpdateAndWait(group, "vnet", {
      location, addressSpace: { addressPrefixes: ["10.0.0.0/16"] }, subnets: [],
    }, quickly);
    assert.deepEqual([vnet.provisioningState, vnet.subnets], ["Succeeded", []]);
    made.subnet = await network.subnets.beginCreateOrUpdateAndWait(group, "vnet", "default", {
      addressPrefix: "10.0.0.0/24", defaultOutboundAccess: false,
    }, quickly);
    assert.deepEqual([made.subnet.addressPrefix, made.subnet.defaultOutboundAccess], ["10.0.0.0/24", false]);
    assert.deepEqual(await names(network.subnets.list(group, "vnet")), ["default"]);
    await refused(() => network.subnets.beginCreateOrUpdateAndWait(group, "vnet", "two", {
      addressPrefix: "192.168.0.0/24",
    }, quickly), 400, "NetcfgSubnetRangeOutsideVnet");
  },

  async makeSecurityGroup() {
    made.nsg = await network.networkSecurityGroups.beginCreateOrUpdateAndWait(group, "nsg", { location }, quickly);
    assert.equal(made.nsg.defaultSecurityRules.length, 6);
    const ssh = {
      protocol: "Tcp", access: "Allow", direction: "Inbound", priority: 1000, sourceAddressPrefix: "*",
      sourcePortRange: "*", destinationAddressPrefix: "*", destinationPortRange: "22",
    };
    const rules = network.securityRules;
    const rule = await rules.beginCreateOrUpdateAndWait(group, "nsg", "ssh", ssh, quickly);
    assert.deepEqual([rule.priority, rule.destinationPortRange], [1000, "22"]);
    await refused(() => rules.beginCreateOrUpdateAndWait(group, "nsg", "two", ssh, quickly), 400,
      "SecurityRuleConflict");
    assert.deepEqual(await names(rules.list(group, "nsg")), ["ssh"]);
  },

  async makeAddress() {
    made.address = await network.publicIPAddresses.beginCreateOrUpdateAndWait(group, "ip", {
      location, sku: { name: "Standard" }, publicIPAllocationMethod: "Static",
      dnsSettings: { domainNameLabel: group },
    }, quickly);
    assert.ok(made.address.ipAddress);
    assert.ok(made.address.dnsSettings.fqdn.startsWith(`${group}.${location}.`), made.address.dnsSettings.fqdn);
    const label = await network.checkDnsNameAvailability(location, group);
    assert.equal(label.available, false);
  },

  async makeInterface() {
    made.nic = await network.networkInterfaces.beginCreateOrUpdateAndWait(group, "nic", {
      location,
      ipConfigurations: [{ name: "one", subnet: { id: made.subnet.id }, publicIPAddress: { id: made.address.id } }],
      networkSecurityGroup: { id: made.nsg.id },
    }, quickly);
    assert.equal(made.nic.ipConfigurations[0].privateIPAddress, "10.0.0.4");
  },

  async makeVm() {
    const publicKey = sshKey();
    const vm = await vms.createOrUpdate(group, "web1", {
      location,
      tags: { role: "web" },
      hardwareProfile: { vmSize: "Standard_D2s_v5" },
      storageProfile: {
        imageReference: { publisher: "Canonical", offer: "ubuntu-24_04-lts", sku: "server", version: "latest" },
        osDisk: { createOption: "FromImage", managedDisk: { storageAccountType: "StandardSSD_LRS" } },
        dataDisks: [{ lun: 0, name: "data0", createOption: "Empty", diskSizeGB: 4 }],
      },
      osProfile: {
        computerName: "web1",
        adminUsername: "azureuser",
        linuxConfiguration: {
          disablePasswordAuthentication: true,
          ssh: { publicKeys: [{ path: "/home/azureuser/.ssh/authorized_keys", keyData: publicKey }] },
        },
      },
      networkProfile: { networkInterfaces: [{ id: made.nic.id, primary: true }] },
    }, quickly);
    assert.deepEqual([vm.name, vm.provisioningState, vm.tags], ["web1", "Succeeded", { role: "web" }]);
    assert.equal(vm.osProfile.linuxConfiguration.ssh.publicKeys[0].keyData, publicKey);
    assert.ok(vm.timeCreated instanceof Date);
    assert.deepEqual(vm.storageProfile.dataDisks.map((one) => [one.lun, one.diskSizeGB]), [[0, 4]]);
    made.osDisk = vm.storageProfile.osDisk.name;
  },

  async seeItRun() {
    const view = await vms.instanceView(group, "web1");
    assert.equal(view.vmAgent.statuses[0].displayStatus, "Ready");
    assert.equal(await power(), "running");
    const inside = await vms.get(group, "web1", { expand: "instanceView" });
    assert.equal(inside.instanceView.computerName, "web1");
    assert.deepEqual(await names(vms.list(group)), ["web1"]);
    assert.ok((await names(vms.listAll())).includes("web1"));
    assert.ok((await names(vms.listByLocation(location))).includes("web1"));
    assert.ok((await names(vms.listAvailableSizes(group, "web1"))).includes("Standard_D4s_v5"));
  },

  async switchPower() {
    for (const [action, state] of [["powerOff", "stopped"], ["start", "running"], ["restart", "running"],
      ["redeploy", "running"], ["deallocate", "deallocated"], ["start", "running"]]) {
      await vms[action](group, "web1", quickly);
      assert.equal(await power(), state, action);
    }
  },

  async addExtension() {
    const extensions = compute.virtualMachineExtensions;
    const one = await extensions.createOrUpdate(group, "web1", "script", {
      location,
      publisher: "Microsoft.Azure.Extensions", typePropertiesType: "CustomScript", typeHandlerVersion: "2.1",
      autoUpgradeMinorVersion: true, settings: { commandToExecute: "true" },
    }, quickly);
    assert.equal(one.provisioningState, "Succeeded");
    const seen = await extensions.get(group, "web1", "script", { expand: "instanceView" });
    assert.equal(seen.instanceView.statuses[0].code, "ProvisioningState/succeeded");
    assert.deepEqual((await extensions.list(group, "web1")).value.map((one) => one.name), ["script"]);
    await extensions.delete(group, "web1", "script", quickly);
    assert.deepEqual((await extensions.list(group, "web1")).value, []);
  },

  async runCommands() {
    const said = await vms.runCommand(group, "web1", {
      commandId: "RunShellScript", script: ["echo from the action $1"], parameters: [{ name: "arg1", value: "word" }],
    }, quickly);
    assert.equal(said.value[0].code, "ProvisioningState/succeeded");
    assert.ok(said.value[0].message.includes("from the action word"), said.value[0].message);
    const commands = compute.virtualMachineRunCommands;
    await commands.createOrUpdate(group, "web1", "one", {
      location,
      source: { script: 'echo "$WORD"; exit 3' }, parameters: [{ name: "WORD", value: "managed" }],
    }, quickly);
    const seen = await commands.getByVirtualMachine(group, "web1", "one", { expand: "instanceView" });
    const { executionState, exitCode, output } = seen.instanceView;
    assert.deepEqual([executionState, exitCode, output.trim()], ["Failed", 3, "managed"]);
    assert.deepEqual(await names(commands.listByVirtualMachine(group, "web1")), ["one"]);
    await commands.delete(group, "web1", "one", quickly);
    assert.ok((await all(commands.list(location))).some((one) => one.id === "RunShellScript"));
  },

  async attachAndDetach() {
    const disk = await compute.disks.createOrUpdate(group, "data1", {
      location, sku: { name: "StandardSSD_LRS" },
      creationData: { createOption: "Empty" }, diskSizeGB: 4,
    }, quickly);
    assert.equal(disk.diskState, "Unattached");
    const dataDisks = (await vms.get(group, "web1")).storageProfile.dataDisks;
    const more = [...dataDisks, { lun: 1, createOption: "Attach", managedDisk: { id: disk.id } }];
    const changed = await vms.update(group, "web1", { storageProfile: { dataDisks: more } }, quickly);
    assert.deepEqual(changed.storageProfile.dataDisks.map((one) => one.name), ["data0", "data1"]);
    assert.equal((await compute.disks.get(group, "data1")).diskState, "Attached");
    await refused(() => compute.disks.delete(group, "data1", quickly), 409, "OperationNotAllowed");
    await vms.update(group, "web1", { storageProfile: { dataDisks } }, quickly);
    assert.equal((await compute.disks.get(group, "data1")).diskState, "Unattached");
    const grown = await compute.disks.update(group, "data1", { diskSizeGB: 8 }, quickly);
    assert.equal(grown.diskSizeGB, 8);
    await compute.disks.delete(group, "data1", quickly);
  },

  async attachByTheAction() {
    const disk = await compute.disks.createOrUpdate(group, "data2", {
      location, creationData: { createOption: "Empty" }, diskSizeGB: 4,
    }, quickly);
    const attached = await vms.attachDetachDataDisks(group, "web1", {
      dataDisksToAttach: [{ diskId: disk.id, lun: 3 }],
    }, quickly);
    assert.deepEqual(attached.dataDisks.map((one) => one.lun), [0, 3]);
    const detached = await vms.attachDetachDataDisks(group, "web1", {
      dataDisksToDetach: [{ diskId: disk.id }],
    }, quickly);
    assert.deepEqual(detached.dataDisks.map((one) => one.lun), [0]);
    await compute.disks.delete(group, "data2", quickly);
  },

  async update() {
    const changed = await vms.update(group, "web1", { tags: { role: "web", team: "blue" } }, quickly);
    assert.deepEqual(changed.tags, { role: "web", team: "blue" });
    await vms.deallocate(group, "web1", quickly);
    const sized = await vms.update(group, "web1", {
      hardwareProfile: { vmSize: "Standard_D4s_v5" },
    }, quickly);
    assert.equal(sized.hardwareProfile.vmSize, "Standard_D4s_v5");
    await vms.start(group, "web1", quickly);
    const address = await network.publicIPAddresses.updateTags(group, "ip", { tags: { role: "address" } });
    assert.deepEqual(address.tags, { role: "address" });
    const scope = made.nic.id;
    await resources.tagsOperations.beginUpdateAtScopeAndWait(scope, {
      operation: "Merge", properties: { tags: { role: "nic" } },
    }, quickly);
    assert.deepEqual((await resources.tagsOperations.getAtScope(scope)).properties.tags, { role: "nic" });
    const tagged = await names(resources.resources.list({ filter: "tagName eq 'team' and tagValue eq 'blue'" }));
    assert.deepEqual(tagged, ["web1"]);
  },

  async listInPages() {
    const sizes = [];
    for await (const page of resources.resources.listByResourceGroup(group, { top: 2 }).byPage()) sizes.push(page.length);
    assert.ok(sizes.length > 2 && sizes.every((size) => size <= 2), `pages of ${sizes}`);
    const types = new Set((await all(resources.resources.listByResourceGroup(group))).map((one) => one.type));
    assert.ok(types.has("Microsoft.Compute/virtualMachines") && types.has("Microsoft.Network/networkInterfaces"));
  },

  async look() {
    const image = compute.virtualMachineImages;
    const skus = await image.listSkus(location, "Canonical", "ubuntu-24_04-lts");
    assert.ok(skus.some((one) => one.name === "server"));
    const versions = await image.list(location, "Canonical", "ubuntu-24_04-lts", "server");
    const one = await image.get(location, "Canonical", "ubuntu-24_04-lts", "server", versions[0].name);
    assert.equal(one.osDiskImage.operatingSystem, "Linux");
    assert.ok((await names(compute.virtualMachineSizes.list(location))).includes("Standard_D2s_v5"));
    const found = await all(compute.resourceSkus.list({ filter: `location eq '${location}'` }));
    assert.ok(found.some((one) => one.resourceType === "virtualMachines" && one.name === "Standard_D2s_v5"));
    const usage = (await all(compute.usage.list(location))).find((one) => one.name.value === "cores");
    assert.ok(usage.currentValue >= 4 && usage.limit >= usage.currentValue);
    const rules = await network.networkInterfaces.beginListEffectiveNetworkSecurityGroupsAndWait(group, "nic", quickly);
    assert.ok(rules.value[0].effectiveSecurityRules.some((one) => one.name.endsWith("ssh")));
  },

  async beRefused() {
    await refused(() => vms.get(group, "web2"), 404, "ResourceNotFound");
    await refused(() => vms.list("no-such-group").next(), 404, "ResourceGroupNotFound");
    await refused(() => network.networkInterfaces.beginDeleteAndWait(group, "nic", quickly), 400, "NicInUse");
    await refused(() => network.publicIPAddresses.beginDeleteAndWait(group, "ip", quickly), 400,
      "PublicIPAddressCannotBeDeleted");
    await refused(() => vms.start(group, "web2", quickly), 404, "ResourceNotFound");
    await refused(() => vms.update(group, "web1", {
      hardwareProfile: { vmSize: "Standard_No" },
    }, quickly), 400, "InvalidParameter");
  },

  async deleteInOrder() {
    await vms.delete(group, "web1", quickly);
    await refused(() => vms.get(group, "web1"), 404, "ResourceNotFound");
    await compute.disks.delete(group, made.osDisk, quickly);
    await compute.disks.delete(group, "data0", quickly);
    await network.networkInterfaces.beginDeleteAndWait(group, "nic", quickly);
    await network.publicIPAddresses.beginDeleteAndWait(group, "ip", quickly);
    await network.subnets.beginDeleteAndWait(group, "vnet", "default", quickly);
    await network.virtualNetworks.beginDeleteAndWait(group, "vnet", quickly);
    await network.securityRules.beginDeleteAndWait(group, "nsg", "ssh", quickly);
    await network.networkSecurityGroups.beginDeleteAndWait(group, "nsg", quickly);
    await network.networkSecurityGroups.beginDeleteAndWait(group, "nsg", quickly); // what is gone can be deleted
    assert.deepEqual(await names(resources.resources.listByResourceGroup(group)), []);
    await resources.resourceGroups.beginDeleteAndWait(group, quickly);
    assert.ok(!(await resources.resourceGroups.checkExistence(group)).body);
  },
};

/** The version of an installed package; packages do not let everybody read their package.json by name. */
function version(name) {
  const folder = require.resolve.paths(name).find((one) => fs.existsSync(path.join(one, name)));
  return JSON.parse(fs.readFileSync(path.join(folder, name, "package.json"))).version;
}

async function main() {
  for (const [name, step] of Object.entries(steps)) {
    await step().catch((error) => assert.fail(`${name}: ${error.stack}`));
  }
  const packages = ["@azure/arm-compute", "@azure/arm-network", "@azure/arm-resources", "@azure/identity"];
  const versions = Object.fromEntries(packages.map((one) => [one, version(one)]));
  console.log(JSON.stringify({ versions, steps: Object.keys(steps) }));
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
