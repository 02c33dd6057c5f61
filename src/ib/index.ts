export { IbBarProvider } from './ib-bar-provider.ts';
export { IbDataAdapter } from './ib-data-adapter.ts';
export { IbGateway } from './ib-gateway.ts';
export { fetchBarsWork, gatewayReadiness, ibHostEndpoints } from './ib-host-endpoints.ts';
export { startGatewaySimulator } from './simulator/index.ts';
export type { GatewaySimulator, GatewaySimulatorOptions } from './simulator/index.ts';
