/* oxlint-disable unicorn/no-thenable -- "then" is a word of JSON Schema. */
/** Says whether a value fits a JSON Schema, for the keywords that ours use; an unknown keyword is an error of the test. */
export function fits(schema: unknown, value: unknown): boolean {
  if (typeof schema === 'boolean') return schema;
  return Object.entries(schema as object).every(([keyword, rule]) => {
    const check = keywords[keyword];
    if (check === undefined) throw new Error(`The validator does not know the keyword "${keyword}".`);
    return check(rule, value, schema as Record<string, unknown>);
  });
}

type Check = (rule: any, value: any, schema: Record<string, any>) => boolean; // oxlint-disable-line typescript/no-explicit-any

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const says = (): boolean => true;

const types: Readonly<Record<string, (value: unknown) => boolean>> = {
  object: isMap,
  array: Array.isArray,
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  integer: Number.isInteger,
  boolean: (value) => typeof value === 'boolean',
};

const keywords: Readonly<Record<string, Check>> = {
  $schema: says,
  title: says,
  description: says,
  default: says,
  format: says,
  type: (type: string, value) => types[type]?.(value) === true,
  const: (constant, value) => value === constant,
  enum: (values: unknown[], value) => values.includes(value),
  minimum: (limit, value) => typeof value !== 'number' || value >= limit,
  maximum: (limit, value) => typeof value !== 'number' || value <= limit,
  exclusiveMinimum: (limit, value) => typeof value !== 'number' || value > limit,
  exclusiveMaximum: (limit, value) => typeof value !== 'number' || value < limit,
  minLength: (limit, value) => typeof value !== 'string' || value.length >= limit,
  maxLength: (limit, value) => typeof value !== 'string' || value.length <= limit,
  pattern: (pattern, value) => typeof value !== 'string' || new RegExp(pattern).test(value),
  minItems: (limit, value) => !Array.isArray(value) || value.length >= limit,
  maxItems: (limit, value) => !Array.isArray(value) || value.length <= limit,
  prefixItems: (rules: unknown[], value) =>
    !Array.isArray(value) || value.slice(0, rules.length).every((item, index) => fits(rules[index], item)),
  items: (rule, value, { prefixItems = [] }) =>
    !Array.isArray(value) || value.slice(prefixItems.length).every((item) => fits(rule, item)),
  required: (names: string[], value) => !isMap(value) || names.every((name) => Object.hasOwn(value, name)),
  dependentRequired: (needs: Record<string, string[]>, value) =>
    !isMap(value) ||
    Object.entries(needs).every(
      ([name, others]) => !Object.hasOwn(value, name) || others.every((other) => Object.hasOwn(value, other)),
    ),
  properties: (rules: Record<string, unknown>, value) =>
    !isMap(value) ||
    Object.entries(rules).every(([name, rule]) => !Object.hasOwn(value, name) || fits(rule, value[name])),
  additionalProperties: (rule, value, { properties = {} }) =>
    !isMap(value) ||
    Object.entries(value).every(([name, inner]) => Object.hasOwn(properties, name) || fits(rule, inner)),
  propertyNames: (rule, value) => !isMap(value) || Object.keys(value).every((name) => fits(rule, name)),
  allOf: (rules: unknown[], value) => rules.every((rule) => fits(rule, value)),
  anyOf: (rules: unknown[], value) => rules.some((rule) => fits(rule, value)),
  oneOf: (rules: unknown[], value) => rules.filter((rule) => fits(rule, value)).length === 1,
  if: (rule, value, schema) => {
    const branch = fits(rule, value) ? schema['then'] : schema['else'];
    return branch === undefined || fits(branch, value);
  },
  then: says,
  else: says,
};
