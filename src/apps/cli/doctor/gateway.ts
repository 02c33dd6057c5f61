import type { CancellationToken } from '../../../async/index.ts';
import { KtrdrError } from '../../../base/index.ts';
import type { Settings } from '../../../config/index.ts';
import { probeGateway, usualGatewayPorts } from '../../../ib/index.ts';
import type { Finding } from './finding.ts';

const withinMs = 2_500;

/** Greets the gateway. Where none is, looks at the other ports that it may have there. */
export async function lookAtGateway(
  { ib: { gateway } }: Pick<Settings, 'ib'>,
  token: CancellationToken,
): Promise<Finding> {
  const { host, port } = gateway;
  try {
    const { serverVersion } = await probeGateway({ host, port }, { withinMs, token });
    const known = usualGatewayPorts.find((usual) => usual.port === port);
    const which = known === undefined ? 'no usual port' : `${known.program}, ${known.account}`;
    return { status: 'ok', detail: `answers at ${host}:${port} (${which}), protocol ${serverVersion}` };
  } catch (thrown) {
    const detail = KtrdrError.from(thrown).message;
    const elsewhere = await portsThatAnswer(gateway, token);
    if (elsewhere.length === 0) {
      const usual = usualGatewayPorts.map((each) => `${each.port} (${each.program}, ${each.account})`).join(', ');
      return { status: 'warn', detail, advice: `Usual ports: ${usual}. Without a gateway: ktrdr up --simulate.` };
    }
    const found = elsewhere.map((each) => `${each.program} (${each.account})`).join(', ');
    return {
      status: 'warn',
      detail,
      advice: `There is ${found}: ktrdr config set ib.gateway.port ${elsewhere[0]?.port}.`,
    };
  }
}

async function portsThatAnswer(
  { host, port }: Settings['ib']['gateway'],
  token: CancellationToken,
): Promise<(typeof usualGatewayPorts)[number][]> {
  const looks = usualGatewayPorts.map(async (usual) => {
    if (usual.port === port) return [];
    return probeGateway({ host, port: usual.port }, { withinMs: 1_000, token }).then(
      () => [usual],
      () => [],
    );
  });
  return (await Promise.all(looks)).flat();
}
