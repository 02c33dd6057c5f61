export type { GatewayStatus } from './gateway-status.ts';
export { identifySymbol } from './contract.ts';
export { IbBarProvider } from './ib-bar-provider.ts';
export { IbDataAdapter } from './ib-data-adapter.ts';
export { IbGateway } from './ib-gateway.ts';
export {
  fetchBarsWork,
  gatewayReadiness,
  getGateway,
  ibHostEndpoints,
  foundInstrumentsSchema,
  instrumentSchema,
} from './ib-host-endpoints.ts';
export { probeGateway, usualGatewayPorts } from './probe-gateway.ts';
export {
  controlEndpoints,
  instrumentsSchema,
  playScenario,
  readSettingsFile,
  scenarioSchema,
  startGatewaySimulator,
  VirtualClock,
  openLogFile,
} from './simulator/index.ts';
export type { GatewaySimulator, GatewaySimulatorOptions, Latency } from './simulator/index.ts';
