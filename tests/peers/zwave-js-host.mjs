// zwave-js's own Driver as a host: interviews the locks behind a port, sets and reads codes, and prints one JSON line.
//
// usage: node zwave-js-host.mjs PORT CACHE_DIR NODE... ; each NODE as number:digits, e.g. 2:4 for a lock of four-digit codes
import { CommandClasses } from "@zwave-js/core";
import { Driver, InterviewStage, UserIDStatus } from "zwave-js";

const [port, cacheDir, ...wanted] = process.argv.slice(2);
const driver = new Driver(port, {
	logConfig: { enabled: false },
	storage: { cacheDir, lockDir: `${cacheDir}/locks` },
	testingHooks: { skipBootloaderCheck: true },
});
driver.on("error", (error) => {
	console.error(error.message);
	process.exit(1);
});
await new Promise((resolve, reject) => {
	driver.once("driver ready", resolve);
	driver.start().catch(reject);
});

const told = {};
for (const each of wanted) {
	const [id, digits] = each.split(":").map(Number);
	const node = driver.controller.nodes.getOrThrow(id);
	if (node.interviewStage !== InterviewStage.Complete) {
		await new Promise((resolve) => node.once("interview completed", resolve));
	}
	const codes = node.commandClasses["User Code"];
	const wrong = [];
	for (let slot = 1; slot <= 10; slot++) {
		const pin = String(10 ** digits / 10 + slot * 37).slice(0, digits);
		await codes.set(slot, UserIDStatus.Enabled, pin);
		const read = await codes.get(slot);
		if (read?.userCode !== pin) wrong.push(slot);
	}
	await codes.clear(3);
	await node.commandClasses["Door Lock"].set(0);
	told[id] = {
		model: node.deviceConfig?.filename.split("/").at(-1) ?? null,
		slots: node.getValue({ commandClass: CommandClasses["User Code"], property: "supportedUsers" }),
		battery: node.getValue({ commandClass: CommandClasses.Battery, property: "level" }),
		wrong,
		cleared: (await codes.get(3))?.userIdStatus === UserIDStatus.Available,
		unlocked: (await node.commandClasses["Door Lock"].get())?.currentMode === 0,
	};
}
console.log(JSON.stringify(told));
await driver.destroy();
process.exit(0);
