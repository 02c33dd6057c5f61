import { expect, it } from 'vitest';
import { fromGraph, toGraph } from './parameter-layout.ts';

const model = { kind: 'mlp', inputs: 2, hiddenLayers: [3], outputs: 2, activation: 'relu', dropout: 0 } as const;
const parameters = Float32Array.from({ length: 17 }, (_, index) => index);

it('turns the weights of the first layer, and only those', () => {
  expect([...toGraph(parameters, model)]).toEqual([0, 2, 4, 1, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
});

it('comes back', () => {
  expect(fromGraph(toGraph(parameters, model), model)).toEqual(parameters);
});
