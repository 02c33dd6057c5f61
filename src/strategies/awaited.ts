import type { Finding } from './schema-sentences.ts';
import type { Strategy } from './strategy.ts';

/** What a strategy may say but no training can do yet; each line goes when its part is there. */
export function awaitedParts({ training, model }: Omit<Strategy, 'warnings'>): Finding[] {
  return [
    ...awaited('training.lr_scheduler', training.scheduler !== undefined),
    ...awaited('model.type', model.type !== 'mlp'),
  ];
}

function awaited(path: string, isWanted: boolean): Finding[] {
  const message = `"${path}" asks for what cannot be trained yet.`;
  return isWanted ? [{ path: path.split('.'), at: 'key', message }] : [];
}
