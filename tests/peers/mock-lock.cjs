// zwave-js's own mock controller with one unsecured lock (node 2). Configuration only: behaviour is the mock's.
//
// Environment: CONTROL, the port on which a test looks into the lock and has it report a keypad unlock.
const http = require("node:http");
const net = require("node:net");
const { CommandClasses } = require("@zwave-js/core");
const cc = require("@zwave-js/cc");
const { ccCaps } = require("@zwave-js/testing");

// The mock's socket leaves Nagle on, which costs 40 ms for each answer.
const emit = net.Server.prototype.emit;
net.Server.prototype.emit = function (event, socket) {
	if (event === "connection" && socket.setNoDelay) socket.setNoDelay(true);
	return emit.apply(this, arguments);
};

// The mock takes each TCP segment for exactly one frame or one control byte; a host may send them joined or cut.
function reframed() {
	let waiting = Buffer.alloc(0);
	return {
		onHostData(controller, data) {
			waiting = Buffer.concat([waiting, Buffer.from(data)]);
			while (waiting.length > 0) {
				const first = waiting[0];
				const length = first === 0x01 ? (waiting.length < 2 ? Infinity : waiting[1] + 2) : 1;
				if (waiting.length < length) break;
				const unit = waiting.subarray(0, length);
				waiting = waiting.subarray(length);
				if (first === 0x01) void controller.serialOnData(Uint8Array.from(unit));
				else if (first === 0x06 || first === 0x15) void controller.serialOnData(first);
			}
			return true;
		},
	};
}

// Neither Battery Get nor Notification Get is answered by the mock itself.
const answers = {
	handleCC(controller, self, received) {
		if (received instanceof cc.BatteryCCGet) {
			return { action: "sendCC", cc: new cc.BatteryCCReport({ nodeId: controller.ownNodeId, level: 90, isLow: false }) };
		}
		if (received instanceof cc.NotificationCCGet) {
			const { notificationType } = received;
			const quiet = { notificationType, notificationEvent: 0xfe, notificationStatus: 0xff };
			return { action: "sendCC", cc: new cc.NotificationCCReport({ nodeId: controller.ownNodeId, ...quiet }) };
		}
	},
};

const lock = {
	id: 2,
	capabilities: {
		basicDeviceClass: 0x04,
		genericDeviceClass: 0x40, // Entry Control
		specificDeviceClass: 0x03, // Secure Keypad Door Lock
		isRouting: true,
		supportsSecurity: false,
		commandClasses: [
			ccCaps({ ccId: CommandClasses["Z-Wave Plus Info"], version: 2 }),
			ccCaps({ ccId: CommandClasses["Manufacturer Specific"], version: 2 }),
			ccCaps({ ccId: CommandClasses.Version, version: 2 }),
			ccCaps({ ccId: CommandClasses.Supervision, version: 1 }),
			ccCaps({ ccId: CommandClasses.Battery, version: 1 }),
			ccCaps({
				ccId: CommandClasses["Door Lock"], version: 4,
				supportedOperationTypes: [cc.DoorLockOperationType.Constant],
				supportedDoorLockModes: [cc.DoorLockMode.Unsecured, cc.DoorLockMode.Secured],
			}),
			ccCaps({
				ccId: CommandClasses["User Code"], version: 1, numUsers: 20, supportedASCIIChars: "0123456789",
				supportedUserIDStatuses: [cc.UserIDStatus.Available, cc.UserIDStatus.Enabled],
			}),
			ccCaps({
				ccId: CommandClasses.Notification, version: 8, supportsV1Alarm: false,
				notificationTypesAndEvents: { 6: [1, 2, 5, 6] },
			}),
		],
	},
	behaviors: [answers],
};

module.exports.default = {
	controller: { ownNodeId: 1, homeId: 0xc0ffee01, behaviors: [reframed()] },
	nodes: [lock],
	onInit(controller, nodes) {
		const node = nodes[0];
		const server = http.createServer(async (request, response) => {
			const url = new URL(request.url, "http://localhost");
			if (url.pathname === "/state") {
				const plain = (value) => (value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : value);
				response.end(JSON.stringify(Object.fromEntries([...node.state].map(([key, value]) => [key, plain(value)]))));
			} else if (url.pathname === "/unlock") {
				const user = Number(url.searchParams.get("user"));
				const report = new cc.NotificationCCReport({
					nodeId: controller.ownNodeId, notificationType: 6, notificationEvent: 6, notificationStatus: 0xff,
					eventParameters: Uint8Array.from([0x63, 0x03, user, 0x01]), // a nested User Code Report
				});
				await node.sendToController(require("@zwave-js/testing").createMockZWaveRequestFrame(report, { ackRequested: false }));
				response.end("ok");
			} else {
				response.statusCode = 404;
				response.end();
			}
		});
		server.listen(Number(process.env.CONTROL), "127.0.0.1");
	},
};
