export type { GatewayFault } from './faults.ts';
export type { GatewayCounters } from './gateway-context.ts';
export { startGatewaySimulator } from './gateway-simulator.ts';
export type { GatewaySimulator, GatewaySimulatorOptions } from './gateway-simulator.ts';
export type { LoggedMessage } from './message-log.ts';
