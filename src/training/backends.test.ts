import { describe, expect, it } from 'vitest';
import { backendNamed, chooseBackend } from './backends.ts';

describe('chooseBackend()', () => {
  it('takes the kernel where it trains the model, and says why', () => {
    expect(chooseBackend('auto', 'mlp')).toEqual({ name: 'wasm', why: 'It is the fastest that trains mlp models.' });
  });

  it.each(['mlp', 'gru', 'lstm'] as const)('takes a backend that trains %s models', (kind) => {
    const { name, why } = chooseBackend('auto', kind);
    expect(backendNamed(name).capabilities.models).toContain(kind);
    expect(why).toContain(kind);
  });

  it('takes what the configuration names', () => {
    expect(chooseBackend('plain', 'mlp')).toEqual({ name: 'plain', why: 'The configuration names it.' });
    expect(chooseBackend('plain', 'lstm').name).toBe('plain');
  });

  it('puts none in the place of one that cannot', () => {
    const unable = (['gru', 'lstm'] as const).filter(
      (kind) => !backendNamed('wasm').capabilities.models.includes(kind),
    );
    for (const kind of unable) {
      expect(() => chooseBackend('wasm', kind)).toThrow(
        expect.objectContaining({
          code: 'failed_precondition',
          message: expect.stringContaining(`"wasm", which does not train ${kind} models`),
        }),
      );
    }
  });

  it('knows no other names', () => {
    expect(() => backendNamed('gpu')).toThrow('There is no backend "gpu".');
  });
});
