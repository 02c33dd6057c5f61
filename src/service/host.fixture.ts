import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { systemClock } from '../async/index.ts';
import { silentLogger } from '../base/index.ts';
import { OperationsService, OperationStore, ServiceOrchestrator, type OperationContract } from '../operations/index.ts';
import { defineEndpoint } from './endpoint.ts';
import { HostService, type HostServiceOptions } from './host-service.ts';
import { implement } from './implement.ts';

/** Work that waits for its cancel, and takes whatever it is given. */
const wait: OperationContract<unknown, object, string> = {
  type: 'wait',
  input: z.unknown(),
  context: z.object({}),
  result: z.string(),
  begin: () => ({}),
  render: ({ phase }) => `waiting ${phase}`,
};

/** Takes any JSON and says nothing about it. */
const postAnything = defineEndpoint({
  method: 'POST',
  path: '/anything',
  summary: 'Takes any JSON',
  body: z.unknown(),
  response: z.boolean(),
});

export interface TestHost extends AsyncDisposable {
  readonly host: HostService;
  readonly orchestrator: ServiceOrchestrator;
  /** Of the operations. */
  readonly directory: string;
}

/** A host with one kind of work, for as many at a time as it has places, and one endpoint of its own, on a store of its own. */
export async function testHost({
  endpoints = [],
  slots = {},
  ...options
}: Partial<HostServiceOptions> & { slots?: { place?: number } } = {}): Promise<TestHost> {
  const directory = await mkdtemp(join(tmpdir(), 'host-'));
  const store = OperationStore.open(directory);
  const orchestrator = new ServiceOrchestrator({
    operations: new OperationsService(store, systemClock),
    clock: systemClock,
    log: silentLogger,
    slots,
  }).register(
    wait,
    async (_, { clock, token }) => {
      await clock.sleep(600_000, token);
      return 'waited';
    },
    { resource: 'place' },
  );
  const host = new HostService({
    name: 'test host',
    version: '1',
    orchestrator,
    endpoints: [implement(postAnything, () => true), ...endpoints],
    ...options,
  });
  return {
    host,
    orchestrator,
    directory,
    async [Symbol.asyncDispose]() {
      await host[Symbol.asyncDispose]();
      await orchestrator[Symbol.asyncDispose]();
      store[Symbol.dispose]();
      await rm(directory, { recursive: true });
    },
  };
}
