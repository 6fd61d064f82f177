// The lock of mock-lock.cjs as node 10, waiting to be joined. Configuration only: behaviour is the mock's.
//
// Environment: JOINS, `s2`, `s0` or `smartstart`; CONTROL, the port on which a test asks for the number on its label and for what
// it holds.
const http = require("node:http");
const { CommandClasses, SecurityClass, generateECDHKeyPair, nwiHomeIdFromDSK } = require("@zwave-js/core");
const { AddNodeToNetworkRequest } = require("@zwave-js/serial/serialapi");
const { default: config } = require("./mock-lock.cjs");

const joins = process.env.JOINS;
const encapsulation = joins === "s0" ? CommandClasses.Security : CommandClasses["Security 2"];
const classes = joins === "s0" ? [SecurityClass.S0_Legacy] : [SecurityClass.S2_AccessControl, SecurityClass.S2_Authenticated];
const open = new Set([CommandClasses["Z-Wave Plus Info"], CommandClasses.Supervision]);
const [plain] = config.nodes;
const AWAIT_PREPARED = 9, ADD_PREPARED = 8, STOP = 5;

const securityKeys = Object.fromEntries(
	["S0_Legacy", "S2_Unauthenticated", "S2_Authenticated", "S2_AccessControl"].map((name, at) => [name, new Uint8Array(16).fill(at + 1)]),
);

let keys, lock;

// MockNode's own dsk and s2Pin are off by one byte in zwave-js 15.29.
const label = () => {
	const groups = [];
	for (let at = 0; at < 16; at += 2) groups.push(String((keys.publicKey[at] << 8) | keys.publicKey[at + 1]).padStart(5, "0"));
	return groups.join("-");
};

function announce(controller) {
	const home = Buffer.from(nwiHomeIdFromDSK(keys.publicKey.subarray(0, 16)));
	const payload = Buffer.concat([Buffer.from([0x85, 0, 0]), home, Buffer.from([2, 4, 0x40, 3, 0x5e, 0x9f])]);
	const covered = Buffer.concat([Buffer.from([payload.length + 3, 0, 0x49]), payload]);
	const checksum = covered.reduce((sum, byte) => sum ^ byte, 0xff);
	return controller.sendToHost(Uint8Array.from(Buffer.concat([Buffer.from([1]), covered, Buffer.from([checksum])])));
}

// The mock takes listening for prepared devices for adding anybody: the device asks, and then is added as the mock does.
let listening = false;
const smartStart = {
	onHostMessage(controller, message) {
		if (!(message instanceof AddNodeToNetworkRequest)) return;
		if (message.addNodeType === AWAIT_PREPARED) {
			listening = true;
			if (joins === "smartstart" && !lock) setTimeout(() => void announce(controller), 200);
			return true;
		}
		if (message.addNodeType === STOP && listening) {
			listening = false;
			return true;
		}
		if (message.addNodeType === ADD_PREPARED) listening = false;
	},
};

module.exports.default = {
	...config,
	// Without keys of its own, which nobody gets, the mock gives its nodes nothing to encrypt with.
	controller: { ...config.controller, securityKeys, behaviors: [...config.controller.behaviors, smartStart] },
	nodes: [],
	onInit(controller) {
		const { commandClasses, ...capabilities } = plain.capabilities;
		controller.nodePendingInclusion = {
			id: 10,
			capabilities: {
				...capabilities,
				supportsSecurity: true,
				securityClasses: new Set(classes),
				commandClasses: [encapsulation, ...commandClasses.map((each) => (open.has(each.ccId) ? each : { ...each, secure: true }))],
			},
			setup(node) {
				lock = node;
				node.ecdhKeyPair = keys;
				node.defineBehavior(...plain.behaviors);
			},
		};
		generateECDHKeyPair().then((pair) => {
			keys = pair;
			const server = http.createServer((request, response) => {
				const plainly = (value) => (value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : value);
				if (request.url === "/label") response.end(label());
				else response.end(JSON.stringify(Object.fromEntries([...lock.state].map(([name, value]) => [name, plainly(value)]))));
			});
			server.listen(Number(process.env.CONTROL), "127.0.0.1");
		});
	},
};
