// zwave-js's own Driver as a host: interviews the locks behind a port, sets and reads codes, and prints one JSON line.
//
// usage: node zwave-js-host.mjs PORT CACHE_DIR CODES NODE... ; each NODE as number:digits, e.g. 2:4 for a lock of four-digit codes
// The network keys, if there are any, are in the environment as KEYS: {"S0_Legacy": hex, ...}
import { CommandClasses, SecurityClass } from "@zwave-js/core";
import { Driver, InterviewStage, UserIDStatus } from "zwave-js";

const [port, cacheDir, count, ...wanted] = process.argv.slice(2);
const keys = Object.entries(JSON.parse(process.env.KEYS ?? "{}"));
const driver = new Driver(port, {
	logConfig: process.env.LOG ? { level: "silly", forceConsole: true } : { enabled: false },
	storage: { cacheDir, lockDir: `${cacheDir}/locks` },
	testingHooks: { skipBootloaderCheck: true },
	securityKeys: keys.length
		? Object.fromEntries(keys.map(([name, hex]) => [name, Uint8Array.from(Buffer.from(hex, "hex"))]))
		: undefined,
});
driver.on("error", (error) => {
	console.error(error.message);
	process.exit(1);
});
await new Promise((resolve, reject) => {
	driver.once("driver ready", resolve);
	driver.start().catch(reject);
});

async function use(id, digits) {
	const node = driver.controller.nodes.getOrThrow(id);
	if (node.interviewStage !== InterviewStage.Complete) {
		await new Promise((resolve) => node.once("interview completed", resolve));
	}
	const interviewed = performance.now();
	const codes = node.commandClasses["User Code"];
	const wrong = [];
	for (let slot = 1; slot <= count; slot++) {
		const pin = String(10 ** digits / 10 + slot * 37).slice(0, digits);
		await codes.set(slot, UserIDStatus.Enabled, pin);
		const read = await codes.get(slot);
		if (read?.userCode !== pin) wrong.push(slot);
	}
	const took = Math.round(performance.now() - interviewed);
	await codes.clear(3);
	await node.commandClasses["Door Lock"].set(0);
	return {
		model: node.deviceConfig?.filename.split("/").at(-1) ?? null,
		security: SecurityClass[node.getHighestSecurityClass()] ?? null,
		slots: node.getValue({ commandClass: CommandClasses["User Code"], property: "supportedUsers" }),
		battery: node.getValue({ commandClass: CommandClasses.Battery, property: "level" }),
		wrong,
		took,
		cleared: (await codes.get(3))?.userIdStatus === UserIDStatus.Available,
		unlocked: (await node.commandClasses["Door Lock"].get())?.currentMode === 0,
		log: await log(node),
	};
}

// What the lock itself has written down, the newest first; nothing for a lock that keeps no log.
async function log(node) {
	const logging = node.commandClasses["Door Lock Logging"];
	if (!logging.isSupported()) return undefined;
	const clock = await node.commandClasses["Time Parameters"].get();
	const lines = [];
	for (const number of [0, 1, 2, 3, 4]) {
		const line = await logging.getRecord(number);
		const age = line && Math.abs(Date.parse(line.timestamp) - Date.now()) / 1000;
		lines.push(line ? [line.label, line.userId, age < 60] : null);
	}
	return { room: await logging.getRecordsCount(), right: Math.abs(clock - Date.now()) < 60000, lines };
}

const used = wanted.map(async (each) => {
	const [id, digits] = each.split(":").map(Number);
	return [id, await use(id, digits)];
});
console.log(JSON.stringify(Object.fromEntries(await Promise.all(used))));
await driver.destroy();
process.exit(0);
