import { Type } from 'typebox';
import { list } from '../schemas.ts';
import type { ApiDefinition } from '../zstack/definition.ts';
import { defineApi } from '../zstack/definition.ts';
import { valuesOf } from '../zstack/query.ts';
import { queryApis } from './resource.ts';

const path = '/notifications';

/** What a person should see; docs/notifications.md lists the kinds. */
export const notificationsApis: readonly ApiDefinition[] = [
  ...queryApis('QueryNotification', path, 'notification'),
  defineApi({
    name: 'UpdateNotificationsStatus',
    method: 'PUT',
    path: `${path}/actions`,
    keys: ['updateNotificationsStatus'],
    async: true,
    access: 'admin',
    summary: 'Marks notifications as read or unread; unknown ones are passed over',
    answers: { kind: 'empty' },
    params: Type.Object({ uuids: list, status: Type.Enum(['Unread', 'Read']) }),
    async run({ context, params }) {
      await context.platform.notifications.setStatus(params.uuids, params.status);
      return {};
    },
  }),
  defineApi({
    name: 'DeleteNotifications',
    method: 'DELETE',
    path,
    keys: [],
    async: true,
    access: 'admin',
    summary: 'Deletes notifications; deleting what does not exist succeeds',
    answers: { kind: 'empty' },
    params: Type.Object({ uuids: list }),
    async run({ context, params, query }) {
      // The manual prints a body, the SDKs repeat the parameter in the query string, people write commas.
      const uuids = [...params.uuids, ...valuesOf(query, 'uuids')].flatMap((text) => text.split(','));
      await context.platform.notifications.deleteNotifications(uuids);
      return {};
    },
  }),
];
