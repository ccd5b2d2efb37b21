import { queryApis } from './resource.ts';

/** The audit log: who changed what, from where, and with which outcome. Nothing can be changed or deleted in it. */
export const auditsApis = queryApis('QueryAudit', '/audits', 'audit');
