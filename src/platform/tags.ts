import type { Clock } from '../base/clock.ts';
import type { RandomBytes } from '../base/random.ts';
import { createTurns } from '../base/turns.ts';
import { newUuid, parseUuid, type Uuid } from '../base/uuid.ts';
import { badArgument, notFound } from './checks.ts';
import { PlatformError } from './errors.ts';
import { type Tag, type TaggableType, taggableTypes } from './model.ts';
import type { TagStore } from './ports.ts';
import type { TagEffect, TagService } from './service.ts';
import { patternOf, readSystemTag, type TagPattern } from './tag-patterns.ts';

/** A user tag: free text, trimmed, of 1..2048 characters. */
function readUserTag(parameter: string, tag: string): string {
  const text = tag.trim();
  if (text === '' || text.length > 2048) throw badArgument(parameter, 'a tag must have 1 to 2048 characters');
  return text;
}

function checkType(resourceType: string): TaggableType {
  const type = taggableTypes.find((one) => one === resourceType);
  if (type === undefined)
    throw badArgument('resourceType', `has no tags here; give one of ${taggableTypes.join(', ')}`);
  return type;
}

/** A tag of the resource that keeps another of that kind from being added. */
function rivalOf(pattern: TagPattern, tags: readonly Tag[]): Tag | undefined {
  if (pattern.many) return undefined;
  return tags.find((one) => one.type === 'System' && patternOf(one.tag) === pattern);
}

function duplicate(tag: string): PlatformError {
  return new PlatformError('duplicate-tag', `the resource has the tag "${tag}" already`);
}

/**
 * Tags. The effect of a tag comes before its row: a refused effect (a MAC of another machine) must leave no tag, and an effect
 * whose row was then not written is repaired by repeating the call, because effects may be repeated.
 */
