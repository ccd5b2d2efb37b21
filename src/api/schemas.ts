import { Type } from 'typebox';

/** Lengths are those of the product's columns. */
export const shortText = Type.String({ minLength: 1, maxLength: 255, hint: 'must have 1 to 255 characters' });
export const description = Type.String({ maxLength: 2048, hint: 'must have at most 2048 characters' });
export const interfaceName = Type.String({
  minLength: 1,
  maxLength: 128,
  hint: 'must be the name of a network interface',
});

/** A uuid in a path or a reference: whether it exists is the domain's to say. */
export const reference = Type.String({
  minLength: 1,
  maxLength: 64,
  hint: 'must be a uuid of 32 hex digits',
});

/** A uuid that the caller chooses for a new resource: the product takes RFC 9562 versions 1 to 5 without dashes. */
export const newResourceUuid = Type.String({
  pattern: '^[0-9a-f]{12}[1-5][0-9a-f]{3}[89ab][0-9a-f]{15}$',
  hint: 'must be a version 1 to 5 uuid of 32 lower-case hex digits',
});

/** A dotted address; the domain says which range it must be in. */
export const ipv4 = Type.String({
  pattern: String.raw`^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)$`,
  hint: 'must be an IPv4 address such as 192.0.2.1',
});

/** String or number in; the domain checks the range. */
export const port = Type.String({ pattern: String.raw`^\d{1,5}$`, hint: 'must be a UDP port such as "623"' });

/** Never trimmed: blanks can be part of a password. */
export const secret = Type.String({
  minLength: 1,
  maxLength: 255,
  secret: true,
  hint: 'must have 1 to 255 characters',
});

export const deleteMode = Type.Enum(['Permissive', 'Enforcing']);

export const flag = Type.Boolean({ hint: 'must be true or false' });
export const list = Type.Array(Type.String(), { maxItems: 10_000, hint: 'must be a list of texts' });
export const whole = Type.Integer({ minimum: 0, hint: 'must be a whole number' });

/** Membership of a cluster: empty or `null` takes a resource out. */
export const clusterReference = Type.String({
  maxLength: 64,
  hint: 'must be the uuid of a cluster, or empty for none',
});

export const stateEvent = Type.Enum(['enable', 'disable']);

/** The product writes it as a whole number. */
export const tcpPort = Type.Integer({
  minimum: 1,
  maximum: 65_535,
  hint: 'must be a whole number from 1 to 65535',
});

/** How a host for a VM is found; names of the product. */
export const allocatorStrategies = [
  'DefaultHostAllocatorStrategy',
  'LastHostPreferredAllocatorStrategy',
  'LeastVmPreferredHostAllocatorStrategy',
  'MinimumCPUUsageHostAllocatorStrategy',
  'MinimumMemoryUsageHostAllocatorStrategy',
  'MaxInstancePerHostHostAllocatorStrategy',
] as const;

/** What runs in a VM; names of the product. */
export const platform = Type.Enum(['Linux', 'Windows', 'WindowsVirtio', 'Other', 'Paravirtualization']);
