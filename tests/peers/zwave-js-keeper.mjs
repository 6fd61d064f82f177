// zwave-js's own Driver keeps a network behind a simulated stick: adds, removes, replaces, heals, backs up. Prints one JSON line.
//
// usage: node zwave-js-keeper.mjs PORT CONTROL CACHE_DIR ; CONTROL is the address of the simulator's hands.
// The network keys are in the environment as KEYS: {"S0_Legacy": hex, ...}
import { SecurityClass, parseQRCodeString } from "@zwave-js/core";
import { Driver, ExclusionStrategy, InclusionStrategy, InterviewStage, RemoveNodeReason } from "zwave-js";

const [port, control, cacheDir] = process.argv.slice(2);
const driver = new Driver(port, {
	logConfig: process.env.LOG ? { level: "silly", forceConsole: true } : { enabled: false },
	storage: { cacheDir, lockDir: `${cacheDir}/locks` },
	testingHooks: { skipBootloaderCheck: true },
	securityKeys: Object.fromEntries(
		Object.entries(JSON.parse(process.env.KEYS)).map(([name, hex]) => [name, Uint8Array.from(Buffer.from(hex, "hex"))]),
	),
	inclusionUserCallbacks: {
		grantSecurityClasses: async (requested) => requested,
		validateDSKAndEnterPIN: async () => pin,
		abort: () => {},
	},
});
let pin = "";
driver.on("error", (error) => {
	console.error(error.message);
	process.exit(1);
});
await new Promise((resolve, reject) => {
	driver.once("driver ready", resolve);
	driver.start().catch(reject);
});
const { controller } = driver;

const post = (path, body) => fetch(control + path, { method: "POST", body: body && JSON.stringify(body) });
const newcomers = async () => (await fetch(`${control}/newcomers`)).json();
const heard = (name) => new Promise((resolve) => controller.once(name, (...told) => resolve(told)));

async function met(node) {
	if (node.interviewStage !== InterviewStage.Complete) {
		await new Promise((resolve) => node.once("interview completed", resolve));
	}
	return { id: node.id, security: SecurityClass[node.getHighestSecurityClass()] ?? null };
}

async function added(which, options) {
	const newcomer = (await newcomers()).find((each) => each.id === which);
	pin = newcomer.dsk.slice(0, 5);
	const coming = heard("node added");
	await controller.beginInclusion(options);
	await post(`/newcomers/${which}/pair`);
	const [node, result] = await coming;
	return { ...(await met(node)), low: result.lowSecurity ?? false };
}

async function prepared(which) {
	const newcomer = (await newcomers()).find((each) => each.id === which);
	controller.provisionSmartStartNode(await parseQRCodeString(newcomer.label));
	const coming = heard("node added");
	await post(`/newcomers/${which}/pair`);
	const [node] = await coming;
	return met(node);
}

async function removed(id) {
	const going = heard("node removed");
	await controller.beginExclusion({ strategy: ExclusionStrategy.DisableProvisioningEntry });
	await post(`/locks/${id}/pair`);
	const [node, reason] = await going;
	return { id: node.id, reason: RemoveNodeReason[reason] };
}

async function replaced(id, which) {
	await post(`/locks/${id}/silence`, { silent: true });
	await controller.nodes.getOrThrow(id).ping();
	const failed = await controller.isFailedNode(id);
	pin = (await newcomers()).find((each) => each.id === which).dsk.slice(0, 5);
	const coming = heard("node added");
	await controller.replaceFailedNode(id, { strategy: InclusionStrategy.Security_S2 });
	await post(`/newcomers/${which}/pair`);
	const [node] = await coming;
	return { failed, ...(await met(node)) };
}

async function struck(id) {
	await post(`/locks/${id}/silence`, { silent: true });
	await controller.nodes.getOrThrow(id).ping();
	await controller.removeFailedNode(id);
	return !controller.nodes.has(id);
}

const told = {};
told.s2 = await added("new-1", { strategy: InclusionStrategy.Default });
told.s0 = await added("new-2", { strategy: InclusionStrategy.Security_S0 });
told.none = await added("new-3", { strategy: InclusionStrategy.Insecure });
told.smart = await prepared("new-4");
const noise = await controller.getBackgroundRSSI();
told.noise = [noise.rssiChannel0, noise.rssiChannel1, noise.rssiChannel2];
told.healed = await controller.rebuildNodeRoutes(told.s2.id);
told.neighbours = [...(await controller.getNodeNeighbors(told.s2.id))];
told.backup = (await controller.backupNVMRaw()).length;
told.removed = await removed(told.none.id);
told.replaced = await replaced(told.s0.id, "new-5");
told.struck = await struck(told.smart.id);
const statistics = controller.nodes.getOrThrow(told.s2.id).statistics;
told.rssi = statistics.lwr?.rssi ?? null;
// Without a farewell: destroying a driver of zwave-js 15.29 that is listening for SmartStart spins for ever.
process.stdout.write(JSON.stringify(told) + "\n", () => process.exit(0));
