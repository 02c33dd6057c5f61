import { describe, expect, it } from 'vitest';
import { plainBackend, wasmBackend } from '../nn/index.ts';
import { backendNamed, backendsWith, chooseBackend } from './backends.ts';

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

  it('puts none in the place of one that cannot, and says which ones were passed over', () => {
    const dense = { ...wasmBackend, capabilities: { ...wasmBackend.capabilities, models: ['mlp'] as const } };
    const known = [dense, plainBackend];
    expect(chooseBackend('auto', 'gru', known)).toEqual({
      name: 'plain',
      why: 'It is the fastest that trains gru models, which wasm cannot.',
    });
    expect(() => chooseBackend('wasm', 'gru', known)).toThrow(
      expect.objectContaining({
        code: 'failed_precondition',
        message: expect.stringContaining('"wasm", which does not train gru models') as string,
      }),
    );
  });

  it('takes the native backend where it is named and was found, and never by itself', () => {
    const known = backendsWith({ path: '/nowhere', version: '1.2.3' });
    expect(chooseBackend('native', 'mlp', known)).toEqual({
      name: 'native',
      why: 'The configuration names it. It computes with onnxruntime-node 1.2.3.',
    });
    expect(chooseBackend('auto', 'mlp', known.toReversed()).name).not.toBe('native');
    expect(() => chooseBackend('native', 'gru', known)).toThrow('"native", which does not train gru models');
  });

  it('knows no other names', () => {
    expect(() => backendNamed('gpu')).toThrow('There is no backend "gpu".');
  });
});
