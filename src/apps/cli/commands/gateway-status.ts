import { systemClock, type CancellationToken } from '../../../async/index.ts';
import { exitCodeOf, silentLogger } from '../../../base/index.ts';
import type { Settings } from '../../../config/index.ts';
import { getGateway, IbGateway, usualGatewayPorts, type GatewayStatus } from '../../../ib/index.ts';
import { getReadiness } from '../../../service/index.ts';
import { briefClient } from '../../brief-client.ts';
import { clientToken } from '../../client-token.ts';
import type { CommandContext } from '../programs/command.ts';
import { colours, printJson, terminal } from '../terminal.ts';

/** From the first byte to the gateway's word that it is ready. */
const connectMs = 5_000;

/** Far from those of the services, which must keep theirs. */
const ownClientIds = 900;

/**
 * The state of the gateway: the IB host knows where the settings route to one; else it is asked for a connection,
 * which ends at once.
 * @returns the exit code: that of something unreachable unless the gateway can be asked for data.
 */
export async function status(
  { settings, token }: CommandContext,
  { json = false }: { json?: boolean },
): Promise<number> {
  const via = settings.ib.useHostService ? 'ib-host' : 'handshake';
  const { host, port, state, serverVersion, trouble } = await (via === 'ib-host'
    ? askHost(settings, token)
    : shakeHands(settings, token));
  const facts = { host, port, state, serverVersion, trouble, usualFor: usualFor(port), via };
  if (json) printJson('ktrdr.gateway.status/1', facts);
  else {
    terminal.print(`Gateway at ${host}:${port}: ${state === 'ready' ? colours.green(state) : colours.red(state)}`);
    if (facts.usualFor !== undefined) terminal.print(`  port      the usual one of ${facts.usualFor}`);
    if (serverVersion !== undefined) terminal.print(`  protocol  version ${serverVersion}`);
    if (trouble !== undefined) terminal.print(`  trouble   ${trouble}`);
    terminal.print(`  asked     ${via === 'ib-host' ? `the IB host at ${settings.ib.hostServiceUrl}` : 'directly'}`);
  }
  return state === 'ready' ? 0 : exitCodeOf('unavailable');
}

function usualFor(port: number): string | undefined {
  const usual = usualGatewayPorts.find((each) => each.port === port);
  return usual === undefined ? undefined : `${usual.program}, ${usual.account}`;
}

async function askHost(settings: Settings, token: CancellationToken): Promise<GatewayStatus> {
  const { hostServiceUrl: url } = settings.ib;
  await using client = briefClient('the IB host', { url, withinMs: connectMs, token: clientToken(settings) });
  // A host connects when it is first needed; a gateway that is not ready is an answer, too.
  await client.call(getReadiness, {}, token).catch(() => {});
  return await client.call(getGateway, {}, token);
}

async function shakeHands(settings: Settings, token: CancellationToken): Promise<GatewayStatus> {
  await using gateway = new IbGateway({
    ...settings.ib.gateway,
    clientId: settings.ib.gateway.clientId + ownClientIds,
    timeouts: { connectMs },
    clock: systemClock,
    log: silentLogger,
  });
  await gateway.connect(token);
  return gateway.status();
}
