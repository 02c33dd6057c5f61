import type { Operation } from '../../../operations/index.ts';

export function operationOf(given: Partial<Operation> = {}): Operation {
  return {
    id: 'whole',
    type: 'load_bars',
    status: 'running',
    input: {},
    progress: { phase: '', done: 0, total: 0, fraction: 0.5, context: {}, startedAt: 0, updatedAt: 0 },
    message: 'Loading all',
    createdAt: 0,
    attempt: 1,
    attempts: [],
    priority: 0,
    version: 1,
    ...given,
  };
}

export function childOf(name: string, { fraction = 0.5, ...given }: Partial<Operation> & { fraction?: number } = {}) {
  const { progress } = operationOf();
  const id = `whole.${name}`;
  return operationOf({
    id,
    parent: 'whole',
    message: `Loading ${name}`,
    progress: { ...progress, fraction },
    ...given,
  });
}