export function createTagService(deps: {
  readonly store: TagStore;
  readonly effect: TagEffect;
  readonly clock: Clock;
  readonly random: RandomBytes;
}): TagService {
  const { store, effect, clock } = deps;
  // By resource: two changes at a time could both pass the check for a rival.
  const turns = createTurns();

  function newTag(
    type: Tag['type'],
    resource: { readonly type: TaggableType; readonly uuid: Uuid },
    tag: string,
  ): Tag {
    const now = clock.now();
    return {
      uuid: newUuid(deps.random),
      type,
      resourceType: resource.type,
      resourceUuid: resource.uuid,
      tag,
      inherent: false,
      createDate: now,
      lastOpDate: now,
    };
  }

  async function getChangeable(uuid: string): Promise<Tag> {
    const tag = await store.getTag(uuid);
    if (tag === undefined) throw notFound('tag', uuid, 'QuerySystemTag');
    if (tag.inherent)
      throw new PlatformError('refused', `the tag "${tag.tag}" is kept by the system itself; leave it`);
    return tag;
  }

  async function tellEffect(tag: Tag, added: string | undefined, removed: string | undefined) {
    if (tag.type !== 'System') return;
    await effect({ resourceType: tag.resourceType, resourceUuid: tag.resourceUuid, added, removed });
  }

  /** The text to store; refuses what the resource cannot have beside its other tags. */
  function checkNew(type: TaggableType, tag: string, others: readonly Tag[]): string {
    const { pattern, text } = readSystemTag('tag', type, tag);
    if (pattern.life === 'ephemeral')
      throw badArgument('tag', `${pattern.form} steers the call that it comes with and is not stored`);
    const rival = rivalOf(pattern, others);
    if (rival !== undefined && rival.tag !== text) {
      throw new PlatformError(
        'conflict',
        `the resource has "${rival.tag}" already, and only one ${pattern.name} is possible; change tag ${rival.uuid} with updateSystemTag`,
      );
    }
    return text;
  }

  /** Stores a tag that came with a create or an update, whose effect that call has had. */
  async function attachOne(tag: Tag, tags: readonly Tag[]): Promise<void> {
    const pattern = tag.type === 'System' ? patternOf(tag.tag) : undefined;
    const rival = pattern && rivalOf(pattern, tags);
    if (rival === undefined) await store.insertTag(tag);
    else if (rival.tag !== tag.tag)
      await store.replaceTag({ ...rival, tag: tag.tag, lastOpDate: tag.lastOpDate });
  }

  async function systemTagOf(resourceUuid: Uuid, name: string): Promise<Tag | undefined> {
    const tags = await store.listTags(resourceUuid);
    return tags.find((tag) => tag.type === 'System' && tag.tag.startsWith(`${name}::`));
  }

  return {
    async valueOf(resourceUuid, name) {
      const tag = await systemTagOf(resourceUuid, name);
      return tag?.tag.slice(name.length + 2);
    },
    put: (resourceType, resourceUuid, name, value) =>
      turns(resourceUuid, async () => {
        const old = await systemTagOf(resourceUuid, name);
        if (value === undefined) {
          if (old !== undefined) await store.deleteTag(old.uuid);
          return;
        }
        const { text } = readSystemTag(name, resourceType, `${name}::${value}`);
        const tag = newTag('System', { type: resourceType, uuid: resourceUuid }, text);
        if (old === undefined) await store.insertTag(tag);
        else await store.replaceTag({ ...old, tag: text, lastOpDate: tag.lastOpDate });
      }),
    async createTag(type, input) {
      const resourceType = checkType(input.resourceType);
      const resourceUuid = (parseUuid(input.resourceUuid) ?? input.resourceUuid) as Uuid;
      return turns(resourceUuid, async () => {
        const others = await store.listTags(resourceUuid);
        const text =
          type === 'System' ? checkNew(resourceType, input.tag, others) : readUserTag('tag', input.tag);
        const gone = () =>
          new PlatformError('not-found', `there is no ${resourceType} ${resourceUuid} to tag`);
        if (!(await store.resourceExists(resourceType, resourceUuid))) throw gone();
        if (others.some((one) => one.type === type && one.tag === text)) throw duplicate(text);
        const tag = newTag(type, { type: resourceType, uuid: resourceUuid }, text);
        await tellEffect(tag, text, undefined);
        const outcome = await store.insertTag(tag);
        if (outcome === 'duplicate') throw duplicate(text);
        if (outcome === 'no-resource') throw gone();
        return tag.uuid;
      });
    },
    async updateSystemTag(uuid, wish) {
      const { resourceUuid } = await getChangeable(uuid);
      await turns(resourceUuid, async () => {
        const old = await getChangeable(uuid);
        if (old.type !== 'System')
          throw badArgument('uuid', 'is a user tag; delete it and create another one');
        const { pattern, text } = readSystemTag('tag', old.resourceType, wish);
        if (patternOf(old.tag) !== pattern)
          throw badArgument('tag', `must stay a ${patternOf(old.tag)?.form ?? old.tag} tag`);
        if (text === old.tag) return;
        const others = await store.listTags(resourceUuid);
        if (others.some((one) => one.type === 'System' && one.tag === text)) throw duplicate(text);
        await tellEffect(old, text, old.tag);
        if (!(await store.replaceTag({ ...old, tag: text, lastOpDate: clock.now() }))) throw duplicate(text);
      });
    },
    async deleteTag(uuid) {
      const found = await store.getTag(uuid);
      if (found === undefined) return;
      await turns(found.resourceUuid, async () => {
        if ((await store.getTag(uuid)) === undefined) return;
        const tag = await getChangeable(uuid);
        await tellEffect(tag, undefined, tag.tag);
        await store.deleteTag(tag.uuid);
      });
    },
    checkGiven(resourceType, given) {
      const single = new Map<TagPattern, string>();
      for (const tag of given.systemTags) {
        const { pattern, text } = readSystemTag('systemTags', resourceType, tag);
        if (!pattern.many && (single.get(pattern) ?? text) !== text)
          throw badArgument('systemTags', `only one ${pattern.form} is possible`);
        single.set(pattern, text);
      }
      for (const tag of given.userTags) readUserTag('userTags', tag);
    },
    async attach(resourceType, resourceUuid, given) {
      if (given.systemTags.length + given.userTags.length === 0) return;
      const resource = { type: resourceType, uuid: resourceUuid };
      await turns(resourceUuid, async () => {
        const tags = await store.listTags(resourceUuid);
        const lasting = given.systemTags
          .map((tag) => readSystemTag('systemTags', resourceType, tag))
          .filter(({ pattern }) => pattern.life === 'lasting');
        for (const { text } of lasting) await attachOne(newTag('System', resource, text), tags);
        for (const text of given.userTags) {
          await store.insertTag(newTag('User', resource, readUserTag('userTags', text)));
        }
      });
    },
  };
}
