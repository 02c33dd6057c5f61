import { ProtobufMessage } from './protobuf.ts';

/** A computation of named values, as an ONNX file holds it: https://onnx.ai/onnx/intro/concepts.html. */
export interface OnnxGraph {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly constants: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  /** What programs that read the file can look up. */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface OnnxNode {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
}

export type OnnxAttribute =
  | { readonly integer: number }
  | { readonly integers: readonly number[] }
  | { readonly float: number }
  | { readonly text: string };

export interface OnnxTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array | Float64Array | Int32Array | BigInt64Array;
}

/** What a computation takes or gives. */
export interface OnnxValue {
  readonly name: string;
  readonly type: 'float' | 'int32';
  /** Sizes; a name stands for one that each run may choose. */
  readonly shape: readonly (number | string)[];
}

/** The lowest version of the operators that has all that are used here, with the meaning they have here. */
const operatorSet = 17;
/** The version of the file format that came with these operators. */
const formatVersion = 8;

const elementTypes = { float: 1, int32: 6, int64: 7, double: 11 } as const;
const attributeTypes = { float: 1, integer: 2, text: 3, integers: 7 } as const;

/** An ONNX file. The numbers of fields and types are those of onnx.proto (ONNX 1.12, Apache-2.0). */
export function encodeOnnx({ name, nodes, constants, inputs, outputs, metadata }: OnnxGraph): Uint8Array {
  const graph = new ProtobufMessage();
  for (const node of nodes) graph.message(1, encodeNode(node));
  graph.text(2, name);
  for (const constant of constants) graph.message(5, encodeTensor(constant));
  for (const input of inputs) graph.message(11, encodeValue(input));
  for (const output of outputs) graph.message(12, encodeValue(output));
  const model = new ProtobufMessage().integer(1, formatVersion).text(2, 'ktrdr').message(7, graph);
  model.message(8, new ProtobufMessage().text(1, '').integer(2, operatorSet));
  for (const [key, value] of Object.entries(metadata))
    model.message(14, new ProtobufMessage().text(1, key).text(2, value));
  return model.encode();
}

function encodeNode({ operator, inputs, outputs, attributes = {} }: OnnxNode): ProtobufMessage {
  const node = new ProtobufMessage();
  for (const input of inputs) node.text(1, input);
  for (const output of outputs) node.text(2, output);
  node.text(4, operator);
  for (const [name, value] of Object.entries(attributes)) node.message(5, encodeAttribute(name, value));
  return node;
}

function encodeAttribute(name: string, value: OnnxAttribute): ProtobufMessage {
  const attribute = new ProtobufMessage().text(1, name);
  if ('float' in value) return attribute.float(2, value.float).integer(20, attributeTypes.float);
  if ('integer' in value) return attribute.integer(3, value.integer).integer(20, attributeTypes.integer);
  if ('text' in value) return attribute.text(4, value.text).integer(20, attributeTypes.text);
  for (const integer of value.integers) attribute.integer(8, integer);
  return attribute.integer(20, attributeTypes.integers);
}

function encodeTensor({ name, shape, values }: OnnxTensor): ProtobufMessage {
  const tensor = new ProtobufMessage();
  for (const size of shape) tensor.integer(1, size);
  return tensor.integer(2, elementTypes[typeOf(values)]).text(8, name).bytes(9, littleEndian(values));
}

function typeOf(values: OnnxTensor['values']): keyof typeof elementTypes {
  if (values instanceof Float32Array) return 'float';
  if (values instanceof Int32Array) return 'int32';
  return values instanceof Float64Array ? 'double' : 'int64';
}

function littleEndian(values: OnnxTensor['values']): Uint8Array {
  const bytes = new Uint8Array(values.byteLength);
  const view = new DataView(bytes.buffer);
  const step = values.BYTES_PER_ELEMENT;
  for (const [index, value] of values.entries()) {
    if (typeof value === 'bigint') view.setBigInt64(index * step, value, true);
    else if (values instanceof Float32Array) view.setFloat32(index * step, value, true);
    else if (values instanceof Int32Array) view.setInt32(index * step, value, true);
    else view.setFloat64(index * step, value, true);
  }
  return bytes;
}

function encodeValue({ name, type, shape }: OnnxValue): ProtobufMessage {
  const dimensions = new ProtobufMessage();
  for (const size of shape) {
    const dimension = new ProtobufMessage();
    dimensions.message(1, typeof size === 'number' ? dimension.integer(1, size) : dimension.text(2, size));
  }
  const tensor = new ProtobufMessage().integer(1, elementTypes[type]).message(2, dimensions);
  return new ProtobufMessage().text(1, name).message(2, new ProtobufMessage().message(1, tensor));
}
