import { Type } from 'typebox';
import { defineApi } from '../zstack/definition.ts';

/** The management node itself. */
export const managementApis = [
  defineApi({
    name: 'IsReadyToGo',
    method: 'GET',
    path: '/management-nodes/ready',
    keys: [],
    async: false,
    access: 'anybody',
    params: Type.Object({}),
    run: async () => ({}),
  }),
];
