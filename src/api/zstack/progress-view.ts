import type { ProgressLine } from '../ports.ts';

/** One line as clients get it; times are ms since the epoch. */
export interface ProgressInventory {
  readonly taskUuid: string;
  readonly taskName: string;
  readonly parentUuid?: string;
  readonly type: ProgressLine['type'];
  readonly content: string;
  readonly percent?: number;
  readonly opaque?: unknown;
  readonly time: number;
  readonly subTasks?: readonly ProgressInventory[];
}

function parsed(opaque: string): unknown {
  try {
    return JSON.parse(opaque) as unknown;
  } catch {
    return undefined;
  }
}

/**
 * A line for clients. ZStack has no member for a percentage: those who only know its members read it at the end of `content`, those
 * who know ours in `percent`.
 */
function inventoryOf(line: ProgressLine): ProgressInventory {
  const { taskUuid, taskName, parentUuid, type, content, percent, time } = line;
  const opaque = line.opaque === undefined ? undefined : parsed(line.opaque);
  return {
    taskUuid,
    taskName,
    ...(parentUuid === undefined ? {} : { parentUuid }),
    type,
    content: percent === undefined ? content : `${content} (${percent}%)`,
    ...(percent === undefined ? {} : { percent }),
    ...(opaque === undefined ? {} : { opaque }),
    time,
  };
}

/** Every line as it was told. */
export function everyLine(lines: readonly ProgressLine[]): readonly ProgressInventory[] {
  return lines.map(inventoryOf);
}

/** How far the call is now: its newest line, with the newest line of each sub-task inside; empty when nothing was told. */
export function currentState(lines: readonly ProgressLine[]): readonly ProgressInventory[] {
  const newest = new Map<string, ProgressLine>();
  for (const line of lines) newest.set(line.taskUuid, line);
  const children = new Map<string | undefined, ProgressLine[]>();
  for (const line of newest.values()) {
    // A parent without a line of its own cannot hold it.
    const parent = line.parentUuid !== undefined && newest.has(line.parentUuid) ? line.parentUuid : undefined;
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [line]);
    else siblings.push(line);
  }
  const nest = (line: ProgressLine): ProgressInventory => {
    const subTasks = (children.get(line.taskUuid) ?? []).map(nest);
    return subTasks.length === 0 ? inventoryOf(line) : { ...inventoryOf(line), subTasks };
  };
  return (children.get(undefined) ?? []).map(nest);
}
