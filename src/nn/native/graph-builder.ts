import type { OnnxAttribute, OnnxGraph, OnnxNode, OnnxTensor, OnnxValue } from '../onnx/onnx-graph.ts';

/** A value of a graph, by its name. */
export type Value = string;

/** Puts an ONNX graph together, operation by operation; every value but inputs and outputs gets a name of its own. */
export class GraphBuilder {
  readonly #inputs: OnnxValue[] = [];
  readonly #outputs: OnnxValue[] = [];
  readonly #nodes: OnnxNode[] = [];
  readonly #named = new Map<Value, string>();
  readonly #constants = new Map<string, OnnxTensor>();
  #values = 0;

  input(name: string, shape: OnnxValue['shape'], type: OnnxValue['type'] = 'float'): Value {
    this.#inputs.push({ name, type, shape });
    return name;
  }

  /** A value of an operation, which no other output is. */
  output(name: string, shape: OnnxValue['shape'], value: Value): void {
    this.#outputs.push({ name, type: 'float', shape });
    this.#named.set(value, name);
  }

  /** The one result of an operator of ONNX. */
  apply(operator: string, inputs: readonly Value[], attributes: Readonly<Record<string, OnnxAttribute>> = {}): Value {
    const result = this.#newName();
    this.#nodes.push({ operator, inputs, outputs: [result], attributes });
    return result;
  }

  number(value: number): Value {
    return this.#constant({ name: `number ${value}`, shape: [1], values: Float32Array.of(value) });
  }

  integers(values: readonly number[]): Value {
    return this.#constant({
      name: `integers ${values.join(',')}`,
      shape: [values.length],
      values: BigInt64Array.from(values, BigInt),
    });
  }

  build(name: string): OnnxGraph {
    const nameOf = (value: Value): string => this.#named.get(value) ?? value;
    return {
      name,
      nodes: this.#nodes.map((node) => ({
        ...node,
        inputs: node.inputs.map(nameOf),
        outputs: node.outputs.map(nameOf),
      })),
      constants: [...this.#constants.values()],
      inputs: this.#inputs,
      outputs: this.#outputs,
      metadata: {},
    };
  }

  #constant(tensor: OnnxTensor): Value {
    this.#constants.set(tensor.name, tensor);
    return tensor.name;
  }

  #newName(): Value {
    this.#values += 1;
    return `value ${this.#values}`;
  }
}
