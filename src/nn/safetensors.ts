import { z } from 'zod';
import { KtrdrError, type Schema } from '../base/index.ts';

/** Numbers of a shape, in row-major order. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

export interface Safetensors {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

const lengthBytes = 8;
const floatBytes = 4;
const metadataKey = '__metadata__';

const entrySchema = z.strictObject({
  dtype: z.literal('F32', 'only tensors of type F32 are supported'),
  shape: z.array(z.number().int().min(0)),
  data_offsets: z.tuple([z.number().int().min(0), z.number().int().min(0)]),
});

/**
 * A file in the safetensors format: the header's length (8 bytes, little-endian), the header as JSON filled up with
 * blanks to a multiple of 8, then the numbers of each tensor in the order of the map. Nothing in it is ever executed.
 * @throws KtrdrError `invalid_input` for a tensor whose values do not fill its shape, or a name the format reserves.
 */
export function writeSafetensors({ tensors, metadata }: Safetensors): Uint8Array {
  const header: [string, unknown][] = Object.keys(metadata).length > 0 ? [[metadataKey, metadata]] : [];
  let end = 0;
  for (const [name, { shape, values }] of tensors) {
    if (name === metadataKey) throw new KtrdrError('invalid_input', `A tensor cannot be named "${metadataKey}".`);
    if (sizeOf(shape) !== values.length) {
      throw new KtrdrError(
        'invalid_input',
        `Cannot write tensor "${name}": the shape ${JSON.stringify(shape)} does not hold ${values.length} values.`,
      );
    }
    const start = end;
    end += values.length * floatBytes;
    header.push([name, { dtype: 'F32', shape, data_offsets: [start, end] }]);
  }
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const headerBytes = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(lengthBytes + headerBytes + end);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(headerBytes), true);
  bytes.fill(0x20, lengthBytes, lengthBytes + headerBytes);
  bytes.set(text, lengthBytes);
  let position = lengthBytes + headerBytes;
  for (const { values } of tensors.values()) {
    for (const value of values) {
      view.setFloat32(position, value, true);
      position += floatBytes;
    }
  }
  return bytes;
}

/**
 * Every length is checked against the bytes that are there before anything is allocated.
 * @throws KtrdrError `data_corrupt` when the bytes are not a complete file, or hold another type than F32.
 */
export function readSafetensors(bytes: Uint8Array): Safetensors {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < lengthBytes) throw corrupt(`it has ${bytes.length} bytes, fewer than its header needs`);
  const headerBytes = view.getBigUint64(0, true);
  if (headerBytes > bytes.length - lengthBytes) {
    throw corrupt(`its header says it has ${headerBytes} bytes, but ${bytes.length - lengthBytes} follow`);
  }
  const dataStart = lengthBytes + Number(headerBytes);
  const { metadata, entries } = parseHeader(bytes.subarray(lengthBytes, dataStart));
  const tensors = new Map<string, Tensor>();
  let end = 0;
  // An empty tensor begins where the next one does and comes first.
  const byOffset = entries.toSorted(([, { data_offsets: a }], [, { data_offsets: b }]) => a[0] - b[0] || a[1] - b[1]);
  for (const [name, { shape, data_offsets: offsets }] of byOffset) {
    if (offsets[0] !== end) throw corrupt(`tensor "${name}" begins at ${offsets[0]} where ${end} bytes precede it`);
    end = offsets[1];
    const size = sizeOf(shape);
    if (end - offsets[0] !== size * floatBytes) {
      throw corrupt(`tensor "${name}" of shape ${JSON.stringify(shape)} does not fit its ${end - offsets[0]} bytes`);
    }
    if (dataStart + end > bytes.length) throw corrupt(`tensor "${name}" ends beyond the last byte`);
    const start = dataStart + offsets[0];
    tensors.set(name, {
      shape,
      values: Float32Array.from({ length: size }, (_, index) => view.getFloat32(start + index * floatBytes, true)),
    });
  }
  if (dataStart + end !== bytes.length) throw corrupt(`${bytes.length - dataStart - end} bytes follow its last tensor`);
  return { tensors, metadata };
}

function parseHeader(bytes: Uint8Array): {
  metadata: Record<string, string>;
  entries: [name: string, z.infer<typeof entrySchema>][];
} {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw corrupt('its header is not JSON', cause);
  }
  const fields = fieldsOf(json, 'its header');
  const metadata = fields.find(([name]) => name === metadataKey)?.[1] ?? {};
  return {
    metadata: Object.fromEntries(
      fieldsOf(metadata, 'its metadata').map(([name, value]) => [name, checked(z.string(), value, `"${name}"`)]),
    ),
    entries: fields
      .filter(([name]) => name !== metadataKey)
      .map(([name, entry]) => [name, checked(entrySchema, entry, `tensor "${name}"`)]),
  };
}

/** The fields of a JSON object. A list of them keeps every name, `__proto__` included, which a record would lose. */
function fieldsOf(value: unknown, what: string): [string, unknown][] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object.entries(value);
  throw corrupt(`${what} is not an object`);
}

function checked<T>(schema: Schema<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw corrupt(`${[what, ...(issue?.path ?? [])].join('.')} is wrong: ${issue?.message}`, parsed.error);
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((size, length) => size * length, 1);

const corrupt = (what: string, cause?: unknown): KtrdrError =>
  new KtrdrError('data_corrupt', `This is not a readable safetensors file: ${what}; restore it from a copy.`, {
    cause,
  });
