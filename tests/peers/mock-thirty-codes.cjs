// The locks of mock-secure-locks.cjs with room for thirty codes, and some more kinds of lock. Configuration only.
//
// node 2: no security; 3: S2; 4: S0; 5: S2, sleeping between beams; 6: no security, User Code version 2; 7: User Credential;
// 8 and 9: no security and S2, with schedules and a clock that can be set and is not told; only where NODES names them
//
// Environment: CONTROL, the port on which a test looks into a lock and has a code typed at it; NODES, those that are there
// (all); TX_DELAY, milliseconds that each frame is on the air (10, as in the mock itself).
const http = require("node:http");
const { CommandClasses } = require("@zwave-js/core");
const cc = require("@zwave-js/cc");
const { ccCaps } = require("@zwave-js/testing");
const { default: config } = require("./mock-secure-locks.cjs");

const SLOTS = 30;
const txDelay = Number(process.env.TX_DELAY ?? 10);
const wanted = (process.env.NODES ?? "2,3,4,5,6,7").split(",").map(Number);
const [plain, s2, s0] = config.nodes;

// What this host said last, without Supervision and other than a nonce: an event is encrypted like the answer to it.
const { Security, Supervision } = CommandClasses;
const remembers = {
	handleCC(controller, self, received) {
		if (received.ccId !== Security && !received.isEncapsulatedWith(Supervision)) self.state.set("last heard", received);
	},
};

function lock(id, like, changed = {}, classes = (all) => all) {
	const commandClasses = like.capabilities.commandClasses.map((each) =>
		each.ccId === CommandClasses["User Code"] ? { ...each, numUsers: SLOTS } : each,
	);
	return {
		id,
		capabilities: { ...like.capabilities, txDelay, ...changed, commandClasses: classes(commandClasses) },
		behaviors: [remembers, ...like.behaviors],
	};
}

const secondVersion = (all) => all.map((each) => (each.ccId === CommandClasses["User Code"] ? { ...each, version: 2 } : each));
const credentials = (all) => [
	...all.filter((each) => each.ccId !== CommandClasses["User Code"]),
	ccCaps({
		ccId: CommandClasses["User Credential"], version: 1, numberOfSupportedUsers: SLOTS,
		supportedCredentialRules: [1], maxUserNameLength: 32, supportedUserTypes: [0, 9],
		supportedCredentialTypes: new Map([[cc.UserCredentialType.PINCode, {
			numberOfCredentialSlots: SLOTS, minCredentialLength: 4, maxCredentialLength: 10,
			maxCredentialHashLength: 0, supportsCredentialLearn: false,
		}]]),
	}),
];

const scheduling = (secure) => (all) => [
	...all,
	ccCaps({
		ccId: CommandClasses["Schedule Entry Lock"], version: 3, secure,
		numWeekDaySlots: 3, numYearDaySlots: 2, numDailyRepeatingSlots: 1,
	}),
	{ ccId: CommandClasses["Time Parameters"], version: 1, secure },
];

function typed(controller, user) {
	return new cc.NotificationCCReport({
		nodeId: controller.ownNodeId, notificationType: 6, notificationEvent: 6, notificationStatus: 0xff,
		eventParameters: Uint8Array.from([0x63, 0x03, user, 0x01]), // a nested User Code Report
	});
}

module.exports.default = {
	...config,
	nodes: [
		lock(2, plain),
		lock(3, s2),
		lock(4, s0),
		lock(5, s2, { isListening: false, isFrequentListening: "1000ms" }),
		lock(6, plain, {}, secondVersion),
		lock(7, plain, {}, credentials),
		lock(8, plain, {}, scheduling(false)),
		lock(9, s2, {}, scheduling(true)),
	].filter(({ id }) => wanted.includes(id)),
	onInit(controller) {
		if (!process.env.CONTROL) return;
		const server = http.createServer(async (request, response) => {
			const { pathname, searchParams } = new URL(request.url, "http://localhost");
			const node = controller.nodes.get(Number(searchParams.get("node")));
			if (pathname === "/state") {
				const plainly = (key, value) => (value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : value);
				const held = [...node.state].filter(([key]) => key !== "last heard");
				response.end(JSON.stringify(Object.fromEntries(held), plainly));
			} else {
				const event = { action: "sendCC", cc: typed(controller, Number(searchParams.get("user"))), ackRequested: false };
				await node.sendResponse(node.state.get("last heard"), event);
				response.end("ok");
			}
		});
		server.listen(Number(process.env.CONTROL), "127.0.0.1");
	},
};
