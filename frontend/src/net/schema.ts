/** Parses `GET /api/schema`: the forecast settings as fields that the page has controls for, and the server's limits. */

export type Settings = Record<string, string | number>;

type Common = { name: string; title: string; description: string; onlyWith: Record<string, string[]> | null };
export type ChoiceField = Common & {
  type: 'choice';
  options: string[];
  /** Text of an option, where the schema names one. */
  labels: Record<string, string>;
  default: string;
};
export type NumberField = Common & {
  type: 'number';
  integer: boolean;
  min: number;
  max: number;
  step: number;
  unit: string;
  default: number;
};
export type Field = ChoiceField | NumberField;

type RawProperty = {
  title?: string;
  description?: string;
  type?: string;
  enum?: string[];
  minimum?: number;
  maximum?: number;
  multipleOf?: number;
  unit?: string;
  only_with?: Record<string, string[]>;
  labels?: Record<string, string>;
  default?: string | number;
};
type RawSchema = {
  limits?: { portrait_bytes?: number };
  $ref?: string;
  $defs?: Record<string, RawSchema>;
  properties?: Record<string, RawProperty>;
};

/** Return the fields in the schema's order. @throws Error on a property type that has no control, so that none is dropped silently. */
export function fieldsOf(schema: unknown): Field[] {
  const root = resolve(schema as RawSchema);
  return Object.entries(root.properties ?? {}).map(([name, raw]) => fieldOf(name, raw));
}

function resolve(schema: RawSchema): RawSchema {
  if (!schema.$ref) return schema;
  const found = schema.$defs?.[schema.$ref.split('/').at(-1) ?? ''];
  if (!found) throw new Error(`The schema refers to ${schema.$ref}, which it does not define.`);
  return found;
}

function fieldOf(name: string, raw: RawProperty): Field {
  const common = {
    name,
    title: raw.title ?? name,
    description: raw.description ?? '',
    onlyWith: raw.only_with ?? null,
  };
  if (raw.enum && typeof raw.default === 'string') {
    const labels = raw.labels ?? {};
    return { ...common, type: 'choice', options: ordered(raw.enum, Object.keys(labels)), labels, default: raw.default };
  }
  const integer = raw.type === 'integer';
  if ((integer || raw.type === 'number') && raw.minimum !== undefined && raw.maximum !== undefined) {
    const fallback = typeof raw.default === 'number' ? raw.default : raw.minimum;
    const step = raw.multipleOf ?? (integer ? 1 : niceStep(raw.maximum - raw.minimum, fallback - raw.minimum));
    const range = { min: raw.minimum, max: raw.maximum, step, unit: raw.unit ?? '' };
    return { ...common, type: 'number', integer, ...range, default: fallback };
  }
  throw new Error(`There is no control for the setting "${name}".`);
}

/** Order options as their labels; without labels "both" comes last, after the two options that it combines. */
function ordered(options: string[], labelled: string[]): string[] {
  const rank = (option: string) => (option === 'both' ? options.length : labelled.indexOf(option));
  return [...options].sort((a, b) => rank(a) - rank(b));
}

/** Return a slider step of 1, 2 or 5 times a power of ten: 40 to 100 stops, more if `offset` (the default value) needs it. */
export function niceStep(range: number, offset = 0): number {
  const steps = [5, 2, 1, 0.5, 0.2, 0.1].map((lead) => lead * 10 ** Math.floor(Math.log10(range / 40)));
  const fits = (step: number) => step <= (range / 40) * (1 + 1e-9);
  const meets = (step: number) => Math.abs(offset / step - Math.round(offset / step)) < 1e-6;
  const step = steps.find((candidate) => fits(candidate) && meets(candidate)) ?? steps.find(fits) ?? range / 40;
  return Number(step.toPrecision(1));
}

/** Return the default of every field. */
export function defaultsOf(fields: Field[]): Settings {
  return Object.fromEntries(fields.map((field) => [field.name, field.default]));
}

/** Keep the valid values of `stored` and use defaults for the rest: a stored value may be older than the schema. */
export function sanitise(fields: Field[], stored: unknown): Settings {
  const given = (typeof stored === 'object' && stored !== null ? stored : {}) as Record<string, unknown>;
  return Object.fromEntries(
    fields.map((field) => [field.name, isValid(field, given[field.name]) ? given[field.name] : field.default]),
  ) as Settings;
}

function isValid(field: Field, value: unknown): boolean {
  if (field.type === 'choice') return typeof value === 'string' && field.options.includes(value);
  const inside = typeof value === 'number' && value >= field.min && value <= field.max;
  return inside && (!field.integer || Number.isInteger(value));
}

/** Return whether a field has an effect with these settings (MCMC steps have none without MCMC). */
export function isActive(field: Field, settings: Settings): boolean {
  return Object.entries(field.onlyWith ?? {}).every(([name, values]) => values.includes(String(settings[name])));
}

/** Used when the server's schema has no limit; equals the server's default. */
export const DEFAULT_MAX_PORTRAIT_BYTES = 12_000_000;

/** Return the largest portrait file that the server accepts, in bytes. */
export function maxPortraitBytes(schema: unknown): number {
  return (schema as RawSchema).limits?.portrait_bytes ?? DEFAULT_MAX_PORTRAIT_BYTES;
}
