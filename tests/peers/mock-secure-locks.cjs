// The lock of mock-lock.cjs twice more, with encryption: node 3 has S2 Access Control, node 4 has S0.
const { CommandClasses, SecurityClass } = require("@zwave-js/core");
const { default: config } = require("./mock-lock.cjs");

const key = (hex) => Uint8Array.from(Buffer.from(hex, "hex"));
const open = new Set([CommandClasses["Z-Wave Plus Info"], CommandClasses.Supervision]);
const [plain] = config.nodes;

function secured(id, encapsulation, classes) {
	const { commandClasses, ...capabilities } = plain.capabilities;
	return {
		id,
		capabilities: {
			...capabilities,
			supportsSecurity: true,
			securityClasses: new Set(classes),
			commandClasses: [
				encapsulation,
				...commandClasses.map((each) => (open.has(each.ccId) ? each : { ...each, secure: true })),
			],
		},
		behaviors: plain.behaviors,
	};
}

module.exports.default = {
	...config,
	controller: {
		...config.controller,
		securityKeys: {
			S0_Legacy: key("0102030405060708090a0b0c0d0e0f10"),
			S2_Unauthenticated: key("11".repeat(16)),
			S2_Authenticated: key("22".repeat(16)),
			S2_AccessControl: key("33".repeat(16)),
		},
	},
	nodes: [
		plain,
		secured(3, CommandClasses["Security 2"], [SecurityClass.S2_AccessControl, SecurityClass.S2_Authenticated]),
		secured(4, CommandClasses.Security, [SecurityClass.S0_Legacy]),
	],
};
