// zwave-js's own Driver interviews one lock, and after a line on its standard input sets codes and reads them back.
// It prints one JSON line after each: how long that took, in milliseconds, and what came of it.
//
// usage: node zwave-js-codes.mjs PORT CACHE_DIR NODE CODES KEYS ; KEYS is a JSON object of hexadecimal strings
import { once } from "node:events";
import { SecurityClass } from "@zwave-js/core";
import { Driver, UserIDStatus } from "zwave-js";

const [port, cacheDir, id, count, keys] = process.argv.slice(2);
const key = ([name, hex]) => [name, Uint8Array.from(Buffer.from(hex, "hex"))];
const driver = new Driver(port, {
	logConfig: { enabled: false },
	storage: { cacheDir, lockDir: `${cacheDir}/locks` },
	testingHooks: { skipBootloaderCheck: true },
	securityKeys: Object.fromEntries(Object.entries(JSON.parse(keys)).map(key)),
});
driver.on("error", (error) => {
	console.error(error.message);
	process.exit(1);
});

const interviewed = new Promise((resolve, reject) => {
	driver.once("driver ready", () => {
		const node = driver.controller.nodes.getOrThrow(Number(id));
		let begun = performance.now();
		node.once("interview started", () => (begun = performance.now()));
		node.once("interview completed", () => resolve([node, performance.now() - begun]));
		node.once("interview failed", (_, { errorMessage }) => reject(new Error(errorMessage)));
	});
});
await driver.start();
const [node, interview] = await interviewed;
console.log(JSON.stringify({ interview, security: SecurityClass[node.getHighestSecurityClass()] }));
await once(process.stdin, "data");

const codes = node.commandClasses["User Code"];
let held = 0;
const begun = performance.now();
for (let slot = 1; slot <= Number(count); slot++) {
	const pin = String(100000 + slot * 7);
	await codes.set(slot, UserIDStatus.Enabled, pin);
	const read = await codes.get(slot);
	if (read?.userIdStatus === UserIDStatus.Enabled && read.userCode === pin) held += 1;
}
console.log(JSON.stringify({ codes: performance.now() - begun, held }));
await driver.destroy();
process.exit(0);
