export { startGatewaySimulator } from './gateway-simulator.ts';
export type { GatewaySimulator, GatewaySimulatorOptions } from './gateway-simulator.ts';
export type { LoggedMessage } from './message-log.ts';
